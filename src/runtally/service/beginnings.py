"""The beginning of a JSON value: of a payload no more is looked through than may be kept."""

from collections.abc import Iterator
from typing import Any, Final

_AROUND: Final = 2
"""Characters of JSON around or between what is counted."""


def beginning_of(value: Any, chars: int) -> Any:
    """As much of a JSON value as makes about `chars` characters of JSON, in the boxes that hold it. Of strings the last
    alone may be cut; a key that would be is left out.
    """
    root: list[Any] = []
    pending: list[tuple[Any, Iterator[tuple[Any, Any]]]] = [(root, iter([(0, value)]))]
    left = chars
    while pending:
        box, entries = pending[-1]
        key, child = next(entries, (None, None))
        if key is None:
            pending.pop()
            continue
        left -= _AROUND + (len(key) if isinstance(key, str) else 0)
        if left <= 0:
            break
        kept, inner = _opened(child, left)
        left -= len(kept) if isinstance(kept, str) else 0
        if isinstance(box, dict):
            box[key] = kept
        else:
            box.append(kept)
        if inner is not None:
            pending.append((kept, inner))
    return root[0]


def _opened(value: Any, chars: int) -> tuple[Any, Iterator[tuple[Any, Any]] | None]:
    """What stands for the value, and for a box, which is empty yet, what comes into it."""
    if isinstance(value, str):
        return value[:chars], None
    if isinstance(value, dict):
        return {}, iter(value.items())
    if isinstance(value, list | tuple):
        return [], iter(enumerate(value))
    return value, None


def without_end(value: Any, chars: int) -> Any:
    """The value without the last characters of its last string, if that is not a mark; its boxes are changed."""
    from runtally.redaction import marks  # noqa: PLC0415 - as the redactor, on the first write

    root = [value]
    box: Any = root
    last: Any = 0
    while isinstance(box[last], dict | list) and box[last]:
        box = box[last]
        last = next(reversed(box)) if isinstance(box, dict) else -1
    if isinstance(box[last], str) and not marks.MARK.fullmatch(box[last]):
        box[last] = box[last][:-chars]
    return root[0]
