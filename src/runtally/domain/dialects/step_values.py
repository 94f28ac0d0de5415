"""What others write into the fields of a step, in Runtally's values: kinds, statuses, errors, durations, times."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from runtally.domain.dialects.spelling import folded
from runtally.domain.fields import DurationMs, SentMoment, compact_json
from runtally.domain.lifecycle import SpanKind, SpanStatus
from runtally.domain.limits import COUNT_MAX
from runtally.domain.written import milliseconds

KINDS: Final[Mapping[SpanKind, str]] = {
    "llm": "llm generation chat chat_model completion text_completion generate_content inference embedding embeddings",
    "tool": "tool function tool_call tool_use function_call execute_tool",
    "retrieval": "retrieval retriever rerank reranker",
    "agent": "agent subagent invoke_agent create_agent",
    "group": "group chain workflow task",
    "mcp": "mcp",
    "other": "other generic custom event guardrail evaluator unknown",
}
_KIND_OF: Final = {word: kind for kind, words in KINDS.items() for word in words.split()}
_SAYS_NO_KIND: Final = frozenset({"call", "step", "span", "internal", "client", "server", "producer", "consumer"})
"""Which of the kinds it is follows from the rest: a step with a model is an LLM call, one with a tool a tool call."""

STATUSES: Final[Mapping[SpanStatus, str]] = {
    # The numbers are those of The Context Company (2 error) and OpenTelemetry (0 unset, 2 error), where they agree.
    "ok": "ok success succeeded successful done completed complete passed true 0 unset",
    "error": "error failed failure fail errored exception false 2",
    "cancelled": "cancelled canceled aborted interrupted",
    "denied": "denied rejected blocked forbidden",
    "unfinished": "unfinished running pending in_progress started",
}
_SAYS_MORE: Final[dict[str, SpanStatus]] = {
    # 1 is partial success to The Context Company and plain success to OpenTelemetry.
    "1": "ok",
    "partial": "ok",
    "partial_success": "ok",
    "warning": "ok",
    "skipped": "cancelled",
    "timeout": "error",
    "timed_out": "error",
}
"""Statuses that say more than ours: the word itself is kept too."""
_STATUS_OF: Final = {word: status for status, words in STATUSES.items() for word in words.split()} | _SAYS_MORE
_IF_TRUE: Final[Mapping[str, tuple[SpanStatus, SpanStatus]]] = {
    "ok": ("ok", "error"),
    "success": ("ok", "error"),
    "succeeded": ("ok", "error"),
    "is_error": ("error", "ok"),
    "failed": ("error", "ok"),
}
"""What a flag says if it is true, and if it is not."""
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_HTTP_STATUS: Final = re.compile(r"[1-5][0-9]{2}")
_HTTP_ERROR: Final = 400

_IN_UNITS: Final = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?(ms|s)")
_UNITS: Final = {"ms": "ms", "s": "s", "seconds": "s"}
_TRACE_ID_OR_UUID: Final = re.compile(
    r"[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE
)
"""OpenTelemetry's ids, and UUIDs. Others may be said again of another step: a number, the id of a tool call."""
_PARTS_OF_AN_ERROR: Final = frozenset({"message", "type", "name", "stack"})

_MEANINGS: Final[Mapping[str, TypeAdapter[int]]] = {
    "started_at": TypeAdapter(SentMoment),
    "ended_at": TypeAdapter(SentMoment),
    "duration_ms": TypeAdapter(DurationMs),
}

NO_PLACE: Final = object()
"""What a value is read as that is none of its field."""


class Spelling(NamedTuple):
    """A field as it was sent."""

    name: str
    value: Any


def says_more(one: Spelling) -> bool:
    """Whether that status says more than the one it is read as."""
    word = _status_word(one.value)
    return (word in _SAYS_MORE or bool(_HTTP_STATUS.fullmatch(word))) and folded(one.name) not in _IF_TRUE


def _text(one: Spelling) -> Any:
    return one.value if isinstance(one.value, str) else NO_PLACE


def _id(one: Spelling) -> Any:
    """A name that says `span` names one; any other has to look like it."""
    is_one = "span" in folded(one.name) or (isinstance(one.value, str) and _TRACE_ID_OR_UUID.fullmatch(one.value))
    return _text(one) if is_one else NO_PLACE


def _payload(one: Spelling) -> Any:
    return one.value


def _kind(one: Spelling) -> Any:
    if not isinstance(one.value, str):
        return NO_PLACE
    word = folded(one.value).replace(" ", "_").removeprefix("span_kind_")
    return None if word in _SAYS_NO_KIND else _KIND_OF.get(word, NO_PLACE)


def _status(one: Spelling) -> Any:
    flag = _IF_TRUE.get(folded(one.name))
    if flag is not None:
        told = _FLAGS.get(str(one.value).lower()) if isinstance(one.value, str | int) else None
        return NO_PLACE if told is None else flag[not told]
    word = _status_word(one.value)
    if _HTTP_STATUS.fullmatch(word):
        return "error" if int(word) >= _HTTP_ERROR else "ok"
    return _STATUS_OF.get(word, NO_PLACE)


def _status_word(value: Any) -> str:
    if not isinstance(value, str | int):
        return ""
    return folded(str(value)).replace(" ", "_").removeprefix("status_code_")


def _error(one: Spelling) -> Any:
    """The text of it; an object of a message and its type is `type: message`."""
    value = one.value
    if isinstance(value, Mapping) and isinstance(value.get("message"), str) and _is_plain(value):
        kind = value.get("type") or value.get("name")
        return f"{kind}: {value['message']}" if kind else value["message"]
    return compact_json(value) if isinstance(value, Mapping | list) else _text(one)


def _is_plain(error: Mapping[str, Any]) -> bool:
    """Whether a message and one type are all it tells; a stack is read beside it."""
    is_of_texts = all(part is None or isinstance(part, str) for part in error.values())
    return is_of_texts and _PARTS_OF_AN_ERROR.issuperset(error) and not (error.get("type") and error.get("name"))


def _duration(one: Spelling) -> Any:
    """Milliseconds. Where neither name nor value tells the unit, a fraction may be of seconds and is not read."""
    name, sent = one
    if name == "duration_ms":
        return sent
    in_units = _IN_UNITS.fullmatch(sent) if isinstance(sent, str) else None
    told = {_UNITS.get(folded(name).rpartition("_")[2]), in_units and in_units[2]} - {None}
    value = milliseconds(in_units[1] if in_units else sent)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= COUNT_MAX:
        return NO_PLACE
    if len(told) > 1 or (not told and value != int(value)):
        return NO_PLACE
    whole = round(value * 1000 if "s" in told else value)
    return whole if whole <= COUNT_MAX else NO_PLACE


def _moment(one: Spelling) -> Any:
    """The time as it was sent. One that is none is refused under our own name alone."""
    is_ours = one.name in ("started_at", "ended_at")
    return one.value if is_ours or is_moment(one.value) else NO_PLACE


def is_moment(value: Any) -> bool:
    """Whether it can only be one time."""
    return isinstance(value, str) and meaning("started_at", value) != value


def meaning(field: str, value: Any) -> Any:
    """What is said by it, by which two spellings are compared: of a text of JSON the value."""
    if field in ("input", "output") and isinstance(value, str):
        try:
            return from_json(value, allow_inf_nan=False)
        except ValueError:
            return value
    adapter = _MEANINGS.get(field)
    try:
        return adapter.validate_python(value) if adapter else value
    except ValidationError:
        return value


READERS: Final[Mapping[str, Callable[[Spelling], Any]]] = {
    "name": _text,
    "kind": _kind,
    "tool_name": _text,
    "span_id": _id,
    "parent_span_id": _id,
    "input": _payload,
    "output": _payload,
    "status": _status,
    "error": _error,
    "stack": _text,
    "status_text": _text,
    "duration_ms": _duration,
    "started_at": _moment,
    "ended_at": _moment,
}
"""How the value of each field is read: None says nothing."""
