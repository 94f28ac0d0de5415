"""What the commands' arguments have in common."""

from argparse import SUPPRESS, ArgumentParser
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from runtally.domain.errors import InvalidInput

if TYPE_CHECKING:
    from argparse import _SubParsersAction

Commands: TypeAlias = "_SubParsersAction[Parser]"


class Parser(ArgumentParser):
    """Raises `InvalidInput` for arguments that cannot be meant."""

    def error(self, message: str) -> NoReturn:
        """Raise the refusal with the command that says what may be given."""
        raise InvalidInput(f"{message}; `{self.prog} --help` says what may be given")


def add_settings(parser: Parser) -> None:
    """`--db` and `--project`, which count instead of the environment; of several, the last one given."""
    add_database(parser)
    parser.add_argument(
        "--project",
        metavar="KEYS",
        dest="bound_to",
        default=SUPPRESS,
        help="bind to these projects (default: RUNTALLY_PROJECT_KEY)",
    )


def add_database(parser: Parser) -> None:
    """`--db` alone, as `add_settings` does it."""
    # No default: a command's parser would overwrite with it what was given before the command.
    parser.add_argument(
        "--db",
        metavar="FILE",
        dest="database",
        default=SUPPRESS,
        help="the database file (default: RUNTALLY_DB, else the user's data folder)",
    )
