"""README.md and the pages it leads to as data: their sections, tables and code blocks."""

import re
from functools import cache

from tests.guards.source import ROOT

Row = dict[str, str]

PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))


@cache
def text(page: str = "README.md") -> str:
    """The whole page."""
    return (ROOT / page).read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under `## title`, in README or else in the one page that has it."""
    for pages in (PAGES[:1], PAGES[1:]):
        found = [match[1] for page in pages if (match := _section(title).search(text(page)))]
        if found:
            assert len(found) == 1, f"two pages have a section {title!r}"
            return found[0]
    raise AssertionError(f"neither README.md nor a page of docs/ has a section {title!r}")


def table(title: str, first_column: str) -> list[Row]:
    """The rows of the section's table whose first column has that name; each row by column name."""
    lines = section(title).splitlines()
    heads = [index for index, line in enumerate(lines) if _cells(line)[:1] == [first_column]]
    assert len(heads) == 1, f"one table with the column {first_column!r} is needed in section {title!r}"
    columns = _cells(lines[heads[0]])
    rows = []
    for line in lines[heads[0] + 2 :]:
        if not line.startswith("|"):
            break
        assert len(_cells(line)) == len(columns), f"a row has other columns than its table: {line}"
        rows.append(dict(zip(columns, _cells(line), strict=True)))
    return rows


def names(cell: str) -> list[str]:
    """What stands in backticks in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def blocks(language: str, title: str) -> list[str]:
    """The code blocks of a language, of a section."""
    return _blocks(language, section(title))


def host_settings(language: str) -> list[str]:
    """Every block that connects a host."""
    pages = ("README.md", "docs/hosts.md", "docs/http.md")
    return [block for page in pages for block in _blocks(language, text(page)) if "runtally" in block]


def opening() -> str:
    """What stands above the first section of README."""
    return text().partition("\n## ")[0]


def anchors(page: str) -> set[str]:
    """What a link to a heading of the page may say behind `#`."""
    titles = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def links(page: str) -> list[str]:
    """Where the links of the page lead."""
    return re.findall(r"\]\(([^)]+)\)", text(page))


def _section(title: str) -> re.Pattern[str]:
    return re.compile(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def _blocks(language: str, text: str) -> list[str]:
    found = re.finditer(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [block[2] for block in found if block[1] == language]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
