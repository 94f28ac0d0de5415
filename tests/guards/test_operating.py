"""docs/operating.md tells of every refusal that a person may meet, and of everything that it links to."""

import ast
import re
from collections.abc import Iterator

import pytest

from runtally.storage import sqlite_refusals
from tests.guards.source import ROOT, modules

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def text_of(node: ast.expr) -> str:
    """The text of a message, with `…` where a value stands."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    return "".join(text_of(part) for part in node.values) if isinstance(node, ast.JoinedStr) else "…"


def messages() -> Iterator[str]:
    """What every `Unavailable` and `LimitExceeded` says."""
    yield from (wrong for wrong, _ in sqlite_refusals._REFUSALS.values())
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Unavailable", "LimitExceeded"):
                text = text_of(node.args[0])
                if not text.startswith("…"):
                    yield text


def beginnings() -> list[str]:
    """What the refusals in the table begin with."""
    return re.findall(r"^\| \*(.+?)\* \|", PAGE, re.MULTILINE)


@pytest.mark.parametrize("message", sorted(set(messages())))
def test_every_refusal_is_told_by_its_first_words(message: str) -> None:
    told = [one for one in beginnings() if re.match(re.escape(one).replace("…", ".+"), message)]
    assert len(told) == 1, f"say in docs/operating.md, in one row, what this means and what to do: {message}"


def test_there_are_as_many_refusals_as_are_known_to_be() -> None:
    assert len(set(messages())) >= 18, "the walk over the source finds too few"


def test_every_link_of_the_page_leads_to_a_heading() -> None:
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    linked = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert linked <= anchors, f"no headings for {linked - anchors}"
    assert anchors <= linked, f"nothing leads to {anchors - linked}"


def test_the_readme_leads_to_the_page() -> None:
    assert "](docs/operating.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
