"""What need not be looked through of a payload that is cut: long strings far behind what is kept of it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

_LONG_CHARS: Final = 256
"""No name, kind or command that tells of a secret elsewhere is longer."""
_LEFT_OUT: Final = "…"

_Place = Sequence[int]
"""Where a leaf stands: how many entries come before it in each of the boxes around it."""


def beginning_of(value: Any, chars: int) -> tuple[Any, _Place | None]:
    """A copy of a JSON value with "…" in place of the long strings behind the first `chars` characters of its strings,
    and the place of the one that is cut there, if one is. A string that is JSON itself stays whole.
    """
    from runtally.redaction import json_text  # noqa: PLC0415 - as the redactor, on the first write

    root: list[Any] = [value]
    left, cut = chars, None
    pending: list[tuple[Any, Iterator[tuple[int, Any]]]] = [(root, _slots(root))]
    place: list[int] = []
    while pending:
        box, slots = pending[-1]
        at, slot = next(slots, (-1, None))
        if at < 0:
            pending.pop()
            del place[-1:]
            continue
        child = box[slot]
        if isinstance(child, dict | list | tuple):
            box[slot] = inner = dict(child) if isinstance(child, dict) else list(child)
            pending.append((inner, _slots(inner)))
            place.append(at)
        elif isinstance(child, str):
            if len(child) > max(left, _LONG_CHARS) and not json_text.is_json(child):
                cut = (*place, at) if left > 0 else cut
                box[slot] = child[:left] if left > 0 else _LEFT_OUT
            left -= len(child)
    return root[0], cut


def _slots(box: Any) -> Iterator[tuple[int, Any]]:
    return enumerate(list(box) if isinstance(box, dict) else range(len(box)))


def without_end(value: Any, place: _Place, chars: int) -> Any:
    """The value, whose boxes are changed, without the last characters of the string in that place; a mark stays."""
    from runtally.redaction import marks  # noqa: PLC0415 - as above

    root = [value]
    box: Any = root
    for at in place[:-1]:
        box = box[_slot(box, at)]
    slot = _slot(box, place[-1])
    if not marks.MARK.fullmatch(box[slot]):
        box[slot] = box[slot][:-chars]
    return root[0]


def _slot(box: Any, at: int) -> Any:
    return list(box)[at] if isinstance(box, dict) else at
