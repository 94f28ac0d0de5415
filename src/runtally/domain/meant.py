"""What a call sent, as it is meant: what is empty is left out, and JSON that was written as text is read.

One rule for every request and for the models within it. A payload is whatever was sent, so it stays as it is.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from runtally.domain.limits import TRACES_PER_CALL
from runtally.domain.written import JsonTexts, Unread

NAMES_MAX: Final = 1_000
"""Many more than any call has; each of what is beyond them would be refused by itself at the cost of others."""
_ANY: Final[tuple[type, ...]] = (object,)


class _Place(NamedTuple):
    """Where a value goes: its field, whether that must be told, what it is, and of which types it is left as it is."""

    field: str
    required: bool
    is_payload: bool
    is_object: bool
    is_list: bool
    model: type[BaseModel] | None
    left: tuple[type, ...]


def as_meant(model: type[BaseModel], given: dict[str, Any]) -> dict[str, Any]:
    """The arguments without null and, but for payloads and what is required, without empty text; JSON text is read
    where an object or a list is meant, an argument told twice under two names is told once.

    Text that cannot be read is `Unread` in its place, for validation to refuse.
    """
    return _meant(model, given, JsonTexts())


def _meant(model: type[BaseModel], given: dict[str, Any], texts: JsonTexts) -> dict[str, Any]:
    places = _places(model)
    told: dict[str, Any] = {}
    names: dict[str, str] = {}
    for name, sent in given.items():
        place = places.get(name)
        if place is None:
            told[name] = sent
            continue
        value = sent if place.left is _ANY else _read(place, sent, texts)
        if value is None or (value == "" and not place.required and not place.is_payload):
            continue
        earlier = names.setdefault(place.field, name)
        if earlier == name or told[earlier] != value:
            told[name] = value
    return told


def _read(place: _Place, sent: Any, texts: JsonTexts) -> Any:
    value = _parsed(place, sent, texts) if isinstance(sent, str) else sent
    if place.model is None:
        return value
    if place.is_list and isinstance(value, list):
        # Of more than may come, none is looked at.
        return [_entry(place.model, one, texts) for one in value] if len(value) <= TRACES_PER_CALL else value
    return _nested(place.model, value, texts) if isinstance(value, dict) and not place.is_list else value


def _parsed(place: _Place, text: str, texts: JsonTexts) -> Any:
    if not text:
        return text
    if place.is_list:
        return texts.read_nested(text, list, "an array")
    if place.model is not None:
        return texts.read_nested(text, dict, "an object")
    return texts.read_object(text) if place.is_object else text


def _entry(model: type[BaseModel], one: Any, texts: JsonTexts) -> Any:
    read = texts.read_nested(one, dict, "an object") if isinstance(one, str) else one
    return _nested(model, read, texts) if isinstance(read, dict) else read


def _nested(model: type[BaseModel], given: dict[str, Any], texts: JsonTexts) -> Any:
    if len(given) > NAMES_MAX and model.model_config.get("extra") == "forbid":
        return Unread(f"has {len(given):,} names, far more than are known")
    return given if _is_meant_so(model, given) else _meant(model, given, texts)


def _is_meant_so(model: type[BaseModel], given: dict[str, Any]) -> bool:
    """Whether all of it stays as it is, which is quicker to see than to read: a call may have 200 entries like that."""
    values = given.values()
    if None in values or "" in values:
        return False
    read = _read_by_type(model)
    return read.keys().isdisjoint(given) or all(isinstance(given[name], read[name]) for name in read if name in given)


@cache
def _places(model: type[BaseModel]) -> Mapping[str, _Place]:
    """Where values go, by every name under which they may be sent."""
    return {name: place for field, info in model.model_fields.items() for name, place in _places_of(field, info)}


@cache
def _read_by_type(model: type[BaseModel]) -> Mapping[str, tuple[type, ...]]:
    """The names under which a value is read, each with the types of which it is left as it is."""
    return {name: place.left for name, place in _places(model).items() if place.left is not _ANY}


def _places_of(field: str, info: FieldInfo) -> Iterator[tuple[str, _Place]]:
    kinds = list(_kinds(info.annotation))
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    names, model = names_of(field, info), models[0] if models else None
    left: tuple[type, ...] = () if model is not None or len(names) > 1 else (dict,) if dict in kinds else _ANY
    place = _Place(field, info.is_required(), Any in kinds, dict in kinds, list in kinds, model, left)
    for name in names:
        yield name, place


def names_of(field: str, info: FieldInfo) -> list[str]:
    """The names under which a field may be sent, its own first."""
    choices = info.validation_alias
    also = choices.choices if isinstance(choices, AliasChoices) else []
    return [field, *(name for name in also if isinstance(name, str) and name != field)]


def _kinds(annotation: Any) -> Iterator[Any]:
    """Every type that an annotation is made of; of an object or a list also what it is."""
    if getattr(annotation, "__metadata__", ()):
        yield from _kinds(annotation.__origin__)
        return
    origin = getattr(annotation, "__origin__", None)
    if origin is dict:
        yield dict
        return
    if origin is list:
        yield list
    arguments = getattr(annotation, "__args__", ())
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _kinds(argument)
