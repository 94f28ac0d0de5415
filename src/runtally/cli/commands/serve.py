"""`runtally serve`, and `runtally` alone: the MCP server."""

import contextlib
import gc
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator

from runtally.cli import arguments
from runtally.settings import Settings


def add(commands: arguments.Commands) -> None:
    """Declare `serve`."""
    parser = commands.add_parser("serve", help="serve MCP over stdio, or over HTTP with --http")
    arguments.add_settings(parser)
    parser.add_argument("--http", action="store_true", help="serve Streamable HTTP at /mcp, and /healthz")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=7878, help="the port to listen on (default: %(default)s; 0: any)")
    parser.add_argument(
        "--without-keys",
        action="store_true",
        help="over HTTP, serve whoever is on this machine, although there are bearer keys",
    )
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Serve one client over stdin and stdout until stdin ends; with `http`, any number until interrupted.

    Raises:
        InvalidInput: the log file cannot be written; with `http`, the address or the database cannot be meant.
        Unavailable: with `http`, the database cannot be used. Over stdio it is each call that is told so.
    """
    from runtally.cli import logs

    logs.begin(settings)
    if given.http:
        from runtally.cli import serve_http

        return serve_http.run(settings, given.host, given.port, without_keys=given.without_keys)
    with _without_garbage_collection():
        from runtally.cli import serve_stdio
    return serve_stdio.run(settings)


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
