"""`runtally doctor`: what state the database is in, and what to do about it."""

from argparse import Namespace
from typing import Final

from runtally.cli import arguments, output
from runtally.settings import Settings

_UNBOUND: Final = (
    "none; a call that names no run names its project_key. Set RUNTALLY_PROJECT_KEY to bind the server to a project"
)


def add(commands: arguments.Commands) -> None:
    """Declare `doctor`."""
    parser = commands.add_parser("doctor", help="check the database and say what to do")
    arguments.add_settings(parser)
    parser.set_defaults(run=run)


def run(settings: Settings, _: Namespace) -> int:
    """Print one line for each check, with what to do where it failed; 0 if all is well, else 7.

    Raises:
        InvalidInput: the database is a folder.
        Unavailable: it cannot be told what is there.
    """
    from runtally import bootstrap

    findings = bootstrap.check_up(settings)
    output.say(f"database {settings.database}")
    for finding in findings:
        output.say(f"  {'ok  ' if finding.fine else 'FAIL'} {finding.check}: {finding.told}")
    output.say(f"  ok   binding: {settings.bound_to}" if settings.projects else f"  note binding: {_UNBOUND}")
    return 0 if all(finding.fine for finding in findings) else 7
