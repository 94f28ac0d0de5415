"""Repricing: calls that had no cost when they were reported get the one that prices known now give for that time.

The ledger is only appended to: a correction that says the same with its cost takes a report's place. What was told to
cost something stays as it is, and so do the calls that a final cost covers. Nobody's sign of life, and never late
unless what it corrects was.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple

from runtally.domain.limits import COUNT_MAX
from runtally.domain.models import Run, Span
from runtally.domain.records import Spent, UsageEntry, UsageReport
from runtally.domain.usage import TOKENS, Counts
from runtally.service.unit import Unit

RUNS_PER_PAGE: Final = 500
REPORTS_PER_BATCH: Final = 100
_NO_TOKENS: Final = Counts(input_tokens=0, output_tokens=0)


class Lack(NamedTuple):
    """Why calls have no cost: their model has no price, or what is needed to reckon with its price was not told."""

    why: Literal["no model", "no price", "no counts", "too much"]
    model: str | None = None
    provider: str | None = None


class Repriced(NamedTuple):
    """What a repricing came to: reports that have a cost now, how much more that is, and the calls without one."""

    reports: int
    cost_nano_usd: int
    unpriced_calls: Counter[Lack]

    def plus(self, more: "Repriced") -> "Repriced":
        """The sum of both."""
        calls = self.unpriced_calls + more.unpriced_calls
        return Repriced(self.reports + more.reports, self.cost_nano_usd + more.cost_nano_usd, calls)


NOTHING: Final = Repriced(0, 0, Counter())


class Page(NamedTuple):
    """Reports with calls that lack a cost, by run, and the run to look on from; None after the last."""

    due: Sequence[tuple[str, str]]
    next_run_id: str | None


def find_due(unit: Unit, project_key: str, after: str, since: int) -> Page:
    """The reports that lack a cost, of the next runs in order of their ids that were seen `since`; the first runs after
    an empty text.
    """
    runs = unit.store.runs.list_unpriced_calls(project_key, after, RUNS_PER_PAGE)
    due = [
        (run.run_id, report_id)
        for run in runs
        if run.calls and run.last_seen_at >= since
        for report_id in unit.store.usage.list_unpriced(project_key, run.run_id)
    ]
    return Page(due, runs[-1].run_id if len(runs) == RUNS_PER_PAGE else None)


def reprice(
    unit: Unit, project_key: str, due: Sequence[tuple[str, str]], *, since: int, records: bool = True
) -> Repriced:
    """Price those of the reports, in order of their runs, that still stand and were made `since`. Unless it `records`,
    nothing is written and the answer is what would be.
    """
    total = NOTHING
    for run_id, reports in groupby(due, key=lambda one: one[0]):
        find = unit.store.runs.lock if records else unit.store.runs.find
        run = find(project_key, run_id)
        if run is not None:
            total = total.plus(
                _reprice_run(unit, project_key, run, [one for _, one in reports], since=since, records=records)
            )
    return total


def _reprice_run(
    unit: Unit, project_key: str, run: Run, report_ids: Sequence[str], *, since: int, records: bool
) -> Repriced:
    total, room = NOTHING, _room(run)
    for report_id in report_ids:
        stands = unit.store.usage.find_standing(project_key, run.run_id, report_id)
        if stands is None:
            continue  # corrected meanwhile
        reported_at = unit.store.usage.find_first_reported_at(project_key, run.run_id, report_id)
        assert reported_at is not None, "it stands"
        if reported_at < since:
            continue
        entries = [_priced(unit, project_key, run.run_id, entry, reported_at) for entry in stands.entries]
        more = _cost_of(entries) - _cost_of(stands.entries)
        if more > room[stands.basis]:
            total = total.plus(Repriced(0, 0, _lacking(unit, stands.entries, reported_at, fits=False)))
            continue
        is_priced = entries != stands.entries
        if is_priced and records:
            _take_the_place(unit, project_key, run.run_id, stands, entries)
        room[stands.basis] -= more
        total = total.plus(Repriced(int(is_priced), more, _lacking(unit, entries, reported_at)))
    if total.reports and records:
        unit.store.runs.add_up(project_key, run.run_id)
    return total


def _room(run: Run) -> dict[str, int]:
    """How much more a run's costs can come to, by basis, with numbers that are exact."""
    known = {"reported": run.totals, "observed": run.observed or run.totals}
    return {basis: COUNT_MAX - (totals.cost_nano_usd or 0) for basis, totals in known.items()}


def _cost_of(entries: Sequence[UsageEntry]) -> int:
    return sum(entry.spent.cost_nano_usd or 0 for entry in entries)


def _take_the_place(
    unit: Unit, project_key: str, run_id: str, stands: UsageReport, entries: Sequence[UsageEntry]
) -> None:
    corrected = stands._replace(
        report_id=unit.new_id(), reported_at=unit.now, entries=entries, corrects=stands.report_id
    )
    unit.store.usage.insert(project_key, run_id, corrected)


def _priced(unit: Unit, project_key: str, run_id: str, entry: UsageEntry, reported_at: int) -> UsageEntry:
    """The entry with the cost that its calls have now, if any of them has one. What was priced in part stays so: which
    of its calls lack a cost is not known, and whatever they lacked is no price.
    """
    calls = entry.spent.unpriced_calls
    if calls <= 0 or entry.spent.cost_nano_usd is not None:
        return entry
    # Prices go by request, and what is known of single requests is in their spans.
    steps = _steps(unit, project_key, run_id, entry, reported_at) if calls > 1 else []
    requests = [_counts_of(step) for step in steps] or [entry.spent.counts]
    prices = [
        unit.pricer.price(model=entry.model, provider=entry.provider, at_us=reported_at, counts=counts)
        for counts in requests
    ]
    known = [price for price in prices if price is not None]
    if not known:
        return entry
    spent = Spent(entry.spent.counts, sum(price.cost_nano_usd for price in known), len(prices) - len(known))
    return entry._replace(spent=spent, cost_source="computed", priced_by=known[0].priced_by)


def _steps(unit: Unit, project_key: str, run_id: str, entry: UsageEntry, reported_at: int) -> Sequence[Span]:
    """The steps that an entry sums up, if it is one of a call's traces; none if they are not known."""
    steps = [
        span
        for span in unit.store.spans.list_recorded_at(project_key, run_id, reported_at)
        if span.model in (None, entry.model)
        and span.provider in (None, entry.provider)
        and span.cost_nano_usd is None
        and _counts_of(span).has_tokens
    ]
    counts = Counts()
    for span in steps:
        counts = counts.plus(_counts_of(span))
    return steps if counts == entry.spent.counts._replace(llm_calls=None) else []


def _counts_of(span: Span) -> Counts:
    return Counts(**{name: getattr(span, name) for name in TOKENS})


def _lacking(unit: Unit, entries: Sequence[UsageEntry], at_us: int, *, fits: bool = True) -> Counter[Lack]:
    calls = Counter[Lack]()
    for entry in entries:
        if entry.spent.unpriced_calls > 0:
            calls[_lack(unit, entry, at_us, fits=fits)] += entry.spent.unpriced_calls
    return calls


def _lack(unit: Unit, entry: UsageEntry, at_us: int, *, fits: bool) -> Lack:
    """Why the entry's calls have no cost."""
    if entry.model is None:
        return Lack("no model", None, entry.provider)
    if not fits:
        return Lack("too much", entry.model, entry.provider)
    price = unit.pricer.price(model=entry.model, provider=entry.provider, at_us=at_us, counts=_NO_TOKENS)
    return Lack("no price" if price is None else "no counts", entry.model, entry.provider)
