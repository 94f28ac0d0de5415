"""`runtally reprice`: give calls that had no cost the one that prices known now give for their time."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticCustomError

from runtally.cli import arguments, output
from runtally.domain.errors import InvalidInput, NotFound
from runtally.domain.written import Ago, moment_or_ago
from runtally.settings import Settings

if TYPE_CHECKING:
    from runtally.service.ledger import Ledger
    from runtally.service.repricing import Lack, Repriced, Why

_PROJECTS_PER_PAGE: Final = 1_000
_LINES_MAX: Final = 30
_WHY: "Final[dict[Why, str]]" = {
    "no model": "nothing can price what names no model",
    "no price": "no price",
    "no counts": "its price needs input_tokens and output_tokens, which were not both told",
    "no output price": "its price is for input alone, and output was told",
    "cached beyond input": "its cached tokens do not fit its input_tokens",
    "no steps": "its price goes by the size of each request, and only the sum of several is known for sure",
    "in part": "priced in part when it was reported; left as it is",
    "too much": "the cost would be beyond what is kept",
}


def add(commands: arguments.Commands) -> None:
    """Declare `reprice`."""
    parser = commands.add_parser("reprice", help="price what had no price when it was reported")
    arguments.add_settings(parser)
    parser.add_argument(
        "--since",
        metavar="WHEN",
        help="only what was reported since: 2026-11-21, 2026-11-21T09:30:00Z, or 7d or 24h ago (default: ever)",
    )
    parser.add_argument("--dry-run", action="store_true", help="record nothing, and say what would be recorded")
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Price what has no cost, in the projects that the process is bound to or in all, and say what it came to and which
    calls still have none. Servers may run meanwhile; what was priced before an interruption stays.

    Raises:
        InvalidInput: the time or the file of own prices cannot be meant.
        NotFound: there is no database.
        Unavailable: the database cannot be used; or, for a dry run, would have to be upgraded first.
    """
    import anyio

    from runtally import bootstrap

    since = _since(given.since, bootstrap.clock())
    ledger = bootstrap.open_ledger(settings, bootstrap.open_database(settings, only_reads=given.dry_run))
    if not bootstrap.has_database(settings):
        raise NotFound(f"nothing to price: there is no database {settings.database} yet; see --db and RUNTALLY_DB")
    if given.dry_run:
        bootstrap.refuse_older_schema(settings)
    for line in _told(anyio.run(_reprice, ledger, settings.projects, since, not given.dry_run), given.dry_run):
        output.say(line)
    return 0


async def _reprice(ledger: "Ledger", projects: Sequence[str], since: int, records: bool) -> "Repriced":  # noqa: FBT001 - anyio.run has no keywords
    from runtally.service import repricing

    try:
        if projects:
            return await ledger.reprice(projects, since, records=records)
        total, last = repricing.NOTHING, ""
        while page := await ledger.projects_after(last, _PROJECTS_PER_PAGE):
            total, last = total.plus(await ledger.reprice(page, since, records=records)), page[-1]
        return total
    finally:
        await ledger.close()


def _told(repriced: "Repriced", is_dry_run: bool) -> Iterator[str]:  # noqa: FBT001 - as above
    verb = "would be priced" if is_dry_run else "priced"
    yield f"{verb}: {_number(repriced.reports, 'report')}, {_usd(repriced.cost_nano_usd)}"
    left = repriced.unpriced_calls
    if not left:
        yield "still without a cost: nothing"
        return
    yield f"still without a cost: {_number(left.total(), 'call')}"
    for lack, calls in left.most_common(_LINES_MAX):
        yield f"  {_number(calls, 'call')} of {_name(lack)}: {_WHY[lack.why]}"
    if len(left) > _LINES_MAX:
        yield f"  and {left.total() - sum(calls for _, calls in left.most_common(_LINES_MAX)):,} of other models"
    if any(lack.why == "no price" for lack in left):
        yield "put a price of each model that has no price into the file that RUNTALLY_PRICES names, then repeat this"


def _name(lack: "Lack") -> str:
    # Agents chose these words: what a terminal would obey is escaped.
    provider = "" if lack.provider is None else f" at {lack.provider!r}"
    return f"{lack.model!r}{provider}" if lack.model is not None else f"no model{provider}"


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _usd(nano_usd: int) -> str:
    whole, rest = divmod(nano_usd, 1_000_000_000)
    return f"${whole:,}.{f'{rest:09}'.rstrip('0'):0<2}"


def _since(given: str | None, now: int) -> int:
    if given is None:
        return 0
    try:
        told = moment_or_ago(given)
    except PydanticCustomError as error:
        raise InvalidInput(f"--since {given!r} {error.message()}") from None
    return max(0, told.before(now)) if isinstance(told, Ago) else told
