"""Redaction before anything is stored: every free text and every string inside JSON of a request."""

from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from runtally.domain import limits
from runtally.domain.fields import Content, FreeText, compact_json

RequestT = TypeVar("RequestT", bound=BaseModel)

_MARGIN_BYTES: Final = 4096
"""A secret across the cut is still seen whole if it begins within the limit and is no longer than this."""
_STEP_BYTES: Final = 512


def clip(request: RequestT, *, redact: bool) -> RequestT:
    """The request as it may be stored: secrets replaced (unless `redact` is off), long payloads cut.

    A payload is cut after it was redacted, so that no half of a secret is left at the end.
    """
    changed = {
        name: stored for name, value in _free_values(request) if (stored := _stored(value, redact=redact)) is not value
    }
    extra = _extra(request, redact=redact)
    if not changed and extra is None:
        return request
    copy = request.model_copy(update=changed)
    if extra is not None:
        # model_copy shares the extras; replaced here on the copy alone.
        object.__setattr__(copy, "__pydantic_extra__", extra)
    return copy


def size_of(request: BaseModel) -> int:
    """About how many bytes of text and payloads the request will store: each step of a list counts half a kibibyte."""
    return sum(_size_of_value(value) for _, value in _free_values(request))


def _size_of_value(value: Any) -> int:
    if isinstance(value, Content):
        return min(value.size_bytes, limits.PAYLOAD_BYTES)
    if isinstance(value, list):
        return sum(_STEP_BYTES + _size_of_value(item) for item in value)
    if isinstance(value, BaseModel):
        return size_of(value)
    return len(value) if isinstance(value, str) else _STEP_BYTES


@cache
def _redaction() -> ModuleType:
    """Its patterns are compiled on the first write, not while a host waits for the server to start."""
    from runtally import redaction  # noqa: PLC0415

    return redaction


def _free_values(request: BaseModel) -> Iterator[tuple[str, Any]]:
    values = vars(request)
    for name in _fields_to_visit(type(request)):
        if values[name] is not None:
            yield name, values[name]


def _extra(request: BaseModel, *, redact: bool) -> dict[str, Any] | None:
    if not request.model_extra or not redact:
        return None
    redacted: dict[str, Any] = _redaction().redact_json(request.model_extra)
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


def _stored(value: Any, *, redact: bool) -> Any:
    if isinstance(value, BaseModel):
        return clip(value, redact=redact)
    if isinstance(value, list):
        return [_stored(item, redact=redact) for item in value]
    if isinstance(value, Content):
        return _stored_content(value, redact=redact)
    if not redact:
        return value
    return _redaction().redact_text(value) if isinstance(value, str) else _redaction().redact_json(value)


def _stored_content(content: Content, *, redact: bool) -> Content:
    if content.size_bytes > limits.PAYLOAD_BYTES:
        beginning = _cut(content.json, limits.PAYLOAD_BYTES + _MARGIN_BYTES)
        kept = _cut(_redaction().redact_text(beginning) if redact else beginning, limits.PAYLOAD_BYTES)
        return Content(None, kept, content.size_bytes, truncated=True)
    if not redact:
        return content
    redacted = compact_json(_redaction().redact_json(content.value))
    kept = _cut(redacted, limits.PAYLOAD_BYTES)  # a short secret becomes a longer marker
    return Content(None, kept, content.size_bytes, truncated=len(kept) < len(redacted))


def _cut(text: str, size_bytes: int) -> str:
    """The longest beginning of the text within so many bytes of UTF-8, ending on a character."""
    return text.encode()[:size_bytes].decode(errors="ignore")
