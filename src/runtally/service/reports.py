"""Usage reports: added to a run, or put in the place of an earlier one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from runtally.domain.caller import Caller
from runtally.domain.dialects.usage import names_of_kept
from runtally.domain.errors import Conflict, NotFound
from runtally.domain.models import RunEnded, UsageReported
from runtally.domain.records import Addition, KeptReport, Spent, StoredSpan, UsageEntry, UsageReport
from runtally.domain.requests import EndRun, ReportUsage
from runtally.domain.traces import Trace
from runtally.domain.usage import TokenUsage
from runtally.service import receipts
from runtally.service.final_totals import adjustment_of, final_entry
from runtally.service.spans import cut_places, insert_traces, new_traces, traces_without_span
from runtally.service.unit import RunWritten, Unit, add_to_run, lock_run, project_of_run
from runtally.service.usage import cost_source_of, entries_of, spent_on

AnswerT = TypeVar("AnswerT", UsageReported, RunEnded)


def report_usage(unit: Unit, caller: Caller, request: ReportUsage) -> UsageReported:
    """Add tokens, cost and traces to a run; after its end they are accepted and marked `late`.

    With `corrects` the report takes the place of an earlier one of the same run: the totals are then as if the earlier
    one had said this, also against the final totals that the run's end told. Nothing is deleted.

    Raises:
        NotFound: the caller's project has no such run, or the run no report that `corrects` names.
        Conflict: the `idempotency_key` or a trace's `span_id` stands for other content, or the report was corrected
            before.
        LimitExceeded: a total would no longer be exact.
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    answer = receipts.once(
        unit,
        project_key,
        "report_usage",
        request.idempotency_key,
        UsageReported,
        lambda: _report(unit, project_key, request),
    )
    return naming_what_was_kept(answer, request)


def naming_what_was_kept(answer: AnswerT, request: ReportUsage | EndRun) -> AnswerT:
    """The answer with the names of what the call says that has no field. No receipt holds them: they are the caller's
    words, and whoever calls again sends them again.
    """
    usage = request.token_usage
    names = set(names_of_kept((usage.attributes if usage else None) or {}))
    for trace in request.traces or ():
        names.update(names_of_kept(trace.model_extra or {}))
    if not names:
        return answer
    shown = sorted(name[:_NAME_SHOWN_CHARS] for name in names)
    if len(shown) > _NAMES_SHOWN:
        shown[_NAMES_SHOWN:] = [f"and {len(shown) - _NAMES_SHOWN:,} more"]
    return answer.model_copy(update={"kept_in_attributes": shown})


_NOTHING: Final = UsageEntry(Spent(), "unpriced")
_NAMES_SHOWN: Final = 20
_NAME_SHOWN_CHARS: Final = 64


class Added(NamedTuple):
    """A run after a report, the report's entries and id if it has any, and the spans that came with it; `cut_traces`
    are the places in the call of those of which a payload was cut.
    """

    run: RunWritten
    entries: Sequence[UsageEntry]
    report_id: str | None
    spans: Sequence[StoredSpan]
    cut_traces: list[int] | None


def _report(unit: Unit, project_key: str, request: ReportUsage) -> UsageReported:
    if request.corrects is None:
        usage, traces = request.token_usage or TokenUsage(), request.traces or []
        added = add_report(
            unit, project_key, request.run_id, traces, lambda new: entries_of(unit, usage, new), usage.attributes
        )
    else:
        added = _correct(unit, project_key, request, request.corrects)
    totals = added.run.state.totals
    is_all = totals.reports <= 1 or not added.entries
    return UsageReported(
        project_key=project_key,
        run_id=request.run_id,
        status=added.run.state.status,
        report_id=added.report_id,
        corrects=request.corrects,
        late=added.run.late or None,
        reopened=added.run.reopened or None,
        cost_source=cost_source_of(added.entries) if added.entries else None,
        spans_recorded=len(added.spans) if request.traces else None,
        spans_truncated=added.cut_traces,
        warning=_warning(request, added),
        counted=None if is_all else adjustment_of(spent_on(added.entries)),
        totals=totals,
    )


def _warning(request: ReportUsage, added: Added) -> str | None:
    """What the caller may not have meant."""
    if request.corrects is not None:
        return None
    if not added.entries and not request.traces:
        return "nothing was told, so nothing is recorded but a sign of life"
    if not request.traces or added.spans:
        lacking = [entry for entry in added.entries if entry.spent.unpriced_calls > 0]
        if any(entry.model is None for entry in lacking):
            return "no cost is known, since no model was told; send model beside the tokens next time"
        return "no price is known for what was told of this model, so its cost is unknown" if lacking else None
    return "these steps were recorded before: nothing is counted again"


def add_report(
    unit: Unit,
    project_key: str,
    run_id: str,
    traces: Sequence[Trace],
    count: Callable[[Sequence[Trace]], Sequence[UsageEntry]],
    attributes: Mapping[str, Any] | None = None,
) -> Added:
    """Add the spans of the traces that the run does not have yet, and what `count` makes of those, as one report with
    the attributes. A trace recorded before adds nothing.

    Raises:
        NotFound: the project has no such run.
        InvalidInput, Conflict: as `new_traces`.
        LimitExceeded: a total would no longer be exact.
    """
    if traces:
        lock_run(unit, project_key, run_id)
    new = new_traces(unit, project_key, run_id, traces)
    entries, spans = count([one.trace for one in new]), [one.span for one in new]
    run = add_entries(unit, project_key, run_id, entries, spans=len(spans))
    if spans:
        insert_traces(unit, project_key, spans, span_count=run.state.span_count, late=run.late)
    report_id = None
    if entries:
        report_id = unit.new_id()
        report = UsageReport(report_id, unit.now, entries, late=run.late, origin=unit.origin, attributes=attributes)
        unit.store.usage.insert(project_key, run_id, report)
    return Added(run, entries, report_id, spans, cut_places(new))


def add_entries(
    unit: Unit, project_key: str, run_id: str, entries: Sequence[UsageEntry], *, spans: int = 0
) -> RunWritten:
    """Add what a report's entries come to, and so many spans, to the run's totals.

    Raises:
        NotFound: the project has no such run.
        LimitExceeded: a total would no longer be exact.
    """
    addition = Addition(now=unit.now, reports=int(bool(entries)), spent=spent_on(entries), spans=spans)
    return add_to_run(unit, project_key, run_id, addition)


def _correct(unit: Unit, project_key: str, request: ReportUsage, report_id: str) -> Added:
    run_id, traces = request.run_id, request.traces or []
    stands = lock_run(unit, project_key, run_id)
    earlier = _correctable(unit, project_key, run_id, report_id)
    new = traces_without_span(unit, project_key, run_id, traces)
    spans = [one.span for one in new]
    # An empty correction takes the report back: it still needs an entry to stand in its place.
    usage = request.token_usage or TokenUsage()
    *_, reported_at = unit.store.usage.list_reported_at(project_key, run_id, report_id)
    entries = entries_of(_as_of(unit, reported_at), usage, traces) or [_NOTHING]
    run = add_to_run(unit, project_key, run_id, Addition(now=unit.now, spans=len(spans)))
    if spans:
        insert_traces(unit, project_key, spans, span_count=run.state.span_count, late=run.late)
    correction = UsageReport(
        unit.new_id(), unit.now, entries, late=earlier.late, corrects=report_id, attributes=usage.attributes
    )
    correction_id = _append(unit, project_key, run_id, correction)
    if stands.ended_at is not None and not earlier.late:
        _weigh_final_totals_again(unit, project_key, run_id, stands.ended_at)
    state = unit.store.runs.add_up(project_key, run_id)
    assert state is not None, "the run is locked"
    return Added(run._replace(state=state, late=earlier.late), entries, correction_id, spans, cut_places(new))


def _as_of(unit: Unit, moment: int) -> Unit:
    """The unit with the prices of then: they go by the time of what they are for."""
    return unit._replace(now=moment)


def _correctable(unit: Unit, project_key: str, run_id: str, report_id: str) -> KeptReport:
    found = unit.store.usage.find(project_key, run_id, report_id)
    if found is None or found.basis != "reported":
        raise NotFound(
            f"corrects {report_id} is not a report of run {run_id}; send a report_id that core_report_usage answered",
            field="corrects",
        )
    if found.source != "report":
        raise Conflict(
            f"corrects {report_id} is what the run's final totals added; correct the report that is wrong, "
            "and the final totals are weighed again",
            field="corrects",
        )
    if found.corrected_by is not None:
        raise Conflict(
            f"corrects {report_id} was corrected before, by {found.corrected_by}; correct that one", field="corrects"
        )
    return found


def _append(unit: Unit, project_key: str, run_id: str, report: UsageReport) -> str:
    """Append a report that stands where the one it corrects stood: with its source, and late only if that was."""
    unit.store.usage.insert(project_key, run_id, report._replace(origin=unit.origin))
    return report.report_id


def _weigh_final_totals_again(unit: Unit, project_key: str, run_id: str, ended_at: int) -> None:
    """What the final totals add follows from the reports before them, of which one has just changed."""
    final = unit.store.runs.find_final_usage(project_key, run_id)
    if final is None:
        return
    stands = unit.store.usage.find_final(project_key, run_id)
    entry = final_entry(_as_of(unit, ended_at), final, unit.store.usage.sum_before_end(project_key, run_id))
    if entry is None and stands is None:
        return
    if entry is not None and stands is not None and _is_priced_already(stands[1], entry):
        return
    entry = entry or _NOTHING
    if stands is None or stands[1].spent != entry.spent:
        replaced = None if stands is None else stands[0]
        report = UsageReport(unit.new_id(), unit.now, [entry], "final", corrects=replaced, attributes=final.attributes)
        _append(unit, project_key, run_id, report)


def _is_priced_already(stands: UsageEntry, entry: UsageEntry) -> bool:
    """Whether the entry is for what has a computed cost, which stays whatever prices are known by now."""
    return (
        stands.cost_source == "computed"
        and entry.cost_source in ("computed", "unpriced")
        and entry.spent.counts == stands.spent.counts
    )
