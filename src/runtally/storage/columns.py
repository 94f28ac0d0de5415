"""How a payload and JSON stand in columns."""

import json
from collections.abc import Mapping
from typing import Any

from runtally.domain.fields import Content, compact_json
from runtally.storage.transaction import Row


def json_text(value: Mapping[str, Any] | None) -> str | None:
    """The column of a JSON object."""
    return None if value is None else compact_json(value)


def parsed(text: str | None) -> dict[str, Any] | None:
    """The JSON object of a column."""
    return None if text is None else json.loads(text)


def payload(field: str, content: Content | None) -> dict[str, Any]:
    """The columns of a payload: its JSON as it is kept, the size it was sent with, and whether it was cut."""
    if content is None:
        return {field: None, f"{field}_bytes": None, f"{field}_truncated": None}
    return {field: content.json, f"{field}_bytes": content.size_bytes, f"{field}_truncated": int(content.truncated)}


def cuts(row: Row) -> dict[str, Any]:
    """Which payloads of a row were cut, as an answer says it."""
    return {name: bool(row[name]) or None for name in ("input_truncated", "output_truncated")}
