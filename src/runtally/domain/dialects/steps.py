"""A trace entry in the words of other recorders, in Runtally's."""

from collections.abc import Mapping
from typing import Any, Final

from runtally.domain.dialects import usage
from runtally.domain.dialects.spelling import folded, free_name, refuse
from runtally.domain.dialects.step_values import (
    KINDS,
    NO_PLACE,
    READERS,
    STATUSES,
    Spelling,
    is_moment,
    meaning,
    says_more,
)
from runtally.domain.dialects.usage_names import COUNTS, OWN
from runtally.domain.limits import ERROR_CHARS

_NAMES: Final[Mapping[str, str]] = {
    "name": "name span_name step_name",
    "kind": "kind type span_kind span_type run_type openinference.span.kind gen_ai.operation.name",
    "tool_name": "tool_name tool function function_name gen_ai.tool.name",
    "span_id": "span_id id",
    "parent_span_id": "parent_span_id parent_id parent",
    "input": "input inputs args arguments params parameters request prompt messages tool_input "
    "gen_ai.input.messages gen_ai.tool.call.arguments",
    "output": "output outputs result results response return return_value completion tool_output tool_response "
    "gen_ai.output.messages gen_ai.tool.call.result content choices candidates",
    "status": "status status_code ok success succeeded is_error failed",
    "error": "error error_message exception",
    "stack": "stack_trace stacktrace traceback",
    "status_text": "status_message",
    "duration_ms": "duration_ms duration latency elapsed latency_ms elapsed_ms duration_s duration_seconds latency_s "
    "latency_seconds elapsed_s elapsed_seconds",
    "started_at": "started_at start_time start started start_timestamp",
    "ended_at": "ended_at end_time end ended end_timestamp",
}
"""Our field, and what others call it, the best name first."""
_FIELD_OF: Final = {name: field for field, names in _NAMES.items() for name in names.split()}
_RANK: Final = {name: rank for rank, name in enumerate(_FIELD_OF)}
_OF_A_MESSAGE: Final = frozenset({"content", "choices", "candidates"})
"""What a whole message or response answers with: the output, unless that is told by another name."""
_KEPT_BESIDE: Final = frozenset({"name", "kind", "span_id", "parent_span_id", "status_text"})
"""Where several names tell several things, the best one stands and the others are kept."""

_KIND_IN_ATTRIBUTES: Final = ("gen_ai.operation.name", "openinference.span.kind")
_LEVELS_OF_AN_ERROR: Final = frozenset({"error", "fatal", "critical"})

_NOT_OF_A_STEP: Final = frozenset({"llm_calls", "prompt_preview", "attributes"})
_OURS: Final = (frozenset(_NAMES) - {"stack", "status_text"}) | (OWN - _NOT_OF_A_STEP) | {"attributes"}
"""The fields of a trace. An entry that has no others, each in our words, is not looked at."""
_IN_WORDS_OF_OURS: Final = ("status", "kind", "error", "attributes")

_Named = list[tuple[str, Any]]
"""What is kept under a name that the caller did not send."""
_Told = dict[str, list[Spelling]]
"""What is told of each of our fields, the best name first."""


def step(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """A trace in our fields, with what has no place among them beside them as it was sent.

    Raises:
        ValidationError: something is said twice with two values, or a value is none of its kind.
    """
    if _is_ours(sent):
        return sent
    counted: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, value in sent.items():
        is_usage = usage.is_known(name) and name not in _NOT_OF_A_STEP
        (counted if is_usage else others)[name] = value
    attributes = others.get("attributes")
    fields, rest = _usage_of(counted, attributes)
    _add_usage_of_response(others, fields, rest)
    named: _Named = []
    told = _told(others, rest, named)
    found: dict[str, Any] = {}
    for field, spellings in told.items():
        _read(field, spellings, found, rest, named)
    _add_what_conventions_tell(found, rest, attributes)
    _finish_error(found, named)
    _time_alone(found, rest)
    # What stands under our own name beside what is read of it.
    read = found | fields
    named += [(f"{name}_details", rest.pop(name)) for name in [*rest] if name in read]
    taken = attributes if isinstance(attributes, Mapping) else {}
    for name, value in named:
        rest[free_name(name, value, rest, taken, read)] = value
    return read | rest


def _is_ours(sent: Mapping[str, Any]) -> bool:
    if not _OURS.issuperset(sent):
        return False
    status, kind, error, attributes = map(sent.get, _IN_WORDS_OF_OURS)
    return (
        (status is None or (isinstance(status, str) and status in STATUSES))
        and (kind is None or (isinstance(kind, str) and kind in KINDS))
        and (error is None or isinstance(error, str))
        and (attributes is None or not _has_conventions(attributes))
    )


def _has_conventions(attributes: Any) -> bool:
    return isinstance(attributes, Mapping) and any(
        name.startswith(("gen_ai", "llm.", "openinference")) for name in attributes
    )


def _add_what_conventions_tell(found: dict[str, Any], rest: Mapping[str, Any], attributes: Any) -> None:
    """The kind by OpenTelemetry's or OpenInference's attributes, and Langfuse's level of an error; they stay too."""
    if isinstance(attributes, Mapping) and "kind" not in found:
        told = next((attributes[name] for name in _KIND_IN_ATTRIBUTES if name in attributes), None)
        kind = READERS["kind"](Spelling("kind", told))
        if kind is not NO_PLACE and kind is not None:
            found["kind"] = kind
    if "status" not in found and str(rest.get("level")).lower() in _LEVELS_OF_AN_ERROR:
        found["status"] = "error"


def _usage_of(counted: dict[str, Any], attributes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the entry says of usage, and what stands in it beside that. One leaves a count unknown has it from its
    OpenTelemetry attributes; those stay where they are too.
    """
    understood = usage.of_object(counted, inside=False)
    if understood is not None:
        fields, rest = understood
    else:
        fields = {name: value for name, value in counted.items() if name in OWN}
        rest = {name: value for name, value in counted.items() if name not in OWN and value is not None}
    if _has_conventions(attributes):
        conventions = {name: value for name, value in attributes.items() if name.startswith(("gen_ai", "llm."))}
        told = usage.of_object(conventions, inside=False)
        fields = fields if told is None else told.fields | fields
        for name, value in (told.fields if told else {}).items():
            if name in COUNTS and fields[name] != value:
                also = f"comes to {fields[name]:,} by the step and to {value:,} by its attributes; send one of them"
                refuse((name,), also, "consistency")
    return fields, rest


def _add_usage_of_response(others: Mapping[str, Any], fields: dict[str, Any], rest: dict[str, Any]) -> None:
    """A step that counts nothing itself counts what the whole response within it says; that goes to the output too."""
    response = next((value for name, value in others.items() if folded(name) == "response"), None)
    if response is None or not COUNTS.isdisjoint(fields):
        return
    for name, value in usage.of_response(response).items():
        if name in ("model", "provider") and fields.get(name, value) != value:
            rest[name] = fields.pop(name)
        fields.setdefault(name, value)


def _told(others: Mapping[str, Any], rest: dict[str, Any], named: _Named) -> _Told:
    """What is told of each field; what is told of none joins the rest."""
    told: _Told = {}
    for name, value in others.items():
        field = _FIELD_OF.get(folded(name))
        if value is None:
            continue
        if field is None:
            rest[name] = value
        else:
            for inner, one in _opened(field, Spelling(name, value), named):
                told.setdefault(inner, []).append(one)
    for spellings in told.values():
        spellings.sort(key=lambda one: _RANK[folded(one.name)])
    return told


def _opened(field: str, one: Spelling, named: _Named) -> list[tuple[str, Spelling]]:
    """The field, and those that its value tells too: a tool call of OpenAI has its arguments in it, a status of
    OpenTelemetry a message, an error its stack; an error may be a flag.
    """
    name, value = one
    if field == "error" and isinstance(value, bool):
        return [("status", Spelling("is_error", value))]
    if not isinstance(value, Mapping):
        return [(field, one)]
    if field == "error" and isinstance(value.get("stack"), str):
        return [(field, one), ("stack", Spelling("stack_trace", value["stack"]))]
    if field == "status":
        return [(field, Spelling(name, value.get("code", "unset"))), *_beside_a_code(one, named)]
    if field == "tool_name" and isinstance(value.get("name"), str):
        more = {inner: told for inner, told in value.items() if inner not in ("name", "arguments")}
        named += [(f"{name}_details", more)] if more else []
        called = [("input", Spelling("arguments", value["arguments"]))] if value.get("arguments") is not None else []
        return [(field, Spelling(name, value["name"])), *called]
    return [(field, one)]


def _beside_a_code(status: Spelling, named: _Named) -> list[tuple[str, Spelling]]:
    name, value = status
    message = value.get("message")
    is_text = isinstance(message, str)
    read = ("code", "message") if is_text else ("code",)
    named += [(f"{name}_{inner}", more) for inner, more in value.items() if inner not in read and more is not None]
    return [("status_text", Spelling("status_message", message))] if is_text else []


def _read(field: str, spellings: list[Spelling], found: dict[str, Any], rest: dict[str, Any], named: _Named) -> None:
    """Put the field into `found`, and what is told beside it where it is kept."""
    best: Spelling | None = None
    for one in spellings:
        value = READERS[field](one)
        if value is NO_PLACE:
            # Under our own name it is refused, with the words for that field.
            (found if one.name == field else rest)[one.name] = one.value
            continue
        if field == "status" and says_more(one):
            named.append(("original_status" if one.name == field else one.name, one.value))
        if best is None and value is not None:
            best = Spelling(one.name, value)
        elif best is not None and value is not None and meaning(field, value) != meaning(field, best.value):
            _second_value(field, one, best.name)
            named.append((one.name, one.value))
    if best is not None:
        found.setdefault(field, best.value)


def _second_value(field: str, one: Spelling, best: str) -> None:
    if field not in _KEPT_BESIDE and folded(one.name) not in _OF_A_MESSAGE:
        refuse((one.name,), f"and {best} say the same thing with two values; send one of them", "consistency")


def _finish_error(found: dict[str, Any], named: _Named) -> None:
    """A stack belongs to the error while both fit; what a status says is the error where there is no other."""
    stack, error, status_text = found.pop("stack", None), found.get("error"), found.pop("status_text", None)
    if stack is not None:
        whole = f"{error}\n{stack}" if isinstance(error, str) and error not in stack else stack
        if len(whole) <= ERROR_CHARS:
            found["error"] = whole
        else:
            named.append(("stack_trace", stack))
    if status_text and found.get("status") == "error" and not found.get("error"):
        found["error"] = status_text
    elif status_text and status_text != found.get("error"):
        named.append(("status_message", status_text))


def _time_alone(found: dict[str, Any], rest: dict[str, Any]) -> None:
    """A timestamp beside a start or an end may be either; alone it is when the step was written down: its end."""
    is_alone = "started_at" not in found and "ended_at" not in found
    if is_alone and is_moment(rest.get("timestamp")):
        found["ended_at"] = rest.pop("timestamp")
