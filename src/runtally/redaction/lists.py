"""What a list says of its own items: pairs of names and values, headers one after the other, the words of a command."""

import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from runtally.redaction.marks import MARK, PATTERN, of_kind
from runtally.redaction.names import Names, Rule

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_HEADER_SIGN: Final = ("-", "uthorization", "ookie")
_LINE_WORDS: Final = 256
_LINE_CHARS: Final = 8192
"""Of a longer list the first words are looked at as a command."""
_FLAG: Final = re.compile(r"--?[A-Za-z][\w-]{1,63}")
_KEY_BYTES: Final = 16
_KEY_BEGINS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\"',\\]{0,24}\Z")
_KEY_LINE: Final = re.compile(  # of a key's body, of its headers, or one that was hidden
    rf"[\s>|+*\"',-]{{0,24}}(?:[\w+/.=-]{{1,512}}|[A-Z][\w-]{{2,20}}: [^\n]{{0,200}}|{PATTERN})[\s\"',\\]{{0,24}}"
)
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
    """Put marks in place of the lines of a private key's body; the first item that is none ends it."""
    inside = False
    for at, item in enumerate(items):
        if not isinstance(item, str):
            inside = False
        elif "-----" in item:
            inside = _KEY_BEGINS.search(item) is not None
        elif inside and item.strip():
            inside = _KEY_LINE.fullmatch(item) is not None
            if inside:
                items[at] = of_kind("private_key")


def are_bytes(items: list[Any]) -> bool:
    """Whether the items are the bytes of a key."""
    return len(items) >= _KEY_BYTES and all(type(item) is int and 0 <= item <= 255 for item in items)


def command_line(program: str, items: list[Any]) -> tuple[str, int]:
    """The line that a person would type for `items`, and how many of them are in it: the first ones of a long list.
    None are, if they are no words of a command with options.
    """
    words: list[str] = []
    chars = 0
    for word in items[:_LINE_WORDS]:
        if not isinstance(word, str) or (chars := chars + len(word)) > _LINE_CHARS:
            break
        words.append(word)
    if not any(word[:1] == "-" and word[1:2].strip() for word in words):
        return "", 0
    return " ".join(_quoted(word) for word in ([program, *words] if program else words)), len(words)


def take_marks(line: str, items: list[Any], count: int) -> None:
    """Put into the first `count` of `items` the words of `line`, which was redacted, that have a mark."""
    try:
        words = shlex.split(line)[-count:]
    except ValueError:
        return
    if len(words) == count:
        for at, word in enumerate(words):
            if word != items[at] and MARK.search(word):
                items[at] = word


def rules_after_flags(items: list[Any], start: int, names: Names) -> Iterator[tuple[int, Rule]]:
    """The rules of the items from `start` on that stand after a flag of a secret's name, by their place."""
    for at in range(max(1, start), len(items)):
        flag, value = items[at - 1], items[at]
        if not isinstance(flag, str) or flag[:1] != "-" or not isinstance(value, str) or value[:1] == "-":
            continue
        if _FLAG.fullmatch(flag) and (rule := names.rule_for(flag.lstrip("-"))):
            yield at, rule


def _quoted(word: str) -> str:
    return shlex.quote(word) if _NEEDS_QUOTES.search(word) else word
