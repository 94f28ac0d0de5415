"""A text that is wholly JSON, such as the arguments of a tool call: redacted as the value it holds."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

_SHORTEST: Final = 8
_INDENTED: Final = re.compile(r"\s*[{\[]\r?\n([ \t]{1,8})")
_STYLES: Final = ((",", ":"), (", ", ": "), (",", ": "))


def is_json(text: str) -> bool:
    """Whether the text begins and ends as an object or an array does."""
    if len(text) < _SHORTEST or text[0] not in "{[ \t\r\n":
        return False
    return (text.lstrip()[:1], text.rstrip()[-1:]) in {("{", "}"), ("[", "]")} and '"' in text


def redacted(text: str, redact: Callable[[Any], Any]) -> str | None:
    """`text` with the JSON in it replaced by what `redact` makes of its value, byte for byte where nothing changes.

    None if it is no JSON, or could not be written again without a loss.
    """
    try:
        value = json.loads(text)
        changed = redact(value)
        if changed == value:
            return text
        value = json.loads(text, object_pairs_hook=_without_repetition)
        begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
        return text[:begin] + _in_style_of(text[begin:end], value, changed) + text[end:]
    except (ValueError, RecursionError):
        return None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ValueError
    return entries


def _in_style_of(text: str, value: Any, changed: Any) -> str:
    """`changed` written as `text` is, of which `value` was read."""
    indented = _INDENTED.match(text)
    is_ascii = text.isascii()

    def written(value: Any, separators: tuple[str, str]) -> str:
        indent = indented[1] if indented else None
        return json.dumps(value, ensure_ascii=is_ascii, separators=separators, indent=indent, allow_nan=False)

    loose = (",", ": ") if indented else (", ", ": ")
    style = next((style for style in _STYLES if written(value, style) == text), loose if '": ' in text else (",", ":"))
    result = written(changed, style)
    result.encode()  # a lone surrogate that was escaped cannot stand unescaped
    return result
