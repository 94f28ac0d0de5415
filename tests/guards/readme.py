"""README.md as data: its sections, tables and code blocks."""

import re
from functools import cache

from tests.guards.source import ROOT

Row = dict[str, str]


@cache
def text() -> str:
    """The whole page."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under `## title`."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text(), re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section {title!r}"
    return found[1]


def table(title: str, first_column: str) -> list[Row]:
    """The rows of the section's table whose first column has that name; each row by column name."""
    lines = section(title).splitlines()
    heads = [index for index, line in enumerate(lines) if _cells(line)[:1] == [first_column]]
    assert len(heads) == 1, f"README.md needs one table with the column {first_column!r} in section {title!r}"
    columns = _cells(lines[heads[0]])
    rows = []
    for line in lines[heads[0] + 2 :]:
        if not line.startswith("|"):
            break
        assert len(_cells(line)) == len(columns), f"README.md has a row with other columns than its table: {line}"
        rows.append(dict(zip(columns, _cells(line), strict=True)))
    return rows


def names(cell: str) -> list[str]:
    """What stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def blocks(language: str, title: str | None = None) -> list[str]:
    """The code blocks of a language, of a section or of the page."""
    found = re.finditer(r"^```(\w+)\n(.*?)^```", text() if title is None else section(title), re.MULTILINE | re.DOTALL)
    return [block[2] for block in found if block[1] == language]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
