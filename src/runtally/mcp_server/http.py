"""The MCP server over Streamable HTTP: stateless, behind bearer keys or bound to this machine alone."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCRequest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from runtally.domain import limits
from runtally.domain.errors import RuntallyError
from runtally.mcp_server.bearer import BearerGate, Callers, challenge
from runtally.mcp_server.bodies import BoundedBodies, replayed
from runtally.mcp_server.hosts import AllowedHosts
from runtally.mcp_server.media_types import JsonRequests
from runtally.mcp_server.messages import as_json, receive_message
from runtally.mcp_server.refusal_log import RefusalLog, say_why
from runtally.mcp_server.server import WhoIsAsking
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.version import __version__

Check = Callable[[], Awaitable[None]]

_PATH: Final = "/mcp"


def make_app(
    server: Server[Any],
    who_is_asking: WhoIsAsking,
    *,
    callers: Callers | None,
    allowed_hosts: Sequence[str],
    check: Check,
) -> Starlette:
    """The ASGI app: `/mcp` and `/healthz`.

    Every request to `/mcp` must be let in by `callers` (401 and `WWW-Authenticate` otherwise), or is let in where there
    are none; a role that may not write gets a 403 if it does. Whatever the path, Host and Origin must be this machine's
    or one of `allowed_hosts`, see `AllowedHosts`. What is refused is logged. `check` raises `RuntallyError` while the
    database cannot be used.
    """
    manager = StreamableHTTPSessionManager(
        app=server,
        json_response=True,
        stateless=True,
        max_request_body_size=limits.MESSAGE_BYTES,
    )
    messages = _MessageGate(StreamableHTTPASGIApp(manager), who_is_asking)
    endpoint: ASGIApp = _PostAlone(JsonRequests(BoundedBodies(messages)))
    if callers is not None:
        endpoint = BearerGate(endpoint, callers)

    async def healthz(_: Request) -> Response:
        try:
            await check()
        except RuntallyError as error:
            return JSONResponse({"status": error.code, "message": error.message}, status_code=503)
        return JSONResponse({"status": "ok", "version": __version__})

    @contextlib.asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async with manager.run():
            yield

    routes = [Route(_PATH, endpoint=endpoint), Route("/healthz", endpoint=healthz, methods=["GET"])]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(RefusalLog), Middleware(AllowedHosts, allowed_hosts)],
        exception_handlers={404: _nothing_here},
        lifespan=running,
    )
    # A redirect would send the client to whatever its Host says.
    app.router.redirect_slashes = False
    return app


async def _nothing_here(_: Request, __: Exception) -> Response:
    return PlainTextResponse(f"nothing is served at this path; MCP is at {_PATH}, the server's health at /healthz", 404)


class _PostAlone:
    """Answers 405 to any other method: a GET would open a stream on which a stateless server never sends anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._app if scope["method"] == "POST" else _use_post)(scope, receive, send)


_use_post: Final = PlainTextResponse("send messages with POST", 405, {"Allow": "POST"})


class _MessageGate:
    """Lets through one JSON-RPC message that the caller may send.

    Anything else is answered here: the SDK would quote its validator, or take a request with a bad id for a
    notification. A call that the key's role may not make gets a 403; the service would refuse it with status 200.
    """

    def __init__(self, app: ASGIApp, who_is_asking: WhoIsAsking) -> None:
        self._app = app
        self._who_is_asking = who_is_asking

    async def __call__(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        item = await receive_message(body, "body")
        if isinstance(item, JSONRPCError):
            await Response(as_json(item), status_code=400, media_type="application/json")(scope, receive, send)
        elif not self._who_is_asking().may("write") and _is_write(item.message):
            say_why(scope, "its key may only read")
            await _insufficient_scope()(scope, receive, send)
        else:
            await self._app(scope, replayed(body, receive), send)


def _is_write(message: JSONRPCMessage) -> bool:
    if not isinstance(message, JSONRPCRequest) or message.method != "tools/call":
        return False
    name = (message.params or {}).get("name")
    tool = BY_NAME.get(name) if isinstance(name, str) else None
    return tool is not None and tool.writes


def _insufficient_scope() -> Response:
    description = "this key's role may only read; use a key that may write"
    return challenge(403, "insufficient_scope", description, scope="write")
