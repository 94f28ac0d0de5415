"""Finds the values in the columns and rows of a table: Markdown, a database's output, CSV and its kin."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.found import AFTER_NAME, Found

_ENDS_CELL: Final = tuple(
    (char, re.compile(rf"{re.escape(char)}{AFTER_NAME}", re.DOTALL)) for char in ("|", ",", ";", "\t", "\n")
)
_LINE_CHARS: Final = 1000
_HEADER: Final = {
    delimiter: re.compile(rf"[\"']?[^\W\d][\w .#/-]{{0,40}}[\"']?(?:{delimiter}[\"']?[\w.#/-][\w .#/-]{{0,40}}[\"']?){{1,60}}")
    for delimiter in (",", ";", "\t")
}
_CELL: Final = {
    delimiter: re.compile(rf"\"((?:[^\"\n]|\"\")*)\"(?={delimiter}|\Z)|'([^'\n]*)'(?={delimiter}|\Z)|([^{delimiter}\n]*)")
    for delimiter in (",", ";", "\t", r"|")
}
_RULE: Final = re.compile(r"[ \t]*[|+]?[ \t]*:?-{2,}[-+|: \t]*")


def named(text: str) -> Iterator[Found]:
    """Every cell in `text` whose column or row has a name."""
    if "\n" in text and any(char in text for char in ",;\t"):
        yield from _columns(text)
    if "|" in text:
        yield from _ruled(text)


def _columns(text: str) -> Iterator[Found]:
    """CSV: the cells of every line below a header that has a name in it."""
    done = 0
    for start, line in _lines_with_names(text, (",", ";", "\t", "\n")):
        if start < done:
            continue
        for delimiter, header in _HEADER.items():
            if delimiter in line and header.fullmatch(line):
                names = [name.strip("\"' ") for name in line.split(delimiter)]
                for done, cells in _rows(text, start + len(line) + 1, delimiter, len(names)):
                    for name, (cell, end) in zip(names, cells, strict=True):
                        yield Found(name, cell, "cell", end=end)


def _ruled(text: str) -> Iterator[Found]:
    """Markdown and what databases print: cells between bars, below a header and a rule, or behind a name."""
    done = 0
    for start, line in _lines_with_names(text, ("|", "\n")):
        if start < done or "|" not in line:
            continue
        cells = list(_cells(line, start, "|"))
        names = [text[cell:end].strip("`*_ ") for cell, end in cells]
        rule = text[start + len(line) + 1 : start + 2 * len(line) + 200].partition("\n")[0].rstrip("\r")
        if rule and _RULE.fullmatch(rule):
            for done, row in _rows(text, start + len(line) + len(rule) + 2, "|", len(names)):
                for name, (cell, end) in zip(names, row, strict=True):
                    yield Found(name, cell, "cell", end=end)
        elif len(cells) > 1:
            done = start + len(line)
            for name, (cell, end) in zip(names, cells[1:], strict=False):
                yield Found(name, cell, "row", end=end)


def _lines_with_names(text: str, chars: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    starts = set()
    for char, pattern in _ENDS_CELL:
        if char in chars and char in text:
            for one in pattern.finditer(text):
                at = one.start()
                starts.add(text.rfind("\n", max(0, at - _LINE_CHARS), at) + 1)
    for start in sorted(starts):
        end = text.find("\n", start, start + _LINE_CHARS)
        yield start, text[start : end if end >= 0 else start + _LINE_CHARS].rstrip("\r")


def _rows(text: str, at: int, delimiter: str, width: int) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    while at < len(text):
        end = text.find("\n", at, at + 4 * _LINE_CHARS)
        end = end if end >= 0 else min(len(text), at + 4 * _LINE_CHARS)
        cells = list(_cells(text[at:end].rstrip("\r"), at, delimiter))
        if len(cells) != width:
            return
        yield end, cells
        at = end + 1


def _cells(line: str, start: int, delimiter: str) -> Iterator[tuple[int, int]]:
    """Where each cell begins and ends, without its quotes and the space around it."""
    at = 0
    if delimiter == "|" and (stripped := line.strip()).startswith("|"):
        at = line.index("|") + 1
        line = line.rstrip()[: -1 if stripped.endswith("|") and len(stripped) > 1 else None]
    while found := _CELL[delimiter].match(line, at):
        group = found.lastindex or 0
        cell = found[group]
        left = found.start(group) + len(cell) - len(cell.lstrip("`* "))
        yield start + left, start + max(left, found.start(group) + len(cell.rstrip("`* ")))
        at = found.end() + 1
        if at > len(line):
            return
