"""The MCP server over Streamable HTTP."""

import asyncio
import errno
import ipaddress
import logging
import socket
from collections.abc import Sequence
from functools import partial
from math import ceil
from types import FrameType
from typing import Final

import anyio
import uvicorn
from starlette.applications import Starlette

from runtally import bootstrap
from runtally.cli import output
from runtally.cli.ending_signals import EndingSignals
from runtally.cli.http_connections import ACCEPTED_AT_ONCE, Bounds, Connection, Connections
from runtally.domain.caller import AccessKey
from runtally.domain.errors import InvalidInput
from runtally.mcp_server.bearer import Callers, caller_of_request
from runtally.mcp_server.http import make_app
from runtally.mcp_server.server import make_server
from runtally.settings import Settings
from runtally.version import __version__

_MAKE_A_KEY: Final = "`runtally keys create --project KEY --role write`"
_WAITING_IN_KERNEL: Final = 1024
"""Connections that were not accepted yet. They take no descriptor; beyond them a client tries again a second later."""
_uvicorn_log: Final = logging.getLogger("uvicorn.error")


def run(settings: Settings, host: str, port: int, *, without_keys: bool = False, bounds: Bounds | None = None) -> int:
    """Serve until SIGINT or SIGTERM, and then no longer than the bounds say and about a second; `without_keys`, or
    asking for them as soon as one was ever made. The bounds are those of this process unless others are given.

    Raises:
        InvalidInput: the database is a folder, or the address cannot be listened on, or is not this machine's alone and
            no key is asked for or there is no name to answer to.
        Unavailable: the database cannot be used.
    """
    # uvicorn hears signals only while it serves, and gives them back to whoever heard them before.
    signals = EndingSignals()
    bootstrap.refuse_bad_path(settings)
    bounds = bounds or Bounds.of_this_process()
    try:
        anyio.run(partial(_serve, settings, host, port, bounds, signals, without_keys=without_keys))
    finally:
        signals.ignore()
    return 0


async def _serve(
    settings: Settings, host: str, port: int, bounds: Bounds, signals: EndingSignals, *, without_keys: bool
) -> None:
    database = bootstrap.open_database(settings)
    ledger = bootstrap.open_ledger(settings, database)
    try:
        with anyio.CancelScope() as starting:
            signals.end_with(starting.cancel)
            keys = await bootstrap.made_access_keys(database)
        if starting.cancelled_caught:
            return
        asks_for_keys = bool(keys) and not without_keys
        _refuse_unsafe(settings, host, asks_for_keys=asks_for_keys, without_keys=without_keys)
        environment = bootstrap.caller_of(settings)
        callers = Callers(
            find_key=lambda key_hash: bootstrap.find_access_key(database, key_hash, settings.projects),
            holds=lambda admission: bootstrap.admission_holds(database, admission),
            keyless=None if keys else environment,
        )
        who_is_asking = (lambda: environment) if without_keys else caller_of_request
        server = make_server(ledger, who_is_asking, bootstrap.origin_of(settings), settings.projects, "http")
        app = make_app(
            server,
            who_is_asking,
            callers=None if without_keys else callers,
            allowed_hosts=(*settings.allowed_hosts, *_own_name(host)),
            check=lambda: bootstrap.check(database),
        )
        bound = f"; bound to {settings.bound_to}" if settings.projects or not asks_for_keys else ""
        let_in = _let_in(keys, without_keys=without_keys)
        listening = _Server(app, host, port, f"database {settings.database}{bound}; {let_in}", bounds)
        signals.end_with(listening.end)
        await listening.serve()
    finally:
        with anyio.CancelScope(shield=True):
            await ledger.close()


def _let_in(keys: Sequence[AccessKey], *, without_keys: bool) -> str:
    if without_keys:
        return "no keys are asked for, because of --without-keys"
    if not keys:
        return f"no keys yet; the first one that you make with {_MAKE_A_KEY} is asked for at once"
    now = bootstrap.clock()
    if not any(key.can_be_used(now) for key in keys):
        return f"bearer keys, none of which can be used; make one with {_MAKE_A_KEY}"
    return "bearer keys"


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

    def end(self) -> None:
        """End in good order; as soon as it has started, if that is not done yet."""
        self.should_exit = True

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
    return _no_address(host)


def _no_address(host: str) -> InvalidInput:
    return InvalidInput(f"{host} is no address of this machine; choose one with --host, such as 127.0.0.1")


def _refuse_unsafe(settings: Settings, host: str, *, asks_for_keys: bool, without_keys: bool) -> None:
    if _is_loopback(host):
        return
    if without_keys:
        raise InvalidInput(
            f"{host} can be reached from other machines, which are never served without a key; "
            "leave out --without-keys, or serve on 127.0.0.1"
        )
    if not asks_for_keys:
        raise InvalidInput(
            f"{host} can be reached from other machines and there is no bearer key; "
            f"make one with {_MAKE_A_KEY}, or serve on 127.0.0.1"
        )
    if not _own_name(host) and not settings.allowed_hosts:
        raise InvalidInput(
            f"{host} is every address of this machine; set RUNTALLY_ALLOWED_HOSTS to the names that clients use for it"
        )


def _own_name(host: str) -> tuple[str, ...]:
    """The address as a Host header names it, unless it stands for every address."""
    return () if any(address.is_unspecified for address in _addresses(host)) else (_in_url(host),)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    return all(address.is_loopback for address in _addresses(host))


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """What will be listened on: the system understands more spellings than one, and names."""
    try:
        addresses = [ipaddress.ip_address(host)]
    except ValueError:
        try:
            infos = socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        except (OSError, UnicodeError) as refusal:
            raise _no_address(host) from refusal
        addresses = [ipaddress.ip_address(info[4][0]) for info in infos]
    return [getattr(address, "ipv4_mapped", None) or address for address in addresses]
