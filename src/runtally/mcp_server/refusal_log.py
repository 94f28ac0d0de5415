"""What is refused over HTTP before a tool is reached, as one line of the log: its status and why.

At `info`, since whoever reaches the port can cause as many as they like; and in words of ours, never the client's.
"""

import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

_REASONS: Final = {
    400: "it is no message that can be read, or names a tool or a protocol version that is not served",
    403: "Origin names a page of another host",
    404: "nothing is served at its path, or no such method of the protocol",
    405: "its path is not served by this method of HTTP",
    406: "its Accept does not take what would be answered",
    408: "it took too long to arrive",
    413: "its body is too large",
    415: "its Content-Type is not application/json",
    421: "Host is not a name of this server",
    503: "the database cannot be used",
}
"""What a status means where whoever gave it did not say more."""
_REASON: Final = "why_refused"


def log_refusal(status: int, reason: str | None = None) -> None:
    """Log that a request was refused; the reason is that of the status unless there is one."""
    logger.info("a request was refused with %d: %s", status, reason or _REASONS.get(status, "it cannot be served"))


def say_why(scope: Scope, reason: str) -> None:
    """Have the refusal of this request logged with that reason."""
    scope["state"][_REASON] = reason


class RefusalLog:
    """ASGI middleware, the outermost, that logs each request that is answered with a status of 400 or more."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A scope may be copied on its way in; its state is then still the same.
        state = scope.setdefault("state", {})

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                log_refusal(message["status"], state.get(_REASON))
            await send(message)

        await self._app(scope, receive, send_and_log)
