"""What may be asked of Runtally: one model per tool, shared by every door; tool schemas keep the order of fields."""

from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from runtally.domain import limits
from runtally.domain.dialects import flat_usage
from runtally.domain.dialects.failures import summary_of
from runtally.domain.dialects.spelling import refuse
from runtally.domain.fields import (
    CostUsd,
    Count,
    DurationMs,
    ErrorText,
    IdempotencyKey,
    Identifier,
    JsonObject,
    Name,
    Payload,
    ProjectKey,
    Prose,
    RunId,
    SentEnd,
    SentMoment,
    SentStatus,
    Since,
    Summary,
    Ticket,
    Until,
    YesNo,
    bounded_object,
)
from runtally.domain.meant import as_meant
from runtally.domain.traces import FinalTraces, Traces, ends_after_it_starts, said_once
from runtally.domain.usage import TokenUsage


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


AnswerChars = Annotated[Count, Field(ge=limits.ANSWER_CHARS_MIN, le=limits.ANSWER_CHARS_MAX)]
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
    idempotency_key: IdempotencyKey | None = None
    task_id: SkipJsonSchema[Name | None] = None

    @model_validator(mode="after")
    def _has_its_task_in_meta(self) -> Self:
        if self.task_id is None:
            return self
        meta = {**(self.meta_json or {}), "task_id": self.task_id}
        if self.meta_json and self.meta_json.get("task_id", self.task_id) != self.task_id:
            refuse(("task_id",), "is another one than meta_json has; send it once", "consistency")
        try:
            return self.model_copy(update={"meta_json": bounded_object(meta), "task_id": None})
        except PydanticCustomError as error:
            refuse(("meta_json",), error.message(), error.type)

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
    idempotency_key: IdempotencyKey | None = None

    @classmethod
    def _in_our_words(cls, told: dict[str, Any]) -> dict[str, Any]:
        return flat_usage.gathered(told, _arguments(cls))

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
    status: SentEnd
    summary: Annotated[Prose | None, _also("summary", "description", "error_summary")] = None
    meta_json: MetaJson = None
    token_usage: FinalUsage | None = None
    traces: FinalTraces | None = None
    output: Payload | None = None
    project_key: ProjectKey | None = None

    @classmethod
    def _in_our_words(cls, told: dict[str, Any]) -> dict[str, Any]:
        return flat_usage.gathered(told, _arguments(cls))

    @property
    def is_repeatable(self) -> bool:
        """Always: a run ends once."""
        return True


_SUMMARY = ("summary", "description")
_ERROR = ("error", "stack_trace", "traceback")
_MESSAGE = ("message", "error_message")


class RecordFailure(Request):
    """`core_record_failure`. A `message` is the summary or the error, whichever is not told. Without a summary the
    telling line of the error is one.
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
    idempotency_key: IdempotencyKey | None = None
    message: Annotated[SkipJsonSchema[ErrorText | None], _also(*_MESSAGE)] = None

    @classmethod
    def _in_our_words(cls, told: dict[str, Any]) -> dict[str, Any]:
        message = next((told[name] for name in (*_MESSAGE, *_ERROR) if name in told), None)
        if not isinstance(message, str) or any(told.get(name) for name in _SUMMARY):
            return told
        if told.keys() & {*_ERROR} and told.keys() & {*_MESSAGE}:
            return {name: value for name, value in told.items() if name not in _MESSAGE} | {"summary": message}
        return told | {"summary": summary_of(message)}

    @model_validator(mode="after")
    def _has_its_message_as_error(self) -> Self:
        if self.message is None:
            return self
        if self.error is not None and self.message not in (self.error, self.summary):
            refuse(
                ("message",), "is told beside summary and error, and is another; send it as one of them", "consistency"
            )
        return self.model_copy(update={"error": self.error or self.message, "message": None})


class RecordRun(Request):
    project_key: ProjectKey | None = None
    agent: Annotated[Name, _also("agent", "agent_id", "agent_name")]
    summary: Annotated[Summary, _also("summary", "description")]
    ticket: Ticket | None = None
    meta_json: MetaJson = None
    idempotency_key: IdempotencyKey | None = None


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
    agent_name: Annotated[Name | None, Field(exclude=True), _also("agent_name", "agent", "agent_id")] = None
    ended_at: Annotated[SentMoment | None, Field(exclude=True)] = None

    @model_validator(mode="after")
    def _holds_together(self) -> "TrackMcp":
        ends_after_it_starts(self.started_at, self.ended_at)
        if self.agent_name is not None:
            said_once(self.attributes or {}, {"agent_name": self.agent_name})
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
    agent: Annotated[Name | None, _also("agent", "agent_id", "agent_name")] = None
    label: Name | None = None
    user: Annotated[Identifier | None, _also("user", "user_id", "distinct_id")] = None
    model: Identifier | None = None
    ticket: Ticket | None = None
    min_cost_usd: CostUsd | None = None
    has_failures: YesNo | None = None
    query: Prose | None = None
    since: Since | None = None
    until: Until | None = None
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


@cache
def _arguments(request: type[Request]) -> frozenset[str]:
    return frozenset(request.model_fields)
