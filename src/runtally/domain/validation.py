"""Turning what arrived into a request, or into one sentence about what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runtally.domain.errors import InvalidInput, LimitExceeded, RuntallyError

RequestT = TypeVar("RequestT", bound=BaseModel)

_SHOWN_CHARS: Final = 64
_INDEXED: Final = re.compile(r"(\w+)(?:\[[0-9]{1,3}\])?")
_ARGUMENTS_MAX: Final = 1_000
"""Many more than any call has; each of what is beyond them would be explained at the cost of others."""
_TOO_LARGE: Final = frozenset({"string_too_long", "too_long", "json_size", "json_depth", "too_many_tokens"})
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


def parse(model: type[RequestT], arguments: Mapping[str, Any]) -> RequestT:
    """The arguments as a request of the given model; one that is null counts as left out.

    Raises:
        LimitExceeded: the first thing wrong is that something is larger than Runtally keeps.
        InvalidInput: anything else is wrong. Both name the field, the rule and the way out in our own words.
    """
    if len(arguments) > _ARGUMENTS_MAX:
        known = ", ".join(sorted(model.model_fields))
        raise InvalidInput(f"the call has {len(arguments):,} arguments; known are {known}")
    given = {name: value for name, value in arguments.items() if value is not None or name not in model.model_fields}
    try:
        return model.model_validate(given, by_alias=True)
    except ValidationError as error:
        raise _explain(model, error.errors(include_url=False)) from None


def _explain(model: type[BaseModel], details: list[ErrorDetails]) -> RuntallyError:
    # An unknown argument explains the required one that is missing beside it.
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    field = _path(first["loc"]) if first["loc"] else None
    sentence = _sentence(model, first)
    more = len(details) - 1
    if more:
        sentence += f" ({more} more {'problem' if more == 1 else 'problems'} after this one)"
    kind = LimitExceeded if first["type"] in _TOO_LARGE else InvalidInput
    return kind(sentence, field=field)


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
    field, kind = _path(detail["loc"]), detail["type"]
    if kind == "extra_forbidden":
        return _unknown(model, detail["loc"])
    if kind in _OURS:
        return f"{field} {detail['msg']}"
    if kind in _BOUNDS:
        return f"{field} {_BOUNDS[kind](detail['input'], detail['ctx'])}"
    return f"{field} {_EXPECTED.get(kind, 'is not valid')}"


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
    return path or "the call"


def _unknown(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    known = sorted(_names_at(model, location[:-1]))
    near = get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"{_path(location)} is not a known argument; {hint}"


def _names_at(model: type[BaseModel], location: tuple[int | str, ...]) -> set[str]:
    for part in location:
        if isinstance(part, int):
            continue
        nested = next((kind for kind in _models_in(model.model_fields[part].annotation)), None)
        if nested is None:
            return set()
        model = nested
    return set(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in getattr(annotation, "__args__", ()) for found in _models_in(argument)]


def _shown(name: str) -> str:
    """A name the caller sent, as much of it as fits in a sentence and nothing that breaks a line."""
    shown = "".join(character if character.isprintable() else "?" for character in name[:_SHOWN_CHARS])
    return shown + "…" if len(name) > _SHOWN_CHARS else shown
