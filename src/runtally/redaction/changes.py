"""Where a text and what redaction made of it differ: what was hidden, and what is shown in its place."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from runtally.redaction import marks

_KIND: Final = re.compile(r"\[REDACTED:([a-z0-9_]+)")


class Finding(NamedTuple):
    """From `start` to before `end` stands what would be hidden, and `shown` would stand there instead."""

    start: int
    end: int
    shown: str

    @property
    def kinds(self) -> Sequence[str]:
        """What it is told to be."""
        return _KIND.findall(self.shown)


def changes(before: str, after: str) -> Iterator[Finding]:
    """What redaction made of a text, in its order: each mark stands for what it is between that stayed."""
    if before == after:
        return
    shown = list(marks.MARK.finditer(after))
    found: list[Finding] = []
    at = shown_to = 0
    for mark, following in zip(shown, [*shown[1:], None], strict=True):
        at += mark.start() - shown_to
        shown_to = mark.end()
        stays = after[shown_to : following.start() if following else len(after)]
        if before.startswith(mark[0] + stays, at) and (following or at + len(mark[0] + stays) == len(before)):
            at += len(mark[0])  # it was there
            continue
        end = before.find(stays, at + 1) if following else len(before) - len(stays)
        if end <= at:
            break
        found.append(Finding(at, end, mark[0]))
        at = end
    hidden = _replaced(before, found)
    yield from found if hidden == after else [_difference(before, after)]


def _replaced(text: str, found: Sequence[Finding]) -> str:
    return "".join(part for part, _ in pieces(text, found))


def pieces(text: str, found: Sequence[Finding]) -> Iterator[tuple[str, Finding | None]]:
    """The text piece by piece with what would be shown: what stays, and what is shown in the place of a finding."""
    at = 0
    for one in found:
        yield text[at : one.start], None
        yield one.shown, one
        at = one.end
    yield text[at:], None


def _difference(before: str, after: str) -> Finding:
    """The one stretch in which two texts differ."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    rest = least - start
    same = next((back for back in range(rest) if before[-1 - back] != after[-1 - back]), rest)
    return Finding(start, len(before) - same, after[start : len(after) - same])
