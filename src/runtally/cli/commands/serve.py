"""`runtally serve`, and `runtally` alone: the MCP server."""

import contextlib
import gc
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator
from typing import Final

from runtally.cli import arguments
from runtally.domain.errors import InvalidInput
from runtally.settings import Settings

HOST: Final = "127.0.0.1"
PORT: Final = 7878
"""Where HTTP is served unless another address is given."""
OVER_STDIO: Final = {"http": False, "host": None, "port": None, "without_keys": False}
"""What is given where no command is."""


def add(commands: arguments.Commands) -> None:
    """Declare `serve`."""
    parser = commands.add_parser("serve", help="serve MCP over stdio, or over HTTP with --http")
    arguments.add_settings(parser)
    parser.add_argument("--http", action="store_true", help="serve Streamable HTTP at /mcp, and /healthz")
    parser.add_argument("--host", help=f"with --http, the address to listen on (default: {HOST})")
    parser.add_argument(
        "--port", type=_port, help=f"with --http, the port to listen on (default: {PORT}; 0: any that is free)"
    )
    parser.add_argument(
        "--without-keys",
        action="store_true",
        help="with --http, serve whoever is on this machine, although there are bearer keys",
    )
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Serve one client over stdin and stdout until stdin ends; with `http`, any number until interrupted.

    Raises:
        InvalidInput: the log file cannot be written; a project is called like a secret by the user's file; the address
            or the database cannot be meant; an option that only HTTP has was given without `http`.
        Unavailable: with `http`, the database cannot be used. Over stdio it is each call that is told so.
    """
    from runtally.cli import logs

    _refuse_options_of_http(given)
    logs.begin(settings)
    if settings.redact_extra:
        from runtally import bootstrap

        bootstrap.refuse_secret_projects(settings, settings.projects)
    if given.http:
        from runtally.cli import serve_http

        host = HOST if given.host is None else given.host
        port = PORT if given.port is None else given.port
        return serve_http.run(settings, host, port, without_keys=given.without_keys)
    with _without_garbage_collection():
        from runtally.cli import serve_stdio
    return serve_stdio.run(settings)


def _refuse_options_of_http(given: Namespace) -> None:
    options = {"--host": given.host is not None, "--port": given.port is not None, "--without-keys": given.without_keys}
    for option, is_given in options.items():
        if is_given and not given.http:
            raise InvalidInput(f"{option} is for HTTP alone; add --http, or leave it out to serve over stdio")


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Importing the SDK is most of start-up, and a tenth of that is the collector looking for garbage there is not."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _port(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= 5 and int(given) <= 65535):
        raise ArgumentTypeError(f"{given!r} is not a port from 0 to 65535")
    return int(given)
