"""Finds the shapes in a text."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

from runtally.redaction import shapes
from runtally.redaction.allowance import NEEDLE_EFFORT, SHAPE_EFFORT, Allowance
from runtally.redaction.marks import Mark
from runtally.redaction.values import is_placeholder

Row = tuple[str, tuple[str, ...], str]
"""The kind, the needles one of which is in every text with such a secret, and the pattern."""

_RARE_CHARS: Final = 32
"""A character is rare that is found once in so many."""


class Shapes:
    """Rows of shapes, ready to be looked for. `gates` are what a text without any of them lacks."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = tuple((kind, re.compile(pattern, re.ASCII)) for kind, _, pattern in rows)
        self._gates = tuple(_gates(rows))
        self.gates = tuple(gate for gate, _, _ in self._gates)

    def hidden(self, text: str, mark: Mark, allowance: Allowance) -> str:
        """`text` with what has a shape replaced by its mark, in one pass."""
        rows: list[int] = []
        for char, pattern, needles in self._gates:
            if char not in text:
                continue
            # Where the character is not rare, each needle alone is found sooner.
            if pattern is None or text.count(char) > len(text) // _RARE_CHARS or pattern.search(text):
                for needle, row in needles:
                    if needle in text:
                        allowance.spend(text.count(needle) * NEEDLE_EFFORT)
                        rows.append(row)
        for row in sorted(set(rows)) if rows else rows:
            text = _without(*self._rows[row], text, mark, allowance)
        return text


def _gates(rows: Sequence[Row]) -> Iterator[tuple[str, re.Pattern[str] | None, tuple[tuple[str, int], ...]]]:
    """Needles and their rows by a rare character they share: most texts lack it, and then none need be looked for."""
    shared: dict[str, list[tuple[str, int]]] = {}
    for row, (_, needles, _) in enumerate(rows):
        for needle in needles:
            char = next(char for char in "'\"\\=_/:zxJKIGC93-" + needle if char in needle)
            shared.setdefault(char, []).append((needle, row))
    for char, found in shared.items():
        cuts = {needle: needle.index(char) + 1 for needle, _ in found}
        around = "|".join(f"(?<={re.escape(needle[:cut])}){re.escape(needle[cut:])}" for needle, cut in cuts.items())
        yield char, re.compile(f"{re.escape(char)}(?:{around})") if len(cuts) > 1 else None, tuple(found)


def _without(kind: str, shape: re.Pattern[str], text: str, mark: Mark, allowance: Allowance) -> str:
    def marked(found: re.Match[str]) -> str:
        allowance.spend(SHAPE_EFFORT)
        start, end = found.span(group)
        value = text[start:end]
        is_none = is_placeholder(value) or (kind == "basic_credentials" and not _is_name_and_password(value))
        if group and is_none:
            return found[0]
        return f"{text[found.start() : start]}{mark(kind, value)}{text[end : found.end()]}"

    group = "value" if "value" in shape.groupindex else 0
    return shape.sub(marked, text)


def _is_name_and_password(encoded: str) -> bool:
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in decoded and decoded.isprintable()


BUILT_IN: Final = Shapes(shapes.SHAPES)
