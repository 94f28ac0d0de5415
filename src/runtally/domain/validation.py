"""Turning what arrived into a request, or into sentences about what is wrong with it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
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
_IF_MISSING: Final = {
    "run_id": "core_start_run answers it, and list_runs with status running finds an open run",
    "status": "send completed, partial, failed or interrupted",
    "agent": "send the name of the agent",
    "tool": "send the name of the tool that was called",
    "summary": "send a sentence that says what happened",
    "token_usage": 'send an object like {"input_tokens": 8400, "output_tokens": 1200, "model": "claude-opus-4"}',
}
"""What to send of a required argument."""


def parse(model: type[RequestT], arguments: Mapping[str, Any]) -> RequestT:
    """The arguments as a request of the given model, what can only mean one thing being understood.

    Raises:
        LimitExceeded: the first thing wrong is that something is larger than Runtally keeps.
        InvalidInput: anything else is wrong. Both name the field, the rule and the way out in our own words, of five
            problems at most.
    """
    if len(arguments) > NAMES_MAX:
        known = ", ".join(sorted(_shown_names(model)))
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
    return meant_by(str(detail["loc"][-1]), _names_at(model, detail["loc"][:-1]))


def is_field_of(model: type[BaseModel], field: str) -> bool:
    """Whether that is what an error calls a field that the model has, such as `traces[3].token_usage.model`."""
    models = [model]
    for part in field.split("."):
        found = _INDEXED.fullmatch(part)
        kinds = [one.model_fields[found[1]].annotation for one in models if found and found[1] in one.model_fields]
        if not kinds:
            return False
        models = [inner for kind in kinds for inner in _models_in(kind)]
    return True


def _sentence(model: type[BaseModel], detail: ErrorDetails) -> str:
    field, kind, given = _path(detail["loc"]) or "the call", detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return _unknown(model, detail["loc"])
    if isinstance(given, Unread):
        return f"{field} {given.why}"
    if kind == "missing" and field in _IF_MISSING:
        return f"{field} is required; {_IF_MISSING[field]}"
    if kind in _OURS:
        return f"{field} {detail['msg']}"
    if kind in _BOUNDS:
        return f"{field} {_BOUNDS[kind](given, detail['ctx'])}"
    return f"{field} {_EXPECTED.get(kind, 'is not valid')}"


_OURS: Final = frozenset(
    {"text", "uuid", "number", "moment", "json", "json_size", "json_depth", "consistency", "too_many_tokens"}
)
"""The error types that our own validators raise, whose messages are therefore ours."""

_BOUNDS: Final[dict[str, Callable[[Any, dict[str, Any]], str]]] = {
    "string_too_long": lambda given, rule: f"is {len(given):,} characters; the limit is {rule['max_length']:,}. Cut it",
    "too_long": lambda given, rule: f"has {len(given):,} entries; the limit is {rule['max_length']:,}. Split the call",
    "literal_error": lambda _, rule: f"must be one of {rule['expected']}",
    "greater_than_equal": lambda _, rule: (
        f"is less than {rule['ge']:,}" + ("; send more, or leave it out" if rule["ge"] else "")
    ),
    "less_than_equal": lambda _, rule: f"is more than {rule['le']:,}",
}


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{_shown(part)}" if path else _shown(part)
    return path


def _unknown(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    name, within = str(location[-1]), _model_at(model, location[:-1])
    for field, info in within.model_fields.items() if within else ():
        if name in names_of(field, info):
            return f"{_path(location)} is {field}, which is told otherwise beside it; send one of them"
    return f"{_path(location)} is not a known argument{hint(name, _names_at(model, location[:-1]))}"


def _names_at(model: type[BaseModel], location: tuple[int | str, ...]) -> frozenset[str]:
    within = _model_at(model, location)
    return _shown_names(within) if within else frozenset()


@cache
def _shown_names(model: type[BaseModel]) -> frozenset[str]:
    """The names that the schema tells."""
    return frozenset(model.model_json_schema(by_alias=False)["properties"])


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel] | None:
    for part in location:
        if isinstance(part, int):
            continue
        nested = next(iter(_models_in(model.model_fields[part].annotation)), None)
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
