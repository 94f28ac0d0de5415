"""Tells of a short text that no word and no sign in it leads to a secret, as of most names, paths and sentences."""

import string
from collections.abc import Iterable, Iterator
from typing import Final

from runtally.redaction import assignments, formats, seed_phrases, shapes, spoken, talk
from runtally.redaction.allowance import UNLIMITED
from runtally.redaction.needles import Needles

_USUAL_CHARS: Final = string.ascii_letters + string.digits + " .,;:!?'/_-"
_USUAL: Final = _USUAL_CHARS.encode()
"""Tables and markup are made of others, and so is an address with a password or a token in it, which has an `@`."""
_OF_ADDRESSES: Final = "://"


def is_innocent(text: str) -> bool:
    """Whether nothing but a long run in the text may be a secret; where it says no, every finder tells better."""
    lower = text.lower()
    return (
        text.isascii()
        and not text.encode().translate(None, _USUAL)
        and not _LEADING.within(lower)
        and not seed_phrases.may_be_one(text)
        and next(assignments.named_by_sign(text), None) is None
        and next(talk.logins(text, lower, UNLIMITED), None) is None
    )


def _leading() -> Iterator[str]:
    """What a finder needs in a text, if it can be among the usual characters, in lower case."""
    of_shapes = (needle for _, needles, _ in shapes.SHAPES for needle in needles)
    for needle in (*formats.GATES, *of_shapes, *spoken.NEEDLES, *seed_phrases.TOLD_BY):
        if needle != _OF_ADDRESSES and set(needle).issubset(_USUAL_CHARS):
            yield needle.lower()


def _shortest(needles: Iterable[str]) -> list[str]:
    """Those that hold none of the others."""
    shorter: list[str] = []
    for needle in sorted(set(needles), key=len):
        if not any(other in needle for other in shorter):
            shorter.append(needle)
    return shorter


_LEADING: Final = Needles(_shortest(_leading()))
