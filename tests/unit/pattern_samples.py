"""Makes texts that a pattern matches, so that each row of data is tried."""

import random
import re
import string
from typing import Any

_CLASSES = {
    "CATEGORY_DIGIT": string.digits,
    "CATEGORY_WORD": string.ascii_letters + string.digits + "_",
    "CATEGORY_SPACE": " ",
}
_ANY = string.ascii_letters + string.digits
_TRIES = 500


def sample(pattern: str, chance: random.Random) -> str:
    """A text that the whole pattern matches; what it says of its surroundings is tried, not made."""
    parsed = list(re._parser.parse(pattern, re.ASCII))
    for _ in range(_TRIES):
        text = "".join(_make(item, chance) for item in parsed)
        found = re.compile(pattern, re.ASCII).search(text)
        if found and found[0] == text:
            return text
    raise AssertionError(f"no text was made that matches {pattern}")


def _make(item: tuple[Any, Any], chance: random.Random) -> str:
    operation, argument = str(item[0]), item[1]
    if operation == "LITERAL":
        return chr(argument)
    if operation == "IN":
        return chance.choice(_characters(argument))
    if operation == "NOT_LITERAL":
        return chance.choice(_ANY.replace(chr(argument), ""))
    if operation == "ANY":
        return chance.choice(_ANY)
    if operation == "SUBPATTERN":
        return "".join(_make(part, chance) for part in argument[3])
    if operation == "BRANCH":
        return "".join(_make(part, chance) for part in chance.choice(argument[1]))
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, parts = argument
        times = chance.randint(least, min(int(most), least + 8))
        return "".join(_make(part, chance) for _ in range(times) for part in parts)
    assert operation in ("ASSERT", "ASSERT_NOT", "AT"), f"teach this how to make {operation}"
    return ""


def _characters(parts: list[tuple[Any, Any]]) -> str:
    found = ""
    for kind, argument in parts:
        if str(kind) == "NEGATE":
            excluded = _characters(parts[1:])
            return "".join(char for char in _ANY if char not in excluded)
        if str(kind) == "LITERAL":
            found += chr(argument)
        elif str(kind) == "RANGE":
            found += "".join(map(chr, range(argument[0], argument[1] + 1)))
        else:
            found += _CLASSES[str(argument)]
    return found
