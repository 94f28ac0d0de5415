"""The `runtally` command: which command was meant, and how its errors reach a person."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from traceback import format_exc
from typing import Final

from runtally import settings
from runtally.cli import arguments, output
from runtally.cli.commands import demo, doctor, keys, redact, reprice, serve
from runtally.domain.errors import RuntallyError
from runtally.version import __version__

Command = Callable[[settings.Settings, Namespace], int]

COMMANDS: Final = (serve, demo, doctor, reprice, redact, keys)
EXIT_CODES: Final = {
    "invalid": 2,
    "forbidden": 3,
    "not_found": 4,
    "conflict": 5,
    "limit": 6,
    "unavailable": 7,
    "internal": 70,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; without a command, serve MCP over stdio."""
    try:
        given = _parser().parse_args(argv)
        command: Command = given.run
        return command(settings.read(database=given.database, projects=given.bound_to), given)
    except RuntallyError as error:
        output.complain(error.message)
        return EXIT_CODES[error.code]
    except KeyboardInterrupt:
        return 130
    except Exception:  # noqa: BLE001 - the last boundary: a bug of ours is told as such, with all there is to know
        output.complain(f"internal error, please report it with what follows\n{format_exc()}")
        return EXIT_CODES["internal"]


def _parser() -> arguments.Parser:
    runtally = arguments.Parser(
        prog="runtally",
        description="A flight recorder for AI agents. Without a command: the MCP server over stdio.",
    )
    runtally.add_argument("--version", action="version", version=f"runtally {__version__}")
    arguments.add_settings(runtally)
    runtally.set_defaults(database=None, bound_to=None, run=serve.run, **serve.OVER_STDIO)
    commands = runtally.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return runtally
