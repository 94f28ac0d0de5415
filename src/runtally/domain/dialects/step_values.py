"""What others write into the fields of a step, in Runtally's values: kinds, statuses, errors, durations, times."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from pydantic import TypeAdapter, ValidationError

from runtally.domain.dialects.spelling import count, folded, refuse
from runtally.domain.fields import SentMoment, compact_json
from runtally.domain.lifecycle import SpanKind, SpanStatus

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

_DECIMAL: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_PARTS_OF_AN_ERROR: Final = frozenset({"message", "type", "name", "stack"})

_MOMENTS: Final[TypeAdapter[int]] = TypeAdapter(SentMoment)

NO_PLACE: Final = object()
"""What a value is read as that is none of its field."""


class Spelling(NamedTuple):
    """A field as it was sent."""

    name: str
    value: Any


def says_more(one: Spelling) -> bool:
    """Whether that status says more than the one it is read as."""
    return _status_word(one.value) in _SAYS_MORE and folded(one.name) not in _IF_TRUE


def _text(one: Spelling) -> Any:
    return one.value if isinstance(one.value, str) else NO_PLACE


def _id(one: Spelling) -> Any:
    return str(one.value) if type(one.value) is int and one.name != "span_id" else _text(one)


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
        return flag[not one.value] if isinstance(one.value, bool) else NO_PLACE
    return _STATUS_OF.get(_status_word(one.value), NO_PLACE)


def _status_word(value: Any) -> str:
    if not isinstance(value, str | int):
        return ""
    return folded(str(value)).replace(" ", "_").removeprefix("status_code_")


def _error(one: Spelling) -> Any:
    """The text of it; an object of a message and its type is `type: message`."""
    value = one.value
    if isinstance(value, Mapping) and isinstance(value.get("message"), str) and value.keys() <= _PARTS_OF_AN_ERROR:
        kind = value.get("type") or value.get("name")
        return f"{kind}: {value['message']}" if isinstance(kind, str) else value["message"]
    return compact_json(value) if isinstance(value, Mapping | list) else _text(one)


def _duration(one: Spelling) -> Any:
    name, value = one
    if name == "duration_ms":
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        refuse((name,), "is not a number", "number")
    in_seconds = folded(name).endswith(("_s", "_seconds"))
    return count((name,), round(value * 1000 if in_seconds else value))


def moment(one: Spelling) -> Any:
    """The time as it was sent; one that is none is refused under its name."""
    try:
        _MOMENTS.validate_python(one.value)
    except ValidationError as error:
        refuse((one.name,), error.errors(include_url=False)[0]["msg"], "moment")
    return one.value


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
    "duration_ms": _duration,
    "started_at": moment,
    "ended_at": moment,
}
"""How the value of each field is read: None says nothing."""
