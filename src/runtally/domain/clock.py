"""Time and ids, which every rule takes as parameters so that tests are exact."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], int]
"""Microseconds since the epoch, UTC."""

IdSource = Callable[[], str]
"""A new UUID version 7 as text."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(now_us: int, random_bits: int) -> str:
    """A UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 of the given random bits."""
    stamp = now_us // 1000 & (1 << 48) - 1
    rand_a, rand_b = random_bits >> 62 & 0xFFF, random_bits & (1 << 62) - 1
    digits = f"{stamp << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def rfc3339(at_us: int) -> str:
    """The moment as RFC 3339 text in UTC, ending in `Z`."""
    return (_EPOCH + timedelta(microseconds=at_us)).replace(tzinfo=None).isoformat() + "Z"


def micros(moment: datetime) -> int:
    """The moment in microseconds since the epoch; it must know its offset."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
