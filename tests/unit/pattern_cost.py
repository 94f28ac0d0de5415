"""Tells from how a pattern is written whether a text can make it go far again and again in vain."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

_ENDLESS: Final = int(re._parser.MAXREPEAT)
REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_CATEGORIES: Final = {
    "DIGIT": r"\d",
    "WORD": r"\w",
    "SPACE": r"\s",
    "NOT_DIGIT": r"\D",
    "NOT_WORD": r"\W",
    "NOT_SPACE": r"\S",
}

Item = tuple[Any, Any]


def scans_in_vain(pattern: str, needles: Sequence[str]) -> list[str]:
    """The characters of each repeat without an end that something follows which may fail, and that goes on over a
    needle: a text of nothing but needles is gone through to its end from each of them.

    A repeat that stops at every needle is gone through once, however often it is in vain.
    """
    found = _endless(re._parser.parse(pattern, re.ASCII), fails_after=False)
    return [str(repeated) for repeated in found if any(all(takes(repeated, char) for char in one) for one in needles)]


def _endless(items: Sequence[Item], *, fails_after: bool) -> Iterator[Sequence[Item]]:
    """What is repeated without an end before something that may fail."""
    for at, (operation, argument) in enumerate(items):
        fails = fails_after or any(map(_may_fail, items[at + 1 :]))
        for inner in inside(operation, argument):
            yield from _endless(inner, fails_after=fails)
        if str(operation) in REPEATS and int(argument[1]) == _ENDLESS and fails:
            yield argument[2]


def inside(operation: Any, argument: Any) -> list[Sequence[Item]]:
    match str(operation):
        case "SUBPATTERN":
            return [argument[3]]
        case "BRANCH":
            return list(argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return [argument[1]]
        case "GROUPREF_EXISTS":
            return [part for part in argument[1:] if part]
        case name if name in REPEATS:
            return [argument[2]]
    return []


def _may_fail(item: Item) -> bool:
    operation, argument = item
    match str(operation):
        case "SUBPATTERN":
            return any(map(_may_fail, argument[3]))
        case "BRANCH":
            return all(any(map(_may_fail, way)) for way in argument[1])
        case name if name in REPEATS:
            return int(argument[0]) > 0 and any(map(_may_fail, argument[2]))
    return True


def takes(repeated: Sequence[Item], char: str) -> bool:
    """Whether what is repeated may go over the character."""
    return any(_item_takes(str(operation), argument, char) for operation, argument in repeated)


def _item_takes(operation: str, argument: Any, char: str) -> bool:
    match operation:
        case "LITERAL":
            return argument == ord(char)
        case "NOT_LITERAL":
            return argument != ord(char)
        case "RANGE":
            return argument[0] <= ord(char) <= argument[1]
        case "CATEGORY":
            return re.match(_CATEGORIES[str(argument).removeprefix("CATEGORY_")], char, re.ASCII) is not None
        case "IN":
            negated = str(argument[0][0]) == "NEGATE"
            return negated != any(_item_takes(str(kind), one, char) for kind, one in argument if str(kind) != "NEGATE")
    within = inside(operation, argument)
    return not within or any(takes(inner, char) for inner in within)
