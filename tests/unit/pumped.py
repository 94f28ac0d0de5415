"""Goes through each pattern of redaction with texts made of the pattern's own parts, over and over, that end in vain.

A program of its own, so that its CPU can be limited: it says which pattern it is at before it goes through it.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Sequence
from typing import Any

from runtally import redaction
from runtally.redaction import formats
from tests.unit.pattern_cost import REPEATS, inside, takes

CHARS = [*" \n\t,;:.='\"\\-_/<>()[]{}|@#$&*+~!?`", *"aZx09", "é"]
REPEATED = 500
FAVOURITES = " "
"""Each is taken wherever it can be, so that what stands side by side and takes the same is seen."""


def main() -> None:
    for pattern in dict.fromkeys(patterns()):
        print(repr(pattern.pattern)[:300], flush=True)
        for text in dict.fromkeys(texts(pattern)):
            for _ in pattern.finditer(text):
                pass


def patterns() -> Iterator[re.Pattern[str]]:
    for module in pkgutil.iter_modules(redaction.__path__):
        for value in vars(importlib.import_module(f"{redaction.__name__}.{module.name}")).values():
            yield from held(value)
    for rows in formats._ROWS.values():
        for row in rows:
            yield from (re.compile(one, re.ASCII) for one in (row.pattern, row.values) if one)


def held(value: Any) -> Iterator[re.Pattern[str]]:
    """The patterns in a value and in the boxes in it."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from held(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from held(inner)


def texts(pattern: re.Pattern[str]) -> Iterator[str]:
    items = list(re._parser.parse(pattern.pattern, pattern.flags))
    for favourite in FAVOURITES:
        for before, body in repeats(items, "", favourite):
            yield (before + body * (REPEATED // max(1, len(body))))[: 2 * REPEATED] + "\0"
        whole = sample(items, favourite)
        yield (whole * (REPEATED // max(1, len(whole))))[:REPEATED] + "\0"


def repeats(items: Sequence[Any], before: str, favourite: str) -> Iterator[tuple[str, str]]:
    """Of each repeat, however deep within others, a text that leads to it, and one that it goes over once."""
    for at, (operation, argument) in enumerate(items):
        leading = before + sample(items[:at], favourite)
        if str(operation) in REPEATS:
            yield leading, sample(argument[2], favourite)
        for within in inside(operation, argument):
            yield from repeats(within, leading, favourite)


def sample(items: Sequence[Any], favourite: str) -> str:
    return "".join(one(str(operation), argument, favourite) for operation, argument in items)


def one(operation: str, argument: Any, favourite: str) -> str:
    """A text that the item takes."""
    match operation:
        case "LITERAL":
            return chr(argument)
        case "SUBPATTERN":
            return sample(argument[3], favourite)
        case "BRANCH":
            return sample(
                next((way for way in argument[1] if way and takes(way[:1], favourite)), argument[1][0]), favourite
            )
        case "GROUPREF_EXISTS":
            return sample(next(part for part in argument[1:] if part), favourite)
        case "ASSERT" | "ASSERT_NOT" | "AT" | "GROUPREF":
            return ""
        case "ATOMIC_GROUP":
            return sample(argument, favourite)
        case name if name in REPEATS:
            times = min(int(argument[1]), int(argument[0]) + 2 * takes(argument[2], favourite))
            return "".join(sample(argument[2], favourite) for _ in range(times))[:200]
    taken = [char for char in CHARS if takes([(operation, argument)], char)]
    return favourite if favourite in taken else "".join(taken[-1:])


if __name__ == "__main__":
    main()
