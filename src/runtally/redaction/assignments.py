"""Finds the values in a text that only their name gives away: `password=…`, `--token …`, `the password is …`."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from runtally.redaction import declarations, inserts, marks, markup, spoken, tables
from runtally.redaction.allowance import MARK_EFFORT, NAME_EFFORT, UNLIMITED, VALUE_EFFORT, Allowance
from runtally.redaction.code_or_prose import is_expression, is_part_of_code, is_prose
from runtally.redaction.extents import (
    Extent,
    braced_at,
    end_of_bare,
    end_of_quoted,
    is_among_settings,
    nested_at,
    value_at,
    value_of_connection,
)
from runtally.redaction.found import AFTER_NAME, Found, ends_name, name_before
from runtally.redaction.names import Names, Rule, in_snake_case
from runtally.redaction.values import SENSITIVE_WORDS, WORDLIKE, WORDS, is_label

# A pattern that begins with one character is looked for at the speed of that character, which is rare.
_SEPARATORS: Final = (
    (":", re.compile(rf":(?!:|//|\?){AFTER_NAME}", re.DOTALL)),
    ("=", re.compile(rf"={AFTER_NAME}", re.DOTALL)),
    ("\uff1a", re.compile(rf"\uff1a{AFTER_NAME}", re.DOTALL)),  # a colon, and below an equals sign, of full width
    ("\uff1d", re.compile(rf"\uff1d{AFTER_NAME}", re.DOTALL)),
    ("(", re.compile(rf"\({AFTER_NAME}(?=[ \t]{{0,4}}@?[\"'])", re.DOTALL)),
    (",", re.compile(rf",(?<=[\"'],){AFTER_NAME}(?=\s{{0,16}}\\{{0,15}}[\"'])", re.DOTALL)),
)
_ASSIGNS: Final = (":", "=", '"', "pair")
_ENCODED: Final = re.compile(r"%3[aAdD](?:%2[02]|%27|\+){0,2}")
_ENCODED_CLOSES: Final = re.compile(r"(?:%2[27]|%5D|\+|%20)+\Z", re.IGNORECASE)
_ENCODED_VALUE: Final = re.compile(r"(?:[^\s&\"'`<>%,;{}\\]|%(?!2[267C]|7D|3B|0[AaDd]|5D)[0-9A-Fa-f]{2}){1,512}")
_FLAG: Final = re.compile(r"-(?:(?<![\w-]-)|(?<=\\[nrt]-))(?:-[A-Za-z]|[A-Za-z]\w\w)([\w-]{1,64})[ \t]+(?=[^\s-])")
_OTHER_ATTRIBUTES: Final = r"(?:[\w:-]{1,40}[ \t]{0,2}=[ \t]{0,2}\\{0,15}\"[^\"\n<>\\]{0,80}\\{0,15}\"[ \t]{1,4}){0,4}"
_PAIRS: Final = tuple(  # a name and its value side by side, as in a container's environment
    re.compile(
        rf"{end}(?<={names})\\{{0,15}}[\"']?\s{{0,4}}[:=]\s{{0,4}}\\{{0,15}}[\"']?([A-Za-z]"
        rf"[\w.:-]{{1,64}})\\{{0,15}}[\"']?"
        rf"(?:[,;](?:\s|\\[nrt]){{0,40}}|(?:\s|\\[nrt]){{1,40}}){_OTHER_ATTRIBUTES}\\{{0,15}}[\"']?\w{{0,9}}(?i:value|val|content)\\{{0,15}}"
        rf"[\"']?\s{{0,4}}[:=]"
    )
    for end, names in (("ame", "[nN]ame"), ("ey", "[kK]ey"), ("ield", "[fF]ield"), ("eader", "[hH]eader"))
)
_SIGNS_OF_A_PAIR: Final = 2
_FORM: Final = re.compile(
    r"name=\\{0,15}\"([\w.\[\]-]{1,64})\\{0,15}\"(?:(?:\r?\n|\\r\\n)[\w-]{1,40}:[^\r\n\\]{0,100}){0,2}(?:\r?\n"
    r"|\\r\\n){2}"
)
_SETS: Final = re.compile(r"(?:set|with|add|put|use|Set|With|Add|Put|Use)(?:_|[A-Z])")
_READS: Final = re.compile(
    r"(?i:_{0,2}(?:get|read|fetch|load|find|has|is|check|valid|create|generate|make|hash|encrypt|decrypt|by|from"
    r"|to|ask|prompt|enter|encode|decode|parse|format))"
)
_TAKES_A_PAIR: Final = re.compile(
    r"(?:\A|\W)(?:define|[sS]et\w*|put\w*|add\w*|append|header|with\w*|store|save|basicAuth|prop\w*|setenv|getenv"
    r"|get|env|environ\.get|option|[gG]et_?[eE]nv\w*|\w*\.?(?:flag|Flags\(\)|pflag)\.String(?:Var)?P?|\w*[eE]nv(?:Or)?(?:Default|Or)?)"
    r"\((?:&[\w.]{1,40}, )?\s{0,16}\\{0,15}[\"'][\w.:-]{1,96}\Z",
)
_OPENS_A_PAIR: Final = re.compile(r"[(\[{]\s{0,16}\\{0,15}[\"'][\w.:-]{1,96}\Z")

_IS_ONE_OF: Final = re.compile(r"[\"'] \|{1,2} [\"']")
"""Behind a text that is one of several, as documentation shows what a value may be."""
_NAMES: Final = re.compile(
    r"(?:\w{1,40}_)?(?:password|token|secret|key|pass)s?\d{0,2}(?: (?:\w{1,40}_)?(?:token|key|code))?"
    r"|\d{4}_[a-z][a-z0-9_]*"
)
"""Names of fields and of migrations: `("auth", "0001_initial")`."""
_FURTHER_TEXT: Final = re.compile(r"[\"'], ?[\"']")
_NAME: Final = re.compile(r"[:_]?[A-Za-z]+(?:[_.-][A-Za-z]+)*")
_CLOSES_A_PAIR: Final = re.compile(r"\\{0,15}[\"'`],?\s{0,16}[)\]}]")
_EMPTY: Final = re.compile(r"[@$bBrRuUfFLN](?:\"\"|'')")
_VARIABLE: Final = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:_[a-z]+)*_(?:[a-z]+|\d)")
_PHRASE: Final = re.compile(
    r"[ \t]{1,8}(?!(?:await|new|not|yield|lambda|typeof)\b)(?P<value>[A-Za-z]+(?:[ ](?!(?:if|or|and|else|in|is|as"
    r"|for|unless)\b)[A-Za-z0-9]+){1,5})"
    r"[ \t]*(?=\r?\n|\Z)"
)


def without_assignments(text: str, names: Names, allowance: Allowance) -> str:
    """`text` with every value that its name gives away replaced by its mark, in one pass."""
    founds = _found(text, names, allowance)
    first = next(founds, None)
    if not first:
        return text
    parts: list[str] = []
    done = 0
    within_mark = marks.within(text)
    for found in sorted((first, *founds), key=lambda found: (found.at, -found.end)):
        if found.at < done or within_mark(found.at):
            continue
        allowance.spend(VALUE_EFFORT)
        for start, end in _secrets(text, found, found.rule):
            if start >= done:
                allowance.spend(MARK_EFFORT)
                parts += text[done:start], marks.of_kind(found.rule.kind)
                done = end
    return "".join(parts) + text[done:] if parts else text


def _found(text: str, names: Names, allowance: Allowance) -> Iterator[Found]:
    further = () if names.further is None else names.further.found_in(text, allowance)
    for found in chain(_named_in(text, allowance), (Found(name, at, separator) for name, at, separator in further)):
        allowance.spend(NAME_EFFORT)
        if rule := names.rule_for(found.name):
            yield found._replace(rule=rule)


def _named_in(text: str, allowance: Allowance = UNLIMITED) -> Iterator[Found]:
    yield from named_by_sign(text)
    yield from spoken.named(text, allowance)
    yield from tables.named(text)
    yield from inserts.named(text, allowance)
    yield from markup.named(text, allowance)
    yield from declarations.named(text)


def named_by_sign(text: str) -> Iterator[Found]:
    """Every name in `text` that a sign parts from its value, or makes the name of a flag."""
    for separator, pattern in _SEPARATORS:
        if separator in text:
            yield from _separated(text, separator, pattern)
    if "-" in text:
        yield from (Found(one[0].strip("- \t"), one.end(), "--") for one in _FLAG.finditer(text))
    if "al" in text and text.count(":") + text.count("=") >= _SIGNS_OF_A_PAIR:
        for pattern in _PAIRS:
            yield from (Found(one[1], one.end(), "pair") for one in pattern.finditer(text))
    if "%" in text and "%3" in text:
        yield from _encoded(text)
    if 'name="' in text or "name=\\" in text:
        yield from (Found(one[1], one.end(), "whole") for one in _FORM.finditer(text))


def _separated(text: str, separator: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    separator = {"\uff1a": ":", "\uff1d": "="}.get(separator, separator)
    for one in pattern.finditer(text):
        name = name_before(text, one.start())
        if name and (separator != "," or _opens_a_pair(text, one.start())):
            kind = separator if separator in "(," or not name.quoted else '"'
            setter = _SETS.match(name.name.rpartition(".")[2]) if separator == "(" else None
            said = (
                name.name[name.name.rindex(".") + 1 if "." in name.name else 0 :][setter.end() - 1 :]
                if setter
                else name.name
            )
            yield Found(said, one.end(), kind, name.begins_line, "set" if setter else name.before)


def _opens_a_pair(text: str, at: int) -> bool:
    """Whether the name before a comma is the first of what stands in brackets: most others are words of a list."""
    return _OPENS_A_PAIR.search(_up_to_name(text, at)) is not None


def _up_to_name(text: str, at: int) -> str:
    """What stands before `at` up to the end of a quoted name."""
    return text[max(0, at - 127) : at].rstrip("\"'`").rstrip("\\")


def _encoded(text: str) -> Iterator[Found]:
    for one in _ENCODED.finditer(text):
        at = one.start()
        before = text[max(0, at - 96) : at]
        closed = _ENCODED_CLOSES.search(before)
        cut = at - len(before) + closed.start() if closed else at
        if (name := name_before(text, cut)) and (value := _ENCODED_VALUE.match(text, one.end())):
            yield Found(re.sub(r".*%[0-9A-F]{2}", "", name.name), one.end(), "whole", end=value.end())


def _secrets(text: str, found: Found, rule: Rule) -> Iterable[tuple[int, int]]:
    """Where the secrets begin and end, if the value is one and not code, prose or a placeholder."""
    if found.separator == "whole" and not found.end:
        found = found._replace(end=_line_end(text, found.at))
    if found.end:
        value = text[found.at : found.end]
        is_secret = value and rule.gives_away(value) and not is_label(value) and not _is_known_cell(found, value)
        return ((found.at, found.end),) if is_secret else ()
    if found.separator in _ASSIGNS and (extent := braced_at(text, found.at)) and _is_of_connection(text, found, extent):
        is_secret = rule.gives_away(text[extent.start - 1 : extent.end + 1])
        return ((extent.start, extent.end),) if is_secret else ()
    if (
        found.separator == "="
        and found.before.rstrip().endswith(";")
        and (extent := value_of_connection(text, found.at))
    ):
        return ((extent.start, extent.end),) if rule.gives_away(text[extent.start : extent.end]) else ()
    if found.separator in _ASSIGNS and (nested := list(_nested(text, found, rule))):
        return nested
    extent = value_at(text, found.at)
    if extent and extent.quote:
        is_secret = _is_quoted_secret(text, found, rule, extent)
        return ((extent.start, end_of_quoted(text, extent)),) if is_secret else ()
    return _bare(text, found, rule, extent) if extent else ()


def _line_end(text: str, at: int) -> int:
    line = text[at : at + 256].partition("\n")[0].partition("\\r")[0].partition("\\n")[0]
    return at + len(line.rstrip())


def _is_known_cell(found: Found, value: str) -> bool:
    """A cell or an element with a word of documentation, or in a row of two that only looks like a name and a value."""
    if found.separator == "row":
        return " " in value or _is_word(value)
    return value.lower().rstrip("!?") in WORDS or (found.separator != "whole" and value.count(" ") > 3)


def _is_of_connection(text: str, found: Found, extent: Extent) -> bool:
    return found.before.endswith(";") or text[extent.end + 1 : extent.end + 2] == ";"


def _nested(text: str, found: Found, rule: Rule) -> Iterator[tuple[int, int]]:
    if found.separator not in (":", '"') or "\n" not in text[found.at : found.at + 256]:
        return
    line_start = text.rfind("\n", max(0, found.at - 256), found.at) + 1
    line = text[line_start : found.at]
    for extent in nested_at(text, found.at, len(line) - len(line.lstrip(" \t-"))):
        start, end = extent.start, extent.end
        if text.startswith(('""', "''"), start):
            continue
        if text[start] in "\"'" and text[start] == text[end - 1] and end - start > 2:
            start, end = start + 1, end - 1
        elif extent.quote != "|" and not _is_lone_value(text, start, end):
            continue
        value = text[start:end]
        if rule.gives_away(value) and not is_label(value):
            yield start, end


def _is_lone_value(text: str, start: int, end: int) -> bool:
    value = text[start:end]
    is_one = " " not in value and value[0] not in "{[(<\"'" and value[-1] not in ":;({["
    return is_one and not _is_word(value) and not is_expression(text, start, end, "")


def _is_quoted_secret(text: str, found: Found, rule: Rule, extent: Extent) -> bool:
    value = text[extent.start : extent.end]
    if (
        not rule.gives_away(value)
        or is_label(value)
        or _is_name(value, rule)
        or _tells_what_may_be(text, found, rule, extent)
    ):
        return False
    if found.separator == "(":
        function = found.name.rpartition(".")[2]
        if _FURTHER_TEXT.match(text, extent.end):
            return False
        return (
            found.before == "set"
            or found.name.startswith(".")
            or not (" " in value or _READS.match(function) or _is_word(value))
        )
    if found.separator == ",":
        before = _up_to_name(text, found.at - 1)
        if _TAKES_A_PAIR.search(before):
            return not _is_message(value)
        is_pair = _OPENS_A_PAIR.search(before) and _CLOSES_A_PAIR.match(text, extent.end)
        return is_pair is not None and not (_is_word(value) or _is_message(value))
    return found.separator in ('"', "pair", "by") or not value[0].isspace()


def _tells_what_may_be(text: str, found: Found, rule: Rule, extent: Extent) -> bool:
    """One of the values that there may be, the number of an operation, or a name among the arguments of a call."""
    value = text[extent.start : extent.end]
    is_number = rule.kind == "token" and len(value) < 3 and value.isdigit()
    is_name = found.separator in "(," and _NAMES.fullmatch(value)
    return bool(is_number or is_name or _IS_ONE_OF.match(text, extent.end))


def _is_name(value: str, rule: Rule) -> bool:
    """One name given for another: `"input_1h": "input_1h_tokens"`, `PREF_PASSWORD = "pref_password"`."""
    if not ends_name(value):
        return False
    if "_" in value and value.isidentifier() and not rule.gives_away("swordfish"):
        return True
    words = in_snake_case(value).split("_")
    return value.lower() in SENSITIVE_WORDS or (
        len(words) > 1 and _NAME.fullmatch(value) is not None and not SENSITIVE_WORDS.isdisjoint(words[-2:])
    )


def _is_message(value: str) -> bool:
    return " " in value and value.replace(" ", "").replace("'", "").isalpha()


_SHORT: Final = 4
"""A word that is shorter names something: it is no secret."""


def _tells_which(name: str, value: str) -> bool:
    """`--secret=db-password`, `--secret=db`."""
    return (
        name.rpartition(" ")[2].strip("-") == "secret" and _is_word(value) and (ends_name(value) or len(value) < _SHORT)
    )


def _is_word(value: str) -> bool:
    """A word, or some joined: what might be the name of something."""
    return WORDLIKE.fullmatch(value) is not None or value.replace("_", "").replace("-", "").replace(".", "").isalpha()


def _is_compared(text: str, found: Found, value: str) -> bool:
    """`password != x`, and `token === bodyValue`, where the value is a variable."""
    if text.startswith("!=", found.at - 2):
        return True
    return found.separator == "=" and text.startswith("==", found.at - 1) and _VARIABLE.fullmatch(value) is not None


def _bare(text: str, found: Found, rule: Rule, extent: Extent) -> Iterable[tuple[int, int]]:
    separator = found.separator
    if separator in ("is", "said"):
        extent = extent._replace(end=end_of_bare(text, extent, of_line=True, spaced=False))
    value = text[extent.start : extent.end]
    gives_away = rule.gives_away(value) and not _tells_which(found.name, value)
    if separator in "(," or not gives_away or _is_compared(text, found, value) or _EMPTY.match(text, extent.start):
        return ()
    if is_expression(text, extent.start, extent.end, found.name if separator in _ASSIGNS else ""):
        return ()
    if separator in _ASSIGNS and is_part_of_code(text, extent.start, extent.end, found.before, separator):
        return ()
    if (
        separator == "="
        and text[found.at : found.at + 1] in " \t"
        and found.begins_line
        and (phrase := _PHRASE.match(text, found.at))
    ):
        return (phrase.span("value"),) if is_among_settings(text, found.at) else ()
    is_number_asked_for = value.isdigit() and not rule.gives_away("swordfish")
    said = "" if extent.scheme else separator
    if not is_number_asked_for and is_prose(text, extent.start, extent.end, said):
        return ()
    of_line = found.begins_line or separator in ("is", "said")
    spaced = found.begins_line and (
        (separator == "=" and (text[found.at : found.at + 1] in " \t" or "." in found.name))
        or (
            not WORDLIKE.fullmatch(value)
            and " -" not in text[extent.end : extent.end + 64].partition("\n")[0]
            and is_among_settings(text, found.at)
        )
    )
    return ((extent.start, end_of_bare(text, extent, of_line=of_line, spaced=spaced)),)
