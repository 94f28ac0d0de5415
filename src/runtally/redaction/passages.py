"""Finds the secrets that stand where a grammar puts them: in a command line, a configuration file, the text of a key.

Nothing about such a value gives it away, nor always a name with a separator: `mysql -pX`, `machine h login u password
X`. A row tells of a passage and of the values in it. Which rows there are say `commands`, `files` and `keys`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final, NamedTuple

from runtally.redaction import marks
from runtally.redaction.allowance import NEEDLE_EFFORT, SHAPE_EFFORT, Allowance
from runtally.redaction.marks import Mark
from runtally.redaction.values import is_placeholder


class Row(NamedTuple):
    """The kind of secret, the needles one of which is in every text with it, and the pattern of what holds it.

    The pattern has a group `value`; or else `values` has, and is looked for within what the pattern finds.
    """

    kind: str
    needles: tuple[str, ...]
    pattern: str
    values: str = ""


class Found(NamedTuple):
    """A secret in a text: of what kind, from where to where."""

    kind: str
    start: int
    end: int


_MARK_BEGINS: Final = "[REDACTED:"
"""What a row finds behind it is the rest of a mark."""

# What the patterns of all rows are made of. In escaped text a line may end with `\n`, and a quote be `\"`.
ESCAPE: Final = r"\\(?!\\{0,15}[nrt\"'`]|\s|\Z)"
LINE_END: Final = r"(?:\r?\n|\\{1,15}r\\{1,15}n|\\{1,15}n)"
SPACE: Final = r"(?:\s|\\{1,15}[nrt]){1,20}"
QUOTE: Final = r"\\{0,15}[\"']"
# No value: a variable, a template, what a manual calls the value, an option, and what was hidden already.
_VALUE_NAME: Final = (
    r"(?i:(?:your|my|new|old|the|user|some|db|admin|root|api|access|auth|secret|current|plain|shared|private)?"
    r"[_-]?(?:pass(?:word|wd|phrase|code)?|pwd|pw|secret|token|key|string|str|creds?|credentials?|hash|pin|text"
    r"|value|none|file|has|is|was|and|or|the|prompt|stdin|community|public|\.{3}|x{3,}))"
)
_BARE_ENDS: Final = r"(?![^\s\"'\\\])},.:;|])"


def _not_a_value(name_ends: str) -> str:
    return (
        rf"(?!(?<!')\$[A-Za-z_{{(@%]|%[A-Za-z_]\w*%|<[A-Za-z_/ -]|\{{[\w{{]|[`\[]|\*+(?:\s|\Z)|…|--?[A-Za-z]"
        rf"|{_VALUE_NAME}{name_ends})"
    )


NOT_A_VALUE: Final = _not_a_value(_BARE_ENDS)
_BARE: Final = rf"(?:[^\s\"'`\\;|&,.)<>\]}}]|[;|&,.)<>\]}}]+(?![;|&,.)<>\]}}\s\"'`\\]|\Z)|{ESCAPE})+"


def argument(before: str = "", bare: str = _BARE) -> str:
    """One argument, quoted or bare, whose group `value` is what follows `before` in it."""
    return (
        rf"(?P<quote>{QUOTE})?{before}{_not_a_value(rf'(?(quote)(?={QUOTE})|{_BARE_ENDS})')}"
        rf"(?P<value>(?(quote)(?:(?!(?<!\\)(?P=quote))[^\n]){{1,400}}|{bare}))"
    )


def places(needles: Iterable[str], text: str, allowance: Allowance) -> list[int]:
    """Where any of the needles begins in `text`, in order; a dash at the end of one is that of an option."""
    found = [place.start() for needle in needles if needle in text for place in _place_of(needle).finditer(text)]
    allowance.spend(len(found) * NEEDLE_EFFORT)
    return sorted(found)


def _place_of(needle: str) -> re.Pattern[str]:
    return compiled(re.escape(needle) + (r"(?=[\w#-])" if needle.endswith("-") else ""))


def find(rows: Sequence[Row], text: str, allowance: Allowance) -> Iterator[Found]:
    """Every value that a row finds, in no order; they may overlap, and some may be placeholders."""
    for row in rows:
        needle = next((needle for needle in row.needles if needle in text), "")
        if needle:
            allowance.spend(text.count(needle) * NEEDLE_EFFORT)
            yield from _found(row, text, allowance)


def _found(row: Row, text: str, allowance: Allowance) -> Iterator[Found]:
    for passage in compiled(row.pattern).finditer(text):
        allowance.spend(SHAPE_EFFORT)
        if not row.values:
            yield Found(row.kind, *passage.span("value"))
            continue
        for value in compiled(row.values).finditer(text, *passage.span()):
            allowance.spend(SHAPE_EFFORT)
            yield Found(row.kind, *value.span("value"))


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when it is first needed."""
    return re.compile(pattern, re.ASCII)


def without(found: Iterable[Found], text: str, mark: Mark) -> str:
    """`text` with what was found replaced by its mark; of two that overlap, the one that begins first."""
    parts: list[str] = []
    done = 0
    within_mark = marks.within(text)
    for kind, start, end in sorted(found, key=lambda one: (one.start, -one.end)):
        in_mark = within_mark(start) or text.endswith(_MARK_BEGINS, 0, start)
        if start >= done and not in_mark and not is_placeholder(text[start:end]):
            parts += text[done:start], mark(kind, text[start:end])
            done = end
    return "".join(parts) + text[done:] if parts else text
