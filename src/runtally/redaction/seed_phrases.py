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
TOLD_BY: Final = ("seed", "nemonic", "hrase", "ecovery", "allet")
_LISTED_SHARE: Final = 0.75
"""Other wallets have lists of their own, which are much like this one; in prose one word of four is listed."""
_PROSE: Final = frozenset({"the", "and", "for", "are", "was", "has", "its", "not", "but", "from", "into", "our"})
_BITS_OF_A_WORD: Final = 11

_WORD: Final = re.compile(r"[A-Za-z]+")
_MOSTLY_LISTED: Final = re.compile(b"\1(?:\0?\1){8,}\0?")
_BETWEEN: Final = re.compile(r"[\s\"',.\d)\\]{1,12}")

Span = tuple[int, int]


def found(text: str, allowance: Allowance) -> Iterator[Found]:
    """The phrases in the text, in their order: words of a list that are said to be a phrase or hold the checksum."""
    is_told = any(word in text for word in TOLD_BY)
    if not is_told and not may_be_one(text):
        return
    plain = text.replace("\\n", "  ")
    listed = bytes(map(_numbers().__contains__, _WORD.findall(plain)))
    if not (stretches := [found.span() for found in _MOSTLY_LISTED.finditer(listed)]):
        return
    spans = [word.span() for word in _WORD.finditer(plain)]
    for first, last in stretches:
        allowance.spend(SHAPE_EFFORT * (last - first))
        for phrase in _unbroken(plain, spans[first:last]):
            words = [plain[slice(*span)] for span in phrase]
            if words != sorted(words) and (_is_mostly_listed(words) if is_told else _checked(words)):
                at, length = (0, len(words)) if len(words) in _LENGTHS else _checked(words) or (0, len(words))
                yield Found(phrase[at][0], phrase[at + length - 1][1], "seed_phrase")


def may_be_one(text: str) -> bool:
    """Whether the text may be nothing but a phrase."""
    return len(text) <= _SHORT_CHARS and text.islower() and len(text.split()) >= _LENGTHS[0]


def _unbroken(text: str, spans: list[Span]) -> Iterator[list[Span]]:
    """The words that nothing but spaces, quotes, commas and numbers stands between."""
    phrase: list[Span] = []
    for start, end in spans:
        word = text[start:end]
        is_word = word.islower() and 3 <= len(word) <= 8 and word not in _PROSE
        if phrase and not (is_word and _BETWEEN.fullmatch(text, phrase[-1][1], start)):
            if len(phrase) >= _LENGTHS[0]:
                yield phrase
            phrase = []
        if is_word:
            phrase.append((start, end))
    if len(phrase) >= _LENGTHS[0]:
        yield phrase


def _is_mostly_listed(words: list[str]) -> bool:
    return sum(map(_numbers().__contains__, words)) >= _LISTED_SHARE * len(words)


def _checked(words: list[str]) -> tuple[int, int] | None:
    """Where the longest phrase with the right checksum begins, and of how many words it is."""
    numbers = [_numbers().get(word, -1) for word in words[: 2 * _LENGTHS[-1]]]
    for length in reversed(_LENGTHS):
        for at in range(len(numbers) - length + 1):
            if _has_checksum(numbers[at : at + length]):
                return at, length
    return None


def _has_checksum(numbers: list[int]) -> bool:
    """Whether the last bits are those of the hash of the others."""
    if -1 in numbers:
        return False
    bits = "".join(f"{number:0{_BITS_OF_A_WORD}b}" for number in numbers)
    entropy = len(bits) * 32 // 33
    digest = sha256(int(bits[:entropy], 2).to_bytes(entropy // 8, "big")).digest()
    return f"{digest[0]:08b}".startswith(bits[entropy:])


@cache
def _numbers() -> dict[str, int]:
    listed = Path(__file__).with_name("bip39.txt").read_text(encoding="ascii").split()
    return {word: number for number, word in enumerate(listed)}
