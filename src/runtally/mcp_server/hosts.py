"""Which names the HTTP server answers to: the check against DNS rebinding, in front of everything it serves."""

import re
from collections.abc import Iterable
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from runtally.domain.hosts import Host, parse_host

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")

_ORIGIN: Final = re.compile(r"https?://(?P<host>.+)", re.IGNORECASE)


class AllowedHosts:
    """ASGI middleware that lets a request through if its Host, and its Origin where it tells one, are this machine's
    or one of `allowed_hosts`.

    A name is compared without regard to case and to a dot at its end, an IPv6 address by its value. A name that is
    allowed without a port is allowed with each. Anything else is answered here: 400 unless there is exactly one Host,
    421 for a foreign Host, 403 for a foreign Origin.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str]) -> None:
        self._app = app
        self._allowed = {parse_host(host) for host in (*LOOPBACK, *allowed_hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope["headers"]) if scope["type"] == "http" else None
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, headers: Iterable[tuple[bytes, bytes]]) -> PlainTextResponse | None:
        told = [(name, value.decode("latin-1")) for name, value in headers if name in (b"host", b"origin")]
        hosts = [value for name, value in told if name == b"host"]
        origins = [value for name, value in told if name == b"origin" and value]
        if len(hosts) != 1:
            return PlainTextResponse("a request has exactly one Host header", 400)
        if not self._is_allowed(hosts[0]):
            return PlainTextResponse(
                "this Host is not one that the server answers to; RUNTALLY_ALLOWED_HOSTS names those it has beside "
                "the address it listens on",
                421,
            )
        if not all((found := _ORIGIN.fullmatch(origin)) and self._is_allowed(found["host"]) for origin in origins):
            return PlainTextResponse("pages of this Origin may not use the server; see RUNTALLY_ALLOWED_HOSTS", 403)
        return None

    def _is_allowed(self, told: str) -> bool:
        host = parse_host(told)
        return host is not None and bool({host, Host(host.name, None)} & self._allowed)
