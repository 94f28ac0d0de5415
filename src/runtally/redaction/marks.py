"""What stands where a secret was."""

import re
from bisect import bisect_right
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

PATTERN: Final = r"\[REDACTED:[a-z0-9_]+(?::[0-9a-f]{6})?\]"
MARK: Final = re.compile(PATTERN)

Mark = Callable[[str, str], str]
"""Makes of a kind and the secret what stands in its place."""

_BEGINS: Final = "[REDACTED:"
_PERSON: Final = b"name"
"""Sets the digests apart from whatever else is hashed with the same key."""


def of_kind(kind: str, _secret: str = "") -> str:
    """The mark in free text: `[REDACTED:kind]`."""
    return f"[REDACTED:{kind}]"


def keyed(key: bytes) -> Mark:
    """Marks for names, where distinct things must stay distinct: `[REDACTED:kind:<6 hex>]`, of a hash with the key."""

    def mark(kind: str, secret: str) -> str:
        digest = blake2b(secret.encode(), digest_size=3, key=key, person=_PERSON).hexdigest()
        return f"[REDACTED:{kind}:{digest}]"

    return mark


def within(text: str) -> Callable[[int], bool]:
    """What tells of a place in `text` whether it is inside of a mark, which is never changed."""
    if _BEGINS not in text:
        return lambda _: False
    spans = [mark.span() for mark in MARK.finditer(text)]
    starts = [start for start, _ in spans]

    def is_inside(at: int) -> bool:
        before = bisect_right(starts, at - 1) - 1
        return before >= 0 and at < spans[before][1]

    return is_inside
