"""What redaction would change in a document, and where: for people who want to see it before they trust it."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from runtally.redaction import json_text, marks
from runtally.redaction.redactor import Redactor

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s"{}\[\]:,]+')
_CHARACTER: Final = re.compile(  # as a JSON string spells it
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_KIND: Final = re.compile(r"\[REDACTED:([a-z0-9_]+)")
_SPACES: Final = " \t\r\n"


class Finding(NamedTuple):
    """From `start` to before `end` stands what would be hidden, and `shown` would stand there instead."""

    start: int
    end: int
    shown: str

    @property
    def kinds(self) -> Sequence[str]:
        """What it is told to be."""
        return _KIND.findall(self.shown)


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
    return _in_order([*found, *_changes(text, redactor.text(text))])


def _in_order(found: Sequence[Finding]) -> list[Finding]:
    """One after the other: of two that begin together the longer one counts, and the first where they are alike."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
        elif one.end > kept[-1].end:
            kept[-1] = kept[-1]._replace(end=one.end)
    return kept


def _changes(before: str, after: str) -> Iterator[Finding]:
    """What redaction made of a text: each mark stands for what it is between that stayed."""
    if before == after:
        return
    shown = list(marks.MARK.finditer(after))
    found: list[Finding] = []
    at = shown_to = 0
    for mark, following in zip(shown, [*shown[1:], None], strict=True):
        at += mark.start() - shown_to
        shown_to = mark.end()
        stays = after[shown_to : following.start() if following else len(after)]
        if before.startswith(mark[0] + stays, at) and (following or at + len(mark[0] + stays) == len(before)):
            at += len(mark[0])  # it was there
            continue
        end = before.find(stays, at + 1) if following else len(before) - len(stays)
        if end <= at:
            break
        found.append(Finding(at, end, mark[0]))
        at = end
    hidden = _replaced(before, found)
    yield from found if hidden == after else [_difference(before, after)]


def _replaced(text: str, found: Sequence[Finding]) -> str:
    return "".join(part for part, _ in pieces(text, found))


def pieces(text: str, found: Sequence[Finding]) -> Iterator[tuple[str, Finding | None]]:
    """The text piece by piece with what would be shown: what stays, and what is shown in the place of a finding."""
    at = 0
    for one in found:
        yield text[at : one.start], None
        yield one.shown, one
        at = one.end
    yield text[at:], None


def _difference(before: str, after: str) -> Finding:
    """The one stretch in which two texts differ."""
    least = min(len(before), len(after))
    start = next((at for at in range(least) if before[at] != after[at]), least)
    rest = least - start
    same = next((back for back in range(rest) if before[-1 - back] != after[-1 - back]), rest)
    return Finding(start, len(before) - same, after[start : len(after) - same])


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
            for one in _changes(before, after):
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
