"""Spans: the steps of a run as an agent traces them, and runless ones from MCP servers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtally.domain.caller import Caller
from runtally.domain.errors import Conflict, InvalidInput
from runtally.domain.fields import Content, compact_json
from runtally.domain.lifecycle import SpanKind
from runtally.domain.limits import COUNT_MAX
from runtally.domain.models import Span, SpanTracked
from runtally.domain.ports import NewSpan
from runtally.domain.requests import Trace, TrackMcp
from runtally.domain.usage import TOKENS
from runtally.service.receipts import differing_fields, sorted_keys
from runtally.service.unit import Unit

_NOT_CONTENT: Final = frozenset(
    {"project_key", "run_id", "position", "recorded_at", "late", "client", "session_id", "trace_id"}
)
"""Columns that say where a span was recorded and by whom; a retry may come by another way."""


def new_traces(unit: Unit, project_key: str, run_id: str, traces: Sequence[Trace]) -> list[tuple[Trace, NewSpan]]:
    """The spans of those traces that the project does not have yet, each with its trace.

    A trace whose `span_id` was recorded before with the same content is left out: it is a retry.

    Raises:
        InvalidInput: two traces of the call share a `span_id`.
        Conflict: a `span_id` was recorded before with other content.
    """
    _refuse_repeated_ids(traces)
    new = []
    for index, trace in enumerate(traces):
        span = _span_of(unit, run_id, trace)
        if trace.span_id is None or not _is_recorded(unit, project_key, span, f"traces[{index}].span_id"):
            new.append((trace, span))
    return new


def insert_traces(unit: Unit, project_key: str, new: Sequence[NewSpan], *, span_count: int, late: bool) -> None:
    """Insert the spans as the last ones of a run that has `span_count` spans with them."""
    first = span_count - len(new) + 1
    placed = [
        new_span._replace(span=new_span.span.model_copy(update={"position": first + index, "late": late}))
        for index, new_span in enumerate(new)
    ]
    unit.store.insert_spans(project_key, placed)


def truncated_ids(new: Sequence[NewSpan]) -> list[str] | None:
    """The ids of the spans of which a payload was cut."""
    cut = [one.span.span_id for one in new if any(kept and kept.truncated for kept in (one.input, one.output))]
    return cut or None


def track_mcp(unit: Unit, caller: Caller, request: TrackMcp) -> SpanTracked:
    """Record one call of an MCP tool as a runless span.

    The same `span_id` with the same content answers as before, with `duplicate`.

    Raises:
        Conflict: the `span_id` was recorded before with other content.
        NotAllowed, InvalidInput: the caller may not write to the project, or it is unclear which is meant.
    """
    caller.require("write")
    project_key = caller.project(request.project_key)
    span = _span_of_call(unit, request)
    duplicate = request.span_id is not None and _is_recorded(unit, project_key, span, "span_id")
    if not duplicate:
        unit.store.insert_spans(project_key, [span])
    return SpanTracked(
        project_key=project_key,
        duplicate=duplicate or None,
        span_id=span.span.span_id,
        status=span.span.status,
        input_truncated_from_bytes=cut_from(span.input),
        output_truncated_from_bytes=cut_from(span.output),
    )


def cut_from(content: Content | None) -> int | None:
    """The size a payload was sent with, if it was cut."""
    return content.size_bytes if content is not None and content.truncated else None


def _refuse_repeated_ids(traces: Sequence[Trace]) -> None:
    seen: dict[str, int] = {}
    for index, trace in enumerate(traces):
        if trace.span_id is None:
            continue
        if trace.span_id in seen:
            field = f"traces[{index}].span_id"
            raise InvalidInput(
                f"{field} repeats traces[{seen[trace.span_id]}].span_id; each span has its own", field=field
            )
        seen[trace.span_id] = index


def _is_recorded(unit: Unit, project_key: str, new: NewSpan, field: str) -> bool:
    row = unit.store.find_span(project_key, new.span.span_id)
    if row is None:
        return False
    differing = differing_fields(_content_of_row(row), _content_of(new))
    if row["run_id"] != new.span.run_id:
        differing.insert(0, "run_id")
    if differing:
        raise Conflict(
            f"{field} was recorded before with other content: {', '.join(differing)} differ. "
            "Spans are never changed; use a new span_id",
            field=field,
        )
    return True


def _content_of_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return _comparable(dict(row))


def _content_of(new: NewSpan) -> dict[str, Any]:
    columns = vars(new.span).copy()
    attributes = columns.pop("attributes")
    columns["attributes_json"] = None if attributes is None else compact_json(attributes)
    for field, payload in (("input", new.input), ("output", new.output)):
        columns.pop(f"{field}_truncated")
        columns[field] = None if payload is None else payload.json
        columns[f"{field}_bytes"] = None if payload is None else payload.size_bytes
    return _comparable(columns)


def _comparable(columns: dict[str, Any]) -> dict[str, Any]:
    """The columns that are content, under the names by which a caller sends them."""
    content = {name: value for name, value in columns.items() if name not in _NOT_CONTENT}
    content["cost_usd"] = content.pop("cost_nano_usd")
    attributes = content.pop("attributes_json")
    content["attributes"] = None if attributes is None else sorted_keys(attributes)
    for field in ("input", "output"):
        text, size_bytes = content[field], content.pop(f"{field}_bytes")
        content[field] = None if text is None else (sorted_keys(text), size_bytes)
    return content


def _span_of(unit: Unit, run_id: str, trace: Trace) -> NewSpan:
    counts = {field: getattr(trace, field) for field in TOKENS} | {"total_tokens": trace.known_total}
    started_at, ended_at, duration_ms = _times(trace.started_at, trace.ended_at, trace.duration_ms)
    span = Span(
        span_id=trace.span_id or unit.new_id(),
        run_id=run_id,
        parent_span_id=trace.parent_span_id,
        kind=trace.kind or _kind_of(trace),
        name=trace.name or trace.tool_name or trace.model or trace.kind or _kind_of(trace),
        status=trace.status or ("error" if trace.error else "ok"),
        recorded_at=unit.now,
        started_at=started_at,
        ended_at=ended_at,
        duration_ms=duration_ms,
        error=trace.error,
        model=trace.model,
        provider=trace.provider,
        cost_nano_usd=trace.reported_nano_usd,
        tool_name=trace.tool_name,
        attributes=trace.all_attributes,
        client=unit.origin.client,
        trace_id=unit.origin.trace_id,
        **counts,
    )
    return NewSpan(span, trace.input, trace.output)


def _kind_of(trace: Trace) -> SpanKind:
    if trace.tool_name is not None:
        return "tool"
    return "llm" if trace.model is not None or trace.has_tokens else "other"


def _span_of_call(unit: Unit, request: TrackMcp) -> NewSpan:
    started_at, ended_at, duration_ms = _times(request.started_at, request.ended_at, request.duration_ms)
    attributes = dict(request.attributes or {})
    if request.agent_name is not None:
        attributes.setdefault("agent_name", request.agent_name)
    span = Span(
        span_id=request.span_id or unit.new_id(),
        kind="mcp",
        name=request.tool,
        status="error" if request.error else "ok",
        recorded_at=unit.now,
        started_at=started_at,
        ended_at=ended_at,
        duration_ms=duration_ms,
        error=request.error or None,
        tool_name=request.tool,
        server=request.server,
        client=request.client or unit.origin.client,
        user_id=request.user_id,
        session_id=request.session_id or unit.origin.session_id,
        trace_id=unit.origin.trace_id,
        attributes=attributes or None,
    )
    return NewSpan(span, request.input, request.output)


def _times(
    started_at: int | None, ended_at: int | None, duration_ms: int | None
) -> tuple[int | None, int | None, int | None]:
    """Whatever follows from the other two; a time that follows from nothing stays unknown."""
    if started_at is not None and ended_at is not None:
        return started_at, ended_at, (ended_at - started_at) // 1000 if duration_ms is None else duration_ms
    if duration_ms is not None and started_at is not None:
        ends_at = started_at + duration_ms * 1000
        return started_at, ends_at if ends_at <= COUNT_MAX else None, duration_ms
    if duration_ms is not None and ended_at is not None:
        return max(0, ended_at - duration_ms * 1000), ended_at, duration_ms
    return started_at, ended_at, duration_ms
