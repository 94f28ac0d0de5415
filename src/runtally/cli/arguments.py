"""What the commands' arguments have in common."""

from argparse import SUPPRESS, Action, ArgumentError, ArgumentParser
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from runtally.domain.errors import InvalidInput

if TYPE_CHECKING:
    from argparse import _SubParsersAction

Commands: TypeAlias = "_SubParsersAction[Parser]"


class Parser(ArgumentParser):
    """Raises `InvalidInput` for arguments that cannot be meant."""

    def error(self, message: str) -> NoReturn:
        """Raise the refusal with the command that says what may be given."""
        raise InvalidInput(f"{message}; `{self.prog} --help` says what may be given")

    def _check_value(self, action: Action, value: Any) -> None:  # argparse suggests nothing before Python 3.14
        if action.choices is None or value in action.choices:
            return
        # Imported here because it is only needed for a mistake, and start-up time counts.
        import difflib  # noqa: PLC0415

        choices = [str(choice) for choice in action.choices]
        meant = "".join(f", did you mean {choice!r}?" for choice in difflib.get_close_matches(value, choices, n=1))
        raise ArgumentError(action, f"invalid choice: {value!r}{meant} (choose from {', '.join(map(repr, choices))})")


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
