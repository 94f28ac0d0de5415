"""Finds the values in the columns and rows of a table: Markdown, a database's output, CSV and its kin."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.found import Found, ends_name

_LINE_CHARS: Final = 1000
_HEADER: Final = {
    delimiter: re.compile(
        rf"[\"']?[^\W\d][\w .#/-]{{0,40}}[\"']?(?:{delimiter}[\"']?[\w.#/-][\w .#/-]{{0,40}}[\"']?){{1,60}}"
    )
    for delimiter in (",", ";", "\t")
}
_CELL: Final = {
    delimiter: re.compile(
        rf"\"((?:[^\"\n]|\"\")*)\"(?={delimiter}|\Z)|'([^'\n]*)'(?={delimiter}|\Z)|([^{delimiter}\n]*)"
    )
    for delimiter in (",", ";", "\t", r"|")
}
_ENDS_HEADER: Final = {  # the last cell of a line
    delimiter: re.compile(rf"{delimiter}(?=[\"'\w])[\"']?[^\W\d][\w .#/-]{{0,40}}[\"']?\r?\n")
    for delimiter in (",", ";", "\t")
}
_RULE: Final = re.compile(r"--(?<=[\s|+:]--)-{0,400}[:|+ \t][-+|: \t]{0,800}\r?(?=\n)")
_ROW: Final = re.compile(
    r"\|[ \t]{1,40}([*_`]{0,3}[\w.-][\w .-]{0,40}[*_`]{0,3})[ \t]{0,40}\|[ \t]{0,40}[`*]{0,3}([^\s|`]{1,256})"
    r"[`*]{0,3}[ \t]{0,80}\|"
)


def named(text: str) -> Iterator[Found]:
    """Every cell in `text` whose column or row has a name."""
    if "\n" in text:
        for delimiter, ends_header in _ENDS_HEADER.items():
            if delimiter in text:
                yield from _columns(text, delimiter, ends_header)
        if "--" in text and ("|" in text or "-+-" in text):
            yield from _ruled(text)
    if "|" in text:
        for one in _ROW.finditer(text):
            if ends_name(one[1].strip("*_`")):
                yield Found(one[1].strip("*_` "), one.start(2), "row", end=one.end(2))


def _columns(text: str, delimiter: str, ends_header: re.Pattern[str]) -> Iterator[Found]:
    """CSV: the cells of every line below a header that has a name in it."""
    done = 0
    for one in ends_header.finditer(text):
        start = text.rfind("\n", max(0, one.start() - _LINE_CHARS), one.start()) + 1
        line = text[start : one.end()].rstrip("\r\n")
        if start < done or not _HEADER[delimiter].fullmatch(line):
            continue
        names = [name.strip("\"' ") for name in line.split(delimiter)]
        for end, found in _cells_below(text, one.end(), delimiter, names):
            done = end
            yield found


def _ruled(text: str) -> Iterator[Found]:
    """Markdown and what databases print: cells between bars, below a header and a rule."""
    done = 0
    for one in _RULE.finditer(text):
        rule = text.rfind("\n", max(0, one.start() - 16), one.start())
        start = text.rfind("\n", max(0, rule - _LINE_CHARS), max(0, rule)) + 1
        if rule < 0 or start < done or "|" not in text[start:rule] or text[rule : one.start()].strip("|+: \t\n"):
            continue
        names = [text[cell:end].strip("`*_ ") for cell, end in _cells(text[start:rule].rstrip("\r"), start, "|")]
        for end, found in _cells_below(text, one.end() + 1, "|", names):
            done = end
            yield found


def _cells_below(text: str, at: int, delimiter: str, names: list[str]) -> Iterator[tuple[int, Found]]:
    columns = [column for column, name in enumerate(names) if ends_name(name)]
    if not columns:
        return
    for end, cells in _rows(text, at, delimiter, len(names)):
        for column in columns:
            start, cell_end = cells[column]
            if not (names[column].lower().endswith("s") and text[start:cell_end].isdigit()):  # so many secrets
                yield end, Found(names[column], start, "cell", end=cell_end)


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
