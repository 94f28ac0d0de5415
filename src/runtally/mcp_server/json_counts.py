"""How many values a JSON text has, told without parsing it: parsing many small ones holds up everybody else."""

from collections.abc import Iterable
from typing import Final

from runtally.domain import limits

_BEGINNINGS: Final = (b"[", b"{")
_SEPARATORS: Final = (b",", b":")


def told_excess(text: bytes) -> str | None:
    """What of it the text has more of than a message may have, and what to do; None where it keeps to the bounds.

    Bytes inside strings do not count. However the text goes wrong, no more than that is read of it before it does.
    """
    containers, others = _count(text, _BEGINNINGS), _count(text, _SEPARATORS)
    if not _told(containers, others):
        return None
    outside = _outside_strings(text)
    return _told(_count(outside, _BEGINNINGS), _count(outside, _SEPARATORS))


def _told(containers: int, others: int) -> str | None:
    for count, called, most in (
        (containers, "lists and objects", limits.MESSAGE_CONTAINERS),
        (containers + others, "names and values", limits.MESSAGE_VALUES),
    ):
        if count > most:
            return f"{count:,} {called}; a message has at most {most:,}. Send less at a time, or send it as text."
    return None


def _count(text: bytes, structural: Iterable[bytes]) -> int:
    return sum(map(text.count, structural))


def _outside_strings(text: bytes) -> bytes:
    # What is left of quotes once the escaped ones are gone stands at the ends of strings.
    return b"".join(text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
