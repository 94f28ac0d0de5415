"""Turning what arrived into a request, or into sentences about what is wrong with it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from runtally.domain.errors import InvalidInput, LimitExceeded, RuntallyError
from runtally.domain.hints import KNOWN_ARE, hint, meant_by
from runtally.domain.meant import NAMES_MAX, names_of
from runtally.domain.written import Unread

RequestT = TypeVar("RequestT", bound=BaseModel)

_SHOWN_CHARS: Final = 64
_INDEXED: Final = re.compile(r"(\w+)(?:\[[0-9]{1,3}\])?")
_PROBLEMS_MAX: Final = 5
"""Of which one refusal tells; the others are counted."""
_TOO_LARGE: Final = frozenset(
    {"string_too_long", "too_long", "json_size", "json_depth", "too_many_tokens", "less_than_equal", "int_parsing_size"}
)
_EXPECTED: Final = {
    "string_type": "is not a string",
    "int_type": "is not an integer",
    "int_from_float": "is not an integer",
    "float_type": "is not a number",
    "bool_type": "is not true or false",
    "dict_type": "is not an object",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "list_type": "is not an array",
    "missing": "is required",
    "string_too_short": "is empty",
    "string_pattern_mismatch": "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit",
    "string_unicode": "contains half of a surrogate pair; send whole characters",
    "int_parsing_size": "is too large",
}
_TO_SEND: Final = {
    "is not a string": "send text",
    "is not an integer": "send a whole number",
    "is not a number": "send a number like 0.12",
    "is not a finite number": "send a number like 0.12",
    "is not true or false": "send one of them",
    "is not an object": 'send one like {"key": "value"}',
    "is the JSON of something else than an object": 'send one like {"key": "value"}',
    "is not an array": 'send one like [{"name": "grep", "kind": "tool"}]',
    "is the JSON of something else than an array": 'send one like [{"name": "grep", "kind": "tool"}]',
    "is less than": "send more, or leave it out",
}
"""What to send instead, by what is wrong, whoever found it."""
_EXAMPLE_HELPS: Final = frozenset(
    {"is required", "is empty", "is not an object", "is the JSON of something else than an object"}
)
_OF_ARGUMENT: Final = {
    "run_id": "core_start_run answers it, and list_runs with status running finds an open run",
    "status": "send completed, partial, failed or interrupted",
    "agent": "send the name of the agent",
    "tool": "send the name of the tool that was called",
    "summary": "send a sentence that says what happened",
    "token_usage": 'send one like {"input_tokens": 8400, "output_tokens": 1200, "model": "claude-opus-4"}',
}
"""What to send as an argument, where an example of it helps."""


def parse(model: type[RequestT], arguments: Mapping[str, Any]) -> RequestT:
    """The arguments as a request of the given model, what can only mean one thing being understood.

    Raises:
        LimitExceeded: the first thing wrong is that something is larger than Runtally keeps.
        InvalidInput: anything else is wrong. Both name the field, the rule and the way out in our own words, of five
            problems at most.
    """
    if len(arguments) > NAMES_MAX:
        known = ", ".join(sorted(_told(model)))
        raise InvalidInput(f"the call has {len(arguments):,} arguments{KNOWN_ARE}{known}")
    try:
        return model.model_validate(dict(arguments), by_alias=True)
    except ValidationError as error:
        raise _explain(model, error.errors(include_url=False)) from None


def _explain(model: type[BaseModel], details: list[ErrorDetails]) -> RuntallyError:
    # An unknown argument explains the required one that is missing beside it.
    unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
    misspelt = {(*detail["loc"][:-1], _meant(model, detail)) for detail in unknown[:_PROBLEMS_MAX]}
    others = [
        detail
        for detail in details
        if detail["type"] != "extra_forbidden" and not (detail["type"] == "missing" and detail["loc"] in misspelt)
    ]
    problems = unknown + others
    told = "; ".join(_said_once(_sentence(model, problem) for problem in problems[:_PROBLEMS_MAX]))
    more = len(problems) - _PROBLEMS_MAX
    first = problems[0]
    kind = LimitExceeded if _is_too_large(first) else InvalidInput
    return kind(f"{told}; and {more:,} more" if more > 0 else told, field=_path(first["loc"]) or None)


def _said_once(sentences: Iterable[str]) -> Iterator[str]:
    """The sentences, of which no two list the same known names."""
    listed = set()
    for sentence in sentences:
        problem, introduction, names = sentence.partition(KNOWN_ARE)
        yield problem if names in listed else sentence
        if introduction:
            listed.add(names)


def _is_too_large(detail: ErrorDetails) -> bool:
    given = detail["input"]
    return given.too_large if isinstance(given, Unread) else detail["type"] in _TOO_LARGE


def _meant(model: type[BaseModel], detail: ErrorDetails) -> str | None:
    return meant_by(str(detail["loc"][-1]), _known_at(model, detail["loc"][:-1]))


def is_field_of(model: type[BaseModel], field: str) -> bool:
    """Whether that is what an error calls a field that the model has, under any of its names: `traces[3].model`."""
    models = [model]
    for part in field.split("."):
        found = _INDEXED.fullmatch(part)
        fields = [_by_name(one)[found[1]][1] for one in models if found and found[1] in _by_name(one)]
        if not fields:
            return False
        models = [inner for info in fields for inner in _models_in(info.annotation)]
    return True


# No example: a model would send that very id, run after run.
_NO_UUID: Final = {
    "run_id": "send the one that core_start_run answered (list_runs with status running finds an open run), or leave "
    "it out of core_start_run",
    "parent_run_id": "send the run_id of the run that started this one, or leave it out",
    "corrects": "send a report_id that core_report_usage answered",
}


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    if detail["type"] == "extra_forbidden":
        return _unknown(model, detail["loc"])
    field, problem = _path(detail["loc"]) or "the call", _problem(detail)
    of_argument = _OF_ARGUMENT.get(field) if problem in _EXAMPLE_HELPS else None
    if detail["type"] == "uuid" and problem not in _EXAMPLE_HELPS:
        of_argument = _NO_UUID.get(field)
    # A bound stands at the end, and what to send is the same for each.
    to_send = of_argument or _TO_SEND.get(problem.rstrip(" 0123456789,"))
    return f"{field} {problem}; {to_send}" if to_send else f"{field} {problem}"


def _problem(detail: ErrorDetails) -> str:
    kind, given = detail["type"], detail["input"]
    if isinstance(given, Unread):
        return given.why
    if kind in _OURS:
        return detail["msg"]
    if kind in _BOUNDS:
        return _BOUNDS[kind](given, detail["ctx"])
    return _EXPECTED.get(kind, "is not valid")


_OURS: Final = frozenset(
    {"text", "uuid", "number", "moment", "json", "json_size", "json_depth", "consistency", "too_many_tokens"}
)
"""The error types that our own validators raise, whose messages are therefore ours."""

_BOUNDS: Final[dict[str, Callable[[Any, dict[str, Any]], str]]] = {
    "string_too_long": lambda given, rule: f"is {len(given):,} characters; the limit is {rule['max_length']:,}. Cut it",
    "too_long": lambda given, rule: f"has {len(given):,} entries; the limit is {rule['max_length']:,}. Split the call",
    "literal_error": lambda _, rule: f"must be one of {rule['expected']}",
    "greater_than_equal": lambda _, rule: f"is less than {rule['ge']:,}",
    "less_than_equal": lambda _, rule: f"is more than {rule['le']:,}",
}


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" if path else _shown(part)
    return path


def _unknown(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    name, within = str(location[-1]), _model_at(model, location[:-1])
    if within and name in _by_name(within):
        field, _ = _by_name(within)[name]
        return f"{_path(location)} is {field}, which is told otherwise beside it; send one of them"
    known = _known_at(model, location[:-1])
    return f"{_path(location) or repr('')} is not a known argument{hint(name, known, nested=len(location) > 1)}"


def _known_at(model: type[BaseModel], location: tuple[int | str, ...]) -> Mapping[str, str]:
    within = _model_at(model, location)
    return _known(within) if within else {}


@cache
def _known(model: type[BaseModel]) -> Mapping[str, str]:
    """What the schema tells, by every name under which it may be sent."""
    told = _told(model)
    return {name: field for name, (field, _) in _by_name(model).items() if field in told}


@cache
def _told(model: type[BaseModel]) -> frozenset[str]:
    """The names that the schema tells."""
    return frozenset(model.model_json_schema(by_alias=False)["properties"])


@cache
def _by_name(model: type[BaseModel]) -> Mapping[str, tuple[str, FieldInfo]]:
    """The fields by every name under which they may be sent."""
    fields = model.model_fields.items()
    return {name: (field, info) for field, info in fields for name in names_of(field, info)}


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    for part in location:
        if isinstance(part, int):
            continue
        nested = next(iter(_models_in(_by_name(model)[part][1].annotation)), None)
        if nested is None:
            return None
        model = nested
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)]


def _shown(name: str) -> str:
    """A name the caller sent, as much of it as fits in a sentence and nothing that breaks a line."""
    shown = "".join(character if character.isprintable() else "?" for character in name[:_SHOWN_CHARS])
    return shown + "…" if len(name) > _SHOWN_CHARS else shown
