"""The `runtally` command: which command was meant, and how its errors reach a person."""

import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from traceback import format_exc
from typing import TYPE_CHECKING

from runtally.cli import output
from runtally.domain.errors import RuntallyError
from runtally.version import __version__

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXIT_CODES = {"invalid": 2, "forbidden": 3, "not_found": 4, "conflict": 5, "limit": 6, "unavailable": 7, "internal": 70}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; without arguments, serve MCP over stdio."""
    arguments = _parser().parse_args(argv)
    command: Callable[[Namespace], int] = arguments.command
    try:
        return command(arguments)
    except RuntallyError as error:
        output.complain(error.message)
        return EXIT_CODES[error.code]
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the last boundary: a bug of ours is told as such, with all there is to know
        output.complain(f"internal error, please report it with what follows\n{format_exc()}")
        return EXIT_CODES["internal"]


def _parser() -> "ArgumentParser":
    # Imported here, as every command is: each IDE window starts a server, and start-up time counts.
    from argparse import ArgumentParser  # noqa: PLC0415

    parser = ArgumentParser(
        prog="runtally",
        description="A flight recorder for AI agents. Without a command: the MCP server over stdio.",
    )
    parser.add_argument("--version", action="version", version=f"runtally {__version__}")
    parser.add_argument(
        "--db", metavar="FILE", help="the database file (default: RUNTALLY_DB, else the user's data folder)"
    )
    parser.add_argument(
        "--project", metavar="KEYS", dest="bound_to", help="bind to these projects (default: RUNTALLY_PROJECT_KEY)"
    )
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve MCP over stdio, or over HTTP with --http")
    serve.add_argument("--http", action="store_true", help="serve Streamable HTTP at /mcp, and /healthz")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=7878, help="the port to listen on (default: %(default)s; 0: any)")
    serve.set_defaults(command=_serve)

    demo = commands.add_parser("demo", help="play an agent through all the tools against a throw-away database")
    demo.set_defaults(command=_demo)

    doctor = commands.add_parser("doctor", help="check the database and say what to do")
    doctor.set_defaults(command=_doctor)

    keys = commands.add_parser("keys", help="bearer keys for HTTP")
    _add_keys_commands(keys)
    return parser


def _add_keys_commands(parser: "ArgumentParser") -> None:
    keys = parser.add_subparsers(metavar="COMMAND", required=True)
    create = keys.add_parser("create", help="make a key and print it once")
    create.add_argument(
        "--project",
        action="append",
        required=True,
        dest="projects",
        metavar="KEY",
        help="a project that the key opens; repeatable",
    )
    create.add_argument("--role", choices=("read", "write", "admin"), required=True)
    create.add_argument(
        "--expires",
        metavar="WHEN",
        help="a time like 2027-01-31T00:00:00Z, or a number of days like 90d (default: never)",
    )
    create.set_defaults(command=_keys_create)
    listing = keys.add_parser("list", help="show every key: never the key itself")
    listing.set_defaults(command=_keys_list)
    revoke = keys.add_parser("revoke", help="refuse a key from now on")
    revoke.add_argument("key_id")
    revoke.set_defaults(command=_keys_revoke)


def _serve(arguments: "Namespace") -> int:
    if getattr(arguments, "http", False):
        from runtally.cli.commands import serve_http  # noqa: PLC0415

        return serve_http.run(arguments.db, arguments.bound_to, arguments.host, arguments.port)
    with _without_garbage_collection():
        from runtally.cli.commands import serve_stdio  # noqa: PLC0415
    return serve_stdio.run(arguments.db, arguments.bound_to)


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Importing the SDK is most of start-up, and a tenth of that is the collector looking for garbage there is not."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _demo(_: "Namespace") -> int:
    from runtally.cli.commands import demo  # noqa: PLC0415

    return demo.run()


def _doctor(arguments: "Namespace") -> int:
    from runtally.cli.commands import doctor  # noqa: PLC0415

    return doctor.run(arguments.db, arguments.bound_to)


def _keys_create(arguments: "Namespace") -> int:
    from runtally.cli.commands import keys  # noqa: PLC0415

    return keys.create(arguments.db, arguments.projects, arguments.role, arguments.expires)


def _keys_list(arguments: "Namespace") -> int:
    from runtally.cli.commands import keys  # noqa: PLC0415

    return keys.list_all(arguments.db)


def _keys_revoke(arguments: "Namespace") -> int:
    from runtally.cli.commands import keys  # noqa: PLC0415

    return keys.revoke(arguments.db, arguments.key_id)
