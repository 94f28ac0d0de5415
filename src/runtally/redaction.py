"""Secrets leave a text before it is stored: each becomes `[REDACTED:kind]`, and what stands around it stays readable.

Two ideas find them. A shape is a credential that gives itself away wherever it stands, such as `ghp_…` or a JWT. An
assignment is a value that only its name gives away, such as `password=…`. Counting tokens is what this product is for:
`max_tokens`, `token_count` and every number are left alone.
"""

import base64
import binascii
import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

from runtally import redaction_shapes as shapes
from runtally.domain import limits
from runtally.domain.errors import LimitExceeded

_SHAPES: Final = tuple((kind, re.compile(pattern, re.ASCII)) for kind, _, pattern in shapes.SHAPES)
_NAMES: Final = tuple(
    (kind, re.compile(value, re.DOTALL), re.compile(rf"(?:.*_)?(?:{name})(?:_?\d+)?"))
    for kind, value, name in shapes.NAMES
)
_PLACEHOLDER: Final = re.compile(rf"(?:{shapes.SCHEME}[ \t]+)?(?:{shapes.PLACEHOLDER})", re.IGNORECASE | re.DOTALL)
_MARKER: Final = re.compile(shapes.MARKER)
_CODE: Final = re.compile(shapes.CODE)
_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_ASSIGNMENT_GATES: Final = (
    *((char, re.compile(char + shapes.AFTER_NAME, re.DOTALL)) for char in ":=>"),
    ("-", shapes.FLAG),
    ("word is", shapes.SAID),
)
_CLOSES_NAME: Final = " \t\"'`\\]0123456789_-"
_NAME_ENDINGS: Final = tuple(ending for ending in shapes.NAME_ENDINGS if ending != "value")
_ENDING_CHARS: Final = max(map(len, shapes.NAME_ENDINGS))
_RULE_WORDS: Final = 4
"""The most words that a row of `NAMES` speaks of, with a number behind them."""
_SHORT_CHARS: Final = 64
"""In a text no longer than this, one search for any gate takes less time than a look for each."""
_RARE_CHARS: Final = 32
"""A character is rare that is found once in so many."""
# Microseconds, about, that it takes to tell: what a needle begins, what a shape or a name found makes, a value judged,
# and each character of a text that is gone through again.
_NEEDLE_EFFORT: Final = 1
_SHAPE_EFFORT: Final = 2
_NAME_EFFORT: Final = 3
_VALUE_EFFORT: Final = 10
_PASS_EFFORT: Final = 0.02


def _shape_gates() -> Iterator[tuple[str, re.Pattern[str] | None, tuple[tuple[str, int], ...]]]:
    """Needles and their rows by a rare character they share: most texts lack it, and then none need be looked for."""
    shared: dict[str, list[tuple[str, int]]] = {}
    for row, (_, needles, _) in enumerate(shapes.SHAPES):
        for needle in needles:
            char = next(char for char in "'\"\\=_/:zxJKIGC93-" + needle if char in needle)
            shared.setdefault(char, []).append((needle, row))
    for char, found in shared.items():
        cuts = {needle: needle.index(char) + 1 for needle, _ in found}
        around = "|".join(f"(?<={re.escape(needle[:cut])}){re.escape(needle[cut:])}" for needle, cut in cuts.items())
        yield char, re.compile(f"{re.escape(char)}(?:{around})") if len(cuts) > 1 else None, tuple(found)


_SHAPE_GATES: Final = tuple(_shape_gates())
_GATES: Final = (*(gate for gate, _, _ in _SHAPE_GATES), *(gate for gate, _ in _ASSIGNMENT_GATES))
_ANY_GATE: Final = re.compile("|".join(map(re.escape, _GATES)))


class Allowance:
    """What one call may cost in redaction, counted by what is examined and never by a clock: what was refused once is
    refused always.
    """

    __slots__ = ("_left",)

    def __init__(self, effort: float = limits.REDACTION_EFFORT) -> None:
        self._left = effort

    def spend(self, effort: float) -> None:
        """Raise `LimitExceeded` if more was spent than allowed."""
        self._left -= effort
        if self._left < 0:
            raise LimitExceeded(
                "the call holds too many things that look like secrets for all of them to be checked; about 10,000 may "
                "be in one call. Nothing was recorded. Send less of it, in several calls"
            )


_UNLIMITED: Final = Allowance(math.inf)


def redact_text(text: str, allowance: Allowance = _UNLIMITED) -> str:
    """`text` with every known secret replaced by `[REDACTED:kind]`; redacting the result again changes nothing.

    Raises:
        LimitExceeded: the allowance is spent.
    """
    if len(text) < _SHORT_CHARS and (len(text) < shapes.SECRET_CHARS or not _ANY_GATE.search(text)):
        return text
    passes = 1
    while (redacted := _without_assignments(_without_shapes(text, allowance), allowance)) != text:
        text = redacted  # a marker ends a token: what stood next to the secret may be one only now
        allowance.spend(passes * len(text) * _PASS_EFFORT)
        passes += 1
    return text


def redact_json(value: Any, allowance: Allowance = _UNLIMITED) -> Any:
    """A copy of `value` whose strings went through `redact_text`, or went whole where their name says secret.

    A list passes its name on to its strings, and `{"name": …, "value": …}` names its value. Keys go through
    `redact_text` too, and two that become the same stay two entries (`[REDACTED:kind]#2`). Order, numbers, booleans
    and null are kept, however deep the nesting.

    Raises:
        LimitExceeded: the allowance is spent.
    """
    root = [value]
    pending: list[tuple[Any, str]] = [(root, "")]
    while pending:
        box, inherited = pending.pop()
        for slot, child in list(box.items() if isinstance(box, dict) else enumerate(box)):
            if isinstance(child, dict):
                box[slot] = entries = _with_redacted_keys(child, allowance)
                pending.append((entries, ""))
            elif isinstance(child, str | list | tuple):
                name = _name_of(slot, box) if isinstance(box, dict) else inherited
                if isinstance(child, str):
                    box[slot] = _redact_named(name, child, allowance)
                else:
                    box[slot] = items = list(child)
                    pending.append((items, name))
    return root[0]


def _with_redacted_keys(entries: dict[Any, Any], allowance: Allowance) -> dict[Any, Any]:
    redacted: dict[Any, Any] = {}
    seen: dict[str, int] = {}
    for key, child in entries.items():
        unique = redact_text(key, allowance) if isinstance(key, str) else key
        name = unique if unique not in redacted or _MARKER.fullmatch(unique) else "[REDACTED:key]"
        while unique in redacted:
            seen[name] = seen.get(name, 1) + 1
            unique = f"{name}#{seen[name]}"
        redacted[unique] = child
    return redacted


def _name_of(key: Any, entries: dict[Any, Any]) -> str:
    if key == "value":
        key = entries.get("name", entries.get("key"))
    return key if isinstance(key, str) else ""


def _redact_named(name: str, text: str, allowance: Allowance) -> str:
    rule, redacted = _rule_for(name[-shapes.NAME_CHARS :]), redact_text(text, allowance)
    if rule:
        allowance.spend(_VALUE_EFFORT)
    if rule and (rule.gives_away(text) or rule.gives_away(redacted)):
        return f"[REDACTED:{rule.kind}]"
    return redacted


class _Rule(NamedTuple):
    """What a name says of its value: what kind of secret it is, and what it must look like to be one."""

    kind: str
    value: re.Pattern[str]

    def gives_away(self, value: str) -> bool:
        return bool(self.value.fullmatch(value)) and not _is_placeholder(value)


@lru_cache(maxsize=1024)
def _rule_for(name: str) -> _Rule | None:
    if "[REDACTED:" in name or not name.rstrip("0123456789_-").lower().endswith(_NAME_ENDINGS):
        return None
    words = "_".join(_in_snake_case(name).split("_")[-_RULE_WORDS:])
    for kind, value, pattern in _NAMES:
        if pattern.fullmatch(words):
            return _Rule(kind, value) if kind else None
    return None


@lru_cache(maxsize=1024)
def _in_snake_case(name: str) -> str:
    return _WORD_STARTS.sub("_", name).strip("_").lower()


def _is_placeholder(value: str) -> bool:
    return len(value) < shapes.JUDGED_CHARS and _PLACEHOLDER.fullmatch(value) is not None


def _without_shapes(text: str, allowance: Allowance) -> str:
    rows: list[int] = []
    for char, pattern, needles in _SHAPE_GATES:
        if char not in text:
            continue
        # Where the character is not rare, each needle alone is found sooner.
        if pattern is None or text.count(char) > len(text) // _RARE_CHARS or pattern.search(text):
            for needle, row in needles:
                if needle in text:
                    allowance.spend(text.count(needle) * _NEEDLE_EFFORT)
                    rows.append(row)
    for row in sorted(set(rows)) if rows else rows:
        text = _without_shape(*_SHAPES[row], text, allowance)
    return text


def _without_shape(kind: str, shape: re.Pattern[str], text: str, allowance: Allowance) -> str:
    marker = f"[REDACTED:{kind}]"
    if "value" not in shape.groupindex:
        redacted, count = shape.subn(marker, text)
        allowance.spend(count * _SHAPE_EFFORT)
        return redacted

    def around_the_value(found: re.Match[str]) -> str:
        allowance.spend(_SHAPE_EFFORT)
        value = found["value"]
        if _is_placeholder(value) or (kind == "basic_credentials" and not _is_name_and_password(value)):
            return found[0]
        start, end = found.span("value")
        return f"{text[found.start() : start]}{marker}{text[end : found.end()]}"

    return shape.sub(around_the_value, text)


def _is_name_and_password(encoded: str) -> bool:
    try:
        decoded = base64.b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return ":" in decoded and decoded.isprintable()


def _without_assignments(text: str, allowance: Allowance) -> str:
    for char, pattern in _ASSIGNMENT_GATES:
        if char in text and pattern.search(text):
            break
    else:
        return text
    parts: list[str] = []
    done = 0
    for one in sorted(_assignments(text, allowance), key=lambda one: one.at):
        if one.at < done:
            continue
        allowance.spend(_VALUE_EFFORT)
        if span := _secret_at(text, one):
            parts += text[done : span[0]], f"[REDACTED:{one.rule.kind}]"
            done = span[1]
    return "".join(parts) + text[done:] if parts else text


class _Assignment(NamedTuple):
    """A name that says secret, where its value begins, and what stands between them.

    That is `"` for a name in quotes: then what follows is data and never prose.
    """

    name: str
    rule: _Rule
    at: int
    separator: str


def _assignments(text: str, allowance: Allowance) -> Iterator[_Assignment]:
    for name, at, separator in _names(text, allowance):
        if rule := _rule_for(name):
            yield _Assignment(name, rule, at, separator)


def _names(text: str, allowance: Allowance) -> Iterator[tuple[str, int, str]]:
    for found in shapes.SEPARATOR.finditer(text):
        at = found.start()
        before = text[max(0, at - shapes.NAME_CHARS) : at]
        if not before.rstrip(_CLOSES_NAME)[-_ENDING_CHARS:].lower().endswith(_NAME_ENDINGS):
            continue
        allowance.spend(_NAME_EFFORT)
        if backwards := shapes.NAME_BACKWARDS.match(shapes.ESCAPED_BREAK.sub("\n", before)[::-1]):
            yield backwards["name"][::-1], found.end(), '"' if backwards["quote"] else text[at]
    for separator, pattern in (("--", shapes.FLAG), ("is", shapes.SAID), ("value", shapes.PAIR)):
        if separator in text:
            for found in pattern.finditer(text):
                allowance.spend(_NAME_EFFORT)
                yield found[1], found.end(), separator


def _secret_at(text: str, assignment: _Assignment) -> tuple[int, int] | None:
    """Where the secret begins and ends, if the value is one and not code, prose or a placeholder."""
    name, rule, at, separator = assignment
    found = shapes.VALUE.match(text, at)
    if not found:
        return None
    if found["quoted"] is not None:
        is_value = rule.gives_away(found["quoted"]) and (separator == '"' or not found["quoted"][0].isspace())
        return found.span("quoted") if is_value else None
    start, end = found.span("bare")
    if not rule.gives_away(found["bare"]) or _is_expression(text, start, end, name if separator in ':="' else ""):
        return None
    if _is_prose(text, start, end, "" if found["scheme"] else separator):
        return None
    rest = shapes.VALUE_GOES_ON.match(text, end)
    return start, rest.end() if rest else end


def _is_expression(text: str, start: int, end: int, name: str) -> bool:
    """`derive()`, `config.password`, or one name given for another: `password=db_password`."""
    if code := _CODE.match(text, start):
        return code.end() >= end
    value = text[start:end]
    if not name or not shapes.IDENTIFIER.fullmatch(value) or (name.isupper() and not value.isupper()):
        return False
    words = _in_snake_case(value)
    if f"_{_in_snake_case(name)}".endswith(f"_{words}"):
        return True
    parts = words.split("_")
    return len(parts) > 1 and words.replace("_", "").isalpha() and not shapes.SENSITIVE_WORDS.isdisjoint(parts)


def _is_prose(text: str, start: int, end: int, separator: str) -> bool:
    value = text[start:end]
    is_plain_number = shapes.NUMBER.fullmatch(value) and (separator == '"' or len(value) < 4)
    if is_plain_number or value.lower().rstrip("!?") in shapes.WORDS:
        return True
    if separator == "is":
        return shapes.WORDLIKE.fullmatch(value) is not None
    if separator != ":" or text[start - 1] not in " \t" or not shapes.WORDLIKE.fullmatch(value):
        return False
    return bool(shapes.SENTENCE_GOES_ON.match(text, end) or shapes.TYPE_NAME.fullmatch(value))
