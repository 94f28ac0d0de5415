"""`runtally serve --http`: the MCP server over Streamable HTTP."""

import ipaddress
import logging
import socket

import anyio
import uvicorn
from starlette.applications import Starlette

from runtally import bootstrap
from runtally.cli import output
from runtally.domain.errors import InvalidInput
from runtally.mcp_server.http import caller_of_request, make_app
from runtally.mcp_server.server import make_server
from runtally.settings import Settings
from runtally.version import __version__


def run(database: str | None, projects: str | None, host: str, port: int) -> int:
    """Serve until interrupted.

    Raises:
        InvalidInput: the address is not this machine's alone and there is no bearer key or no name to answer to.
        Unavailable: the database cannot be used.
    """
    settings = bootstrap.settings_from_environment(database=database, projects=projects)
    logging.basicConfig(format="runtally: %(levelname)s: %(message)s")
    return anyio.run(_serve, settings, host, port)


async def _serve(settings: Settings, host: str, port: int) -> int:
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
            find_key=(lambda token: bootstrap.find_access_key(database, token)) if keyed else None,
            allowed_hosts=(*settings.allowed_hosts, *_own_name(host)),
            check=lambda: bootstrap.check(database),
        )
        who = "bearer keys" if keyed else f"no keys; bound to {settings.bound_to}"
        return await _run(app, host, port, f"database {settings.database}; {who}")
    finally:
        with anyio.CancelScope(shield=True):
            await ledger.close()


async def _run(app: Starlette, host: str, port: int, described: str) -> int:
    # uvicorn makes the socket itself: one made elsewhere may keep Nagle's algorithm on, at 40 ms an answer.
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False)
    server = _Announcing(config, described)
    await server.serve()
    return 0 if server.started else 1


class _Announcing(uvicorn.Server):
    """Says where it listens once it does, with the port the system chose for port 0."""

    def __init__(self, config: uvicorn.Config, described: str) -> None:
        super().__init__(config)
        self._described = described

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            port = self.servers[0].sockets[0].getsockname()[1]
            output.note(f"{__version__}, http://{_in_url(self.config.host)}:{port}/mcp; {self._described}")


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
