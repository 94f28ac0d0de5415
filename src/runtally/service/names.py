"""What things are called, as it may be stored: a secret in a name becomes `[REDACTED:kind:<6 hex>]`.

The digits are keyed by the database, whose key is known in its transaction alone. Before one begins it is only told
which names need a mark; nearly never is there any.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from runtally.domain import limits
from runtally.domain.caller import Origin
from runtally.domain.errors import LimitExceeded
from runtally.domain.fields import FreeText, IsName

RequestT = TypeVar("RequestT", bound=BaseModel)

_SECRET_CHARS: Final = 12
"""No name that is shorter has the shape of a secret."""
_MARKED_CHARS_MAX: Final = 64 * 1024
_ORIGIN_CHARS: Final = tuple(
    limits.NAME_CHARS if field == "client" else limits.IDENTIFIER_CHARS for field in Origin._fields
)


def odd_names(request: BaseModel, origin: Origin, is_secret: Callable[[str], bool]) -> frozenset[str]:
    """Those names of a request, and of where it came from, that cannot be stored as they are.

    Raises:
        LimitExceeded: they are too many to be marked while nobody else can write.
    """
    names = (*_names_of(request), *origin)
    odd = {name for name in names if name and len(name) >= _SECRET_CHARS and is_secret(name)}
    too_long = [name for name, limit in zip(origin, _ORIGIN_CHARS, strict=True) if name and len(name) > limit]
    if sum(map(len, odd)) > _MARKED_CHARS_MAX:
        raise LimitExceeded(
            f"the names and ids of the call hold too many things that look like secrets: they are more than "
            f"{_MARKED_CHARS_MAX:,} characters long together. Nothing was recorded. Send less of it, in several calls"
        )
    return frozenset(odd.union(too_long))


def renamed(request: RequestT, names: Mapping[str, str]) -> RequestT:
    """The request with other names in the place of some."""
    fields = _fields_of(type(request))
    values = vars(request)
    changed: dict[str, Any] = {field: names[values[field]] for field in fields.names if values[field] in names}
    for field in fields.holders:
        value = values[field]
        if isinstance(value, BaseModel):
            changed[field] = renamed(value, names)
        elif isinstance(value, list):
            changed[field] = [renamed(item, names) for item in value]
    return request.model_copy(update=changed)


def renamed_origin(origin: Origin, names: Mapping[str, str]) -> Origin:
    """The origin with other names in the place of some, each cut to its limit: it is a label and identifies nothing."""
    told = zip(origin, _ORIGIN_CHARS, strict=True)
    return Origin(*(None if name is None else names.get(name, name)[:limit] for name, limit in told))


def is_marked(metadata: Any, mark: type) -> bool:
    """Whether a field's metadata has the mark."""
    return any(isinstance(one, mark) for one in metadata)


def mentions(annotation: Any, kind: type) -> bool:
    """Whether an annotation has a type of the kind in it, or is marked with it."""
    if isinstance(annotation, type):
        return issubclass(annotation, kind)
    if kind in (FreeText, IsName) and is_marked(getattr(annotation, "__metadata__", ()), kind):
        return True
    return any(mentions(argument, kind) for argument in getattr(annotation, "__args__", ()))


class _Fields(NamedTuple):
    """The fields of a model that are names, and those that hold models which may have some."""

    names: tuple[str, ...]
    holders: tuple[str, ...]


@cache
def _fields_of(model: type[BaseModel]) -> _Fields:
    fields = model.model_fields.items()
    names = [name for name, one in fields if is_marked(one.metadata, IsName) or mentions(one.annotation, IsName)]
    return _Fields(tuple(names), tuple(name for name, one in fields if mentions(one.annotation, BaseModel)))


def _names_of(request: BaseModel) -> Iterator[str | None]:
    fields = _fields_of(type(request))
    values = vars(request)
    for field in fields.names:
        yield values[field]
    for field in fields.holders:
        value = values[field]
        for inner in value if isinstance(value, list) else (value,):
            if inner is not None:
                yield from _names_of(inner)
