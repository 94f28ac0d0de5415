"""Cursors: where a page of an answer ended, for the call that goes on from there.

A cursor is bound to the question it belongs to, and sealed with the random value of the database: it is good across
restarts, for that question alone, and nobody can make one but Runtally.
"""

import base64
import json
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, Final

from runtally.domain.errors import InvalidInput
from runtally.domain.fields import compact_json
from runtally.domain.limits import COUNT_MAX

_PERSON: Final = b"cursor"
"""Sets the seals apart from whatever else is hashed with the same key."""
_SEAL_BYTES: Final = 16
_CHARS_MAX: Final = 512
"""More than any cursor has; a longer text is not looked at."""


def made(key: bytes, position: Sequence[Any], bound_to: Any) -> str:
    """The cursor for a page that ended at the position, in an answer to the question that it is `bound_to`."""
    text = compact_json([*position, _seal(key, position, bound_to)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read(key: bytes, cursor: str, shape: tuple[type, ...], bound_to: Any) -> list[Any]:
    """The position in a cursor, which has a count or a text for each type of its shape.

    Raises:
        InvalidInput: the cursor was made for another question, by another Runtally, or for none.
    """
    try:
        *position, seal = _parts(cursor)
        if compare_digest(seal, _seal(key, position, bound_to)) and _has_shape(position, shape):
            return list(position)
    except (ValueError, TypeError, RecursionError):
        pass
    raise InvalidInput(
        "cursor does not belong to this question; send next_cursor of the last answer with the same arguments, "
        "or leave it out to begin again",
        field="cursor",
    )


def _parts(cursor: str) -> list[Any]:
    if len(cursor) > _CHARS_MAX:
        raise ValueError
    parts: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return parts


def _has_shape(position: Sequence[Any], shape: tuple[type, ...]) -> bool:
    return tuple(map(type, position)) == shape and all(
        0 <= part <= COUNT_MAX for part in position if isinstance(part, int)
    )


def _seal(key: bytes, position: Sequence[Any], bound_to: Any) -> str:
    sealed = compact_json([position, bound_to]).encode()
    return blake2b(sealed, digest_size=_SEAL_BYTES, key=key, person=_PERSON).hexdigest()
