"""JSON-RPC 2.0 as bytes, for every transport: a message, or the error response that refuses it in our words."""

import json
import re
from typing import Any, TypeGuard

from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError


def parse_message(text: bytes, called: str = "line") -> SessionMessage | JSONRPCError:
    """The message that the text is, else the error response to it, in which the text is `called` a line or a body."""
    try:
        message = jsonrpc_message_adapter.validate_json(text, by_name=False)
    except ValidationError:
        return refuse_text(text, called)
    # The SDK takes a request whose id is null, a boolean or a fraction for a notification, and would never answer it.
    if isinstance(message, JSONRPCNotification) and b'"id"' in text and "id" in json.loads(text):
        return refuse_text(text, called)
    return SessionMessage(message)


def refuse_text(text: bytes, called: str = "line") -> JSONRPCError:
    """The error response to a text that is no message, with the request's id where it has one that can be sent back.

    A text that looks like a response gets none: its id may be that of a request of ours.
    """
    try:
        value = json.loads(text.decode())
    except RecursionError:
        return error_response(PARSE_ERROR, f"The {called} is nested too deeply.")
    except ValueError:
        return error_response(PARSE_ERROR, f"The {called} is not JSON in UTF-8.")
    request_id = value.get("id") if isinstance(value, dict) and not value.keys() & {"result", "error"} else None
    return error_response(
        INVALID_REQUEST,
        f"The {called} is not a JSON-RPC 2.0 message.",
        request_id if _is_request_id(request_id) else None,
    )


def error_response(code: int, message: str, request_id: RequestId | None = None) -> JSONRPCError:
    """A JSON-RPC error response; its id is null when the request it answers is not known."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))


def _is_request_id(value: Any) -> TypeGuard[RequestId]:
    if isinstance(value, str):
        return not re.search("[\ud800-\udfff]", value)  # a lone surrogate has no bytes in UTF-8
    return isinstance(value, int) and not isinstance(value, bool)
