"""Which parts of a text redaction replaced, found out from what it left."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.redaction.corpus import Marked, Span

_HIDDEN: Final = re.compile(r"(?:\[REDACTED:)*\[REDACTED(?::[^\[\]\s]*)?\](?:#\d+)?")
"""A sign of something hidden; also one of which the end was hidden in turn."""


class _Way(NamedTuple):
    """One way to place the pieces that are left so far: what speaks against it, and what it hides."""

    cost: int
    spans: tuple[Span, ...]


def hidden_in(one: Marked, left: str) -> tuple[Span, ...] | None:
    """The parts that were replaced by `[REDACTED…]`; None if `left` is not the text with parts replaced.

    What is left can often be placed in several ways: a line break that was kept may be any of them. Taken is the one
    that shows the least of the secrets and hides the fewest pieces that hold none.
    """
    first, *kept = _HIDDEN.split(left)
    if not one.text.startswith(first) or (not kept and one.text != left):
        return None
    ways = {len(first): _Way(0, ())}
    for piece in kept[:-1]:
        longer: dict[int, _Way] = {}
        for at, way in ways.items():
            for place in _places(one, piece, at):
                _keep_better(longer, place + len(piece), _extended(way, one, Span(at, place), len(piece)))
        ways = longer
    if not kept:
        return ()
    end = len(one.text) - len(kept[-1])
    fitting = [at for at in ways if at <= end and one.text.endswith(kept[-1])]
    last = [_extended(ways[at], one, Span(at, end), len(kept[-1])) for at in fitting]
    return min(last).spans if last else None


def _places(one: Marked, piece: str, after: int) -> Iterator[int]:
    """Where a piece may have stood; without secrets to tell the places apart, the first is as good as any."""
    place = one.text.find(piece, after)
    while place >= 0:
        yield place
        place = one.text.find(piece, place + 1) if one.secrets and piece else -1


def _keep_better(ways: dict[int, _Way], at: int, way: _Way) -> None:
    if at not in ways or way < ways[at]:
        ways[at] = way


def _extended(way: _Way, one: Marked, hidden: Span, left: int) -> _Way:
    """That way with one more part hidden, and so many characters left behind it."""
    shown = Span(hidden.end, hidden.end + left)
    seen = sum(max(0, min(shown.end, secret.end) - max(shown.start, secret.start)) for secret in one.secrets)
    return _Way(way.cost + seen + is_wrong(hidden, one), (*way.spans, hidden))


def is_wrong(hidden: Span, one: Marked) -> bool:
    """Whether it holds no secret, or takes with it a piece that must stay."""
    return not any(hidden.overlaps(secret) for secret in one.secrets) or any(
        hidden.overlaps(stay) for stay in one.stays
    )
