"""JSON-RPC 2.0 as bytes, for every transport: a message, or the error response that refuses it in our words."""

import codecs
import json
import logging
import re
from typing import Any, Final, TypeGuard

import anyio.to_thread
from mcp.shared.message import SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic_core import from_json

from runtally.domain.json_counts import told_excess
from runtally.domain.json_size import LARGE_BYTES

logger = logging.getLogger(__name__)

_LEVELS_MAX: Final = 200
"""How deep the SDK reads."""
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_METHOD_FIRST: Final = re.compile(rb'\s*\{\s*"method"\s*:')
_ID_LAST: Final = re.compile(rb'[,\s]"id"\s*:\s*(-?[0-9]+|"[^"\\]*")\s*\}\s*\Z')
ENDING_BYTES: Final = 1024
"""As far before the end of a message an id is looked for."""
SEND_LESS: Final = "Nothing was recorded. Send less: spread traces over several calls, or cut input and output"
"""What to do about a message that is too large."""


async def receive_message(text: bytes, called: str = "line") -> SessionMessage | JSONRPCError:
    """`parse_message`, in a thread where the text is large."""
    if len(text) > LARGE_BYTES:
        return await anyio.to_thread.run_sync(parse_message, text, called)
    return parse_message(text, called)


def parse_message(text: bytes, called: str = "line") -> SessionMessage | JSONRPCError:
    """The message that the text is, else the error response to it, in which the text is `called` a line or a body."""
    if excess := told_excess(text):
        return error_response(INVALID_REQUEST, f"The {called} has {excess}", id_without_parsing(text, text))
    try:
        # Several times as fast as `validate_json`, which reads the JSON anew for each kind of message.
        value = from_json(text, cache_strings="keys")
        message = jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValueError:
        return _refuse_text(text, called)
    # The SDK takes a request whose id is null, a boolean or a fraction for a notification, and would never answer it.
    if isinstance(message, JSONRPCNotification) and "id" in value:
        return _refuse_text(text, called)
    return SessionMessage(message)


def error_response(code: int, message: str, request_id: RequestId | None = None) -> JSONRPCError:
    """A JSON-RPC error response; its id is null when the request it answers is not known."""
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))


def as_json(message: JSONRPCMessage) -> bytes:
    """The message as one line of JSON; for an answer that cannot be written, an internal error to its request."""
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()
    except (ValueError, RecursionError):  # a lone surrogate, or something that JSON does not have
        logger.exception("an answer could not be written")
        request_id = _sendable(message.id) if isinstance(message, JSONRPCResponse | JSONRPCError) else None
        failed = error_response(INTERNAL_ERROR, "Runtally could not write its answer. Its log says why.", request_id)
        return failed.model_dump_json(by_alias=True, exclude_unset=True).encode()


def id_at_start(text: bytes) -> RequestId | None:
    """The id of the request that begins with the text, if it stands there for certain: at the top level, whole, and
    before anything that is cut off or nested too deeply.
    """
    found: RequestId | None = None
    decode = json.JSONDecoder().raw_decode
    try:
        beginning = codecs.getincrementaldecoder("utf-8")().decode(text)
        at, expected = 0, "{"
        while expected != "}":
            key, at = decode(beginning, _after(expected, beginning, at))
            if key in ("result", "error") or (key == "id" and found is not None):
                return None
            value, at = decode(beginning, _after(":", beginning, at))
            at = _after("", beginning, at)
            expected = beginning[at]  # before it, a number may go on
            if expected not in ",}":
                return None
            if key == "id":
                found = _sendable(value)
    except (ValueError, RecursionError, IndexError):
        pass
    return found


def id_without_parsing(beginning: bytes, ending: bytes) -> RequestId | None:
    """The id of the request that begins and ends so, if it stands for certain at its beginning or, as JavaScript's
    clients write it, at the end of what begins with the method.
    """
    at_end = _ID_LAST.search(ending[-ENDING_BYTES:]) if _METHOD_FIRST.match(beginning) else None
    return id_at_start(b'{"id":%b,' % at_end[1] if at_end else beginning[:LARGE_BYTES])


def _after(char: str, text: str, at: int) -> int:
    """Where the next thing begins behind a character that must come now."""
    blank = _BLANK.match(text, at)
    at = blank.end() if blank else at
    if not text.startswith(char, at):
        raise ValueError
    blank = _BLANK.match(text, at + len(char))
    return blank.end() if blank else at


def _refuse_text(text: bytes, called: str) -> JSONRPCError:
    """The error response to a text that is no message, with the request's id where it has one that can be sent back.

    A text that looks like a response gets none: its id may be that of a request of ours.
    """
    try:
        value = json.loads(text.decode())
    except RecursionError:
        return error_response(PARSE_ERROR, f"The {called} is nested too deeply.", id_at_start(text[:LARGE_BYTES]))
    except ValueError:
        return error_response(PARSE_ERROR, f"The {called} is not JSON in UTF-8.")
    is_response = not isinstance(value, dict) or value.keys() & {"result", "error"}
    request_id = None if is_response else _sendable(value.get("id"))
    if _is_deep(value):
        return error_response(PARSE_ERROR, f"The {called} is nested too deeply.", request_id)
    if not _is_unicode(value):
        told = f"The {called} holds a lone surrogate, half of a character such as \\ud800. Send whole characters."
        return error_response(INVALID_REQUEST, told, request_id)
    return error_response(INVALID_REQUEST, f"The {called} is not a JSON-RPC 2.0 message.", request_id)


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_LEVELS_MAX):
        boxes = (one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list))
        level = [inner for box in boxes for inner in box]
    return bool(level)


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _sendable(value: Any) -> RequestId | None:
    """The value as an id, if it is one that comes back as it was sent."""
    return value if _is_request_id(value) else None


def _is_request_id(value: Any) -> TypeGuard[RequestId]:
    if isinstance(value, str):
        return _is_unicode(value)
    return isinstance(value, int) and not isinstance(value, bool)
