"""The MCP server over Streamable HTTP: stateless, behind bearer keys or bound to this machine alone."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final

from mcp.server.auth.middleware.auth_context import AuthContextMiddleware, get_access_token
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import RequestBodyLimitMiddleware, TransportSecuritySettings
from mcp_types import JSONRPCError, JSONRPCMessage, JSONRPCRequest
from starlette.applications import Starlette
from starlette.authentication import AuthenticationError
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtally.domain import limits
from runtally.domain.caller import AccessKey, Caller
from runtally.domain.errors import RuntallyError
from runtally.mcp_server.messages import as_json, receive_message
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.version import __version__

FindKey = Callable[[str], Awaitable[AccessKey | None]]
Check = Callable[[], Awaitable[None]]

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_PATH: Final = "/mcp"


def make_app(server: Server[Any], *, find_key: FindKey | None, allowed_hosts: Sequence[str], check: Check) -> Starlette:
    """The ASGI app: `/mcp` and `/healthz`.

    With `find_key` every request to `/mcp` needs a bearer key (401 and `WWW-Authenticate` without one, 403 for a role
    that may not). Host and Origin must be this machine's or one of `allowed_hosts`. `check` raises `RuntallyError`
    while the database cannot be used.
    """
    manager = StreamableHTTPSessionManager(
        app=server,
        json_response=True,
        stateless=True,
        security_settings=_security(allowed_hosts),
        max_request_body_size=limits.MESSAGE_BYTES,
    )
    gate = _MessageGate(StreamableHTTPASGIApp(manager), None if find_key is None else caller_of_request)
    endpoint: ASGIApp = RequestBodyLimitMiddleware(gate, limits.MESSAGE_BYTES)
    middleware: list[Middleware] = []
    if find_key is not None:
        endpoint = RequireAuthMiddleware(endpoint, required_scopes=[])
        middleware = [
            Middleware(
                AuthenticationMiddleware, backend=BearerAuthBackend(_KeyVerifier(find_key)), on_error=_keys_unavailable
            ),
            Middleware(AuthContextMiddleware),
        ]

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

    # POST alone: a GET would open a stream on which a stateless server never sends anything.
    routes = [Route(_PATH, endpoint=endpoint, methods=["POST"]), Route("/healthz", endpoint=healthz, methods=["GET"])]
    return Starlette(routes=routes, middleware=middleware, lifespan=running)


def caller_of_request() -> Caller:
    """Who asks, by the bearer key of the request that is being served."""
    token = get_access_token()
    assert token is not None, "RequireAuthMiddleware lets no request without a key through"
    return _Key.of(token).caller


class _Key(AccessToken):
    """The SDK's access token, with the key it stands for."""

    key: AccessKey

    @classmethod
    def of(cls, token: AccessToken) -> AccessKey:
        assert isinstance(token, cls), "only _KeyVerifier makes tokens here"
        return token.key


class _KeyVerifier:
    """The SDK's `TokenVerifier` over Runtally's keys; asked anew for each request, so a revocation holds at once."""

    def __init__(self, find_key: FindKey) -> None:
        self._find_key = find_key

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            key = await self._find_key(token)
        except RuntallyError as error:
            raise AuthenticationError(error.message) from error
        return None if key is None else _Key(token="", client_id=key.key_id, scopes=[key.role], key=key)


def _keys_unavailable(_: HTTPConnection, error: AuthenticationError) -> Response:
    return JSONResponse({"error": "unavailable", "error_description": str(error)}, status_code=503)


class _MessageGate:
    """Lets through one JSON-RPC message that the caller may send.

    Anything else is answered here: the SDK would quote its validator, or take a request with a bad id for a
    notification. A call that the key's role may not make gets a 403; the service would refuse it with status 200.
    """

    def __init__(self, app: ASGIApp, who_is_asking: Callable[[], Caller] | None) -> None:
        self._app = app
        self._who_is_asking = who_is_asking

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        item = await receive_message(body, "body")
        if isinstance(item, JSONRPCError):
            await Response(as_json(item), status_code=400, media_type="application/json")(scope, receive, send)
        elif self._who_is_asking is not None and _is_write(item.message) and not self._who_is_asking().may("write"):
            await _insufficient_scope(scope, receive, send)
        else:
            await self._app(scope, _replayed(body, receive), send)


def _is_write(message: JSONRPCMessage) -> bool:
    if not isinstance(message, JSONRPCRequest) or message.method != "tools/call":
        return False
    name = (message.params or {}).get("name")
    tool = BY_NAME.get(name) if isinstance(name, str) else None
    return tool is not None and tool.writes


async def _insufficient_scope(scope: Scope, receive: Receive, send: Send) -> None:
    told = {
        "error": "insufficient_scope",
        "error_description": "this key's role may only read; use a key that may write",
    }
    challenge = ", ".join(f'{name}="{value}"' for name, value in {**told, "scope": "write"}.items())
    response = JSONResponse(told, status_code=403, headers={"WWW-Authenticate": f"Bearer {challenge}"})
    await response(scope, receive, send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay


def _security(allowed_hosts: Sequence[str]) -> TransportSecuritySettings:
    """Host and Origin checks against DNS rebinding; a name is allowed with and without a port."""
    names = (*LOOPBACK, *allowed_hosts)
    hosts = [form for name in names for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
