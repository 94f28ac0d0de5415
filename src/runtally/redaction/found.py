"""A name found in a text, and how a name is read back from what stands behind it."""

import re
from typing import Final, NamedTuple

from runtally.redaction import languages
from runtally.redaction.names import NAME_CHARS, VALUED_ENDINGS, Rule

_NO_RULE: Final = Rule("", re.compile(""))


class Found(NamedTuple):
    """A name, where its value begins, and what stands between them.

    That is `"` for a name in quotes: then what follows is data and never prose. `whole` says that the value goes on to
    the end of its line, and an `end` where it ends. `before` is what stands before the name on its line.
    """

    name: str
    at: int
    separator: str
    begins_line: bool = False
    before: str = ""
    end: int = 0
    rule: Rule = _NO_RULE


class Name(NamedTuple):
    """A name as it stands in a text."""

    name: str
    quoted: bool
    begins_line: bool
    before: str


# An assignment is found by its separator, which is rare, behind what may end a name; from there the name is read back.
_VALUED_ENDINGS: Final = tuple({ending for one in VALUED_ENDINGS for ending in (one, languages.folded(one).lower())})
_LETTERS: Final = [
    "".join(sorted({ending[at] for ending in _VALUED_ENDINGS if ending.isascii() and len(ending) > 2}))
    for at in (-3, -2, -1)
]
_ENDS_NAME: Final = "".join(f"[{re.escape(letters + letters.upper())}]" for letters in _LETTERS)
_CLOSES_NAME: Final = r"[\"'`\]\s\\\d_?|+!*-]"
AFTER_NAME: Final = (
    rf"(?:(?<={_ENDS_NAME}.)|(?<={_ENDS_NAME}{_CLOSES_NAME}.)|(?<={_CLOSES_NAME}{_CLOSES_NAME}.)|(?<=[^\x00-\x7f].)"
    r"|(?<=[^\x00-\x7f]..)|(?<=[^\x00-\x7f]...))"
)
"""Behind a separator: whether a name may end before it."""

_CLOSES: Final = " \t\"'`\\[]0123456789_-?|+!*"
_ENDING_CHARS: Final = max(map(len, _VALUED_ENDINGS))
# Nearly every separator is refused by the letters before it, before any name is read.
_LAST_THREE: Final = frozenset(ending[-3:] for ending in _VALUED_ENDINGS)
_SHORT_ENDINGS: Final = frozenset(ending for ending in _VALUED_ENDINGS if len(ending) == 2)
_ESCAPED_BREAK: Final = re.compile(r"\\[nrt]")
_NAME_BACKWARDS: Final = re.compile(
    r"(?!terces:)[ \t]{0,8}[?|+!*]{0,2}[ \t]{0,4}(?!\][a-z_]{1,40}:DETCADER\[)(?:\]\d{0,4}\[)?\]?"
    r"(?P<quote>[\"'`]\\{0,15})?"
    r"(?P<name>[\w.-]{2,64}(?: [^\W\d_]{1,12}){0,2})"
)
_LINE_START: Final = re.compile(  # backwards: `export `, `$env:`, a list's dash, a quotation's `> `
    r"(?P<before>(?:[ \t]{0,4}(?:(?i:tropxe|tes|xtes|vnetes|vne|gra|cexe|lacol|ylnodaer|x- eralced|e-|:vne\$|lav"
    r"|rav|tel|tsnoc)"
    r"(?=[ \t\n]|\Z)|[:@$-]{0,2}))?[ \t>|+*#/;-]{0,40})(?=\n|\r|\Z)"
)


def ends_name(text: str) -> bool:
    """Whether `text` ends as a name does that may say something of its value."""
    ending = text.rstrip(_CLOSES)[-_ENDING_CHARS:]
    ending = (ending if ending.isascii() else languages.folded(ending)).lower()
    if ending[-3:] not in _LAST_THREE and ending[-2:] not in _SHORT_ENDINGS:
        return False
    return ending.endswith(_VALUED_ENDINGS)


def name_before(text: str, at: int) -> Name | None:
    """The name that ends before `at`, if it ends as a name of `names` does."""
    last = text[at - 3 : at]
    if last.isalpha() and last.isascii() and last.lower() not in _LAST_THREE and last[1:].lower() not in _SHORT_ENDINGS:
        return None
    if not ends_name(text[max(0, at - 40) : at]):
        return None
    before = text[max(0, at - NAME_CHARS) : at]
    backwards = (_ESCAPED_BREAK.sub("\n", before) if "\\" in before else before)[::-1]
    found = _NAME_BACKWARDS.match(backwards)
    if not found:
        return None
    rest = backwards[found.end() :]
    begins_line = not found["quote"] and _LINE_START.match(rest) is not None
    return Name(found["name"][::-1], found["quote"] is not None, begins_line, rest.partition("\n")[0][::-1])
