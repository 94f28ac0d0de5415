"""How many values a JSON text has, told without parsing it: parsing many small ones holds up everybody else."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from runtally.domain import limits

_BEGINNINGS: Final = (b"[", b"{")
_SEPARATORS: Final = (b",", b":")


class Counted(NamedTuple):
    """What JSON is made of: lists and objects, and as many others as commas and colons tell."""

    containers: int = 0
    others: int = 0

    def plus(self, more: "Counted") -> "Counted":
        """Both together."""
        return Counted(self.containers + more.containers, self.others + more.others)

    @property
    def excess(self) -> str | None:
        """What there is more of than a message may have; None where it keeps to the bounds."""
        for count, called, most in (
            (self.containers, "lists and objects", limits.MESSAGE_CONTAINERS),
            (self.containers + self.others, "names and values", limits.MESSAGE_VALUES),
        ):
            if count > most:
                return f"{count:,} {called}; a message has at most {most:,}"
        return None


def told_excess(text: bytes) -> str | None:
    """What of it the text has more of than a message may have, and what to do; None where it keeps to the bounds.

    Bytes inside strings do not count. However the text goes wrong, no more than that is read of it before it does.
    """
    excess = counted(text, in_strings=True).excess and counted(text).excess
    return f"{excess}. Send less at a time, or send it as text." if excess else None


def counted(text: bytes, *, in_strings: bool = False) -> Counted:
    """What the text has outside its strings; what is in them counts too where asked, which is told much sooner."""
    looked_at = text if in_strings else _outside_strings(text)
    return Counted(_count(looked_at, _BEGINNINGS), _count(looked_at, _SEPARATORS))


def _count(text: bytes, structural: Iterable[bytes]) -> int:
    return sum(map(text.count, structural))


def _outside_strings(text: bytes) -> bytes:
    # What is left of quotes once the escaped ones are gone stands at the ends of strings.
    return b"".join(text.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
