"""A text that is wholly JSON, such as the arguments of a tool call: redacted as the value it holds."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

_SHORTEST: Final = 8
_LEAF: Final = re.compile(r"\"[^\"\\]*(?:\\.[^\"\\]*)*\"|[\w.+-]+")


def is_json(text: str) -> bool:
    """Whether the text begins and ends as an object or an array does."""
    if len(text) < _SHORTEST or text[0] not in "{[ \t\r\n":
        return False
    return (text.lstrip()[:1], text.rstrip()[-1:]) in {("{", "}"), ("[", "]")} and '"' in text


class _Repeated(str):
    """A key that stands again behind it in its object, so that no entry is lost: it is equal to itself alone."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


def loads(text: str) -> Any:
    """The value of JSON in which every entry counts: where a key stands twice in an object, so it does here.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is too deep.
    """
    return json.loads(text, object_pairs_hook=_entries)


def _entries(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) == len(pairs):
        return told
    last = {key: at for at, (key, _) in enumerate(pairs)}
    return {key if last[key] == at else _Repeated(key): value for at, (key, value) in enumerate(pairs)}


def redacted(text: str, redact: Callable[[Any], Any]) -> str | None:
    """`text` with the leaves and keys replaced that `redact` changes in its value; every other byte stays.

    None if it is no JSON.
    """
    try:
        value = loads(text)
        changed = redact(value)
        return text if changed == value else "".join(_spliced(text, value, changed))
    except (ValueError, RecursionError):
        return None


def _spliced(text: str, value: Any, changed: Any) -> Iterator[str]:
    done = 0
    for found, (old, new) in zip(_LEAF.finditer(text), _leaves(value, changed), strict=True):
        if old != new:
            yield text[done : found.start()]
            yield json.dumps(new, ensure_ascii=found[0].isascii())
            done = found.end()
    yield text[done:]


def _leaves(value: Any, changed: Any) -> Iterator[tuple[Any, Any]]:
    """The keys and leaves of both, side by side, as they follow one another in a text."""
    pending = [(value, changed)]
    while pending:
        old, new = pending.pop()
        if isinstance(old, dict):
            for (key, child), (new_key, new_child) in zip(reversed(old.items()), reversed(new.items()), strict=True):
                pending += (child, new_child), (key, new_key)
        elif isinstance(old, list):
            pending += zip(reversed(old), reversed(new), strict=True)
        else:
            yield old, new
