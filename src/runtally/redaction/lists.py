"""What a list says of its own items: pairs of names and values, headers one after the other, the words of a command."""

import re
import shlex
from typing import Any, Final

from runtally.redaction.marks import MARK, of_kind
from runtally.redaction.names import Names, Rule

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_HEADER_SIGN: Final = ("-", "uthorization", "ookie")
_LINE_WORDS: Final = 256
_LINE_CHARS: Final = 8192
_KEY_BYTES: Final = 16
_NEEDS_QUOTES: Final = re.compile(r"[\s\"'\\]|\A\Z")


def rule_of_pair(item: list[Any] | tuple[Any, ...], names: Names) -> Rule | None:
    """The rule of the second of two items of which the first is its name."""
    return names.rule_for(item[0]) if len(item) == 2 and isinstance(item[0], str) else None


def header_rules(items: list[Any], names: Names) -> dict[int, Rule]:
    """The rules of the values in a flat list of HTTP headers, `[name, value, name, value, …]`, by their place."""
    if len(items) % 2 or not items or len(items) > _LINE_WORDS:
        return {}
    called = items[::2]
    if not all(isinstance(name, str) and _HEADER.fullmatch(name) for name in called):
        return {}
    return {
        at * 2 + 1: rule
        for at, name in enumerate(called)
        if any(sign in name for sign in _HEADER_SIGN)
        and isinstance(items[at * 2 + 1], str)
        and (rule := names.rule_for(name))
        and not _WORDS.fullmatch(items[at * 2 + 1])
    }


def hide_key_lines(items: list[Any]) -> None:
    """Put marks in place of the lines between the first and the last of a private key."""
    inside = False
    for at, item in enumerate(items):
        if not isinstance(item, str) or "-----" not in item:
            if inside and isinstance(item, str) and item.strip():
                items[at] = of_kind("private_key")
        else:
            inside = "-----BEGIN" in item and "PRIVATE KEY" in item


def are_bytes(items: list[Any]) -> bool:
    """Whether the items are the bytes of a key."""
    return len(items) >= _KEY_BYTES and all(type(item) is int and 0 <= item <= 255 for item in items)


def command_line(program: str, items: list[Any]) -> str | None:
    """The line that a person would type for `items`; None if they are no words of a command with options."""
    if len(items) > _LINE_WORDS or not all(isinstance(item, str) for item in items):
        return None
    if not any(item[:1] == "-" and item[1:2].strip() for item in items) or sum(map(len, items)) > _LINE_CHARS:
        return None
    return " ".join(_quoted(word) for word in ([program, *items] if program else items))


def take_marks(line: str, items: list[Any]) -> None:
    """Put into `items` the words of `line`, which was redacted, that have a mark."""
    try:
        words = shlex.split(line)[-len(items) :]
    except ValueError:
        return
    if len(words) == len(items):
        for at, word in enumerate(words):
            if word != items[at] and MARK.search(word):
                items[at] = word


def _quoted(word: str) -> str:
    return shlex.quote(word) if _NEEDS_QUOTES.search(word) else word
