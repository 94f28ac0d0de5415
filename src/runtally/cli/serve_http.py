"""The MCP server over Streamable HTTP."""

import asyncio
import errno
import ipaddress
import logging
import socket
from math import ceil
from types import FrameType
from typing import Final

import anyio
import uvicorn
from starlette.applications import Starlette

from runtally import bootstrap
from runtally.cli import output
from runtally.cli.http_connections import ACCEPTED_AT_ONCE, Bounds, Connection, Connections
from runtally.cli.log import FloodFilter
from runtally.domain.errors import InvalidInput
from runtally.mcp_server.http import caller_of_request, make_app
from runtally.mcp_server.server import make_server
from runtally.settings import Settings
from runtally.version import __version__

_WAITING_IN_KERNEL: Final = 1024
"""Connections that were not accepted yet. They take no descriptor; beyond them a client tries again a second later."""
_uvicorn_log: Final = logging.getLogger("uvicorn.error")


def run(settings: Settings, host: str, port: int, bounds: Bounds | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and then no longer than the bounds say and about a second; the bounds are those
    of this process unless others are given.

    Raises:
        InvalidInput: the database is a folder, or the address cannot be listened on, or is not this machine's alone and
            there is no bearer key or no name to answer to.
        Unavailable: the database cannot be used.
    """
    bootstrap.refuse_bad_path(settings)
    for handler in logging.getLogger().handlers:
        handler.addFilter(FloodFilter())
    anyio.run(_serve, settings, host, port, bounds or Bounds.of_this_process())
    return 0


async def _serve(settings: Settings, host: str, port: int, bounds: Bounds) -> None:
    database = bootstrap.open_database(settings)
    ledger = bootstrap.open_ledger(settings, database)
    try:
        keyed = await bootstrap.any_access_key(database)
        _refuse_unsafe(settings, host, keyed=keyed)
        environment = bootstrap.caller_of(settings)
        server = make_server(
            ledger,
            caller_of_request if keyed else lambda: environment,
            bootstrap.origin_of(settings),
            settings.projects,
        )
        app = make_app(
            server,
            find_key=(lambda token: bootstrap.find_access_key(database, token, settings.projects)) if keyed else None,
            allowed_hosts=(*settings.allowed_hosts, *_own_name(host)),
            check=lambda: bootstrap.check(database),
        )
        bound = f"; bound to {settings.bound_to}" if settings.projects or not keyed else ""
        who = ("bearer keys" if keyed else "no keys") + bound
        await _Server(app, host, port, f"database {settings.database}; {who}", bounds).serve()
    finally:
        with anyio.CancelScope(shield=True):
            await ledger.close()


class _Server(uvicorn.Server):
    """Says where it listens once it does, with the port the system chose for port 0; or why it cannot. A signal ends
    it in good order, and soon.
    """

    def __init__(self, app: Starlette, host: str, port: int, described: str, bounds: Bounds) -> None:
        config = uvicorn.Config(
            app,
            # uvicorn makes the socket itself: one made elsewhere may keep Nagle's algorithm on, at 40 ms an answer.
            host=host,
            port=port,
            http=Connection,
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            # asyncio accepts as many in one turn; how many wait in the kernel is set again once it listens.
            backlog=ACCEPTED_AT_ONCE,
            timeout_keep_alive=bounds.idle_seconds,
            # What is cut off ends by itself; uvicorn goes on without what does not.
            timeout_graceful_shutdown=ceil(bounds.shutdown_seconds) + 1,
        )
        super().__init__(config)
        self.server_state = self._connections = Connections(bounds)
        self._loop = asyncio.get_running_loop()
        self._described = described

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit as ended:
            if isinstance(ended.__context__, OSError):
                raise _refused_address(self.config.host, self.config.port, ended.__context__) from ended
            raise
        # Not before: uvicorn logs an address that is refused, and then again as the end of the program.
        _uvicorn_log.setLevel(logging.WARNING)
        for listening in self.servers[0].sockets:
            with socket.fromfd(listening.fileno(), listening.family, listening.type) as same:
                same.listen(_WAITING_IN_KERNEL)
        port = self.servers[0].sockets[0].getsockname()[1]
        output.note(f"{__version__}, http://{_in_url(self.config.host)}:{port}/mcp; {self._described}")

    async def on_tick(self, counter: int) -> bool:
        self._connections.end_overdue(self._loop.time())
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        # uvicorn would raise the signal again once it has ended, and so end the program before the database is closed.
        if self.should_exit:
            self._loop.call_soon_threadsafe(self._cut_off)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cutting = self._loop.call_later(self._connections.bounds.shutdown_seconds, self._cut_off)
        await super().shutdown(sockets)
        cutting.cancel()

    def _cut_off(self) -> None:
        # uvicorn logs each request that is cut off as an error of the program.
        _uvicorn_log.setLevel(logging.CRITICAL)
        self._connections.cut_off()


def _refused_address(host: str, port: int, refusal: OSError) -> InvalidInput:
    if refusal.errno == errno.EADDRINUSE:
        return InvalidInput(f"port {port} of {host} is in use; choose another with --port, or 0 for any that is free")
    if refusal.errno == errno.EACCES:
        return InvalidInput(f"port {port} of {host} is not for this user; choose one above 1023 with --port")
    return InvalidInput(f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1")


def _refuse_unsafe(settings: Settings, host: str, *, keyed: bool) -> None:
    if _is_loopback(host):
        return
    if not keyed:
        raise InvalidInput(
            f"{host} can be reached from other machines and there is no bearer key; "
            "make one with `runtally keys create --project KEY --role write`, or serve on 127.0.0.1"
        )
    if not _own_name(host) and not settings.allowed_hosts:
        raise InvalidInput(
            f"{host} is every address of this machine; set RUNTALLY_ALLOWED_HOSTS to the names that clients use for it"
        )


def _own_name(host: str) -> tuple[str, ...]:
    """The address as a Host header names it, unless it stands for every address."""
    return () if host in ("0.0.0.0", "::", "") else (_in_url(host),)  # noqa: S104 - compared, not listened on


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
