"""Finds the values in a text that only their name gives away: `password=…`, `--token …`, `the password is …`."""

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from runtally.redaction import marks, values
from runtally.redaction.allowance import NAME_EFFORT, VALUE_EFFORT, Allowance
from runtally.redaction.names import NAME_CHARS, NAME_ENDINGS, VALUED_ENDINGS, Names, Rule, in_snake_case

# An assignment is found by its separator, which is rare, behind what may end a name; from there the name is read back.
_LETTERS: Final = ["".join(sorted({ending[at] for ending in NAME_ENDINGS})) for at in (-3, -2, -1)]
_ENDS_NAME: Final = "".join(f"[{letters}{letters.upper()}]" for letters in _LETTERS)
_CLOSES_NAME: Final = r"[\"'`\]\s\\\d_-]"
AFTER_NAME: Final = rf"(?:(?<={_ENDS_NAME}.)|(?<={_ENDS_NAME}{_CLOSES_NAME}.)|(?<={_CLOSES_NAME}{_CLOSES_NAME}.))"
SEPARATOR: Final = re.compile(rf"[:=>]{AFTER_NAME}(?:(?<!>)(?!:|//)|(?<=\w>)(?=[^<>\s]{{1,256}}</))", re.DOTALL)
NAME_BACKWARDS: Final = re.compile(
    r"(?!terces:)[ \t]{0,4}(?!\][a-z_]{1,40}:DETCADER\[)\]?(?P<quote>[\"'`]\\{0,15})?"
    r"(?P<name>[\w.-]{2,64}(?: [A-Za-z]{2,12})?)"
)
ESCAPED_BREAK: Final = re.compile(r"\\[nrt]")
FLAG: Final = re.compile(r"--(?:(?<![\w-]--)|(?<=\\[nrt]--))([A-Za-z][\w-]{1,64})[ \t]+(?=[^\s-])")
PAIR: Final = re.compile(  # a name and its value side by side, as in a container's environment
    r"(?:name|key)\\{0,15}[\"']?\s{0,4}[:=]\s{0,4}\\{0,15}[\"']?([A-Za-z][\w.-]{1,64})\\{0,15}[\"']?"
    r"(?:,(?:\s|\\[nrt]){0,40}|(?:\s|\\[nrt]){1,40})\\{0,15}[\"']?value\\{0,15}[\"']?\s{0,4}[:=]"
)
SAID: Final = re.compile(r"((?i:password|passphrase)) is:? ")

_CODE: Final = re.compile(values.CODE)
_CLOSES: Final = " \t\"'`\\]0123456789_-"
_ENDING_CHARS: Final = max(map(len, NAME_ENDINGS))
_GATES: Final = (
    *((char, re.compile(char + AFTER_NAME, re.DOTALL)) for char in ":=>"),
    ("-", FLAG),
    ("word is", SAID),
)
GATES: Final = tuple(gate for gate, _ in _GATES)


def without_assignments(text: str, names: Names, allowance: Allowance) -> str:
    """`text` with every value that its name gives away replaced by its mark, in one pass."""
    if names.further is None and not any(char in text and pattern.search(text) for char, pattern in _GATES):
        return text
    parts: list[str] = []
    done = 0
    for one in sorted(_assignments(text, names, allowance), key=lambda one: one.at):
        if one.at < done:
            continue
        allowance.spend(VALUE_EFFORT)
        if span := _secret_at(text, one):
            parts += text[done : span[0]], marks.of_kind(one.rule.kind)
            done = span[1]
    return "".join(parts) + text[done:] if parts else text


class _Assignment(NamedTuple):
    """A name that says secret, where its value begins, and what stands between them.

    That is `"` for a name in quotes: then what follows is data and never prose.
    """

    name: str
    rule: Rule
    at: int
    separator: str


def _assignments(text: str, names: Names, allowance: Allowance) -> Iterator[_Assignment]:
    found = _names(text, allowance)
    if names.further is not None:
        found = chain(found, names.further.found_in(text, allowance))
    for name, at, separator in found:
        if rule := names.rule_for(name):
            yield _Assignment(name, rule, at, separator)


def _names(text: str, allowance: Allowance) -> Iterator[tuple[str, int, str]]:
    for found in SEPARATOR.finditer(text):
        at = found.start()
        before = text[max(0, at - NAME_CHARS) : at]
        if not before.rstrip(_CLOSES)[-_ENDING_CHARS:].lower().endswith(VALUED_ENDINGS):
            continue
        allowance.spend(NAME_EFFORT)
        if backwards := NAME_BACKWARDS.match(ESCAPED_BREAK.sub("\n", before)[::-1]):
            yield backwards["name"][::-1], found.end(), '"' if backwards["quote"] else text[at]
    for separator, pattern in (("--", FLAG), ("is", SAID), ("value", PAIR)):
        if separator in text:
            for found in pattern.finditer(text):
                allowance.spend(NAME_EFFORT)
                yield found[1], found.end(), separator


def _secret_at(text: str, assignment: _Assignment) -> tuple[int, int] | None:
    """Where the secret begins and ends, if the value is one and not code, prose or a placeholder."""
    name, rule, at, separator = assignment
    found = values.VALUE.match(text, at)
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
    rest = values.VALUE_GOES_ON.match(text, end)
    return start, rest.end() if rest else end


def _is_expression(text: str, start: int, end: int, name: str) -> bool:
    """`derive()`, `config.password`, or one name given for another: `password=db_password`."""
    if code := _CODE.match(text, start):
        return code.end() >= end
    value = text[start:end]
    if not name or not values.IDENTIFIER.fullmatch(value) or (name.isupper() and not value.isupper()):
        return False
    words = in_snake_case(value)
    if f"_{in_snake_case(name)}".endswith(f"_{words}"):
        return True
    parts = words.split("_")
    return len(parts) > 1 and words.replace("_", "").isalpha() and not values.SENSITIVE_WORDS.isdisjoint(parts)


def _is_prose(text: str, start: int, end: int, separator: str) -> bool:
    value = text[start:end]
    is_plain_number = values.NUMBER.fullmatch(value) and (separator == '"' or len(value) < 4)
    if is_plain_number or value.lower().rstrip("!?") in values.WORDS:
        return True
    if separator == "is":
        return values.WORDLIKE.fullmatch(value) is not None
    if separator != ":" or text[start - 1] not in " \t" or not values.WORDLIKE.fullmatch(value):
        return False
    return bool(values.SENTENCE_GOES_ON.match(text, end) or values.TYPE_NAME.fullmatch(value))
