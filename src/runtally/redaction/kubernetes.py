"""The values in a Kubernetes Secret, in YAML and in JSON: all of them, for the object says what they are."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.allowance import SHAPE_EFFORT, Allowance
from runtally.redaction.passages import LINE_END, QUOTE, Found, compiled

GATE: Final = "ecret"

_IS_SECRET: Final = rf"kind(?:{QUOTE})?:\s{{0,9}}(?:{QUOTE})?Secret(?![\w-])"
_DOCUMENT_ENDS: Final = r"(?<![^\n])---(?![^\s])|(?<=\\n)---(?=\\n)"
_YAML_MAP: Final = (
    rf"(?<![A-Za-z])(?:d|stringD)ata:[ \t]{{0,9}}{LINE_END}(?P<indent>[ \t]{{1,40}})(?=[^\s])"
    rf"(?:[^\n\\]|\\(?!n))*(?:{LINE_END}(?:(?P=indent)(?:[^\n\\]|\\(?!n))*|[ \t]*(?={LINE_END})))*"
)
_YAML_VALUE: Final = (
    rf"(?:(?<=\n)|(?<=\\n))[ \t]+(?P<quote>{QUOTE})?[\w.-]{{1,253}}(?(quote)(?P=quote)):[ \t]{{1,9}}"
    rf"(?:[|>][+-]?[ \t]{{0,9}}{LINE_END}(?P<block>[ \t]+)(?P<lines>[^\n\\]*(?:{LINE_END}(?P=block)[^\n\\]*)*)"
    rf"|(?P<opened>{QUOTE})(?P<quoted>[^\n\"'\\]+)(?P=opened)|(?![|>\"'\[{{])(?P<bare>[^\s\"'\\][^\n\"'\\]*))"
)
_JSON_MAP: Final = rf"(?<![A-Za-z])(?:d|stringD)ata{QUOTE}\s{{0,9}}:\s{{0,9}}\{{[^{{}}]{{0,60000}}\}}"
_JSON_VALUE: Final = rf"{QUOTE}\s{{0,9}}:\s{{0,9}}(?P<quote>{QUOTE})(?P<quoted>(?:(?!(?P=quote))[^\n])+)(?P=quote)"


def find(text: str, allowance: Allowance) -> Iterator[Found]:
    """Every value under `data` and `stringData` of the Secrets in `text`."""
    if not compiled(_IS_SECRET).search(text):
        return
    start = 0
    for end in (*(found.start() for found in compiled(_DOCUMENT_ENDS).finditer(text)), len(text)):
        if compiled(_IS_SECRET).search(text, start, end):
            for pattern, value in ((_YAML_MAP, _YAML_VALUE), (_JSON_MAP, _JSON_VALUE)):
                for values in compiled(pattern).finditer(text, start, end):
                    for found in compiled(value).finditer(text, *values.span()):
                        allowance.spend(SHAPE_EFFORT)
                        yield Found("secret", *_value(found))
        start = end


def _value(found: re.Match[str]) -> tuple[int, int]:
    held = found.groupdict()
    return found.span(next(group for group in ("quoted", "bare", "lines") if held.get(group) is not None))
