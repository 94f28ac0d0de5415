"""What a request says it sends and takes, in the spelling that the SDK compares with."""

from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_CONTENT_TYPE: Final = b"content-type"
_ACCEPT: Final = b"accept"
_JSON: Final = b"application/json"


class JsonRequests:
    """ASGI middleware that answers 415 to a request whose one Content-Type is not JSON.

    Types have no case, and Accept may come in several headers; the app sees both headers once, in small letters.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = [value for name, value in scope["headers"] if name == _CONTENT_TYPE]
        accepted = [value for name, value in scope["headers"] if name == _ACCEPT]
        if len(sent) != 1 or sent[0].partition(b";")[0].strip().lower() != _JSON:
            await PlainTextResponse("send Content-Type: application/json", 415)(scope, receive, send)
            return
        others = [header for header in scope["headers"] if header[0] not in (_CONTENT_TYPE, _ACCEPT)]
        accept = [(_ACCEPT, b", ".join(accepted).lower())] if accepted else []
        await self._app({**scope, "headers": [*others, (_CONTENT_TYPE, _JSON), *accept]}, receive, send)
