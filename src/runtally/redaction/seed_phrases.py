"""Finds the seed phrases of wallets: 12 to 24 words of one list, the last of which holds a checksum (BIP 39)."""

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from runtally.redaction.allowance import SHAPE_EFFORT, Allowance
from runtally.redaction.token_search import Found

_LENGTHS: Final = (12, 15, 18, 21, 24)
_SHORT_CHARS: Final = 320
"""A text of nothing but a phrase is no longer; in a longer one, something says what it is."""
_TOLD_BY: Final = ("seed", "nemonic", "hrase")
_BITS_OF_A_WORD: Final = 11

_WORD: Final = re.compile(r"[A-Za-z]+")
_STREAK: Final = re.compile(b"\1" * _LENGTHS[0] + b"\1*")


def found(text: str, allowance: Allowance) -> Iterator[Found]:
    """The phrases in the text, in their order: words of the list alone, and said to be one or with the checksum."""
    is_told = any(word in text for word in _TOLD_BY)
    if not is_told and (
        len(text) > _SHORT_CHARS
        or text.count(" ") + text.count(",") + text.count("\n") + text.count("\\n") < _LENGTHS[0] - 1
    ):
        return
    numbers = _numbers()
    plain = text.replace("\\n", "  ")
    listed = bytes(map(numbers.__contains__, _WORD.findall(plain)))
    if not (streaks := [streak.span() for streak in _STREAK.finditer(listed)]):
        return
    spans = [word.span() for word in _WORD.finditer(plain)]
    for begun, last in streaks:
        allowance.spend(SHAPE_EFFORT * (last - begun))
        first = _after_label(plain, spans, begun, last)
        words = [plain[slice(*span)] for span in spans[first:last]]
        if words != sorted(words) and (is_told or _holds_phrase([numbers[word] for word in words])):
            yield Found(spans[first][0], spans[last - 1][1], "seed_phrase")


def _after_label(text: str, spans: list[tuple[int, int]], first: int, last: int) -> int:
    """Where the phrase begins, since what names it may be of the list as well: `seed phrase: …`."""
    for at in range(last - _LENGTHS[0], first, -1):
        if not {":", "="}.isdisjoint(text[spans[at - 1][1] : spans[at][0]]):
            return at
    return first


def _holds_phrase(numbers: list[int]) -> bool:
    return any(
        _has_checksum(numbers[at : at + length]) for length in _LENGTHS for at in range(len(numbers) - length + 1)
    )


def _has_checksum(numbers: list[int]) -> bool:
    """Whether the last bits are those of the hash of the others."""
    bits = "".join(f"{number:0{_BITS_OF_A_WORD}b}" for number in numbers)
    entropy = len(bits) * 32 // 33
    digest = sha256(int(bits[:entropy], 2).to_bytes(entropy // 8, "big")).digest()
    return f"{digest[0]:08b}".startswith(bits[entropy:])


@cache
def _numbers() -> dict[str, int]:
    listed = Path(__file__).with_name("bip39.txt").read_text(encoding="ascii").split()
    return {word: number for number, word in enumerate(listed)}
