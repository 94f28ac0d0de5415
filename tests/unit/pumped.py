"""Goes through each pattern of redaction with texts made of the pattern's own parts, over and over, that end in vain.

A program of its own, so that its CPU can be limited: it says which pattern it is at before it goes through it.
"""

import importlib
import pkgutil
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from runtally import redaction
from runtally.redaction import formats
from tests.unit.pattern_cost import REPEATS, takes

CHARS = [*" \n\t,;:.='\"\\-_/<>()[]{}|@#$&*+~!?`", *"aZx09", "é"]
REPEATED = 1500
TRIES = 2


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
    chance = random.Random(0)
    items = list(re._parser.parse(pattern.pattern, pattern.flags))
    for _ in range(TRIES):
        for at, (operation, argument) in enumerate(items):
            if str(operation) in REPEATS:
                body = sample(argument[2], chance)
                yield (sample(items[:at], chance) + body * (REPEATED // max(1, len(body))))[: 2 * REPEATED] + "\0"
        whole = sample(items, chance)
        yield (whole * (REPEATED // max(1, len(whole))))[:REPEATED] + "\0"


def sample(items: Sequence[Any], chance: random.Random) -> str:
    return "".join(one(str(operation), argument, chance) for operation, argument in items)


def one(operation: str, argument: Any, chance: random.Random) -> str:
    """A text that the item takes."""
    match operation:
        case "LITERAL":
            return chr(argument)
        case "SUBPATTERN":
            return sample(argument[3], chance)
        case "BRANCH":
            return sample(chance.choice(argument[1]), chance)
        case "GROUPREF_EXISTS":
            return sample(chance.choice([part for part in argument[1:] if part]), chance)
        case "ASSERT" | "ASSERT_NOT" | "AT" | "GROUPREF":
            return ""
        case "ATOMIC_GROUP":
            return sample(argument, chance)
        case name if name in REPEATS:
            times = min(int(argument[1]), int(argument[0]) + chance.choice((0, 1, 2, 60)))
            return "".join(sample(argument[2], chance) for _ in range(times))[:200]
    taken = [char for char in CHARS if takes([(operation, argument)], char)]
    return chance.choice(taken) if taken else ""


if __name__ == "__main__":
    main()
