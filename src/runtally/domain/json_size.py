"""How large a JSON value is, without a look at all of it."""

from typing import Any, Final

LARGE_BYTES: Final = 64 * 1024
"""Work on more than this is not done in the thread of an event loop, so that others can be served meanwhile."""
_SCALAR_BYTES: Final = 4


def about_bytes(value: Any, enough: int) -> int:
    """About how many bytes the value is as JSON; once that is more than `enough`, the rest is not counted."""
    size, pending = 0, [value]
    while pending and size <= enough:
        one = pending.pop()
        if isinstance(one, str):
            size += len(one)
        elif isinstance(one, list | dict):
            size += _SCALAR_BYTES * len(one)
            if size > enough:
                break
            if isinstance(one, dict):
                size += sum(map(len, one))
                pending += one.values()
            else:
                pending += one
        else:
            size += _SCALAR_BYTES
    return size


def is_large(value: Any) -> bool:
    """Whether the value is larger than `LARGE_BYTES`."""
    return about_bytes(value, LARGE_BYTES) > LARGE_BYTES
