"""Looking up what earlier runs did."""

from collections.abc import Sequence
from typing import Final

from runtally.domain.caller import Caller
from runtally.domain.dialects.written import Ago
from runtally.domain.errors import InvalidInput
from runtally.domain.fields import compact_json
from runtally.domain.lifecycle import has_ended
from runtally.domain.models import Run, RunFound, RunList, Span
from runtally.domain.records import RunFilter
from runtally.domain.requests import GetRun, ListRuns
from runtally.service import cursors
from runtally.service.unit import Unit, no_such_run, project_of_run

_SPANS_PER_READ: Final = 200


def get_run(unit: Unit, caller: Caller, request: GetRun) -> RunFound:
    """One run: as it stands, and with `detail="spans"` its steps in the order recorded, without their payloads.

    The answer keeps to about `max_chars` of JSON: spans that do not fit come with `next_cursor`, and a `meta` that
    does not fit is left out and its size told. At least one span is answered.

    Raises:
        NotFound: the caller's project has no such run.
        InvalidInput: the cursor is not one of this run, or comes without `detail="spans"`.
        NotAllowed: the caller may not use the project.
    """
    if request.cursor and request.detail != "spans":
        told = 'cursor leads on through the spans of a run; send detail "spans" with it, or leave it out'
        raise InvalidInput(told, field="cursor")
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    run = unit.store.runs.find(project_key, request.run_id)
    if run is None:
        raise no_such_run(request.run_id)
    run, meta_bytes = _with_meta_that_fits(unit, _with_staleness(unit, run), request.max_chars)
    found = RunFound(project_key=project_key, run=run, meta_bytes=meta_bytes)
    if request.detail == "summary":
        return found
    bound_to, key = [project_key, request.run_id], unit.store.random_key()
    (after,) = cursors.read(key, request.cursor, (int,), bound_to) if request.cursor else (0,)
    spans = unit.store.spans.list_of_run(project_key, request.run_id, after, _SPANS_PER_READ + 1)
    fitting = _fitting(spans[:_SPANS_PER_READ], request.max_chars - _json_size(run))
    cursor = cursors.made(key, [fitting[-1].position], bound_to) if len(fitting) < len(spans) else None
    return found.model_copy(update={"spans": fitting, "next_cursor": cursor})


def _with_meta_that_fits(unit: Unit, run: Run, max_chars: int) -> tuple[Run, int | None]:
    """The run with its `meta`, or without it and the size of it where both together are too much."""
    meta = unit.store.runs.find_meta(run.project_key, run.run_id)
    whole = run.model_copy(update={"meta": meta})
    if meta is None or _json_size(whole) <= max_chars:
        return whole, None
    return run, len(compact_json(meta).encode())


def _with_staleness(unit: Unit, run: Run) -> Run:
    """The run, marked where a sweep would interrupt it but has not yet."""
    is_stale = not has_ended(run.status) and run.last_seen_at < unit.stale_before
    return run.model_copy(update={"stale": True}) if is_stale else run


def _fitting(spans: Sequence[Span], room: int) -> list[Span]:
    fitting: list[Span] = []
    for span in spans:
        room -= _json_size(span)
        if room < 0 and fitting:
            break
        fitting.append(span)
    return fitting


def list_runs(unit: Unit, caller: Caller, request: ListRuns) -> RunList:
    """The project's newest runs that match every filter given; `next_cursor` leads on where there are more.

    `query` is looked for, whatever its case (ASCII), in summary, intent and ticket. `since` is included, `until` not.

    Raises:
        InvalidInput: the cursor is not one of this list, `since` or `until` lies before 1970, or it is unclear which
            project is meant.
        NotAllowed: the caller may not use the project.
    """
    project_key = caller.project(request.project_key)
    wanted = RunFilter(
        status=request.status,
        agent=request.agent,
        label=request.label,
        parent_run_id=request.parent_run_id,
        conversation_id=request.conversation_id,
        since=_moment(unit, request.since, "since"),
        until=_moment(unit, request.until, "until"),
        text=request.query or None,
    )
    # As it was sent: `24h` means another moment when the next page is asked for.
    sent = wanted._asdict() | {"since": request.since, "until": request.until}
    bound_to, key = [project_key, list(sent.values())], unit.store.random_key()
    if request.cursor:
        before_at, before_id = cursors.read(key, request.cursor, (int, str), bound_to)
        wanted = wanted._replace(before=(before_at, before_id))
    runs = unit.store.runs.list_newest(project_key, wanted, request.limit + 1)
    page = [_with_staleness(unit, run) for run in runs[: request.limit]]
    cursor = cursors.made(key, [page[-1].started_at, page[-1].run_id], bound_to) if len(runs) > len(page) else None
    return RunList(project_key=project_key, runs=page, next_cursor=cursor)


def _moment(unit: Unit, told: int | Ago | None, field: str) -> int | None:
    if not isinstance(told, Ago):
        return told
    at_us = unit.now - told.micros
    if at_us < 0:
        raise InvalidInput(f"{field} lies before 1970; send less, or leave it out", field=field)
    return at_us


def _json_size(value: Run | Span) -> int:
    return len(value.model_dump_json(by_alias=True, exclude_none=True))
