"""The types that requests are made of: each knows its limit, its JSON schema and how it is stored."""

import json
import math
import re
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from runtally.domain import limits, statuses, written
from runtally.domain.clock import rfc3339
from runtally.domain.lifecycle import EndStatus, RunStatus


@dataclass(frozen=True, slots=True)
class FreeText:
    """Marks a field that people and models write in freely, and that is therefore redacted before it is stored."""


@dataclass(frozen=True, slots=True)
class IsName:
    """Marks a field that says what something is called: in it, a secret becomes a mark that stays distinct."""


def _storable(text: str) -> str:
    """Text that every database keeps: Unicode without NUL and without lone surrogates."""
    if "\0" in text:
        raise PydanticCustomError("text", "contains a NUL character; remove it")
    return text


_UUID = re.compile(r"[0-9a-fA-F]{8}(-?)(?:[0-9a-fA-F]{4}\1){3}[0-9a-fA-F]{12}")


def _uuid(value: str) -> str:
    if not value:
        raise PydanticCustomError("uuid", "is empty")
    if _UUID.fullmatch(value):
        return str(UUID(value))
    raise PydanticCustomError("uuid", "is not a UUID")


def _count(value: Any) -> Any:
    """JSON has one number type: 3.0 is an integer there (JSON Schema 2020-12, validation section 6.1.1)."""
    number = written.whole_number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _whole_ms(value: Any) -> Any:
    number = written.milliseconds(value)
    return round(number) if isinstance(number, float) and math.isfinite(number) else number


def _cost(value: Any) -> Any:
    number = written.amount(value)
    if isinstance(number, bool):
        raise PydanticCustomError("number", "is not a number")
    if isinstance(number, float) and not math.isfinite(number):
        raise PydanticCustomError("number", "is not a finite number")
    return number


def _moment(value: Any) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) else written.moment(value)


def _as_text(value: Any) -> Any:
    """A number could be seconds, milliseconds or microseconds, and a guess would put it decades away."""
    if isinstance(value, int | float):
        raise PydanticCustomError("moment", "is a number; send a time like 2026-01-31T09:30:00Z")
    return value


# Made once: json.dumps makes an encoder in every call that asks for anything but its defaults.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def compact_json(value: Any) -> str:
    """The one JSON that Runtally writes: compact, Unicode kept as it is, no NaN."""
    return _ENCODER.encode(value)


_ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def checked_json(value: Any) -> str:
    """The value as compact JSON, if every database and every JSON reader can keep it."""
    try:
        text = compact_json(value)
        text.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("text", "contains half of a surrogate pair; send whole characters") from None
    except RecursionError:
        raise PydanticCustomError("json_depth", "is nested too deeply. Flatten it") from None
    except ValueError:
        raise PydanticCustomError("json", "contains NaN or an infinity, which JSON does not have") from None
    if "\\u0000" in text and _ESCAPED_NUL.search(text):
        raise PydanticCustomError("text", "contains a NUL character; remove it")
    return text


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= limits.JSON_DEPTH:
        deepest += any(isinstance(item, dict | list) for item in level)
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return deepest


def bounded_object(value: dict[str, Any]) -> dict[str, Any]:
    """A JSON object within `limits.JSON_BYTES` and `limits.JSON_DEPTH`."""
    size = len(checked_json(value).encode())
    if size > limits.JSON_BYTES:
        raise PydanticCustomError(
            "json_size", f"is {size:,} bytes as JSON; the limit is {limits.JSON_BYTES:,}. Send less"
        )
    if _depth(value) > limits.JSON_DEPTH:
        raise PydanticCustomError("json_depth", f"is nested deeper than {limits.JSON_DEPTH} levels. Flatten it")
    return value


@dataclass(frozen=True, slots=True)
class Content:
    """A payload: its JSON as it is kept, the size in bytes it was sent with, and whether only its beginning is kept."""

    value: Any
    json: str
    size_bytes: int
    truncated: bool = False


def content(value: Any) -> Content:
    """The payload that a JSON value is."""
    text = checked_json(value)
    return Content(value, text, len(text.encode()))


def _content(value: Any) -> Any:
    return None if value is None else content(value)


def _usd(nano_usd: int) -> float:
    return nano_usd / 1_000_000_000


# Last, so that pydantic bounds the length of a string: after a validator of ours it would speak of "entries".
_STORABLE = AfterValidator(_storable)

ProjectKey = Annotated[StrictStr, Field(pattern=limits.PROJECT_KEY_PATTERN)]
RunId = Annotated[StrictStr, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]
Name = Annotated[StrictStr, Field(min_length=1, max_length=limits.NAME_CHARS), _STORABLE, IsName()]
Ticket = Annotated[StrictStr, Field(min_length=1, max_length=limits.TICKET_CHARS), _STORABLE, IsName()]
IdempotencyKey = Annotated[StrictStr, Field(min_length=1, max_length=limits.IDENTIFIER_CHARS), _STORABLE]
"""Kept as a keyed hash alone."""
Identifier = Annotated[IdempotencyKey, IsName()]
Prose = Annotated[StrictStr, Field(max_length=limits.TEXT_CHARS), _STORABLE, FreeText()]
Summary = Annotated[StrictStr, Field(min_length=1, max_length=limits.TEXT_CHARS), _STORABLE, FreeText()]
ErrorText = Annotated[StrictStr, Field(max_length=limits.ERROR_CHARS), _STORABLE, FreeText()]
JsonObject = Annotated[dict[str, Any], AfterValidator(bounded_object), FreeText(), WithJsonSchema({"type": "object"})]
Payload = Annotated[
    Any,
    AfterValidator(_content),
    FreeText(),
    WithJsonSchema({"anyOf": [{"type": "object"}, {"type": "string"}]}),
]
"""Any JSON outside, `Content` (or None) inside. Callers are told of objects and texts, which nearly all of it is."""
Count = Annotated[
    StrictInt,
    BeforeValidator(_count),
    Field(ge=0, le=limits.COUNT_MAX),
    WithJsonSchema({"type": "integer", "minimum": 0}),
]
DurationMs = Annotated[
    StrictInt,
    BeforeValidator(_whole_ms),
    Field(ge=0, le=limits.COUNT_MAX),
    WithJsonSchema({"type": "number", "minimum": 0}),
]
CostUsd = Annotated[
    float,
    BeforeValidator(_cost),
    Field(ge=0, le=limits.COST_USD_MAX, strict=True),
    WithJsonSchema({"type": "number", "minimum": 0}),
]

Moment = Annotated[
    int,
    BeforeValidator(_moment),
    Field(ge=0, le=limits.COUNT_MAX),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""Microseconds since the epoch inside, RFC 3339 text outside."""

SentMoment = Annotated[Moment, BeforeValidator(_as_text)]
"""A `Moment` as a caller sends it: RFC 3339 text alone."""

_AS_SENT = PlainSerializer(lambda told: str(told) if isinstance(told, int) else f"{told.micros} ago", return_type=str)
_TIME_SCHEMA = WithJsonSchema({"type": "string", "format": "date-time"})

Since = Annotated[
    int | written.Ago, PlainValidator(written.moment_or_ago), _AS_SENT, BeforeValidator(_as_text), _TIME_SCHEMA
]
"""A `SentMoment`, the beginning of a day, or how long ago."""
Until = Annotated[
    int | written.Ago, PlainValidator(written.end_or_ago), _AS_SENT, BeforeValidator(_as_text), _TIME_SCHEMA
]
"""A `SentMoment`, the end of a day, or how long ago."""

YesNo = Annotated[StrictBool, BeforeValidator(written.yes_or_no)]

SentEnd = Annotated[EndStatus, BeforeValidator(statuses.end_status)]
SentStatus = Annotated[RunStatus, BeforeValidator(statuses.run_status)]
"""A status in any recorder's word."""

NanoUsd = Annotated[int, PlainSerializer(_usd, return_type=float, when_used="json"), WithJsonSchema({"type": "number"})]
"""Nano-dollars inside, dollars outside."""
