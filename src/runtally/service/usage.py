"""From what an agent reports to one entry of the usage ledger."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtally.domain.lifecycle import CostSource, ReportSource
from runtally.domain.models import Adjustment, Totals, UsageReport
from runtally.domain.ports import Addition, RunState
from runtally.domain.requests import Trace
from runtally.domain.usage import COUNTS, Tokens, TokenUsage, known_counts, sum_known
from runtally.service.unit import Unit, no_such_run

Entry = dict[str, Any]
"""The part of a usage report that says what was used: counts, cost and its source, model and provider."""

_BY_DEGREE_OF_GUESSING: Final[tuple[CostSource, ...]] = ("computed", "reported", "unpriced")
"""Which source a sum of costs has: computed where any of it is, and unpriced only where all of it is."""
_WHOLES: Final = ("input_tokens", "output_tokens", "total_tokens")


def entry_of(unit: Unit, usage: TokenUsage, traces: Sequence[Trace]) -> Entry | None:
    """What one call reports, or None if it reports no usage at all.

    The tokens and costs of traces are detail: they count only where `usage` itself has no token counts.
    """
    counted = [trace for trace in traces if trace.has_tokens or trace.cost_usd is not None]
    if counted and not usage.has_tokens:
        return _of_traces(unit, usage, counted)
    is_empty = all(value is None for value in vars(usage).values())
    return None if is_empty else _of_usage(unit, usage, known_counts(usage))


def _of_usage(unit: Unit, usage: TokenUsage, counts: Mapping[str, int | None]) -> Entry:
    calls = usage.llm_calls if usage.llm_calls is not None else int(usage.has_tokens)
    return _entry(usage, counts, *_cost(unit, usage, counts), calls=calls)


def _of_traces(unit: Unit, usage: TokenUsage, counted: Sequence[Trace]) -> Entry:
    """One report for all traces: each is priced by itself, since prices go by request, and then they are summed."""
    counts: dict[str, int | None] = dict.fromkeys(COUNTS)
    cost, unpriced, priced_by, sources = None, 0, None, set[CostSource]()
    for trace in counted:
        own = known_counts(trace)
        counts = sum_known(counts, own)
        nano_usd, source, by = _cost(unit, trace, own)
        sources.add(source)
        unpriced += nano_usd is None
        if nano_usd is not None:
            cost = (cost or 0) + nano_usd
            priced_by = by or priced_by
    counts["llm_calls"] = usage.llm_calls if usage.llm_calls is not None else _llm_calls_of(counted)
    names = usage.model_copy(
        update={
            "model": usage.model or _common([trace.model for trace in counted]),
            "provider": usage.provider or _common([trace.provider for trace in counted]),
        }
    )
    if usage.reported_nano_usd is not None:
        return _entry(names, counts, usage.reported_nano_usd, "reported", None, calls=0)
    told = next(source for source in _BY_DEGREE_OF_GUESSING if source in sources)
    return _entry(names, counts, cost, told, priced_by, calls=0) | {"unpriced_calls": unpriced}


def _entry(
    usage: TokenUsage,
    counts: Mapping[str, int | None],
    cost: int | None,
    source: CostSource,
    priced_by: str | None,
    *,
    calls: int,
) -> Entry:
    return {
        **counts,
        "model": usage.model,
        "provider": usage.provider,
        "prompt_preview": usage.prompt_preview,
        "cost_nano_usd": cost,
        "cost_source": source,
        "priced_by": priced_by,
        "unpriced_calls": calls if cost is None else 0,
    }


def _cost(unit: Unit, usage: Tokens, counts: Mapping[str, int | None]) -> tuple[int | None, CostSource, str | None]:
    """A reported cost stands; else it is computed; else it is unknown, which is not zero."""
    if usage.cost_usd is not None:
        return usage.reported_nano_usd, "reported", None
    price = unit.pricer.price(
        model=usage.model,
        provider=usage.provider,
        at_us=unit.now,
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cache_read_tokens=counts["cache_read_tokens"],
        cache_write_tokens=counts["cache_write_tokens"],
    )
    return (None, "unpriced", None) if price is None else (price.cost_nano_usd, "computed", price.priced_by)


def _llm_calls_of(counted: Sequence[Trace]) -> int | None:
    return sum(trace.has_tokens for trace in counted) or None


def _common(names: Sequence[str | None]) -> str | None:
    return names[0] if len(set(names)) == 1 else None


def add_report(
    unit: Unit, project_key: str, run_id: str, entry: Entry | None, *, source: ReportSource = "report", spans: int = 0
) -> tuple[RunState, UsageReport | None]:
    """Append the entry to the ledger and to the run's totals, with the number of spans that come with it.

    Raises:
        NotFound: the project has no such run.
        LimitExceeded: a total would no longer be exact.
    """
    used = {} if entry is None else {field: entry[field] for field in (*COUNTS, "cost_nano_usd", "unpriced_calls")}
    addition = Addition(now=unit.now, reports=int(entry is not None), spans=spans, **used)
    state = unit.store.add_to_run(project_key, run_id, addition)
    if state is None:
        raise no_such_run(run_id)
    if entry is None:
        return state, None
    report = UsageReport(
        report_id=unit.new_id(), reported_at=unit.now, source=source, late=state.status != "running", **entry
    )
    unit.store.insert_usage_report(project_key, run_id, report)
    return state, report


def final_entry(unit: Unit, final: TokenUsage, totals: Totals) -> Entry | None:
    """What a run's final totals add to the sum of its reports, or None if the reports cover them.

    A final below the sum changes nothing. A final cost covers the calls that had no cost of their own.
    """
    wanted, so_far = known_counts(final), totals.cost_nano_usd
    missing = {field: _missing(wanted[field], getattr(totals, field)) for field in COUNTS}
    adds = final.prompt_preview is not None or any(
        missing[field] or (missing[field] is not None and getattr(totals, field) is None) for field in COUNTS
    )
    cost = final.reported_nano_usd
    if cost is not None and cost >= (so_far or 0):
        if not adds and so_far == cost and not totals.unpriced_calls:
            return None
        entry = _entry(final, missing, cost - (so_far or 0), "reported", None, calls=0)
        return entry | {"unpriced_calls": -totals.unpriced_calls}
    if not adds:
        return None
    if cost is not None:
        # The reports already add up to more than the final cost: what it adds in tokens is paid for.
        return _entry(final, missing, 0, "reported", None, calls=0)
    return _entry(final, missing, *_cost(unit, final, missing), calls=_calls_beyond(final, missing, totals))


def _calls_beyond(final: TokenUsage, missing: Mapping[str, int | None], totals: Totals) -> int:
    """How many calls the final totals tell of that no report stood for, and that may therefore lack a cost.

    Where the reports covered every token, there is none; where they counted no calls, each of them stood for one.
    """
    wholes = [missing[field] for field in _WHOLES if missing[field] is not None]
    if wholes and not any(wholes):
        return 0
    stood_for = totals.reports if totals.llm_calls is None else totals.llm_calls
    return max((final.llm_calls or 0) - stood_for, int(any(wholes)))


def _missing(final: int | None, so_far: int | None) -> int | None:
    """How much of a final total the reports lack; unknown where the final total is."""
    return None if final is None else max(0, final - (so_far or 0))


def adjustment_of(entry: Entry | None) -> Adjustment | None:
    """The entry as the answer states it."""
    if entry is None:
        return None
    return Adjustment(**{field: entry[field] for field in (*COUNTS, "cost_nano_usd")})
