"""Bodies of HTTP requests, read whole within bounds: of one body, and of all that are held at the same time."""

from collections.abc import Awaitable, Callable
from typing import Final

from mcp_types import INVALID_REQUEST
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from runtally.domain import limits
from runtally.mcp_server.messages import SEND_LESS, as_json, error_response
from runtally.mcp_server.refusal_log import say_why

HELD_BYTES_MAX: Final = 64 * 2**20
"""Of all bodies together, beyond the first `FREE_BYTES` of each."""
FREE_BYTES: Final = 64 * 2**10
"""An ordinary call needs no room, and so is served while large bodies fill it; connections bound how many there are."""


TakesBody = Callable[[bytes, Scope, Receive, Send], Awaitable[None]]
"""An app that is given the body of a request beside the rest of it."""


class BoundedBodies:
    """ASGI app that hands a request on once its body is here, whole.

    A body beyond `MESSAGE_BYTES` is answered 413. One for which there is no room left is answered 503 with Retry-After,
    at once: whoever waited for room would hold some meanwhile. Room is given back when the request has been answered.
    """

    def __init__(self, app: TakesBody) -> None:
        self._app = app
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _told_bytes(scope) > limits.MESSAGE_BYTES:
            await _too_large(scope, receive, send)
            return
        body = bytearray()
        taken_bytes = 0
        more_body = True
        try:
            while more_body:
                message = await receive()
                if message["type"] != "http.request":
                    return
                body += message.get("body", b"")
                more_body = message.get("more_body", False)
                self._held_bytes -= taken_bytes
                taken_bytes = max(0, len(body) - FREE_BYTES)
                self._held_bytes += taken_bytes
                if refusal := self._refusal(len(body)):
                    if refusal is _no_room:
                        say_why(scope, "there is no room for its body")
                    # Before the answer, so that only whoever exceeds the bound is refused for it.
                    self._held_bytes -= taken_bytes
                    taken_bytes = 0
                    body.clear()
                    await refusal(scope, receive, send)
                    return
            whole = bytes(body)
            body.clear()
            await self._app(whole, scope, receive, send)
        finally:
            self._held_bytes -= taken_bytes

    def _refusal(self, size_bytes: int) -> Response | None:
        if size_bytes > limits.MESSAGE_BYTES:
            return _too_large
        return _no_room if self._held_bytes > HELD_BYTES_MAX else None


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, which was read before, and then what comes after it."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay


_too_large: Final = Response(
    # As JSON-RPC: clients show the words of nothing else.
    as_json(error_response(INVALID_REQUEST, f"A body has at most {limits.MESSAGE_BYTES:,} bytes. {SEND_LESS}")),
    413,
    media_type="application/json",
)
_no_room: Final = PlainTextResponse(
    "the server holds as many large bodies as it may; try again in a second", 503, {"Retry-After": "1"}
)


def _told_bytes(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "")
    return int(told) if told.isascii() and told.isdigit() else 0
