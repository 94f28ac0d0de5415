"""`runtally doctor`: what state the database is in, and what to do about it."""

from argparse import Namespace
from collections.abc import Callable, Iterator, Sized
from typing import Final, TypeVar

from runtally.cli import arguments, output
from runtally.domain.errors import RuntallyError
from runtally.settings import Settings

ResultT = TypeVar("ResultT")

_UNBOUND: Final = (
    "none in this shell; a call that names no run names its project_key. Set RUNTALLY_PROJECT_KEY in the host's "
    "settings to bind its server to a project"
)
_LEFT_OUT: Final = (
    "runs, integrity, references and totals, which look through the whole file: run doctor without --quick"
)
_MARKS: Final = {True: "ok  ", False: "FAIL", None: "note"}
_PROBLEMS: Final = 20
_SILENT_SECONDS: Final = 1


def add(commands: arguments.Commands) -> None:
    """Declare `doctor`."""
    parser = commands.add_parser("doctor", help="check the database and say what to do")
    arguments.add_settings(parser)
    parser.add_argument("--quick", action="store_true", help="leave out what looks through the whole file")
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Print one line for each check, with what to do where it failed, and what was refused lately; 0 if all is well,
    else 7. A database that `--db` names must be there and hold a ledger.

    Raises:
        InvalidInput: the database is a folder.
        Unavailable: it cannot be told what is there.
    """
    from runtally import bootstrap

    is_named = given.database is not None
    findings = _watched(
        lambda begins: bootstrap.check_up(settings, quick=given.quick, expected=is_named, begins=begins)
    )
    output.say(f"database {settings.database}")
    for finding in findings:
        output.say(f"  {_MARKS[finding.fine]} {finding.check}: {finding.told}")
    if given.quick:
        output.say(f"  note left out: {_LEFT_OUT}")
    binding = f"ok   binding: {settings.bound_to} (in this shell)" if settings.projects else f"note binding: {_UNBOUND}"
    output.say(f"  {binding}")
    prices_are_fine, prices = _prices(settings)
    output.say(f"  {_MARKS[prices_are_fine]} prices: {prices}")
    redaction_is_fine, redaction = _redaction(settings)
    output.say(f"  {_MARKS[redaction_is_fine]} redaction: {redaction}")
    for line in _recent_problems(settings):
        output.say(line)
    own_files = (prices_are_fine, redaction_is_fine)
    return 7 if False in own_files or any(finding.fine is False for finding in findings) else 0


def _watched(examine: Callable[[Callable[[str], None]], ResultT]) -> ResultT:
    """What the examination comes to, which tells what it begins with. It runs in its own thread: while SQLite is at
    work no Ctrl-C gets through, and nothing can be told on stderr of what takes so long.
    """
    import threading
    from concurrent import futures

    begun = ["the file"]
    result: futures.Future[ResultT] = futures.Future()

    def run() -> None:
        try:
            result.set_result(examine(begun.append))
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            result.set_exception(error)

    # A daemon, so that a check that is under way does not keep the process when it is told to end.
    threading.Thread(target=run, daemon=True).start()
    told = ""
    while not futures.wait([result], timeout=_SILENT_SECONDS).done:
        if told != begun[-1]:
            told = begun[-1]
            output.note(f"checking {told}")
    return result.result()


def _prices(settings: Settings) -> tuple[bool | None, str]:
    from runtally import bootstrap

    try:
        own = bootstrap.own_prices(settings)
    except RuntallyError as error:
        return False, error.message
    if own is None:
        return None, "those of genai-prices alone; RUNTALLY_PRICES (in this shell) names a file of your own"
    return True, f"{len(own):,} of your own in {settings.prices} (in this shell), before those of genai-prices"


def _redaction(settings: Settings) -> tuple[bool | None, str]:
    from runtally import bootstrap

    try:
        further = bootstrap.further_secrets(settings)
    except RuntallyError as error:
        return False, error.message
    if not settings.redact:
        return None, "off (in this shell); what is recorded is stored as it comes"
    if further is None:
        return True, "what is known; RUNTALLY_REDACT_EXTRA (in this shell) names a file of your own names and patterns"
    return True, (
        f"what is known, and of {settings.redact_extra} (in this shell) {_count(further.names, 'name')} and "
        f"{_count(further.patterns, 'pattern')}"
    )


def _count(things: Sized, thing: str) -> str:
    return f"{len(things):,} {thing}{'' if len(things) == 1 else 's'}"


def _recent_problems(settings: Settings) -> Iterator[str]:
    from runtally import bootstrap
    from runtally.domain.clock import rfc3339

    try:
        problems = bootstrap.recent_problems(settings, _PROBLEMS)
    except RuntallyError as error:
        yield f"  note recent problems: they cannot be read; {error.message}"
        return
    yield "  note recent problems, newest first:" if problems else "  note recent problems: none"
    for one in problems:
        reference = f", reference {one.reference}" if one.reference else ""
        yield f"       {rfc3339(one.noted_at)} {one.code} {one.tool} ({one.door}){reference}"
