"""Which steps the entries of a report sum up. Prices go by request, and what is known of single requests is in the
spans that came with a report.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from runtally.domain.models import Run, Span
from runtally.domain.records import UsageEntry, UsageReport
from runtally.domain.usage import TOKENS, Counts
from runtally.service.unit import Unit
from runtally.service.usage import without_sums

Name = tuple[str | None, str | None]
"""A model and a provider, as an entry has them."""
StepsByName = Mapping[Name, Sequence[Span]]

_GUESSES_MAX: Final = 500


def tokens_of(step: Span) -> Counts:
    """The token counts of a step."""
    return Counts(**{name: getattr(step, name) for name in TOKENS})


def find_steps(
    unit: Unit, project_key: str, run: Run, report: UsageReport, moments: Sequence[int]
) -> StepsByName | None:
    """The steps with token counts that each entry sums up: none for a report that is not of steps, and None where that
    cannot be told. `moments` are when the report and those that it corrects were made, from it on back.
    """
    if report.source == "final":
        return {}
    has_steps = len(moments) > 1 and run.span_count > 0  # a correction may be of steps that were recorded before it
    for moment in moments:
        spans = unit.store.spans.list_recorded_at(project_key, run.run_id, moment)
        steps = without_sums([span for span in spans if tokens_of(span).has_tokens], spans)
        has_steps = has_steps or bool(steps)
        fitting = _fitting(steps, report.entries) if steps else []
        if fitting:
            return fitting[0] if all(one == fitting[0] for one in fitting) else None
    return None if has_steps else {}


def _fitting(steps: Sequence[Span], entries: Sequence[UsageEntry]) -> list[dict[Name, list[Span]]]:
    """The ways to group the steps whose sums are the entries. A step that names no model or no provider is of those
    that its call named, which is kept nowhere but in the names of the entries.
    """
    told = {(entry.model, entry.provider): entry.spent.counts._replace(llm_calls=None) for entry in entries}
    told = {name: counts for name, counts in told.items() if counts.has_tokens}
    groupings = [_grouped(steps, model, provider) for model, provider in _guesses(steps, list(told))]
    return [grouped for grouped in groupings if grouped.keys() == told.keys() and _sums_of(grouped) == told]


def _guesses(steps: Sequence[Span], names: Sequence[Name]) -> Iterator[Name]:
    """The names that the call of the steps may have told, at most `_GUESSES_MAX`, else none."""
    models = {model for model, _ in names} if any(step.model is None for step in steps) else {None}
    providers = {provider for _, provider in names} if any(step.provider is None for step in steps) else {None}
    if len(models) * len(providers) <= _GUESSES_MAX:
        yield from product(models, providers)


def _grouped(steps: Sequence[Span], model: str | None, provider: str | None) -> dict[Name, list[Span]]:
    grouped: dict[Name, list[Span]] = {}
    for step in steps:
        grouped.setdefault((step.model or model, step.provider or provider), []).append(step)
    return grouped


def _sums_of(grouped: StepsByName) -> dict[Name, Counts]:
    sums = dict.fromkeys(grouped, Counts())
    for name, steps in grouped.items():
        for step in steps:
            sums[name] = sums[name].plus(tokens_of(step))
    return sums
