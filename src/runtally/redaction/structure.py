"""Finds the secrets in JSON by the names they stand under."""

from collections.abc import Callable
from typing import Any

from runtally.redaction import marks
from runtally.redaction.allowance import VALUE_EFFORT, Allowance
from runtally.redaction.names import NAME_CHARS, Names

RedactText = Callable[[str, Allowance], str]


def without_secrets(value: Any, redact_text: RedactText, names: Names, allowance: Allowance) -> Any:
    """A copy of `value` as `Redactor.json` promises it.

    A list passes its name on to its strings, and `{"name": …, "value": …}` names its value.
    """
    root = [value]
    pending: list[tuple[Any, str]] = [(root, "")]
    while pending:
        box, inherited = pending.pop()
        for slot, child in list(box.items() if isinstance(box, dict) else enumerate(box)):
            if isinstance(child, dict):
                box[slot] = entries = _with_redacted_keys(child, redact_text, allowance)
                pending.append((entries, ""))
            elif isinstance(child, str | list | tuple):
                name = _name_of(slot, box) if isinstance(box, dict) else inherited
                if isinstance(child, str):
                    box[slot] = _redact_named(name, child, redact_text, names, allowance)
                else:
                    box[slot] = items = list(child)
                    pending.append((items, name))
    return root[0]


def _with_redacted_keys(entries: dict[Any, Any], redact_text: RedactText, allowance: Allowance) -> dict[Any, Any]:
    redacted: dict[Any, Any] = {}
    seen: dict[str, int] = {}
    for key, child in entries.items():
        unique = redact_text(key, allowance) if isinstance(key, str) else key
        name = unique if unique not in redacted or marks.MARK.fullmatch(unique) else marks.of_kind("key")
        while unique in redacted:
            seen[name] = seen.get(name, 1) + 1
            unique = f"{name}#{seen[name]}"
        redacted[unique] = child
    return redacted


def _name_of(key: Any, entries: dict[Any, Any]) -> str:
    if key == "value":
        key = entries.get("name", entries.get("key"))
    return key if isinstance(key, str) else ""


def _redact_named(name: str, text: str, redact_text: RedactText, names: Names, allowance: Allowance) -> str:
    rule, redacted = names.rule_for(name[-NAME_CHARS:]), redact_text(text, allowance)
    if rule:
        allowance.spend(VALUE_EFFORT)
    if rule and (rule.gives_away(text) or rule.gives_away(redacted)):
        return marks.of_kind(rule.kind)
    return redacted
