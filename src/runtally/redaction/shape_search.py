"""Finds the shapes in a text."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Final

from runtally.redaction import gitleaks, seed_phrases, shapes, vendors
from runtally.redaction.allowance import NEEDLE_EFFORT, SHAPE_EFFORT, Allowance
from runtally.redaction.marks import Mark
from runtally.redaction.needles import RAREST_FIRST
from runtally.redaction.runs import joined_runs, long_runs
from runtally.redaction.shapes import Row
from runtally.redaction.token_search import Found, Tokens, TokenShape
from runtally.redaction.tokens import TOKENS
from runtally.redaction.values import is_placeholder
from runtally.redaction.vendors import Vendors


class Shapes:
    """Rows of shapes, ready to be looked for; `rows` are looked for last, and each on its own."""

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        in_runs: Iterable[Row] = (),
        tokens: Iterable[TokenShape] = (),
        vendors: Vendors | None = None,
    ) -> None:
        self._rows, self._in_runs = _Needles(rows), _Needles(in_runs)
        self._tokens = Tokens(tokens)
        self._vendors = vendors

    def hidden(self, text: str, mark: Mark, allowance: Allowance) -> str:
        """`text` with what has a shape replaced by its mark, in one pass."""
        text = self.hidden_in_runs(text, mark, allowance)
        if phrases := [*seed_phrases.found(text, allowance)]:
            text = _replaced(text, phrases, mark)
        for shape in self._rows.found(text, allowance):
            text = shape.hidden(text, mark, allowance)
        return text

    def hidden_in_runs(self, text: str, mark: Mark, allowance: Allowance) -> str:
        """`text` with what has a shape within a long run replaced by its mark, in one pass."""
        runs = long_runs(text)
        if not runs:
            return text
        joined = joined_runs(text, runs)
        if shapes := self._in_runs.found(joined, allowance):
            for shape in shapes:
                text = shape.hidden(text, mark, allowance)
            runs = long_runs(text)
            joined = joined_runs(text, runs)
        found = [*self._tokens.found(text, joined, allowance)]
        if self._vendors:
            found += self._vendors.found(text, runs, allowance)
        return _replaced(text, found, mark) if found else text


def _replaced(text: str, found: list[Found], mark: Mark) -> str:
    """`text` with marks for what was found; of what overlaps, the first."""
    parts: list[str] = []
    done = 0
    for start, end, kind in sorted(found, key=lambda one: one.start):
        if start >= done:
            parts += text[done:start], mark(kind, text[start:end])
            done = end
    return "".join(parts) + text[done:]


class _Shape:
    """A row, whose pattern is compiled when a text first holds one of its needles."""

    def __init__(self, kind: str, pattern: str) -> None:
        self.kind = kind
        self._source = pattern

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._source, re.ASCII)

    def hidden(self, text: str, mark: Mark, allowance: Allowance) -> str:
        def marked(found: re.Match[str]) -> str:
            allowance.spend(SHAPE_EFFORT)
            start, end = found.span(group)
            value = text[start:end]
            is_none = is_placeholder(value) or (self.kind == "basic_credentials" and not _is_name_and_password(value))
            if group and is_none:
                return found[0]
            return f"{text[found.start() : start]}{mark(self.kind, value)}{text[end : found.end()]}"

        group = "value" if "value" in self._pattern.groupindex else 0
        return self._pattern.sub(marked, text)


class _Needles:
    """Rows by the rarest character of their needles: most texts lack it, and then none need be looked for."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._shapes: list[_Shape] = []
        shared: dict[str, dict[str, list[int]]] = {}
        for kind, needles, pattern in rows:
            for needle in needles:
                shared.setdefault(_rarest(needle), {}).setdefault(needle, []).append(len(self._shapes))
            self._shapes.append(_Shape(kind, pattern))
        self._needles = tuple((char, tuple(needles.items())) for char, needles in shared.items())

    def found(self, text: str, allowance: Allowance) -> Sequence[_Shape]:
        """The shapes whose needles are in the text, in the order of their rows."""
        found: list[int] = []
        for char, needles in self._needles:
            if char in text:
                for needle, rows in needles:
                    if needle in text:
                        allowance.spend(text.count(needle) * NEEDLE_EFFORT * len(rows))
                        found += rows
        return [self._shapes[row] for row in sorted(set(found))] if found else ()


def _rarest(needle: str) -> str:
    return min(needle, key=RAREST_FIRST.find)


def _is_name_and_password(encoded: str) -> bool:
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in decoded and decoded.isprintable()


def _token_shapes() -> Iterator[TokenShape]:
    for kind, prefixes, pattern in TOKENS:
        yield TokenShape(kind, prefixes, pattern)
    for token in gitleaks.rules()["tokens"]:
        yield TokenShape(token["kind"], token["prefixes"], token["pattern"], token["entropy"])


def built_in(rows: Iterable[Row] = ()) -> Shapes:
    """What is known as a shape, and more rows, which are looked for last."""
    return Shapes(
        (*shapes.SHAPES, *rows),
        in_runs=shapes.IN_RUNS,
        tokens=_token_shapes(),
        vendors=Vendors((*gitleaks.rules()["vendors"], vendors.MORE)),
    )


BUILT_IN: Final = built_in()
