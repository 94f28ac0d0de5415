"""What is written as text where a number, a moment or JSON is meant. What could mean two things stays text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from pydantic_core import PydanticCustomError, from_json

from runtally.domain import limits
from runtally.domain.clock import micros
from runtally.domain.json_counts import Counted, counted

_GROUPED_DIGITS: Final = re.compile(r"[0-9]{1,20}|[0-9]{1,3}(?:,[0-9]{3}){1,6}")
_DECIMAL: Final = re.compile(r"\$?([0-9]{1,20}(?:\.[0-9]{1,20})?)")
_RFC_3339: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]((?:[01][0-9]|2[0-3])(?::[0-9]{2}){2}(?:\.[0-9]+)?)([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO: Final = re.compile(r"([0-9]{1,6})([mhdw])")
_SECONDS: Final = {"m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DAY_US: Final = _SECONDS["d"] * 1_000_000


class Ago(NamedTuple):
    """A moment told as so long before now, which only whoever knows the time can tell."""

    micros: int

    def before(self, now: int) -> int:
        """The moment that it is at that time; less than 0 lies before 1970."""
        return now - self.micros


def whole_number(value: Any) -> Any:
    """Digits, also in groups of three between commas, as the integer; anything else as it is."""
    if isinstance(value, str) and _GROUPED_DIGITS.fullmatch(value):
        return int(value.replace(",", ""))
    return value


def amount(value: Any) -> Any:
    """Digits with or without a decimal point and a dollar sign as the number; anything else as it is.

    Without commas: in an amount, `1,234` could be either.
    """
    if isinstance(value, str) and (found := _DECIMAL.fullmatch(value)):
        return float(found[1])
    return value


def milliseconds(value: Any) -> Any:
    """As `amount`, without a dollar sign."""
    return value if isinstance(value, str) and value.startswith("$") else amount(value)


def yes_or_no(value: Any) -> Any:
    """`true` or `false` in any case as what it says; anything else as it is."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def moment(value: Any) -> int:
    """RFC 3339 as microseconds since the epoch, also with a space for the T, or in lower case.

    Raises:
        PydanticCustomError: it is anything else, or lies where nothing is recorded.
    """
    found = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise PydanticCustomError("moment", "is not an RFC 3339 time; send one like 2026-01-31T09:30:00Z")
    if found[3] is None:
        raise PydanticCustomError("moment", "has no offset from UTC; end it in Z or, say, +02:00")
    return _micros(f"{found[1]}T{found[2]}{found[3].upper()}")


def moment_or_ago(value: Any) -> int | Ago:
    """As `moment`; also a date, which is its midnight in UTC, or how long ago: `30m`, `24h`, `7d`, `2w`.

    Raises:
        PydanticCustomError: it is anything else, or lies where nothing is recorded.
    """
    if isinstance(value, str):
        if ago := _AGO.fullmatch(value):
            return Ago(int(ago[1]) * _SECONDS[ago[2]] * 1_000_000)
        if _DATE.fullmatch(value):
            return _micros(f"{value}T00:00:00Z")
        if _RFC_3339.fullmatch(value):
            return moment(value)
    told = "is not a time; send one like 2026-01-31T09:30:00Z, a date like 2026-01-31, or how long ago, like 24h or 7d"
    raise PydanticCustomError("moment", told)


def end_or_ago(value: Any) -> int | Ago:
    """As `moment_or_ago`, but a date is the end of that day: from a day to the same day is the whole of it.

    Raises:
        PydanticCustomError: as `moment_or_ago`.
    """
    end = moment_or_ago(value)
    return end + _DAY_US if isinstance(end, int) and _DATE.fullmatch(value) else end


def _micros(text: str) -> int:
    try:
        at_us = micros(datetime.fromisoformat(text))
    except ValueError:
        told = "is not an RFC 3339 time; send one like 2026-01-31T09:30:00Z"
        raise PydanticCustomError("moment", told) from None
    if not 0 <= at_us <= limits.COUNT_MAX:
        raise PydanticCustomError("moment", "lies before 1970 or after 2255; check the year")
    return at_us


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for text that was not read as JSON: what to say of it, and whether that is because it is too large."""

    why: str
    too_large: bool = False


class JsonTexts:
    """Reads the JSON texts of one call, of which all together may have as many values as a message has."""

    def __init__(self) -> None:
        self._so_far = Counted()

    def read_object(self, text: str) -> Any:
        """The object that a text of at most `limits.JSON_BYTES` is, or None for `null`; else `Unread`."""
        return self._read(text, dict, "an object", self._too_many_bytes)

    def read_nested(self, text: str, kind: type, called: str) -> Any:
        """The value of that kind, or None for `null`; else `Unread`."""
        return self._read(text, kind, called, lambda _: None)

    def _read(self, text: str, kind: type, called: str, too_much: Callable[[bytes], str | None]) -> Any:
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return Unread("contains half of a surrogate pair; send whole characters")
        if excess := too_much(encoded) or self._too_many_values(encoded):
            return Unread(f"{excess}. Send less", too_large=True)
        try:
            value = from_json(encoded, allow_inf_nan=False, cache_strings="keys")
        except ValueError as error:
            if "recursion" in str(error):
                return Unread("is nested too deeply. Flatten it", too_large=True)
            return Unread(f"is text that is not JSON; send {called}")
        if value is None or isinstance(value, kind):
            return value
        return Unread(f"is the JSON of something else than {called}")

    def _too_many_bytes(self, encoded: bytes) -> str | None:
        size = len(encoded)
        return f"is {size:,} bytes as JSON; the limit is {limits.JSON_BYTES:,}" if size > limits.JSON_BYTES else None

    def _too_many_values(self, encoded: bytes) -> str | None:
        here = counted(encoded, in_strings=True)
        if self._so_far.plus(here).excess:
            here = counted(encoded)
        self._so_far = self._so_far.plus(here)
        excess = self._so_far.excess
        return f"is JSON text that takes the call to {excess}" if excess else None
