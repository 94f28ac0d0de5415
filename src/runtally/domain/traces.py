"""The steps of a run, as a call tells them."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from runtally.domain import limits
from runtally.domain.dialects import steps
from runtally.domain.dialects.spelling import free_name, refuse
from runtally.domain.fields import (
    DurationMs,
    ErrorText,
    Identifier,
    JsonObject,
    Name,
    Payload,
    SentMoment,
    bounded_object,
)
from runtally.domain.lifecycle import SpanKind, SpanStatus
from runtally.domain.usage import Tokens

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
        ends_after_it_starts(self.started_at, self.ended_at)
        if self.model_extra:
            said_once(self.attributes or {}, self.model_extra)
            bounded_object(self.all_attributes or {})
        return self

    @property
    def all_attributes(self) -> dict[str, Any] | None:
        """`attributes` together with every key that has no place of its own."""
        merged = dict(self.attributes or {})
        for name, value in (self.model_extra or {}).items():
            # Two keys may have become one by redaction.
            merged[free_name(name, value, merged)] = value
        return merged or None


Traces = Annotated[list[Trace], Field(max_length=limits.TRACES_PER_CALL)]
FinalTraces = Annotated[
    Traces,
    # The same entries: their shape is told once, in core_report_usage, since each character costs the agent's context.
    WithJsonSchema({"type": "array", "items": {"type": "object"}}),
]


def said_once(attributes: dict[str, Any], beside: dict[str, Any]) -> None:
    """Refuse a key that has one value in `attributes` and another beside it."""
    for name in attributes.keys() & beside.keys():
        if attributes[name] != beside[name]:
            told = "has a key with one value in attributes and another beside it; send it once"
            raise PydanticCustomError("consistency", told)


def ends_after_it_starts(started_at: int | None, ended_at: int | None) -> None:
    """Refuse an end before the start."""
    if started_at is not None and ended_at is not None and ended_at < started_at:
        refuse(("ended_at",), "is earlier than started_at; check both", "consistency")
