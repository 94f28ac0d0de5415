"""The corpora of secrets: texts and JSON values in which every secret is marked, read from `corpora/`.

One file is one family. Its head says what it is, and each case begins with a line of its own:

    #: title: what the family holds
    #: source: what it was written from
    === text: a title          free text
    === json: a title          one JSON value

A case without a marked secret is one in which nothing may change; families of such cases alone begin with `clean-`.
In a text and in the strings of a JSON value `⟪…⟫` marks a secret, which must vanish, and `⟨…⟩` a piece that must
stay. `⟦kind:size⟧` is a random value (see `corpus_values`): no file holds anything that could be a live secret.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.redaction.corpus_values import expanded

CORPORA: Final = Path(__file__).parent / "corpora"
_CASE: Final = re.compile(r"^=== (text|json): (.+)$", re.MULTILINE)
_HEAD: Final = re.compile(r"^#: (\w+): (.+)$", re.MULTILINE)
_MARK: Final = re.compile(r"⟪(?P<secret>.*?)⟫|⟨(?P<stay>.*?)⟩", re.DOTALL)


class Span(NamedTuple):
    """Characters of a text, from `start` up to but not including `end`."""

    start: int
    end: int

    def overlaps(self, other: "Span") -> bool:
        """Whether they have a character in common."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks, and where they stood."""

    text: str
    secrets: tuple[Span, ...] = ()
    stays: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A text, or a JSON value whose strings are `strings` in the order of `strings_of`."""

    title: str
    value: Any
    strings: tuple[Marked, ...]

    @property
    def secrets(self) -> int:
        """How many secrets are marked in it."""
        return sum(len(one.secrets) for one in self.strings)


@dataclass(frozen=True)
class Family:
    """The cases of one file."""

    name: str
    title: str
    source: str
    held_out: bool
    body: str

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """Every case, in the order of the file."""
        _, *parts = _CASE.split(self.body)
        triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        return tuple(self._case(number, *triple) for number, triple in enumerate(triples))

    def _case(self, number: int, kind: str, title: str, body: str) -> Case:
        where = f"{self.name}: {title}"
        text = expanded(body.strip("\n"), f"{self.name}/{number}")
        try:
            raw = json.loads(text) if kind == "json" else text
        except ValueError as error:
            raise ValueError(f"{where} is not JSON: {error}") from error
        return Case(title, _unmarked(raw), tuple(marked(one) for one in strings_of(raw)))


def is_held_out(name: str) -> bool:
    """Whether a family of that name is kept from those who write the rules: decided by the name alone."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def families() -> list[Family]:
    """Every family in `corpora/`, by name.

    Raises:
        ValueError: a file lies in the wrong one of the two folders, or has no title or source.
    """
    return [_family(path) for path in sorted(CORPORA.glob("*/*.txt"), key=lambda path: path.stem)]


def _family(path: Path) -> Family:
    held_out = path.parent.name == "held_out"
    if held_out != is_held_out(path.stem):
        raise ValueError(f"{path.name} belongs into {'seen' if held_out else 'held_out'}/: see is_held_out")
    body = path.read_text(encoding="utf-8")
    head = dict(_HEAD.findall(body))
    if not {"title", "source"} <= head.keys():
        raise ValueError(f"{path.name} needs a title and a source in its head")
    return Family(path.stem, head["title"], head["source"], held_out, body)


def strings_of(value: Any) -> Iterator[str]:
    """Every string in a JSON value, keys too, in reading order; a text is its own only string."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from strings_of(item)


def marked(text: str) -> Marked:
    """The text without its marks, and where they stood."""
    clean, at = "", 0
    spans: dict[str, list[Span]] = {"secret": [], "stay": []}
    for mark in _MARK.finditer(text):
        clean += text[at : mark.start()]
        inner = mark[mark.lastgroup or 0]
        spans[mark.lastgroup or ""].append(Span(len(clean), len(clean) + len(inner)))
        clean += inner
        at = mark.end()
    return Marked(clean + text[at:], tuple(spans["secret"]), tuple(spans["stay"]))


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return marked(value).text
    if isinstance(value, list):
        return [_unmarked(item) for item in value]
    if isinstance(value, dict):
        return {marked(key).text: _unmarked(item) for key, item in value.items()}
    return value
