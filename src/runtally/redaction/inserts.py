"""Finds the values of columns in SQL and in what its programs print: `INSERT INTO t (a, password) VALUES (…)`."""

import re
from collections.abc import Callable, Generator, Iterator
from typing import Final

from runtally.redaction.allowance import SHAPE_EFFORT, UNLIMITED, Allowance
from runtally.redaction.found import Found, ends_name

# A column has one way to be read: a space may be within its name and behind it.
_COLUMN: Final = r"\s{0,40}+\\{0,15}+[\"`\[]?+[A-Za-z_][\w$ ]{0,63}+\\{0,15}+[\"`\]]?+\s{0,40}+"
_COLUMNS: Final = rf"(?P<columns>{_COLUMN}(?:,{_COLUMN}){{0,99}}+)"
_HEAD: Final = {
    word: re.compile(
        rf"(?i:nto)\s{{1,9}}[^\s(;'=]{{1,130}}\s{{0,40}}\({_COLUMNS}\)[^;'\n()]{{0,80}}?(?<!\s)\s{{0,40}}+{word}"
    )
    for word in ("VALUES", "values", "Values")
}
_OPENS_ROW: Final = re.compile(r"\s{0,40},?\s{0,40}\(")
_MORE_ARGUMENTS: Final = r"(?:[^,()'\"]{0,80}(?:,\s{0,9}'[^'\n]{0,40}'|,|\([^()\n]{0,80}\))){0,4}[^,()'\"]{0,80}\)"
_VALUE: Final = re.compile(
    r"\s{0,40}(?P<call>[\w.:]{1,40}\(\s{0,9})?(?P<inner>[\w.:]{1,40}\(\s{0,9})?"
    r"(?:[NEBXnebx]?'(?P<text>(?:[^'\\]|''|\\[^'\"]|\\'(?!\s{0,9}[,)])){0,4000})\\?'"
    r"|\\{0,15}\"(?P<named>[^\"\\\n]{0,1000})\\{0,15}\"|(?P<bare>[^\s,()'\"]{0,200}))"
    rf"(?(inner){_MORE_ARGUMENTS})(?(call){_MORE_ARGUMENTS})[^,()'\"]{{0,40}}(?P<ends>[,)])"
)
_COPY: Final = re.compile(rf"(?i:copy)\s{{1,9}}[^\s(]{{1,130}}\s?\({_COLUMNS}\)\s(?i:from stdin)[^\n]{{0,200}}\n")
_RECORD: Final = re.compile(r"-\[ RECORD \d{1,9} \][-+]{0,400}\r?\n")
_MEMBER: Final = re.compile(r"(?P<name>[^\s|][^\n|]{0,63}?)[ ]{0,64}\| (?P<value>[^\n]{0,1000})\r?(?:\n|\Z)")
_MOST_ROWS: Final = 2000


_Rows = Callable[[str, re.Match[str], Allowance], Generator[Found, None, int]]
"""Finds the values of the rows behind a head, and returns where the last of them ends."""


def named(text: str, allowance: Allowance = UNLIMITED) -> Iterator[Found]:
    """Every value in `text` whose column has a name that may say something of it.

    Raises:
        LimitExceeded: the allowance is spent; each row is charged.
    """
    for word, head in _HEAD.items():
        if word in text:
            yield from _behind(head, _rows, text, allowance)
    if "(" in text and ("stdin" in text or "STDIN" in text):
        yield from _behind(_COPY, _lines, text, allowance)
    if "-[ RECORD " in text:
        yield from _behind(_RECORD, _members, text, allowance)


def _behind(head: re.Pattern[str], rows: _Rows, text: str, allowance: Allowance) -> Iterator[Found]:
    at = 0
    while one := head.search(text, at):  # what is a row is no head: no row is gone through twice
        at = yield from rows(text, one, allowance)


def _names(columns: str) -> list[str]:
    return [column.strip('\\"`[] \t\r\n') for column in columns.split(",")]


def _rows(text: str, head: re.Match[str], allowance: Allowance) -> Generator[Found, None, int]:
    at, names = head.end(), _names(head["columns"])
    if not any(map(ends_name, names)):
        return at
    for _ in range(_MOST_ROWS):
        opened = _OPENS_ROW.match(text, at)
        if not opened:
            return at
        allowance.spend(SHAPE_EFFORT)
        at = opened.end()
        for column, name in enumerate(names):
            value = _VALUE.match(text, at)
            if not value or (value["ends"] == ")") != (column == len(names) - 1):
                return at
            at = value.end()
            for group in ("text", "named"):
                if value[group] and ends_name(name):
                    yield Found(name, value.start(group), "cell", end=value.end(group))
    return at


def _lines(text: str, head: re.Match[str], allowance: Allowance) -> Generator[Found, None, int]:
    at, names = head.end(), _names(head["columns"])
    if not any(map(ends_name, names)):
        return at
    for _ in range(_MOST_ROWS):
        end = text.find("\n", at, at + 8000)
        cells = text[at:end].split("\t") if end > at else []
        if len(cells) != len(names):
            return at
        allowance.spend(SHAPE_EFFORT)
        for name, cell in zip(names, cells, strict=True):
            if cell != "\\N" and ends_name(name):
                yield Found(name, at, "cell", end=at + len(cell))
            at += len(cell) + 1
    return at


def _members(text: str, head: re.Match[str], allowance: Allowance) -> Generator[Found, None, int]:
    at = head.end()
    while member := _MEMBER.match(text, at):
        allowance.spend(SHAPE_EFFORT)
        if ends_name(member["name"]):
            yield Found(
                member["name"], member.start("value"), "cell", end=member.start("value") + len(member["value"].rstrip())
            )
        at = member.end()
    return at
