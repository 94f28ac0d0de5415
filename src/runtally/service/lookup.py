"""Looking up what earlier runs did."""

from collections.abc import Sequence
from operator import is_
from typing import Final, NamedTuple

from runtally.domain.caller import Caller, Origin
from runtally.domain.errors import InvalidInput
from runtally.domain.lifecycle import has_ended
from runtally.domain.limits import (
    ANSWER_CHARS_DEFAULT,
    ANSWER_CHARS_MAX,
    COUNT_MAX,
    ROW_TEXT_CHARS,
    STRING_CHARS,
)
from runtally.domain.models import Run, RunFound, RunList, RunRow, Span
from runtally.domain.records import RunFilter
from runtally.domain.requests import GetRun, ListRuns
from runtally.domain.usage import nano_usd
from runtally.domain.written import Ago
from runtally.service import cursors
from runtally.service.answers_that_fit import SHORTEST_ROW_CHARS, chars_of, fitting, page
from runtally.service.unit import Unit, no_such_run, project_of_run

_SPANS_PER_READ: Final = 200
_FIELD_OF_RUN_CHARS: Final = len('"run":,')
_OWN_RUNS_FIRST: Final = 5
"""How many runs of the asking session come before newer ones; a cursor names them."""
_NOT_OF_THE_QUESTION: Final = {"project_key", "limit", "max_chars", "cursor"}
"""May differ from page to page; the project is told apart by itself."""


class _Place(NamedTuple):
    """Where a page of a list ended: the start and the id of its last run, the newest of all where none was listed in
    its turn, and the ids of those that were listed before theirs.
    """

    started_at: int = COUNT_MAX
    run_id: str = ""
    listed_first: str = ""

    def rest_of(self, wanted: RunFilter) -> RunFilter:
        """The filter of the runs that come after."""
        if not self.run_id:
            return wanted
        return wanted._replace(until=None, before=(self.started_at, self.run_id))


def get_run(unit: Unit, caller: Caller, request: GetRun) -> RunFound:
    """One run: as it stands, and with `detail="spans"` its steps in the order recorded, without their payloads.

    The answer keeps to `max_chars` of JSON: spans that do not fit come with `next_cursor`, whose pages no longer show
    the run; a `meta` or `attributes` that do not fit are left out and their size told, and texts are cut. Beside spans
    the run has half of the answer. Spans are shown with short texts, and whole where `max_chars` is above its default.

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
    meta = unit.store.runs.find_meta(project_key, request.run_id)
    run = _with_staleness(unit, run).model_copy(update={"meta": meta})
    if request.detail == "spans":
        return _with_spans(unit, project_key, run, request)
    empty = RunFound(project_key=project_key, to_see_all=_to_see_all(request))
    shown = fitting(run, request.max_chars - chars_of(empty) - _FIELD_OF_RUN_CHARS)
    return empty.model_copy(update={"run": shown, "to_see_all": None if shown is run else empty.to_see_all})


def _with_spans(unit: Unit, project_key: str, run: Run, request: GetRun) -> RunFound:
    bound_to, key = [project_key, request.run_id], unit.store.random_key()
    (after,) = cursors.read(key, request.cursor, (int,), bound_to) if request.cursor else (0,)
    full = RunFound(
        project_key=project_key,
        spans=[],
        to_see_all=_to_see_all(request),
        next_cursor=cursors.made(key, [COUNT_MAX], bound_to),
    )
    room = request.max_chars - chars_of(full)
    shown_run = None
    if not request.cursor:
        shown_run = fitting(run, room // 2)
        room -= chars_of(shown_run) + _FIELD_OF_RUN_CHARS
    most = min(_SPANS_PER_READ, request.max_chars // SHORTEST_ROW_CHARS)
    stored = unit.store.spans.list_of_run(project_key, request.run_id, after, most + 1)
    spans = [_without_repeats(span, run) for span in stored]
    text_chars = STRING_CHARS if request.max_chars <= ANSWER_CHARS_DEFAULT else ANSWER_CHARS_MAX
    shown = page(spans[:most], room, text_chars, at_least=0 if shown_run else 1)
    is_whole = (shown_run is None or shown_run is run) and all(map(is_, shown, spans))
    cursor = cursors.made(key, [shown[-1].position if shown else after], bound_to) if len(shown) < len(spans) else None
    return RunFound(
        project_key=project_key,
        run=shown_run,
        spans=shown,
        to_see_all=None if is_whole else full.to_see_all,
        next_cursor=cursor,
    )


def _to_see_all(request: GetRun) -> str:
    if request.max_chars == ANSWER_CHARS_MAX:
        return "no call: it is longer than any answer"
    more = max(ANSWER_CHARS_DEFAULT, request.max_chars) + 1
    return f"the same call with max_chars from {more} to {ANSWER_CHARS_MAX}"


def _without_repeats(span: Span, run: Run) -> Span:
    """The span without what its run or another field of it says already."""
    tool_name = None if span.tool_name == span.name else span.tool_name
    client = None if span.client == run.client else span.client
    return span.model_copy(update={"run_id": None, "tool_name": tool_name, "client": client})


def _with_staleness(unit: Unit, run: Run) -> Run:
    """The run, marked where a sweep would interrupt it but has not yet."""
    is_stale = not has_ended(run.status) and run.last_seen_at < unit.stale_before
    return run.model_copy(update={"stale": True}) if is_stale else run


def list_runs(unit: Unit, caller: Caller, request: ListRuns) -> RunList:
    """The project's newest runs that match every filter given, in at most `max_chars` of JSON; `next_cursor` leads on
    where there are more. Of runs with `status` running, those that the asking session of the host started come first.

    `query` is looked for, whatever its case (ASCII), in summary, intent and ticket. `model` is one that a usage report
    or a span names, whatever its case (ASCII). `since` is included, `until` not.

    Raises:
        InvalidInput: the cursor is not one of this list, `since` or `until` lies before 1970 or nothing between them,
            or it is unclear which project is meant.
        NotAllowed: the caller may not use the project.
    """
    project_key = caller.project(request.project_key)
    asked = request.model_dump(mode="json", exclude=_NOT_OF_THE_QUESTION, exclude_none=True)
    bound_to, key = [project_key, asked], unit.store.random_key()
    most = min(request.limit, request.max_chars // SHORTEST_ROW_CHARS)
    wanted = _filter_of(unit, request)
    if wanted.since is not None and wanted.until is not None and wanted.until <= wanted.since:
        raise InvalidInput("until is not later than since, so that nothing can lie between; check both", field="until")
    own = [] if request.cursor else _own_running(unit, project_key, wanted, min(most, _OWN_RUNS_FIRST))
    place = _Place(listed_first=_ids(own))
    if request.cursor:
        place = _Place(*cursors.read(key, request.cursor, (int, str, str), bound_to))
    listed = place.listed_first.split()
    newest = unit.store.runs.list_newest(project_key, place.rest_of(wanted), most + 1 + len(listed))
    runs = own + [run for run in newest if run.run_id not in listed]
    widest = cursors.made(key, place._replace(started_at=COUNT_MAX, run_id=_ids(runs[:1])), bound_to)
    full = RunList(project_key=project_key, runs=[], to_see_all="get_run", next_cursor=widest)
    rows = [_row(_with_staleness(unit, run), unit.origin) for run in runs[:most]]
    shown = page(rows, request.max_chars - chars_of(full), ROW_TEXT_CHARS)
    next_place = _place_after(runs[: len(shown)], own, place)
    return RunList(
        project_key=project_key,
        runs=shown,
        to_see_all=None if all(map(is_, shown, rows)) else full.to_see_all,
        next_cursor=cursors.made(key, next_place, bound_to) if len(shown) < len(runs) else None,
    )


def _place_after(shown: Sequence[Run], own: Sequence[Run], before: _Place) -> _Place:
    if len(shown) <= len(own):
        return _Place(listed_first=_ids(shown))
    return _Place(shown[-1].started_at, shown[-1].run_id, before.listed_first)


def _ids(runs: Sequence[Run]) -> str:
    return " ".join(run.run_id for run in runs)


def _filter_of(unit: Unit, request: ListRuns) -> RunFilter:
    return RunFilter(
        status=request.status,
        agent=request.agent,
        label=request.label,
        user_id=request.user,
        model=request.model,
        ticket=request.ticket,
        min_cost_nano_usd=None if request.min_cost_usd is None else nano_usd(request.min_cost_usd),
        has_failures=request.has_failures,
        parent_run_id=request.parent_run_id,
        conversation_id=request.conversation_id,
        since=_moment(unit, request.since, "since"),
        until=_moment(unit, request.until, "until"),
        text=request.query or None,
    )


def _moment(unit: Unit, told: int | Ago | None, field: str) -> int | None:
    if not isinstance(told, Ago):
        return told
    at_us = told.before(unit.now)
    if at_us < 0:
        raise InvalidInput(f"{field} lies before 1970; send less, or leave it out", field=field)
    return at_us


def _own_running(unit: Unit, project_key: str, wanted: RunFilter, limit: int) -> list[Run]:
    """The newest running runs that the asking session started, if it is running ones that are asked for."""
    origin = unit.origin
    if wanted.status != "running" or (origin.host_session_id is None and origin.host_thread_id is None):
        return []
    return [*unit.store.runs.list_newest(project_key, wanted._replace(origin=origin), limit)]


def _row(run: Run, origin: Origin) -> RunRow:
    return RunRow(
        run_id=run.run_id,
        status=run.status,
        same_session=_same(run.host_session_id, origin.host_session_id)
        or _same(run.host_thread_id, origin.host_thread_id),
        stale=run.stale,
        agent=run.agent,
        label=run.label,
        ticket=run.ticket,
        summary=run.summary,
        started_at=run.started_at // 1_000_000 * 1_000_000,
        duration_ms=run.duration_ms,
        total_tokens=run.totals.total_tokens,
        cost_nano_usd=run.totals.cost_nano_usd,
        unpriced_calls=run.totals.unpriced_calls,
        failure_count=run.failure_count,
    )


def _same(one: str | None, other: str | None) -> bool:
    return one is not None and one == other
