"""Redaction before anything is stored: every free text and every string inside JSON of a request."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel

from runtally.domain import limits
from runtally.domain.fields import Content, FreeText, compact_json
from runtally.domain.json_size import about_bytes

if TYPE_CHECKING:
    from runtally.redaction import Allowance, Redactor

RequestT = TypeVar("RequestT", bound=BaseModel)

_MARGIN_BYTES: Final = 4096
"""A secret across the cut is still seen whole if it begins within the limit and is no longer than this."""
_STEP_BYTES: Final = 512


def clip(request: RequestT, *, redact: bool) -> RequestT:
    """The request as it may be stored: secrets replaced (unless `redact` is off), long payloads cut.

    A payload is cut after it was redacted, so that no half of a secret is left at the end.

    Raises:
        LimitExceeded: the request as a whole holds too much that looks like secrets.
    """
    return _clipped(request, _allowance() if redact else None)


def _clipped(request: RequestT, allowance: "Allowance | None") -> RequestT:
    changed = {
        name: stored for name, value in _free_values(request) if (stored := _stored(value, allowance)) is not value
    }
    extra = _extra(request, allowance)
    if not changed and extra is None:
        return request
    copy = request.model_copy(update=changed)
    if extra is not None:
        # model_copy shares the extras; replaced here on the copy alone.
        object.__setattr__(copy, "__pydantic_extra__", extra)
    return copy


def size_of(request: BaseModel) -> int:
    """About how many bytes of text and payloads the request will store: each step of a list counts half a kibibyte."""
    told = sum(_size_of_value(value) for _, value in _free_values(request))
    return told + (about_bytes(request.model_extra, limits.JSON_BYTES) if request.model_extra else 0)


def _size_of_value(value: Any) -> int:
    if isinstance(value, Content):
        return min(value.size_bytes, limits.PAYLOAD_BYTES)
    if isinstance(value, list):
        return sum(_STEP_BYTES + _size_of_value(item) for item in value)
    if isinstance(value, BaseModel):
        return size_of(value)
    return about_bytes(value, limits.JSON_BYTES)


def _allowance() -> "Allowance":
    from runtally.redaction import Allowance  # noqa: PLC0415 - as below

    return Allowance()


@cache
def _redactor() -> "Redactor":
    """Its patterns are compiled on the first write, not while a host waits for the server to start."""
    from runtally.redaction import Redactor  # noqa: PLC0415

    return Redactor()


def _free_values(request: BaseModel) -> Iterator[tuple[str, Any]]:
    values = vars(request)
    for name in _fields_to_visit(type(request)):
        if values[name] is not None:
            yield name, values[name]


def _extra(request: BaseModel, allowance: "Allowance | None") -> dict[str, Any] | None:
    if not request.model_extra or allowance is None:
        return None
    redacted: dict[str, Any] = _redactor().json(request.model_extra, allowance)
    return redacted


@cache
def _fields_to_visit(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields that are free text or hold models that may be."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if is_free(field.metadata) or _mentions(field.annotation, FreeText) or _mentions(field.annotation, BaseModel)
    )


def is_free(metadata: Any) -> bool:
    """Whether a field's metadata marks it as free text."""
    return any(isinstance(mark, FreeText) for mark in metadata)


def _mentions(annotation: Any, kind: type) -> bool:
    if isinstance(annotation, type):
        return issubclass(annotation, kind)
    if kind is FreeText and is_free(getattr(annotation, "__metadata__", ())):
        return True
    return any(_mentions(argument, kind) for argument in getattr(annotation, "__args__", ()))


def _stored(value: Any, allowance: "Allowance | None") -> Any:
    if isinstance(value, BaseModel):
        return _clipped(value, allowance)
    if isinstance(value, list):
        return [_stored(item, allowance) for item in value]
    if isinstance(value, Content):
        return _stored_content(value, allowance)
    if allowance is None:
        return value
    redact = _redactor().text if isinstance(value, str) else _redactor().json
    return redact(value, allowance)


def _stored_content(content: Content, allowance: "Allowance | None") -> Content:
    if content.size_bytes > limits.PAYLOAD_BYTES:
        beginning = _cut(content.json, limits.PAYLOAD_BYTES + _MARGIN_BYTES)
        kept = beginning if allowance is None else _redactor().text(beginning, allowance)
        kept = _cut(kept, limits.PAYLOAD_BYTES)
        return Content(None, kept, content.size_bytes, truncated=True)
    if allowance is None:
        return content
    redacted = compact_json(_redactor().json(content.value, allowance))
    kept = _cut(redacted, limits.PAYLOAD_BYTES)  # a short secret becomes a longer marker
    return Content(None, kept, content.size_bytes, truncated=len(kept) < len(redacted))


def _cut(text: str, size_bytes: int) -> str:
    """The longest beginning of the text within so many bytes of UTF-8, ending on a character."""
    return text.encode()[:size_bytes].decode(errors="ignore")
