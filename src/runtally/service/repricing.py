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
from runtally.domain.ports import Price
from runtally.domain.records import Spent, UsageEntry, UsageReport
from runtally.domain.usage import Counts
from runtally.service.reported_steps import find_steps, tokens_of
from runtally.service.unit import Unit

RUNS_PER_PAGE: Final = 500
REPORTS_PER_BATCH: Final = 100
_NO_TOKENS: Final = Counts(input_tokens=0, output_tokens=0)
_ONE_OUTPUT_TOKEN: Final = Counts(input_tokens=0, output_tokens=1)


Why = Literal[
    "no model",  # none was told
    "no price",  # its model has none
    "no counts",  # its price needs input and output, which were not both told
    "no output price",  # its price is for input alone, and output was told
    "cached beyond input",  # the cached tokens do not fit the input
    "no steps",  # the price is by request, and of several requests only the sum is known
    "in part",  # which calls of a sum lack a cost is not known
    "too much",  # the cost would be beyond what is kept
]


class Lack(NamedTuple):
    """Why calls of a model have no cost."""

    why: Why
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
        moments = unit.store.usage.list_reported_at(project_key, run.run_id, report_id)
        if moments[-1] < since:
            continue
        outcomes = _priced(unit, project_key, run, stands, moments)
        more = sum(one.cost_nano_usd for one in outcomes)
        if more > room[stands.basis]:
            outcomes, more = [one.undone() for one in outcomes], 0
        is_priced = any(one.entry is not one.before for one in outcomes)
        if is_priced and records:
            _take_the_place(unit, project_key, run.run_id, stands, [one.entry for one in outcomes])
        room[stands.basis] -= more
        total = total.plus(Repriced(int(is_priced), more, sum((one.lacking for one in outcomes), Counter())))
    if total.reports and records:
        unit.store.runs.add_up(project_key, run.run_id)
    return total


def _room(run: Run) -> dict[str, int]:
    """How much more a run's costs can come to, by basis, with numbers that are exact."""
    known = {"reported": run.totals, "observed": run.observed or run.totals}
    return {basis: COUNT_MAX - (totals.cost_nano_usd or 0) for basis, totals in known.items()}


def _take_the_place(
    unit: Unit, project_key: str, run_id: str, stands: UsageReport, entries: Sequence[UsageEntry]
) -> None:
    corrected = stands._replace(
        report_id=unit.new_id(), reported_at=unit.now, entries=entries, corrects=stands.report_id
    )
    unit.store.usage.insert(project_key, run_id, corrected)


class _Outcome(NamedTuple):
    """What became of an entry, and why calls of it still have no cost."""

    before: UsageEntry
    entry: UsageEntry
    lacking: Counter[Lack]

    @property
    def cost_nano_usd(self) -> int:
        """How much more the entry costs."""
        return (self.entry.spent.cost_nano_usd or 0) - (self.before.spent.cost_nano_usd or 0)

    def undone(self) -> "_Outcome":
        """The same where the cost is more than can be kept."""
        if self.entry is self.before:
            return self
        return _left(self.before, "too much")


def _left(entry: UsageEntry, why: Why) -> _Outcome:
    return _Outcome(entry, entry, Counter({Lack(why, entry.model, entry.provider): entry.spent.unpriced_calls}))


def _priced(unit: Unit, project_key: str, run: Run, report: UsageReport, moments: Sequence[int]) -> Sequence[_Outcome]:
    """The report's entries with the cost that their calls have now."""
    steps_by_name = find_steps(unit, project_key, run, report, moments) if _needs_steps(report.entries) else {}
    outcomes = []
    for entry in report.entries:
        steps = None if steps_by_name is None else steps_by_name.get((entry.model, entry.provider), [])
        outcomes.append(_Reckoned(unit, entry, moments[-1]).by(steps))
    return outcomes


def _needs_steps(entries: Sequence[UsageEntry]) -> bool:
    calls = [(entry.spent.unpriced_calls, entry.spent.cost_nano_usd) for entry in entries]
    return any(unpriced > 1 or (unpriced == 1 and cost is not None) for unpriced, cost in calls)


class _Reckoned(NamedTuple):
    """An entry as it is reckoned with the prices of a moment."""

    unit: Unit
    entry: UsageEntry
    at_us: int

    def by(self, steps: Sequence[Span] | None) -> _Outcome:
        """The entry with what it costs as the sum of these steps; of none, as one request; or as the sum of requests
        that are not known.
        """
        spent = self.entry.spent
        if spent.unpriced_calls <= 0:
            return _Outcome(self.entry, self.entry, Counter())
        # A step with a cost told it.
        bare = [tokens_of(step) for step in steps or () if step.cost_nano_usd is None]
        if spent.unpriced_calls == len(bare):
            return self._with(bare)
        if spent.cost_nano_usd is None:
            return self._with([spent.counts], of_several=spent.unpriced_calls > 1 and steps != [])
        unpriced = [counts for counts in bare if self._price(counts) is None]
        # Others of its steps were priced before: those that still cannot be are the rest.
        return self._with(unpriced) if spent.unpriced_calls == len(unpriced) else _left(self.entry, "in part")

    def _with(self, requests: Sequence[Counts], *, of_several: bool = False) -> _Outcome:
        entry, spent = self.entry, self.entry.spent
        prices = [self._price(counts, of_several=of_several) for counts in requests]
        known = [price for price in prices if price is not None]
        lacking = Counter(
            Lack(self._why(counts, of_several=of_several), entry.model, entry.provider)
            for counts, price in zip(requests, prices, strict=True)
            if price is None
        )
        if not known:
            return _left(entry, next(iter(lacking)).why) if len(requests) == 1 else _Outcome(entry, entry, lacking)
        cost = (spent.cost_nano_usd or 0) + sum(price.cost_nano_usd for price in known)
        priced = entry._replace(
            spent=Spent(spent.counts, cost, len(prices) - len(known)),
            cost_source="computed",
            priced_by=entry.priced_by or known[0].priced_by,
        )
        return _Outcome(entry, priced, lacking)

    def _price(self, counts: Counts, *, of_several: bool = False) -> Price | None:
        entry = self.entry
        return self.unit.pricer.price(
            model=entry.model, provider=entry.provider, at_us=self.at_us, counts=counts, of_several=of_several
        )

    def _why(self, counts: Counts, *, of_several: bool) -> Why:
        """Why a request has no cost."""
        plain = Counts(input_tokens=counts.input_tokens, output_tokens=counts.output_tokens)
        if self.entry.model is None:
            return "no model"
        if self._price(_NO_TOKENS) is None:
            return "no price"
        if of_several and self._price(counts) is not None:
            return "no steps"
        if counts.input_tokens is None or counts.output_tokens is None:
            return "no counts"
        if counts.output_tokens and self._price(_ONE_OUTPUT_TOKEN) is None:
            return "no output price"
        return "too much" if self._price(plain) is None else "cached beyond input"
