"""How a payload and JSON stand in columns."""

import json
from collections.abc import Mapping
from typing import Any

from runtally.domain import limits
from runtally.domain.fields import Content, compact_json
from runtally.storage.transaction import Row


def json_text(value: Mapping[str, Any] | None) -> str | None:
    """The column of a JSON object."""
    return None if value is None else compact_json(value)


def parsed(text: str | None) -> dict[str, Any] | None:
    """The JSON object of a column."""
    return None if text is None else json.loads(text)


def payload(field: str, content: Content | None) -> dict[str, Any]:
    """The two columns of a payload: its JSON as it is kept, and the size it was sent with."""
    if content is None:
        return {field: None, f"{field}_bytes": None}
    return {field: content.json, f"{field}_bytes": content.size_bytes}


def payload_sizes(row: Row) -> dict[str, Any]:
    """Which payloads of a row were cut."""
    return {
        "input_truncated": (row["input_bytes"] or 0) > limits.PAYLOAD_BYTES or None,
        "output_truncated": (row["output_bytes"] or 0) > limits.PAYLOAD_BYTES or None,
    }
