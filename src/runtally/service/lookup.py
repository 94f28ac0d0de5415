"""Looking up what earlier runs did."""

import base64
import binascii
import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final

from runtally.domain.caller import Caller
from runtally.domain.errors import InvalidInput
from runtally.domain.fields import compact_json
from runtally.domain.models import Run, RunFound, RunList, Span
from runtally.domain.requests import GetRun, ListRuns
from runtally.service.unit import Unit, no_such_run, project_of_run

_SPANS_PER_READ: Final = 200
_PAGING: Final = frozenset({"limit", "cursor", "max_chars", "project_key"})


def get_run(unit: Unit, caller: Caller, request: GetRun) -> RunFound:
    """One run: as it stands, and with `detail="spans"` its steps in the order recorded, without their payloads.

    The answer keeps to about `max_chars` of JSON: spans that do not fit come with `next_cursor`, and a `meta` that
    does not fit is left out and its size told. At least one span is answered.

    Raises:
        NotFound: the caller's project has no such run.
        InvalidInput: the cursor is not one of this run.
        NotAllowed: the caller may not read the project.
    """
    caller.require("read")
    project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    run = unit.store.find_run(project_key, request.run_id)
    if run is None:
        raise no_such_run(request.run_id)
    run, meta_bytes = _with_meta_that_fits(run, request.max_chars)
    found = RunFound(project_key=project_key, run=run, meta_bytes=meta_bytes)
    if request.detail == "summary":
        return found
    bound_to = [project_key, request.run_id]
    after = _read_cursor(request.cursor, bound_to)[0] if request.cursor else 0
    spans = unit.store.list_spans(project_key, request.run_id, after, _SPANS_PER_READ + 1)
    fitting = _fitting(spans[:_SPANS_PER_READ], request.max_chars - _json_size(run))
    cursor = _cursor([fitting[-1].position], bound_to) if len(fitting) < len(spans) else None
    return found.model_copy(update={"spans": fitting, "next_cursor": cursor})


def _with_meta_that_fits(run: Run, max_chars: int) -> tuple[Run, int | None]:
    """The run without its `meta` and the size of that, where both together are too much."""
    if run.meta is None or _json_size(run) <= max_chars:
        return run, None
    return run.model_copy(update={"meta": None}), len(compact_json(run.meta).encode())


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
        InvalidInput: the cursor is not one of this list, or it is unclear which project is meant.
        NotAllowed: the caller may not read the project.
    """
    caller.require("read")
    project_key = caller.project(request.project_key)
    filters: dict[str, Any] = {name: value for name, value in vars(request).items() if name not in _PAGING}
    bound_to = [project_key, sorted((name, value) for name, value in filters.items() if value is not None)]
    if request.cursor:
        filters["before_at"], filters["before_id"] = _read_cursor(request.cursor, bound_to)
    if request.query:
        filters["pattern"] = f"%{_escaped(request.query)}%"
    runs = unit.store.list_runs(project_key, filters, request.limit + 1)
    page = list(runs[: request.limit])
    cursor = _cursor([page[-1].started_at, page[-1].run_id], bound_to) if len(runs) > len(page) else None
    return RunList(project_key=project_key, runs=page, next_cursor=cursor)


def has_stale_run(unit: Unit, project_key: str) -> bool:
    """Whether the project has a run that a sweep would interrupt."""
    return unit.store.has_stale_run(project_key, unit.stale_before)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _json_size(value: Run | Span) -> int:
    return len(value.model_dump_json(by_alias=True, exclude_none=True))


def _cursor(position: list[Any], bound_to: list[Any]) -> str:
    """Where a page ended, bound to the question it belongs to: good across restarts, and for that question alone."""
    text = compact_json([*position, _seal(position, bound_to)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, bound_to: list[Any]) -> list[Any]:
    try:
        *position, seal = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if seal == _seal(position, bound_to):
            return list(position)
    except (binascii.Error, ValueError, TypeError, RecursionError):
        pass
    raise InvalidInput(
        "cursor does not belong to this question; send next_cursor of the last answer with the same arguments, "
        "or leave it out to begin again",
        field="cursor",
    )


def _seal(position: list[Any], bound_to: list[Any]) -> str:
    return blake2b(compact_json([position, bound_to]).encode(), digest_size=9).hexdigest()
