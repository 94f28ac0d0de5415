"""From what a call reports to entries of the usage ledger, one for each model and provider."""

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from runtally.domain.lifecycle import CostSource
from runtally.domain.models import Span
from runtally.domain.records import Spent, UsageEntry
from runtally.domain.traces import Trace
from runtally.domain.usage import Counts, Tokens, TokenUsage
from runtally.service.unit import Unit

StepT = TypeVar("StepT", Trace, Span)

_BY_DEGREE_OF_GUESSING: Final[tuple[CostSource, ...]] = ("computed", "reported", "host", "subscription", "unpriced")
_NOTHING: Final = Spent()


def entries_of(unit: Unit, usage: TokenUsage, traces: Sequence[Trace]) -> list[UsageEntry]:
    """What one call reports; nothing if it reports no usage at all.

    The tokens and costs of traces are detail: they count only where `usage` itself has no token counts.
    """
    counts = usage.counts
    of_traces = [] if counts.has_tokens else entries_of_traces(unit, usage, traces)
    if of_traces or usage.is_empty:
        return of_traces
    # Where there are tokens there was a call, whatever was told of calls.
    return [priced_entry(unit, usage, counts, max(counts.llm_calls or 0, int(counts.has_tokens)))]


def spent_on(entries: Sequence[UsageEntry]) -> Spent:
    """What the entries come to."""
    if not entries:
        return _NOTHING
    total = entries[0].spent
    for entry in entries[1:]:
        total = total.plus(entry.spent)
    return total


def cost_source_of(entries: Sequence[UsageEntry]) -> CostSource:
    """Which source the sum of the costs has: computed where any of it is, and unpriced only where all of it is."""
    return _most_guessed(entry.cost_source for entry in entries)


def _most_guessed(sources: Iterable[CostSource]) -> CostSource:
    return min(sources, key=_BY_DEGREE_OF_GUESSING.index)


def priced_entry(unit: Unit, usage: TokenUsage, counts: Counts, calls: int) -> UsageEntry:
    """One entry with these counts of `usage`; `calls` is how many lack a cost if it is unpriced."""
    cost, source, priced_by = _cost(unit, usage, counts, usage.model, usage.provider)
    spent = Spent(counts, cost, calls if cost is None else 0)
    return UsageEntry(spent, source, priced_by, usage.model, usage.provider, usage.prompt_preview)


def entries_of_traces(unit: Unit, usage: TokenUsage, traces: Sequence[Trace]) -> list[UsageEntry]:
    """An entry for each model and provider of the traces that tell tokens or a cost; none if none does. What `usage`
    tells of the whole call joins the only entry; where there are several it stands alone, so that no model is charged
    with what was told for all. An agent or a group that sums up the steps below it (OpenTelemetry's `invoke_agent`)
    does not count beside them.
    """
    telling = [trace for trace in traces if trace.counts.has_tokens or trace.cost_usd is not None]
    counted = without_sums(telling, traces)
    if not counted:
        return []
    by_name: dict[tuple[str | None, str | None], list[Trace]] = {}
    for trace in counted:
        by_name.setdefault((trace.model or usage.model, trace.provider or usage.provider), []).append(trace)
    entries = [_of_group(unit, usage, model, provider, traces) for (model, provider), traces in by_name.items()]
    told = Spent(Counts(llm_calls=usage.llm_calls), usage.reported_nano_usd)
    if len(entries) == 1:
        only = entries[0]
        return [only._replace(spent=told.plus(only.spent), prompt_preview=usage.prompt_preview)]
    if told == _NOTHING and usage.prompt_preview is None:
        return entries
    source: CostSource = "unpriced" if usage.cost_usd is None else "reported"
    return [UsageEntry(told, source, prompt_preview=usage.prompt_preview), *entries]


def without_sums(telling: Sequence[StepT], steps: Sequence[StepT]) -> list[StepT]:
    """Those of the steps telling tokens that count: not an agent or a group that has others of them below it."""
    parents = {step.span_id: step.parent_span_id for step in steps if step.span_id is not None}
    above: set[str] = set()
    for step in telling:
        parent = step.parent_span_id
        while parent is not None and parent not in above:
            above.add(parent)
            parent = parents.get(parent)
    return [step for step in telling if step.kind not in ("agent", "group") or step.span_id not in above]


def _of_group(
    unit: Unit, usage: TokenUsage, model: str | None, provider: str | None, traces: Sequence[Trace]
) -> UsageEntry:
    """The sum of one model's traces, without what `usage` tells of the whole call: its calls and its cost."""
    counts = Counts()
    for trace in traces:
        counts = counts.plus(trace.counts)
    if usage.llm_calls is None:
        counts = counts._replace(llm_calls=sum(trace.counts.has_tokens for trace in traces) or None)
    if usage.cost_usd is not None:
        return UsageEntry(Spent(counts), "reported", None, model, provider)
    # Each by itself, since prices go by request.
    costs = [_cost(unit, trace, trace.counts, model, provider) for trace in traces]
    known = [cost for cost, _, _ in costs if cost is not None]
    return UsageEntry(
        Spent(counts, sum(known) if known else None, len(costs) - len(known)),
        _most_guessed(source for _, source, _ in costs),
        next((priced_by for _, _, priced_by in costs if priced_by is not None), None),
        model,
        provider,
    )


def _cost(
    unit: Unit, usage: Tokens, counts: Counts, model: str | None, provider: str | None
) -> tuple[int | None, CostSource, str | None]:
    """A reported cost stands; else it is computed; else it is unknown, which is not zero."""
    if usage.cost_usd is not None:
        return usage.reported_nano_usd, "reported", None
    price = unit.pricer.price(model=model, provider=provider, at_us=unit.now, counts=counts)
    return (None, "unpriced", None) if price is None else (price.cost_nano_usd, "computed", price.priced_by)
