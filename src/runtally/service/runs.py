"""Runs: opened, closed, or recorded when they are already over."""

from collections.abc import Sequence
from typing import Final

from runtally.domain.caller import Caller
from runtally.domain.clock import rfc3339
from runtally.domain.errors import Conflict, InvalidInput
from runtally.domain.lifecycle import is_final
from runtally.domain.models import Run, RunEnded, RunRecorded, RunStarted, Totals
from runtally.domain.records import RunEnd, RunStart, UsageEntry, UsageReport
from runtally.domain.requests import EndRun, RecordRun, StartRun
from runtally.domain.traces import Trace
from runtally.domain.usage import TokenUsage
from runtally.service import receipts
from runtally.service.final_totals import adjustment_of, final_entry, warning_of
from runtally.service.reports import add_entries, add_report, naming_what_was_kept
from runtally.service.spans import cut_from
from runtally.service.unit import Unit, lock_run, no_such_run, project_of_run
from runtally.service.usage import entries_of_traces

_BY_RUN_ID: Final = "start_run_id"
"""The operation of the receipt that a start keeps under the `run_id` it names."""
_END: Final = "end_run"


def start_run(unit: Unit, caller: Caller, request: StartRun) -> RunStarted:
    """Open a run.

    With a `run_id` under which the project already started a run, the same arguments answer `created: false` with the
    run as it stands; the same `idempotency_key` answers as it did.

    Raises:
        Conflict: the `run_id` or the key stands for other arguments; the message names what differs.
        NotFound: the project has no run `parent_run_id`.
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    project_key = caller.project(request.project_key)
    return receipts.once(
        unit,
        project_key,
        "start_run",
        request.idempotency_key,
        RunStarted,
        lambda: _start(unit, project_key, request),
    )


def _start(unit: Unit, project_key: str, request: StartRun) -> RunStarted:
    run = Run(
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
        started_at=unit.now,
        last_seen_at=unit.now,
    )
    _require_parent(unit, project_key, run)
    if not _insert(unit, project_key, run, RunStart(request.meta_json, request.input, unit.origin)):
        return _started_before(unit, project_key, run.run_id, request)
    answer = RunStarted(
        project_key=project_key,
        run_id=run.run_id,
        status=run.status,
        created=True,
        started_at=unit.now,
        input_truncated_from_bytes=cut_from(request.input),
        totals=Totals(),
    )
    if request.run_id is not None:
        receipts.keep(unit, project_key, _BY_RUN_ID, request.run_id, answer)
    return answer


def _insert(unit: Unit, project_key: str, run: Run, start: RunStart) -> bool:
    """Insert the run, and with it its project: a run is found by its id alone, whatever was noted of the project."""
    inserted = unit.store.runs.insert(project_key, run, start)
    if inserted:
        unit.store.projects.note_write(project_key, unit.now)
    return inserted


def _require_parent(unit: Unit, project_key: str, run: Run) -> None:
    if run.parent_run_id is None:
        return
    if run.parent_run_id == run.run_id:
        raise InvalidInput("parent_run_id is the run itself; name another run or leave it out", field="parent_run_id")
    if unit.store.runs.find(project_key, run.parent_run_id) is None:
        raise no_such_run(run.parent_run_id, "parent_run_id")


def _started_before(unit: Unit, project_key: str, run_id: str, request: StartRun) -> RunStarted:
    stands = unit.store.runs.find(project_key, run_id)
    assert stands is not None, "the insert met this run"
    receipt = receipts.find(unit, project_key, _BY_RUN_ID, run_id)
    if receipt is None:
        raise Conflict(
            f"run_id {run_id} was not started under that id: Runtally gave it. Report to it as it is, or start a run "
            "with a new run_id",
            field="run_id",
        )
    differing = receipts.differing_from(unit, project_key, _BY_RUN_ID, receipt)
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


def end_run(unit: Unit, caller: Caller, request: EndRun) -> RunEnded:
    """Close a run; its `token_usage` is the run's final totals, and the answer states what they added.

    Final is final: the same end again answers as before, with `duplicate`, and so does one that leaves something out.
    An end by the sweep is replaced.

    Raises:
        NotFound: the caller's project has no such run.
        Conflict: the run has ended otherwise, or a trace's `span_id` stands for other content.
        LimitExceeded: a total would no longer be exact.
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    stands = lock_run(unit, project_key, request.run_id)
    if is_final(stands.status, stands.ended_by):
        return naming_what_was_kept(_ended_before(unit, project_key, stands, request), request)
    answer = _end(unit, project_key, stands, request)
    receipts.keep(unit, project_key, _END, request.run_id, answer)
    return naming_what_was_kept(answer, request)


def _end(unit: Unit, project_key: str, stands: Run, request: EndRun) -> RunEnded:
    usage = request.token_usage or TokenUsage()
    totals, spans, cut_traces = stands.totals, None, None
    if request.traces:
        added = add_report(unit, project_key, request.run_id, request.traces, lambda new: _counted(unit, usage, new))
        totals, spans, cut_traces = added.run.state.totals, added.spans, added.cut_traces
    so_far = unit.store.usage.sum_before_end(project_key, request.run_id) if stands.observed else totals
    entry = final_entry(unit, usage, so_far)
    if entry is not None:
        totals = add_entries(unit, project_key, request.run_id, [entry]).state.totals
        report = UsageReport(unit.new_id(), unit.now, [entry], "final", origin=unit.origin, attributes=usage.attributes)
        unit.store.usage.insert(project_key, request.run_id, report)
    # Clocks of several servers differ; an end before the last sign of life would be none.
    ended_at = max(unit.now, stands.last_seen_at)
    final_usage = None if usage.is_empty else usage
    end = RunEnd(request.status, ended_at, request.summary, request.meta_json, request.output, final_usage)
    ended = unit.store.runs.end(project_key, request.run_id, end)
    assert ended, "the run is locked and its end not final"
    return RunEnded(
        project_key=project_key,
        run_id=request.run_id,
        status=request.status,
        ended_at=ended_at,
        duration_ms=(ended_at - stands.started_at) // 1000,
        replaced=stands.ended_by,
        spans_recorded=None if spans is None else len(spans),
        spans_truncated=cut_traces,
        output_truncated_from_bytes=cut_from(request.output),
        adjustment=None if entry is None else adjustment_of(entry.spent),
        warning=warning_of(usage, so_far),
        totals=totals,
    )


def _counted(unit: Unit, final: TokenUsage, traces: Sequence[Trace]) -> list[UsageEntry]:
    """What traces count beside final totals: nothing where those have counts of their own, and no cost of their own
    where those have one, which covers it.
    """
    if final.counts.has_tokens:
        return []
    covered = None if final.cost_usd is None else 0.0
    names = TokenUsage(model=final.model, provider=final.provider, cost_usd=covered)
    return entries_of_traces(unit, names, traces)


def _ended_before(unit: Unit, project_key: str, stands: Run, request: EndRun) -> RunEnded:
    receipt = receipts.find(unit, project_key, _END, request.run_id)
    differing = [] if receipt is None else receipts.differing_from(unit, project_key, _END, receipt)
    differing = [name for name in differing if name in unit.asked]  # what is left out contradicts nothing
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
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    project_key = caller.project(request.project_key)
    return receipts.once(
        unit,
        project_key,
        "record_run",
        request.idempotency_key,
        RunRecorded,
        lambda: _record(unit, project_key, request),
    )


def _record(unit: Unit, project_key: str, request: RecordRun) -> RunRecorded:
    run = Run(
        run_id=unit.new_id(),
        status="completed",
        agent=request.agent,
        ticket=request.ticket,
        intent=request.summary,
        summary=request.summary,
        started_at=unit.now,
        last_seen_at=unit.now,
        ended_at=unit.now,
        ended_by="record",
    )
    _insert(unit, project_key, run, RunStart(request.meta_json, origin=unit.origin))
    return RunRecorded(project_key=project_key, run_id=run.run_id, status=run.status)
