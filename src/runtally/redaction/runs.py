"""Where a text holds characters in an unbroken run that is long enough for a generated secret."""

import re
import string
from collections.abc import Sequence
from typing import Final

RUN_CHARS: Final = 16
"""No token and no vendor's value is found in a shorter run."""

_IN_RUNS: Final = string.ascii_letters + string.digits + "_-+/.~"
_MASK: Final = bytes(ord("a") if chr(code) in _IN_RUNS else ord(" ") for code in range(256))
_SHORTEST: Final = b"a" * RUN_CHARS
_RUN: Final = re.compile(_SHORTEST + b"a*")


def long_runs(text: str) -> list[tuple[int, int]]:
    """Where each run of letters, digits and `_-+/.~` begins and ends; a nanosecond a character where there is none."""
    if len(text) < RUN_CHARS:
        return []
    masked = text.encode("latin-1", "replace").translate(_MASK)  # one byte for each character, so that places are kept
    if _SHORTEST not in masked:
        return []
    return [found.span() for found in _RUN.finditer(masked)]


def joined_runs(text: str, runs: Sequence[tuple[int, int]]) -> str:
    """The runs, each on a line, with the character before it."""
    return "\n".join(["", *[text[start - 1 if start else 0 : end] for start, end in runs]])
