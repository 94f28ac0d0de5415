"""Spans: the steps of a run as an agent traces them, and runless ones from MCP servers."""

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from runtally.domain.caller import Caller
from runtally.domain.errors import Conflict, InvalidInput
from runtally.domain.fields import Content
from runtally.domain.lifecycle import SpanKind
from runtally.domain.limits import COUNT_MAX
from runtally.domain.models import Span, SpanTracked
from runtally.domain.records import StoredSpan
from runtally.domain.requests import TrackMcp
from runtally.domain.traces import Trace
from runtally.domain.usage import TOKENS
from runtally.service.receipts import canonical_json, canonical_payload, differing_fields
from runtally.service.unit import Unit

_SCOPE_CHARS: Final = 120
_MARK: Final = "[REDACTED:"
_MARK_OF_NAME: Final = re.compile(r"\[REDACTED:[a-z0-9_]+:[0-9a-f]{6}\]")
_NOT_CONTENT: Final = frozenset(
    {"run_id", "position", "recorded_at", "late", "client", "session_id", "trace_id"}
    | {f"{payload}_{told}" for payload in ("input", "output") for told in ("bytes", "truncated")}
)
"""What says where a span was recorded and by whom, for a retry may come by another way; and what follows from the
payloads.
"""


def scope_of_run(run_id: str) -> str:
    """The scope in which the steps of a run have their ids."""
    return f"run:{run_id}"


def scope_of_server(server: str | None, session_id: str | None) -> str:
    """The scope of runless spans: one for each session of each server, as the call's arguments name them."""
    escaped = (server or "").replace("%", "%25").replace("/", "%2F")
    named = f"{escaped}/{session_id or ''}"
    # It is part of a key, so it stays short. A hash has no slash: it is nobody's name.
    return f"mcp:{named if len(named) <= _SCOPE_CHARS else blake2b(named.encode(), digest_size=16).hexdigest()}"


class NewTrace(NamedTuple):
    """A trace that its run does not have yet: its place in the call, itself, and the span that it becomes."""

    place: int
    trace: Trace
    span: StoredSpan


def new_traces(unit: Unit, project_key: str, run_id: str, traces: Sequence[Trace]) -> list[NewTrace]:
    """Those of the traces that the run does not have yet.

    A trace whose `span_id` was recorded before with the same content, as far as no secret is hidden in it, is left out:
    it is a retry.

    Raises:
        InvalidInput: two traces of the call share a `span_id`.
        Conflict: a `span_id` was recorded before with other content.
    """
    return [
        new
        for new in _spans_of(unit, run_id, traces)
        if new.trace.span_id is None or not _is_recorded(unit, project_key, new.span, f"traces[{new.place}].span_id")
    ]


def traces_without_span(unit: Unit, project_key: str, run_id: str, traces: Sequence[Trace]) -> list[NewTrace]:
    """Those of the traces whose `span_id` the run does not have, whatever it recorded under the others: spans are never
    changed, but a correction counts its traces anew.

    Raises:
        InvalidInput: two traces of the call share a `span_id`.
    """
    find = unit.store.spans.find
    return [
        new
        for new in _spans_of(unit, run_id, traces)
        if new.trace.span_id is None or find(project_key, new.span.scope, new.trace.span_id) is None
    ]


def _spans_of(unit: Unit, run_id: str, traces: Sequence[Trace]) -> list[NewTrace]:
    _refuse_repeated_ids(traces)
    return [NewTrace(place, trace, _span_of(unit, run_id, trace)) for place, trace in enumerate(traces)]


def insert_traces(unit: Unit, project_key: str, new: Sequence[StoredSpan], *, span_count: int, late: bool) -> None:
    """Insert the spans as the last ones of a run that has `span_count` spans with them."""
    first = span_count - len(new) + 1
    placed = [
        stored._replace(span=stored.span.model_copy(update={"position": first + index, "late": late}))
        for index, stored in enumerate(new)
    ]
    unit.store.spans.insert(project_key, placed)


def cut_places(new: Sequence[NewTrace]) -> list[int] | None:
    """The places in the call of the traces of which a payload was cut."""
    cut = [one.place for one in new if any(kept and kept.truncated for kept in (one.span.input, one.span.output))]
    return cut or None


def track_mcp(unit: Unit, caller: Caller, request: TrackMcp) -> SpanTracked:
    """Record one call of an MCP tool as a runless span.

    The same `span_id` of the same server and session with the same content answers as before, with `duplicate`.

    Raises:
        Conflict: the `span_id` was recorded before with other content.
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    project_key = caller.project(request.project_key)
    stored = _span_of_call(unit, request)
    duplicate = request.span_id is not None and _is_recorded(unit, project_key, stored, "span_id")
    if not duplicate:
        unit.store.spans.insert(project_key, [stored])
    return SpanTracked(
        project_key=project_key,
        duplicate=duplicate or None,
        span_id=stored.span.span_id,
        status=stored.span.status,
        input_truncated_from_bytes=cut_from(stored.input),
        output_truncated_from_bytes=cut_from(stored.output),
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


def _is_recorded(unit: Unit, project_key: str, new: StoredSpan, field: str) -> bool:
    earlier = unit.store.spans.find(project_key, new.scope, new.span.span_id)
    if earlier is None:
        return False
    before, now = _content_of(earlier), _content_of(new)
    differing = [name for name in differing_fields(before, now) if _can_be_compared(before[name], now[name])]
    if differing:
        raise Conflict(
            f"{field} was recorded before with other content: {', '.join(differing)} differ. "
            "Spans are never changed; use a new span_id",
            field=field,
        )
    return True


def _can_be_compared(before: Any, now: Any) -> bool:
    """Whether no secret is hidden in either, or both are names that tell which one it was. Another version, or other
    settings, may have hidden more or less of the same: there the id is believed.
    """
    told = str(before), str(now)
    return not any(_MARK in one for one in told) or all(_MARK_OF_NAME.search(one) for one in told)


def _content_of(stored: StoredSpan) -> dict[str, Any]:
    """What a caller sends of a span, by the names under which it is sent."""
    content = {name: value for name, value in vars(stored.span).items() if name not in _NOT_CONTENT}
    content["cost_usd"] = content.pop("cost_nano_usd")
    content["attributes"] = canonical_json(content["attributes"])
    for name, payload in (("input", stored.input), ("output", stored.output)):
        content[name] = None if payload is None else (canonical_payload(payload), payload.size_bytes)
    return content


def _span_of(unit: Unit, run_id: str, trace: Trace) -> StoredSpan:
    started_at, ended_at, duration_ms = _times(trace.started_at, trace.ended_at, trace.duration_ms)
    counts = trace.counts._asdict()
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
        **{name: counts[name] for name in TOKENS},
    )
    return StoredSpan(scope_of_run(run_id), span, trace.input, trace.output, unit.origin)


def _kind_of(trace: Trace) -> SpanKind:
    if trace.tool_name is not None:
        return "tool"
    return "llm" if trace.model is not None or trace.counts.has_tokens else "other"


def _span_of_call(unit: Unit, request: TrackMcp) -> StoredSpan:
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
        user_id=request.user_id,
        session_id=request.session_id,
        attributes=attributes or None,
    )
    scope = scope_of_server(request.server, request.session_id)
    origin = unit.origin._replace(client=request.client or unit.origin.client)
    return StoredSpan(scope, span, request.input, request.output, origin)


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
