"""Where a value begins and ends in a text: in quotes, bare, in a here-document, wrapped over lines."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from runtally.redaction import marks
from runtally.redaction.passages import ESCAPE
from runtally.redaction.values import JUDGED_CHARS, SCHEME

# No possessive quantifier stands here: the Python 3.11.2 of Debian 12 matches too much with one around a group.
_NEXT_NAME: Final = r"(?![\w. -]{1,40}=)"
_REST: Final = (  # a bare value goes on over a bracket, a comma or an ampersand if it does not end there
    rf"(?:{marks.PATTERN}|[^\s\"'`\\<>:;&,.)\]}}]|&(?![\w.%\[\]-]{{1,64}}=)|,(?=\w)(?![\w.-]{{1,64}}[=:])"
    rf"|[.)\]}}<>](?=[\w!@#$%^*+=.-])|:(?!\s|\Z)|{ESCAPE})"
)
_PLAIN: Final = r"[^\s\"'`\\<>:;&,.)\[\]}]"
"""What goes on whatever follows it, but for a bracket, with which a mark may begin."""
_LINE_REST: Final = (  # on a line of its own it also goes on over a quote or a semicolon
    rf"(?:{_REST}|[\"'`;)\]}}](?=[\w!@#$%^*+.-]){_NEXT_NAME}|[&,](?=[\w!@#$%^*+.-])(?![\w.%\[\]-]{{1,64}}[=:])"
    r"|[<>](?=[\d!@#$%^*+.-]))"
)
_WRAPPER: Final = (
    r"(?:new )?(?:String(?:::from|\.valueOf)?|str|Some|Ok|bytes|b64decode|Buffer\.from|SecretStr|SecretString|Secret"
    r"|SecretString::new|Secret::new|SecureString|Password|Token|lit|char\[\]|std::string|string|Value|json|raw|quote"
    r"|Field|SecretString::from|QStringLiteral|QString|QLatin1String|\[\]byte|(?:\w{1,20}\.){0,2}(?:GetBytes|fromhex"
    r"|fromUtf8|DecodeString|FromBase64String|fromBase64)|Secret(?:Str|String)?::from|R|qq|qw|%[qQwi]"
    r"|Bytes::from(?:_static)?|HeaderValue::from_static|env|ref|useState|useRef|Set|List|Optional|Just|T|_T|TEXT)"
    r"\((?=[@$bLru]{0,2}[\"'`])|R\"(?=\()|#{1,3}(?=\")|r#{1,3}(?=\")|(?:by lazy )?\{ ?(?=[\"'][^\"'\n]{1,99}[\"'] ?\})"
)
_ANNOTATION: Final = (
    r"(?:&'\w{1,12} |&?mut |&|\*|const |\[\]const )?(?:\[[\w; ]{0,12}\]|[A-Za-z][\w.<>\[\]|?]{0,40}|\[:0\]const u8)"
    rf"[ \t]{{0,4}}=[ \t]{{0,4}}(?=[\w@]{{0,2}}[\"'`]|{_WRAPPER})"
)
VALUE: Final = re.compile(
    rf"[=>]{{0,2}}(?:\*\*(?=[ \t]))?[ \t]{{0,40}}(?:\\\r?\n[ \t]{{0,16}})?(?:{_ANNOTATION})?(?:\(\s{{0,24}}(?=[\"']))?"
    r"(?:!!(?:str|binary)[ \t]+|&[\w-]{1,40}[ \t]+(?=[^\s|>-]))?"
    rf"(?:{_WRAPPER})?(?:(?:[bBrRuUfFLN@$]{{1,2}}(?=\\{{0,15}}[\"']))?"
    r"(?P<triple>\"{3}|'{3})(?P<tripled>[\s\S]{1,4000}?)(?P=triple)"
    r"|<<[-~]?[ \t]{0,2}[\"']?(?P<label>[A-Za-z_]\w{0,40})[\"']?[ \t]*\r?\n(?P<document>[\s\S]{1,1000}?)\n[ \t]*"
    r"(?P=label)\b"
    r"|(?:[bBrRuUfFLN@$]{1,2}(?=\\{0,15}[\"']))?"
    r"(?P<quote>(?P<escaped>\\{1,15})?[\"'`])"
    r"(?P<quoted>(?:(?!(?<!\\)(?:(?P=quote)|(?(escaped)\"|(?P=quote))))[^\n]|(?(escaped)(?!)|(?P=quote){2}(?="
    r"[\w ;:@#!%])))+)"
    r"|[«“„\u2018「『\u2039][ \u00a0]?(?P<printed>[^»”“\u2019」』\u203a\n\"\\]{1,200}?)[ \u00a0]?[»”“\u2019」』\u203a]"
    r"|&(?:quot|apos|#3[49]);(?P<escaped_xml>[^&\n\"\\]{1,200})&(?:quot|apos|#3[49]);"
    rf"|(?P<scheme>{SCHEME}[ \t]+)?"
    r"(?:\{(?:cipher|bcrypt|noop|pbkdf2|scrypt|argon2|[A-Z0-9-]{3,16})\}(?=\S))?"
    rf"(?P<bare>(?:{marks.PATTERN}|{ESCAPE}|[^\s\"'`\\<>;&,()\[\]{{}}|])(?:{_PLAIN}{{{JUDGED_CHARS - 1}}}"
    rf"|{_PLAIN}{{0,{JUDGED_CHARS - 2}}}{_REST}{{0,{JUDGED_CHARS - 1}}})))"
)
_GOES_ON: Final = re.compile(rf"(?:{_PLAIN}+|{_REST})*")
_LINE_GOES_ON: Final = re.compile(rf"(?:{_PLAIN}+|{_LINE_REST})*")
_WORDS_GO_ON: Final = re.compile(r"(?:[ \t]{1,4}(?![#;])[^\s=(){}\[\];|&<>\"'`,\\]{1,64}){1,8}[ \t]*(?=\r?\n|\Z)")
_SETTING: Final = re.compile(r"[ \t]*(?:- |export )?[\w.\"'-]{1,60}[ \t]{0,20}[:=](?!//)")
_OF_CONNECTION: Final = re.compile(
    r"[ ]{0,2}(?!&(?:quot|apos|#))(?P<value>[^;{\"'\s\\][^;\n\"'<>\\]{0,255}?)\s*(?=[;\"'<]|\Z|\n)"
)
_JOINED: Final = re.compile(
    r"(?:[\"'][ \t]{0,8}(?:(?:[+.\\][ \t]{0,4})?\n[ \t]{0,40}(?:[+.][ \t]{0,4})?|(?:[+.&]|\.\.|<>|\|\|)[ \t]{0,4})"
    r"[fbr@$]?[\"'][^\"'\n]{1,256}(?=[\"']))+"
)
_BRACED: Final = re.compile(r"\{(?P<braced>[^{}\n\"\\]{1,256}(?:\}\}[^{}\n\"\\]{0,256}){0,8})\}(?=;|\s|\Z|[\"'])")

_WRAPPED: Final = re.compile(
    r"(?:[\"']?[ \t]{0,4}(?:[+.\\][ \t]{0,4})?(?:\r?\n|\\r\\n|\\n)[ \t>|#*]{0,24}[\"']?[A-Za-z0-9+/_-]{16,}={0,2}"
    r"(?=[ \t\\,;)]{0,4}(?:[\r\n\"']|\\[rn]|\Z)))+"
)
_LAST_LINE: Final = re.compile(
    r"(?:\r?\n|\\r\\n|\\n)[ \t>|#*]{0,24}(?=[a-z+/_-]{0,15}[A-Z0-9=])[A-Za-z0-9+/_-]{1,15}={0,2}(?=[\"'\\,;]|"
    r"[ \t]*(?:\r?\n|\Z))"
)
_CONTINUED: Final = re.compile(r"(?:\\\r?\n[ \t]{0,24}[^\s\"'`\\]{1,256})+")
_BLOCK_CHARS: Final = re.compile(r"[A-Za-z0-9+/_=-]+")


class Extent(NamedTuple):
    """Where a value stands; `quote` is what encloses it, empty for a bare one; `scheme`: a `Bearer` is before it."""

    start: int
    end: int
    quote: str
    scheme: bool = False


def value_at(text: str, at: int) -> Extent | None:
    """The value behind a separator that ends at `at`: a bare one no further than it takes to judge it."""
    found = VALUE.match(text, at)
    if not found:
        return None
    for group in ("tripled", "document"):
        if found[group] is not None:
            start, end = found.span(group)
            return Extent(start + len(found[group]) - len(found[group].lstrip()), end, '"""')
    for group in ("printed", "escaped_xml"):
        if found[group] is not None:
            return Extent(*found.span(group), "“")
    if found["quoted"] is not None:
        return Extent(*found.span("quoted"), found["quote"])
    return Extent(*found.span("bare"), "", found["scheme"] is not None)


def braced_at(text: str, at: int) -> Extent | None:
    """The value of an ODBC connection string: `{any;thing}`."""
    found = _BRACED.match(text, at)
    return Extent(*found.span("braced"), "{") if found else None


def value_of_connection(text: str, at: int) -> Extent | None:
    """The value in a connection string behind a semicolon: it goes on to the next one."""
    found = _OF_CONNECTION.match(text, at)
    return Extent(*found.span("value"), "") if found else None


def is_among_settings(text: str, at: int) -> bool:
    """Whether the line before or behind the one with `at` gives a name a value too."""
    start = text.rfind("\n", max(0, at - 256), at)
    before = text[max(0, text.rfind("\n", max(0, start - 256), max(0, start)) + 1) : max(0, start)]
    end = text.find("\n", at, at + 512)
    return _SETTING.match(before) is not None or (end >= 0 and _SETTING.match(text, end + 1) is not None)


def end_of_quoted(text: str, extent: Extent) -> int:
    """Where a quoted value ends if it is joined of several, or wrapped over lines."""
    if joined := _JOINED.match(text, extent.end):
        return joined.end()
    return _end_of_wrapped(text, extent.start, extent.end)


def end_of_bare(text: str, extent: Extent, *, of_line: bool, spaced: bool) -> int:
    """Where a bare value ends; `of_line` if its name begins the line, `spaced` if it may have spaces in it then."""
    rest = (_LINE_GOES_ON if of_line else _GOES_ON).match(text, extent.end)
    end = rest.end() if rest else extent.end
    if of_line and spaced and (words := _WORDS_GO_ON.match(text, end)):
        return len(text[: words.end()].rstrip()) if words.end() - words.start() < 512 else end
    return _end_of_wrapped(text, extent.start, end)


def _end_of_wrapped(text: str, start: int, end: int) -> int:
    if continued := _CONTINUED.match(text, end):
        return continued.end()
    tail = text[max(start, end - 30) : end]
    if end - start < 30 or not _BLOCK_CHARS.fullmatch(tail):
        return end
    if lines := _WRAPPED.match(text, end):
        end = lines.end()
    last = _LAST_LINE.match(text, end)
    return last.end() if last else end


_NESTED: Final = re.compile(
    r"[ \t]{0,8}(?:&[\w-]{1,40}[ \t]*)?(?:![\w/-]{1,40}[ \t]*)?(?P<block>[|>][+-]?\d?[+-]?)?[ \t]*(?:#"
    r"[^\n]{0,200})?\r?\n"
)
_LINE: Final = re.compile(r"(?P<indent>[ \t]*)(?P<item>-[ \t]+)?(?P<rest>[^\r\n]*)\r?(?:\n|\Z)")
_CHILD_VALUE: Final = re.compile(r"(?:value|plain|plaintext|plain_text|stringValue|string)[\"']?:[ \t]+")
_MAPPING: Final = re.compile(r"[\"']?[\w./-]{1,64}[\"']?:(?:\s|\Z)")


_MOST_LINES: Final = 64


def nested_at(text: str, at: int, indent: int) -> Iterator[Extent]:
    """What stands on the lines under a name that ends its line, with `indent` before it: the text of a block, the items
    of a list, what is under `value:`, a word alone. `quote` is `|` where YAML says that it is text.
    """
    head = _NESTED.match(text, at)
    if head and head["block"]:
        yield from _block(text, head.end(), indent)
        return
    at = head.end() if head else len(text)
    for _ in range(_MOST_LINES):
        line = _LINE.match(text, at)
        if not line or not line["rest"].strip():
            return
        at, width = line.end(), len(line["indent"])
        start, end = line.start("rest"), line.start("rest") + len(line["rest"].rstrip())
        if width > indent and not line["item"] and (child := _CHILD_VALUE.match(text, start)):
            yield Extent(child.end(), end, "|")
        if _MAPPING.match(text, start, end):
            return
        yield Extent(start, end, "-" if line["item"] else "")
        if not line["item"]:
            return


def _block(text: str, at: int, indent: int) -> Iterator[Extent]:
    start = end = at
    for _ in range(_MOST_LINES):
        line = _LINE.match(text, at)
        if not line or (line["rest"] and len(line["indent"]) <= indent):
            break
        if line["rest"]:
            start = line.end("indent") if start == end else start
            end = line.start("rest") + len(line["rest"].rstrip())
        at = line.end()
        if at >= len(text):
            break
    if end > start:
        yield Extent(start, end, "|")
