"""Waiting for another process: again and again, at moments of chance, so that many share a file fairly."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

ResultT = TypeVar("ResultT")


def pause() -> None:
    """Let some milliseconds pass before the next attempt."""
    time.sleep(random.uniform(0.0005, 0.01))  # noqa: S311 - jitter, not a secret


def keep_trying(seconds: float, attempt: Callable[[], ResultT]) -> ResultT:
    """Make the attempt, once at least, until it comes to something or so many seconds are over; what it came to."""
    deadline = time.monotonic() + seconds
    while not (result := attempt()) and time.monotonic() < deadline:
        pause()
    return result
