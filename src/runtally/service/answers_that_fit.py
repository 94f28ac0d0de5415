"""Answers that keep to a number of characters: what they show of a row that is long, and how many rows they hold.

Characters are those of the JSON that is sent, in which a control character takes six.
"""

from collections.abc import Sequence
from typing import Final, TypeVar

from runtally.domain.fields import compact_json
from runtally.domain.limits import ANSWER_CHARS_MAX
from runtally.domain.models import Model

RowT = TypeVar("RowT", bound=Model)

SHORTEST_ROW_CHARS: Final = 100
"""No run and no span is told in less, so that so many rows need not be read for an answer."""
_SHORTEST_TEXT_CHARS: Final = 36
"""No text is cut to less: ids are as long, and must stay what they are."""


def chars_of(answer: Model) -> int:
    """How many characters of JSON an answer, or a part of it, is."""
    return len(compact_json(answer.as_sent()))


def fitting(row: RowT, room: int, text_chars: int = ANSWER_CHARS_MAX) -> RowT:
    """The row as `shortened` makes it, and where there is no room for that in so many characters of JSON, without the
    objects in it (of `meta` only the size is left, as `meta_bytes`) and with its texts cut as far as is needed.
    """
    shorter = shortened(row, text_chars)
    if chars_of(shorter) > room:
        row = _without_objects(row, 0)
        shorter = shortened(row, text_chars)
    json_chars = room
    while chars_of(shorter) > room and json_chars > _SHORTEST_TEXT_CHARS:
        json_chars = max(json_chars // 2, _SHORTEST_TEXT_CHARS)
        shorter = shortened(row, text_chars, json_chars)
    return shorter


def page(rows: Sequence[RowT], room: int, text_chars: int, *, at_least: int = 1) -> list[RowT]:
    """The first rows, each as `shortened` makes it, that there is room for in a list; the first one in any case, made
    `fitting`, unless `at_least` is 0.
    """
    shown: list[RowT] = []
    left = room
    for row in rows:
        short = shortened(row, text_chars)
        left -= chars_of(short) + len(",")
        if left < 0:
            break
        shown.append(short)
    return shown or [fitting(row, room, text_chars) for row in rows[:at_least]]


def shortened(row: RowT, text_chars: int, json_chars: int = ANSWER_CHARS_MAX) -> RowT:
    """The row without the objects in it that are longer than `text_chars`, and with its texts cut to so many characters
    and to so many of JSON; the very same row where nothing is longer.
    """
    row = _without_objects(row, text_chars)
    cut = {name: short for name, text in _texts(row) if (short := _cut(text, text_chars, json_chars)) is not text}
    return row.model_copy(update=cut) if cut else row


def _texts(row: Model) -> list[tuple[str, str]]:
    return [(name, value) for name, value in vars(row).items() if isinstance(value, str)]


def _without_objects(row: RowT, chars: int) -> RowT:
    left_out: dict[str, int | None] = {}
    for name, value in vars(row).items():
        if isinstance(value, dict) and len(text := compact_json(value)) > chars:
            left_out |= {name: None, f"{name}_bytes": len(text.encode())}
    return row.model_copy(update=left_out) if left_out else row


def _cut(text: str, chars: int, json_chars: int) -> str:
    if len(text) <= chars and _json_chars(text) <= json_chars:
        return text
    told = f"…[{len(text):,} characters]"
    return _beginning(text[:chars], json_chars - len(told)) + told


def _beginning(text: str, json_chars: int) -> str:
    """The longest beginning of the text within so many characters of JSON."""
    if _json_chars(text) <= json_chars:
        return text
    kept = 0
    for character in text:
        json_chars -= _json_chars(character)
        if json_chars < 0:
            break
        kept += 1
    return text[:kept]


def _json_chars(text: str) -> int:
    return len(compact_json(text)) - len('""')
