"""What may be asked of Runtally: one model per tool, shared by every door; tool schemas keep the order of fields."""

from typing import Annotated, Any, Literal, NoReturn, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from runtally.domain import limits
from runtally.domain.dialects.failures import summary_of
from runtally.domain.fields import (
    CostUsd,
    Count,
    DurationMs,
    ErrorText,
    Identifier,
    JsonObject,
    MomentOrAgo,
    Name,
    Payload,
    ProjectKey,
    Prose,
    RunId,
    SentEnd,
    SentMoment,
    SentStatus,
    Summary,
    Ticket,
    YesNo,
    bounded_object,
)
from runtally.domain.lifecycle import SpanKind
from runtally.domain.meant import as_meant
from runtally.domain.usage import Tokens, TokenUsage


class Request(BaseModel):
    """A request: an argument that it does not know is refused, one that can only mean one thing is understood."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _is_meant(cls, given: Any) -> Any:
        return cls._in_our_words(as_meant(cls, given)) if isinstance(given, dict) else given

    @classmethod
    def _in_our_words(cls, told: dict[str, Any]) -> dict[str, Any]:
        return told

    @property
    def is_repeatable(self) -> bool:
        """Whether the same request again must be known as such: it has a key, or an id that is natural to it."""
        return getattr(self, "idempotency_key", None) is not None

    @property
    def is_lengthy(self) -> bool:
        """Whether it may take much longer than its like."""
        return False


class Trace(Tokens):
    """One step as an agent reports it; keys that are not known here are kept in `attributes`."""

    model_config = ConfigDict(frozen=True, extra="allow", defer_build=True)

    name: Identifier | None = None
    kind: SpanKind | None = None
    span_id: Identifier | None = None
    parent_span_id: Identifier | None = None
    duration_ms: DurationMs | None = None
    started_at: SentMoment | None = None
    ended_at: SentMoment | None = None
    status: Literal["ok", "error"] | None = None
    error: ErrorText | None = None
    tool_name: Name | None = None
    input: Payload | None = None
    output: Payload | None = None
    attributes: JsonObject | None = None

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
    WithJsonSchema({"type": "array", "items": {"type": "object"}}),
]

FinalUsage = Annotated[TokenUsage, WithJsonSchema({"type": "object"})]
"""Final totals; the shape is told once, as that of traces."""


def _also(ours: str, *others: str) -> Any:
    """What other recorders call an argument; the schema tells our name alone."""
    return Field(validation_alias=AliasChoices(ours, *others))


AgentId = Annotated[Name | None, _also("agent_id", "agent", "agent_name")]
MetaJson = Annotated[JsonObject | None, _also("meta_json", "metadata", "meta")]


class StartRun(Request):
    """`core_start_run`. A `task_id` is kept in `meta_json`; `follows_act_id` has a use once acts are recorded."""

    project_key: ProjectKey | None = None
    agent_id: AgentId = None
    run_id: RunId | None = None
    summary: Annotated[Prose | None, _also("summary", "description", "intent")] = None
    meta_json: MetaJson = None
    label: Name | None = None
    parent_run_id: RunId | None = None
    conversation_id: Annotated[Identifier | None, _also("conversation_id", "session_id")] = None
    user_id: Annotated[Identifier | None, _also("user_id", "distinct_id")] = None
    follows_act_id: SkipJsonSchema[Identifier | None] = None
    input: Payload | None = None
    idempotency_key: Identifier | None = None
    task_id: SkipJsonSchema[Name | None] = None

    @model_validator(mode="after")
    def _has_its_task_in_meta(self) -> Self:
        if self.task_id is None:
            return self
        meta = {**(self.meta_json or {}), "task_id": self.task_id}
        if self.meta_json and self.meta_json.get("task_id", self.task_id) != self.task_id:
            _blame("task_id", "is another one than meta_json has; send it once")
        try:
            return self.model_copy(update={"meta_json": bounded_object(meta), "task_id": None})
        except PydanticCustomError as error:
            raise PydanticCustomError(error.type, error.message_template, {"field": "meta_json"}) from None

    @property
    def is_repeatable(self) -> bool:
        """By its key, or by the `run_id` that it names."""
        return self.run_id is not None or super().is_repeatable


class ReportUsage(Request):
    run_id: RunId
    token_usage: TokenUsage
    traces: Traces | None = None
    corrects: RunId | None = None
    project_key: ProjectKey | None = None
    idempotency_key: Identifier | None = None


class EndRun(Request):
    """`core_end_run`."""

    run_id: RunId
    status: SentEnd
    summary: Annotated[Prose | None, _also("summary", "description", "error_summary")] = None
    meta_json: MetaJson = None
    token_usage: FinalUsage | None = None
    traces: FinalTraces | None = None
    output: Payload | None = None
    project_key: ProjectKey | None = None

    @property
    def is_repeatable(self) -> bool:
        """Always: a run ends once."""
        return True


_SUMMARY = ("summary", "description")
_ERROR = ("error", "stack_trace", "traceback")
_MESSAGE = ("message", "error_message")


class RecordFailure(Request):
    """`core_record_failure`. A `message` is the summary or the error, whichever is not told; with neither it is the
    error, and its telling line the summary.
    """

    project_key: ProjectKey | None = None
    run_id: RunId | None = None
    agent_id: AgentId = None
    summary: Annotated[Summary, _also(*_SUMMARY)]
    task_id: Name | None = None
    error: Annotated[ErrorText | None, _also(*_ERROR)] = None
    context: JsonObject | None = None
    meta: Annotated[JsonObject | None, _also("meta", "metadata", "meta_json")] = None
    error_type: Name | None = None
    idempotency_key: Identifier | None = None
    message: Annotated[SkipJsonSchema[ErrorText | None], _also(*_MESSAGE)] = None

    @classmethod
    def _in_our_words(cls, told: dict[str, Any]) -> dict[str, Any]:
        message = next((told[name] for name in _MESSAGE if name in told), None)
        if not isinstance(message, str) or any(told.get(name) for name in _SUMMARY):
            return told
        if not told.keys() & {*_ERROR}:
            return told | {"summary": summary_of(message)}
        return {name: value for name, value in told.items() if name not in _MESSAGE} | {"summary": message}

    @model_validator(mode="after")
    def _has_its_message_as_error(self) -> Self:
        if self.message is None:
            return self
        if self.error is not None and self.message not in (self.error, self.summary):
            _blame("message", "is told beside summary and error, and is another; send it as one of them")
        return self.model_copy(update={"error": self.error or self.message, "message": None})


class RecordRun(Request):
    project_key: ProjectKey | None = None
    agent: Annotated[Name, _also("agent", "agent_id", "agent_name")]
    summary: Annotated[Summary, _also("summary", "description")]
    ticket: Ticket | None = None
    meta_json: MetaJson = None
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
    user_id: Annotated[Identifier | None, _also("user_id", "distinct_id")] = None
    session_id: Identifier | None = None
    client: Annotated[Name | None, _also("client", "client_label")] = None
    attributes: Annotated[JsonObject | None, _also("attributes", "metadata", "meta")] = None
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

    status: SentStatus | None = None
    agent: Name | None = None
    label: Name | None = None
    user: Identifier | None = None
    model: Identifier | None = None
    ticket: Ticket | None = None
    min_cost_usd: CostUsd | None = None
    has_failures: YesNo | None = None
    query: Prose | None = None
    since: MomentOrAgo | None = None
    until: MomentOrAgo | None = None
    parent_run_id: RunId | None = None
    conversation_id: Identifier | None = None
    limit: Annotated[Count, Field(ge=1, le=limits.LIST_LIMIT_MAX)] = limits.LIST_LIMIT_DEFAULT
    max_chars: AnswerChars = limits.ANSWER_CHARS_DEFAULT
    cursor: str | None = None
    project_key: ProjectKey | None = None

    @property
    def is_lengthy(self) -> bool:
        """What no index tells is looked for in one run after the other."""
        return bool(self.query or self.model) or self.min_cost_usd is not None or self.has_failures is not None


def _said_once(attributes: dict[str, Any], beside: dict[str, Any]) -> None:
    for name in attributes.keys() & beside.keys():
        if attributes[name] != beside[name]:
            told = "has a key with one value in attributes and another beside it; send it once"
            raise PydanticCustomError("consistency", told)


def _ends_after_it_starts(started_at: int | None, ended_at: int | None) -> None:
    if started_at is not None and ended_at is not None and ended_at < started_at:
        _blame("ended_at", "is earlier than started_at; check both")


def _blame(field: str, told: str) -> NoReturn:
    """Refuse what only all fields together tell, as a fault of one of them."""
    raise PydanticCustomError("consistency", told, {"field": field})
