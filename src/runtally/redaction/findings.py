"""What redaction would change in a document, and where: for people who want to see it before they trust it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from runtally.redaction import json_text
from runtally.redaction.changes import Finding, changes
from runtally.redaction.redactor import Redactor

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s"{}\[\]:,]+')
_CHARACTER: Final = re.compile(  # as a JSON string spells it
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_SPACES: Final = " \t\r\n"


def find(text: str, redactor: Redactor) -> list[Finding]:
    """What would be hidden in a text, in its order. Where all of it is JSON, or a line is, that is looked at as a value
    as well: there a name says of what stands under it, however deep, that it is secret.
    """
    if value := _json_value(text):
        found = list(_in_json(text, 0, value[0], redactor))
    else:
        found = []
        at = 0
        for line in text.split("\n"):
            if value := _json_value(line):
                found += _in_json(line, at, value[0], redactor)
            at += len(line) + 1
    return _in_order([*found, *changes(text, redactor.text(text))])


def _in_order(found: Sequence[Finding]) -> list[Finding]:
    """One after the other: of two that begin together the longer one counts, and the first where they are alike."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            kept[-1] = kept[-1]._replace(end=one.end)
    return kept


def _json_value(text: str) -> tuple[Any] | None:
    """The object or list that the text is, if it is one."""
    stripped = text.strip(_SPACES)
    if stripped[:1] + stripped[-1:] not in ("{}", "[]"):
        return None
    try:
        return (json_text.loads(text),)
    except (ValueError, RecursionError):
        return None


def _in_json(text: str, offset: int, value: Any, redactor: Redactor) -> Iterator[Finding]:
    redacted = redactor.json(value)
    if redacted == value:
        return
    tokens = [found.span() for found in _TOKEN.finditer(text)]
    for first, last, before, after in _differing(value, redacted, 0):
        start, end = tokens[first][0], tokens[last][1]
        if isinstance(before, str) and isinstance(after, str):
            places = [found.start() for found in _CHARACTER.finditer(text, start + 1, end - 1)] + [end - 1]
            for one in changes(before, after):
                yield Finding(offset + places[one.start], offset + places[one.end], one.shown)
        else:
            yield Finding(offset + start, offset + end, json.dumps(after, ensure_ascii=False))


def _differing(before: Any, after: Any, at: int) -> Iterator[tuple[int, int, Any, Any]]:
    """What differs between two JSON values, with the first and the last token it has in the first one's text; that
    begins with token `at`.
    """
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and len(before) == len(after):
        at += 1
        for (key, child), (new_key, new_child) in zip(before.items(), after.items(), strict=True):
            if key != new_key:
                yield at, at, key, new_key
            yield from _differing(child, new_child, at + 1)
            at += 1 + _tokens_of(child)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        at += 1
        for child, new_child in zip(before, after, strict=True):
            yield from _differing(child, new_child, at)
            at += _tokens_of(child)
    else:
        yield at, at + _tokens_of(before) - 1, before, after


def _tokens_of(value: Any) -> int:
    if isinstance(value, dict):
        return 2 + len(value) + sum(map(_tokens_of, value.values()))
    return 2 + sum(map(_tokens_of, value)) if isinstance(value, list) else 1
