"""Runs: opened, reported on, closed, and swept when their agent is gone."""

from typing import Final

from runtally.domain.caller import Caller
from runtally.domain.clock import rfc3339
from runtally.domain.errors import Conflict, InvalidInput
from runtally.domain.fields import Content
from runtally.domain.models import Run, RunEnded, RunRecorded, RunStarted, Totals, UsageReport, UsageReported
from runtally.domain.ports import NewSpan, RunState
from runtally.domain.requests import EndRun, RecordRun, ReportUsage, StartRun, Trace
from runtally.domain.usage import TokenUsage
from runtally.service import receipts
from runtally.service.spans import cut_from, insert_traces, new_traces, truncated_ids
from runtally.service.unit import Unit, no_such_run, project_of_run
from runtally.service.usage import Entry, add_report, adjustment_of, entry_of, final_entry

_STARTED_WITH: Final = ("label", "parent_run_id", "conversation_id", "user_id", "follows_act_id")
"""What a start and a run call by the same name."""


def start_run(unit: Unit, caller: Caller, request: StartRun) -> RunStarted:
    """Open a run.

    With a `run_id` that the project already has, the same content answers `created: false` with the run as it
    stands; so does the same `idempotency_key` with the answer as it was.

    Raises:
        Conflict: the `run_id` or the key stands for other content; the message names what differs.
        NotFound: the project has no run `parent_run_id`.
        NotAllowed, InvalidInput: the caller may not write to the project, or it is unclear which is meant.
    """
    caller.require("write")
    project_key = caller.project(request.project_key)
    return receipts.once(
        unit,
        project_key,
        "start_run",
        request.idempotency_key,
        request,
        RunStarted,
        lambda: _start(unit, project_key, request),
    )


def _start(unit: Unit, project_key: str, request: StartRun) -> RunStarted:
    run = Run(
        project_key=project_key,
        run_id=request.run_id or unit.new_id(),
        status="running",
        agent=request.agent_id,
        label=request.label,
        intent=request.summary,
        summary=request.summary,
        parent_run_id=request.parent_run_id,
        conversation_id=request.conversation_id,
        user_id=request.user_id,
        follows_act_id=request.follows_act_id,
        client=unit.origin.client,
        trace_id=unit.origin.trace_id,
        started_at=unit.now,
        last_seen_at=unit.now,
    )
    _require_parent(unit, project_key, run)
    if not unit.store.insert_run(project_key, run, request.meta_json, request.input):
        return _started_before(unit, project_key, run.run_id, request)
    return RunStarted(
        project_key=project_key,
        run_id=run.run_id,
        status=run.status,
        created=True,
        started_at=unit.now,
        input_truncated_from_bytes=cut_from(request.input),
        totals=Totals(),
    )


def _require_parent(unit: Unit, project_key: str, run: Run) -> None:
    if run.parent_run_id is None:
        return
    if run.parent_run_id == run.run_id:
        raise InvalidInput("parent_run_id is the run itself; name another run or leave it out", field="parent_run_id")
    if unit.store.find_run(project_key, run.parent_run_id) is None:
        raise no_such_run(run.parent_run_id, "parent_run_id")


def _started_before(unit: Unit, project_key: str, run_id: str, request: StartRun) -> RunStarted:
    stands, start = unit.store.find_run(project_key, run_id), unit.store.find_run_start(project_key, run_id)
    assert stands is not None, "the insert met this run"
    assert start is not None, "the insert met this run"
    stood = request.model_copy(
        update={
            **{name: start[name] for name in _STARTED_WITH},
            "agent_id": start["agent"],
            "summary": start["intent"],
            "meta_json": start["meta"],
            "input": None if start["input"] is None else Content(None, start["input"], stands.input_bytes or 0),
        }
    )
    differing = receipts.differing_fields(receipts.digests(stood), receipts.digests(request))
    if differing:
        raise Conflict(
            f"run_id {run_id} was started before with other content: {', '.join(differing)} differ. "
            "Report to it as it is, or start a run with a new run_id",
            field="run_id",
        )
    return RunStarted(
        project_key=project_key,
        run_id=run_id,
        status=stands.status,
        created=False,
        started_at=stands.started_at,
        input_truncated_from_bytes=cut_from(request.input),
        totals=stands.totals,
    )


def report_usage(unit: Unit, caller: Caller, request: ReportUsage) -> UsageReported:
    """Add tokens, cost and traces to a run; after its end they are accepted and marked `late`.

    Raises:
        NotFound: the caller's project has no such run.
        Conflict: the `idempotency_key` or a trace's `span_id` stands for other content.
        LimitExceeded: a total would no longer be exact.
        NotAllowed, InvalidInput: the caller may not write to the project, or it is unclear which is meant.
    """
    caller.require("write")
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    return receipts.once(
        unit,
        project_key,
        "report_usage",
        request.idempotency_key,
        request,
        UsageReported,
        lambda: _report(unit, project_key, request),
    )


def _report(unit: Unit, project_key: str, request: ReportUsage) -> UsageReported:
    state, report, spans = _add(unit, project_key, request.run_id, request.token_usage, request.traces)
    return UsageReported(
        project_key=project_key,
        run_id=request.run_id,
        status=state.status,
        report_id=None if report is None else report.report_id,
        late=(state.status != "running") or None,
        cost_source=None if report is None else report.cost_source,
        spans_recorded=len(spans) if request.traces else None,
        spans_truncated=truncated_ids(spans),
        totals=state.totals,
    )


def _add(
    unit: Unit, project_key: str, run_id: str, usage: TokenUsage | None, traces: list[Trace] | None
) -> tuple[RunState, UsageReport | None, list[NewSpan]]:
    """Add one report, or none without `usage`, and the spans of its traces. A trace recorded before adds nothing."""
    new = new_traces(unit, project_key, run_id, traces) if traces else []
    spans = [span for _, span in new]
    entry = None if usage is None else entry_of(unit, usage, [trace for trace, _ in new])
    state, report = add_report(unit, project_key, run_id, entry, spans=len(spans))
    if spans:
        insert_traces(unit, project_key, spans, span_count=state.span_count, late=state.status != "running")
    return state, report, spans


def end_run(unit: Unit, caller: Caller, request: EndRun) -> RunEnded:
    """Close a run; its `token_usage` is the run's final totals, and the answer states what they added.

    Final is final: the same end again answers as before, with `duplicate`. An end by the sweep is replaced.

    Raises:
        NotFound: the caller's project has no such run.
        Conflict: the run has ended otherwise, or a trace's `span_id` stands for other content.
        LimitExceeded: a total would no longer be exact.
        NotAllowed, InvalidInput: the caller may not write to the project, or it is unclear which is meant.
    """
    caller.require("write")
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    stands = unit.store.find_run(project_key, request.run_id)
    if stands is None:
        raise no_such_run(request.run_id)
    if stands.status != "running" and stands.ended_by != "sweep":
        return _ended_before(unit, project_key, stands, request)
    answer = _end(unit, project_key, stands, request)
    receipts.keep(unit, project_key, "end_run", request.run_id, receipts.receipt_for(request, answer))
    return answer


def _end(unit: Unit, project_key: str, stands: Run, request: EndRun) -> RunEnded:
    usage = request.token_usage or TokenUsage()
    totals, spans = stands.totals, list[NewSpan]()
    if request.traces:
        # The traces' tokens count only where the final totals have no counts of their own.
        counting = None if usage.has_tokens else TokenUsage()
        state, _, spans = _add(unit, project_key, request.run_id, counting, request.traces)
        totals = state.totals
    entry: Entry | None = final_entry(unit, usage, totals)
    if entry is not None:
        state, _ = add_report(unit, project_key, request.run_id, entry, source="final")
        totals = state.totals
    unit.store.end_run(
        project_key,
        request.run_id,
        status=request.status,
        ended_at=unit.now,
        summary=request.summary,
        meta=request.meta_json,
        output=request.output,
    )
    return RunEnded(
        project_key=project_key,
        run_id=request.run_id,
        status=request.status,
        ended_at=unit.now,
        duration_ms=(unit.now - stands.started_at) // 1000,
        replaced=stands.ended_by,
        spans_recorded=len(spans) if request.traces else None,
        spans_truncated=truncated_ids(spans),
        output_truncated_from_bytes=cut_from(request.output),
        adjustment=adjustment_of(entry),
        totals=totals,
    )


def _ended_before(unit: Unit, project_key: str, stands: Run, request: EndRun) -> RunEnded:
    receipt = unit.store.find_receipt(project_key, "end_run", request.run_id)
    differing = [] if receipt is None else receipts.differing_from(request, receipt)
    if receipt is not None and not differing:
        return receipts.repeated(RunEnded, receipt)
    assert stands.ended_at is not None, "a run that is not running has ended"
    differs = f"; this end differs in {', '.join(differing)} and changed nothing"
    why = differs if differing else ": it was recorded as over"
    raise Conflict(
        f"run {request.run_id} is {stands.status} since {rfc3339(stands.ended_at)} and that is final{why}. "
        "Start a follow-up run if there is more to do",
        field=differing[0] if differing else "run_id",
    )


def record_run(unit: Unit, caller: Caller, request: RecordRun) -> RunRecorded:
    """Write a run that is already over, in one call: an audit entry, completed at once.

    Raises:
        Conflict: the `idempotency_key` stands for other content.
        NotAllowed, InvalidInput: the caller may not write to the project, or it is unclear which is meant.
    """
    caller.require("write")
    project_key = caller.project(request.project_key)
    return receipts.once(
        unit,
        project_key,
        "record_run",
        request.idempotency_key,
        request,
        RunRecorded,
        lambda: _record(unit, project_key, request),
    )


def _record(unit: Unit, project_key: str, request: RecordRun) -> RunRecorded:
    run = Run(
        project_key=project_key,
        run_id=unit.new_id(),
        status="completed",
        agent=request.agent,
        ticket=request.ticket,
        intent=request.summary,
        summary=request.summary,
        client=unit.origin.client,
        trace_id=unit.origin.trace_id,
        started_at=unit.now,
        last_seen_at=unit.now,
        ended_at=unit.now,
        ended_by="record",
    )
    unit.store.insert_run(project_key, run, request.meta_json, None)
    return RunRecorded(project_key=project_key, run_id=run.run_id, status=run.status)


def sweep(unit: Unit, project_key: str) -> int:
    """Interrupt the project's runs that gave no sign of life for `stale_after`; how many there were."""
    reason = f"no sign of life for {unit.stale_after_seconds:,} s; swept at {rfc3339(unit.now)}"
    return unit.store.sweep_runs(project_key, unit.stale_before, reason)
