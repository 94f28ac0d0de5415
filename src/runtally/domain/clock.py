"""Time and ids, which every rule takes as parameters so that tests are exact."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from runtally.domain.errors import Unavailable
from runtally.domain.limits import COUNT_MAX

Clock = Callable[[], int]
"""Microseconds since the epoch, UTC."""

IdSource = Callable[[], str]
"""A new UUID version 7 as text."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP_BITS: Final = 32


def moment_of(clock: Clock) -> int:
    """What the clock says.

    Raises:
        Unavailable: it says a time that nothing can be recorded at.
    """
    now = clock()
    if not 0 <= now <= COUNT_MAX:
        raise Unavailable(
            "the clock of this machine lies before 1970 or after 2255. Nothing was recorded. Set the clock, then repeat"
        )
    return now


def uuid7(now_us: int, random_bits: int) -> str:
    """A UUID version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then 74 of the given random bits."""
    stamp = now_us // 1000 & (1 << 48) - 1
    rand_a, rand_b = random_bits >> 62 & 0xFFF, random_bits & (1 << 62) - 1
    digits = f"{stamp << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class OrderedIds:
    """Makes UUIDs version 7, each greater than the one before, whatever the clock does and whoever asks.

    Two of one millisecond, or of a clock that was set back, follow each other by a random step (RFC 9562 section 6.2,
    method 2).
    """

    def __init__(self, clock: Clock, random_bits: Callable[[int], int]) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._last = 0
        self._lock = threading.Lock()

    def __call__(self) -> str:
        with self._lock:
            now_ms = self._clock() // 1000
            if now_ms > self._last >> 74:
                self._last = now_ms << 74 | self._random_bits(74)
            else:
                self._last += 1 + self._random_bits(_STEP_BITS)
            last = self._last
        return uuid7((last >> 74) * 1000, last)


def rfc3339(at_us: int) -> str:
    """The moment as RFC 3339 text in UTC, ending in `Z`."""
    return (_EPOCH + timedelta(microseconds=at_us)).replace(tzinfo=None).isoformat() + "Z"


def micros(moment: datetime) -> int:
    """The moment in microseconds since the epoch; it must know its offset."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
