"""What may be asked of Runtally: one model per tool, shared by every door; tool schemas keep the order of fields."""

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from runtally.domain import limits
from runtally.domain.dialects import steps
from runtally.domain.dialects import usage as dialects
from runtally.domain.dialects.spelling import refuse
from runtally.domain.fields import (
    Count,
    DurationMs,
    ErrorText,
    Identifier,
    JsonObject,
    Name,
    Payload,
    ProjectKey,
    Prose,
    RunId,
    SentMoment,
    Summary,
    Ticket,
    bounded_object,
)
from runtally.domain.lifecycle import EndStatus, RunStatus, SpanKind, SpanStatus
from runtally.domain.usage import Tokens, TokenUsage


class Request(BaseModel):
    """A request: arguments it does not know are refused, and a null argument counts as left out."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @property
    def is_repeatable(self) -> bool:
        """Whether the same request again must be known as such: it has a key, or an id that is natural to it."""
        return getattr(self, "idempotency_key", None) is not None

    @property
    def is_lengthy(self) -> bool:
        """Whether it may take much longer than its like."""
        return False


StepStatus = Annotated[SpanStatus, WithJsonSchema({"enum": ["ok", "error"], "type": "string"})]
"""The two that agents need are told of; the others are what other recorders say."""


class Trace(Tokens):
    """One step as an agent or another recorder reports it; keys that are not known here are kept in `attributes`."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    name: Identifier | None = None
    kind: SpanKind | None = None
    span_id: Identifier | None = None
    parent_span_id: Identifier | None = None
    duration_ms: DurationMs | None = None
    started_at: SentMoment | None = None
    ended_at: SentMoment | None = None
    status: StepStatus | None = None
    error: ErrorText | None = None
    tool_name: Name | None = None
    input: Payload | None = None
    output: Payload | None = None
    attributes: JsonObject | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, sent: Any) -> Any:
        return steps.step(sent) if isinstance(sent, dict) else sent

    @model_validator(mode="after")
    def _holds_together(self) -> "Trace":
        _ends_after_it_starts(self.started_at, self.ended_at)
        if self.model_extra:
            _said_once(self.attributes or {}, self.model_extra)
            bounded_object(self.all_attributes or {})
        return self

    @property
    def all_attributes(self) -> dict[str, Any] | None:
        """`attributes` together with every key that has no place of its own."""
        merged = dict(self.attributes or {})
        for name, value in (self.model_extra or {}).items():
            # Two keys may have become one by redaction.
            unique = name if merged.get(name, value) == value else f"{name}#2"
            merged[unique] = value
        return merged or None


Traces = Annotated[list[Trace], Field(max_length=limits.TRACES_PER_CALL)]
AnswerChars = Annotated[Count, Field(ge=limits.ANSWER_CHARS_MIN, le=limits.ANSWER_CHARS_MAX)]
FinalTraces = Annotated[
    Traces,
    # The same entries: their shape is told once, in core_report_usage, since each character costs the agent's context.
    WithJsonSchema({"type": "array", "maxItems": limits.TRACES_PER_CALL, "items": {"type": "object"}}),
]


class StartRun(Request):
    """`core_start_run`."""

    project_key: ProjectKey | None = None
    agent_id: Name | None = None
    run_id: RunId | None = None
    summary: Prose | None = None
    meta_json: JsonObject | None = None
    label: Name | None = None
    parent_run_id: RunId | None = None
    conversation_id: Identifier | None = None
    user_id: Identifier | None = None
    follows_act_id: Identifier | None = None
    input: Payload | None = None
    idempotency_key: Identifier | None = None

    @property
    def is_repeatable(self) -> bool:
        """By its key, or by the `run_id` that it names."""
        return self.run_id is not None or super().is_repeatable


class ReportUsage(Request):
    """`core_report_usage`: usage, steps or both; the fields of `token_usage` may stand beside `run_id`."""

    run_id: RunId
    token_usage: TokenUsage | None = None
    traces: Traces | None = None
    corrects: RunId | None = None
    project_key: ProjectKey | None = None
    idempotency_key: Identifier | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, sent: Any) -> Any:
        return _with_usage_gathered(sent, _arguments(cls)) if isinstance(sent, dict) else sent

    @model_validator(mode="after")
    def _reports_something(self) -> "ReportUsage":
        if self.token_usage is None and not self.traces:
            told = "or traces is required; send what was used, the steps, or both"
            taken_back = ", or token_usage {} to take back the report that corrects names"
            refuse(("token_usage",), told if self.corrects is None else told + taken_back, "consistency")
        return self


class EndRun(Request):
    """`core_end_run`; the fields of `token_usage` may stand beside `run_id`."""

    run_id: RunId
    status: EndStatus
    summary: Prose | None = None
    meta_json: JsonObject | None = None
    token_usage: TokenUsage | None = None
    traces: FinalTraces | None = None
    output: Payload | None = None
    project_key: ProjectKey | None = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, sent: Any) -> Any:
        return _with_usage_gathered(sent, _arguments(cls)) if isinstance(sent, dict) else sent

    @property
    def is_repeatable(self) -> bool:
        """Always: a run ends once."""
        return True


class RecordFailure(Request):
    project_key: ProjectKey | None = None
    run_id: RunId | None = None
    agent_id: Name | None = None
    summary: Summary
    task_id: Name | None = None
    error: ErrorText | None = None
    context: JsonObject | None = None
    meta: JsonObject | None = None
    error_type: Name | None = None
    idempotency_key: Identifier | None = None


class RecordRun(Request):
    project_key: ProjectKey | None = None
    agent: Name
    summary: Summary
    ticket: Ticket | None = None
    meta_json: JsonObject | None = None
    idempotency_key: Identifier | None = None


class TrackMcp(Request):
    """A runless span. `distinct_id`, `client_label`, `agent_name`, `ended_at` are as Trodo's `track_mcp` has them."""

    project_key: ProjectKey | None = None
    tool: Name
    server: Name | None = None
    input: Payload | None = None
    output: Payload | None = None
    error: ErrorText | None = None
    duration_ms: DurationMs | None = None
    started_at: SentMoment | None = None
    user_id: Annotated[Identifier | None, Field(validation_alias=AliasChoices("user_id", "distinct_id"))] = None
    session_id: Identifier | None = None
    client: Annotated[Name | None, Field(validation_alias=AliasChoices("client", "client_label"))] = None
    attributes: JsonObject | None = None
    span_id: Identifier | None = None
    agent_name: Annotated[Name | None, Field(exclude=True)] = None
    ended_at: Annotated[SentMoment | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _holds_together(self) -> "TrackMcp":
        _ends_after_it_starts(self.started_at, self.ended_at)
        if self.agent_name is not None:
            _said_once(self.attributes or {}, {"agent_name": self.agent_name})
        return self


class GetRun(Request):
    run_id: RunId
    detail: Literal["summary", "spans"] = "summary"
    max_chars: AnswerChars = limits.ANSWER_CHARS_DEFAULT
    cursor: str | None = None
    project_key: ProjectKey | None = None


class ListRuns(Request):
    """`list_runs`."""

    status: RunStatus | None = None
    agent: Name | None = None
    label: Name | None = None
    query: Prose | None = None
    since: SentMoment | None = None
    until: SentMoment | None = None
    parent_run_id: RunId | None = None
    conversation_id: Identifier | None = None
    limit: Annotated[Count, Field(ge=1, le=limits.LIST_LIMIT_MAX)] = limits.LIST_LIMIT_DEFAULT
    cursor: str | None = None
    project_key: ProjectKey | None = None

    @property
    def is_lengthy(self) -> bool:
        """A search looks at one run after the other."""
        return bool(self.query)


@cache
def _arguments(request: type[Request]) -> frozenset[str]:
    return frozenset(request.model_fields)


def _with_usage_gathered(sent: dict[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The call with what it says of usage in `token_usage`, and without the `run_id` that its steps repeat."""
    traces = sent.get("traces")
    if isinstance(traces, list) and any(isinstance(trace, dict) and "run_id" in trace for trace in traces):
        sent = sent | {"traces": [_without_run(trace, sent.get("run_id")) for trace in traces]}
    if known.issuperset(sent):
        return sent
    usage = sent.get("token_usage") or {}
    flat = {name: value for name, value in sent.items() if name not in known and dialects.is_known(name)}
    if not flat or not isinstance(usage, dict):
        return sent
    for name in flat.keys() & usage.keys():
        if flat[name] != usage[name]:
            refuse((name,), "has one value beside token_usage and another in it; send it once", "consistency")
    others = {name: value for name, value in sent.items() if name not in flat}
    return others | {"token_usage": flat | usage}


def _without_run(trace: Any, run_id: Any) -> Any:
    if isinstance(trace, dict) and run_id is not None and trace.get("run_id") == run_id:
        return {name: value for name, value in trace.items() if name != "run_id"}
    return trace


def _said_once(attributes: dict[str, Any], beside: dict[str, Any]) -> None:
    for name in attributes.keys() & beside.keys():
        if attributes[name] != beside[name]:
            told = "has a key with one value in attributes and another beside it; send it once"
            raise PydanticCustomError("consistency", told)


def _ends_after_it_starts(started_at: int | None, ended_at: int | None) -> None:
    if started_at is not None and ended_at is not None and ended_at < started_at:
        raise PydanticCustomError("consistency", "ends before it starts: ended_at is earlier than started_at")
