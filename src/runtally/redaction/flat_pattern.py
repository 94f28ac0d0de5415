"""A pattern whose cost can be told from how it is written: characters, classes and bounded repeats, one by one."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import Final, NamedTuple, Self

NEEDLE_CHARS_MIN: Final = 3
STEPS_MAX: Final = 500
"""Characters looked at, at most, for each place where the fixed beginning stands."""

_DIGITS: Final = frozenset("0123456789")
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_ESCAPED_CLASSES: Final = {"d": _DIGITS, "w": _DIGITS | _LETTERS | {"_"}}
_ATOM: Final = re.compile(
    r"\[(?P<members>(?:\\.|[^\\\]])*)\]|\\(?P<escaped>.)|(?P<plain>[^\\.^$*+?{}\[\]()|])", re.DOTALL
)
_REPEAT: Final = re.compile(r"\{(?P<least>\d{1,4})(?P<range>,(?P<most>\d{0,4}))?\}|(?P<sign>[?*+])|")
_MEMBER: Final = re.compile(r"\\(?P<escaped>.)|(?P<first>[^\\^\[])(?:-(?P<last>[^\\^\[]))?", re.DOTALL)
_SIGNS: Final = {"?": (0, 1), "*": (0, None), "+": (1, None)}


class NotFlat(Exception):
    """Why a pattern is not flat, in words that follow its name."""


class Part(NamedTuple):
    """One of `chars`, from `least` to `most` times; without `most`, as often as can be."""

    chars: frozenset[str]
    least: int
    most: int | None

    @property
    def is_fixed(self) -> bool:
        """Whether it is one character that is always there."""
        return len(self.chars) == 1 and self.least == self.most == 1


class FlatPattern:
    """Parts that follow each other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)

    @classmethod
    def parse(cls, pattern: str) -> Self:
        r"""The pattern, written as in a regular expression: characters, `[A-Za-z0-9_-]`, `\d`, `\w`, `{m}`, `{m,n}` and
        `?`; `+`, `*` and `{m,}` at the end alone. Square brackets are in nothing that it finds, and so no mark is.

        Raises:
            NotFlat: it holds something else.
        """
        parts = list(_parts(pattern))
        for number, part in enumerate(parts, 1):
            if part.most is None and number < len(parts):
                raise NotFlat("has a repeat without an end before its end; bound it, as in {12,40}")
        return cls(parts)

    @cached_property
    def needle(self) -> str:
        """The characters that everything it finds begins with."""
        return "".join(next(iter(part.chars)) for part in takewhile(lambda part: part.is_fixed, self._parts))

    @cached_property
    def expression(self) -> str:
        """The same as a regular expression of Python's."""
        return "".join(map(_expression, self._parts))

    @cached_property
    def steps(self) -> int:
        """How many characters are looked at, at most, before it is clear that one place has nothing of it."""
        steps, ways = 0, 1
        for part, following in zip(self._parts, (*self._parts[1:], None), strict=True):
            room = 0 if part.most is None else part.most - part.least
            steps += ways * (part.least + 2 * room)
            if following and (following.least == 0 or not part.chars.isdisjoint(following.chars)):
                ways *= room + 1
        return steps


def _parts(pattern: str) -> Iterator[Part]:
    at = 0
    while at < len(pattern):
        atom = _ATOM.match(pattern, at)
        if not atom:
            raise NotFlat(
                f"has {pattern[at]!r} as its character {at + 1}, which is not understood: a pattern is characters, "
                r"classes like [A-Z0-9], \d, \w, repeats like {8}, {12,40}, ?; a sign that is meant has \ before it"
            )
        repeat = _REPEAT.match(pattern, atom.end())
        least, most = _bounds(repeat) if repeat else (1, 1)
        yield Part(_chars(atom), least, most)
        at = repeat.end() if repeat else atom.end()


def _bounds(repeat: re.Match[str]) -> tuple[int, int | None]:
    if repeat["sign"]:
        return _SIGNS[repeat["sign"]]
    if not repeat["least"]:
        return 1, 1
    least = int(repeat["least"])
    if not repeat["range"]:
        most: int | None = least
    else:
        most = int(repeat["most"]) if repeat["most"] else None
    if most is not None and (most < least or most == 0):
        raise NotFlat(f"has a repeat {repeat[0]} that ends before it begins")
    return least, most


def _chars(atom: re.Match[str]) -> frozenset[str]:
    if atom["members"] is not None:
        return _members(atom["members"])
    return _escaped(atom["escaped"]) if atom["escaped"] else frozenset(atom["plain"])


def _escaped(char: str) -> frozenset[str]:
    if char in _ESCAPED_CLASSES:
        return _ESCAPED_CLASSES[char]
    if char.isalnum() or char in "[]":
        raise NotFlat(
            rf"has \{char} in it, which is not understood here; write the characters out in a class like [A-Z0-9]"
        )
    return frozenset(char)


def _members(told: str) -> frozenset[str]:
    chars: set[str] = set()
    at = 0
    while at < len(told):
        member = _MEMBER.match(told, at)
        if not member:
            raise NotFlat(f"has a class with {told[at]!r} in it; say which characters are meant, as in [A-Za-z0-9_-]")
        at = member.end()
        if member["escaped"]:
            chars |= _escaped(member["escaped"])
        else:
            chars |= _range(member["first"], member["last"] or member["first"])
    if not chars:
        raise NotFlat("has an empty class; say which characters are meant, as in [A-Za-z0-9_-]")
    return frozenset(chars)


def _range(first: str, last: str) -> set[str]:
    if not first <= last < "\x7f":
        raise NotFlat(f"has {first}-{last} in a class; let a range go up, and stay within ASCII")
    return set(map(chr, range(ord(first), ord(last) + 1))) - set("[]")


def _expression(part: Part) -> str:
    chars = "".join(map(re.escape, sorted(part.chars)))
    one = chars if len(part.chars) == 1 else f"[{chars}]"
    if part.least == part.most == 1:
        return one
    return f"{one}{{{part.least},{'' if part.most is None else part.most}}}"
