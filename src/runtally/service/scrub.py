"""Redaction before anything is stored: every free text, every string inside JSON and every name of a request."""

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel

from runtally.domain import limits
from runtally.domain.caller import Origin
from runtally.domain.errors import InvalidInput
from runtally.domain.fields import Content, FreeText, compact_json
from runtally.domain.json_size import about_bytes
from runtally.service.beginnings import beginning_of, without_end
from runtally.service.names import is_marked, mentions, odd_names, renamed, renamed_origin

if TYPE_CHECKING:
    from runtally.redaction import Allowance, Redactor

RequestT = TypeVar("RequestT", bound=BaseModel)

_STEP_BYTES: Final = 512
_SECRET_CHARS: Final = 4096
_LOOKED_THROUGH_CHARS: Final = limits.PAYLOAD_BYTES + 2 * _SECRET_CHARS
"""Of a text that is cut there half a secret may be the end, and is taken off; what marks make shorter has room."""


def allowance_of_call() -> "Allowance":
    """What redaction may cost in one call."""
    from runtally.redaction import Allowance  # noqa: PLC0415 - as below

    return Allowance()


def clip(request: RequestT, redactor: "Redactor | None", allowance: "Allowance | None" = None) -> RequestT:
    """The request as it may be stored but for its names: secrets replaced where there is a redactor, long payloads cut.

    A payload is redacted and cut then, so that no half of a secret is left, and at most half of a mark. Long strings
    far behind what is kept of it are not looked through.

    Raises:
        LimitExceeded: the request as a whole holds too much that looks like secrets.
        InvalidInput: its project_key looks like one.
    """
    if redactor is None:
        return _clipped(request, None)
    if project_key := getattr(request, "project_key", None):
        refuse_secret_project(project_key, redactor=redactor)
    return _clipped(request, _Redaction(redactor, allowance or allowance_of_call()))


def names_to_mark(
    request: BaseModel, origin: Origin, redactor: "Redactor | None", allowance: "Allowance | None" = None
) -> frozenset[str]:
    """The names of the request and of its origin that `with_marks` has something to do for; nearly always none.

    Raises:
        LimitExceeded: they hold too much that looks like secrets; so `with_marks` never takes long in a transaction.
    """
    if redactor is None:
        return odd_names(request, origin, _is_no_secret)
    within = allowance or allowance_of_call()
    return odd_names(request, origin, lambda name: redactor.is_in_name(name, within))


def with_marks(
    request: RequestT, origin: Origin, names: frozenset[str], key: bytes, redactor: "Redactor | None"
) -> tuple[RequestT, Origin]:
    """The request and its origin as they may be stored in the database of this key: `[REDACTED:kind:<6 hex>]` in the
    place of each secret in the names, by which they are also looked up.
    """
    marked = {name: name if redactor is None else redactor.name(name, key) for name in names}
    return renamed(request, marked), renamed_origin(origin, marked)


def refuse_secret_project(
    project_key: str,
    called: str = "project_key",
    field: str = "project_key",
    redactor: "Redactor | None" = None,
) -> None:
    """Raise `InvalidInput` if what names a project has the shape of a secret; the refusal does not repeat it."""
    if (redactor or _redactor()).is_in_name(project_key):
        raise InvalidInput(
            f"{called} has the shape of a secret, such as a key or a token, and would be shown as the name of a "
            "project. Name the project otherwise; if it is a secret, it may have to be replaced",
            field=field,
        )


def without_secrets(text: str) -> str:
    """The text as it may be shown where others read it too."""
    return _redactor().text(text)


class _Redaction(NamedTuple):
    """A redactor, and what it may cost in one call."""

    redactor: "Redactor"
    allowance: "Allowance"

    def text(self, text: str) -> str:
        return self.redactor.text(text, self.allowance)

    def json(self, value: Any) -> Any:
        return self.redactor.json(value, self.allowance)


def _is_no_secret(_: str) -> bool:
    return False


def _clipped(request: RequestT, redaction: "_Redaction | None") -> RequestT:
    changed = {
        name: stored for name, value in _free_values(request) if (stored := _stored(value, redaction)) is not value
    }
    extra = _extra(request, redaction)
    if not changed and extra is None:
        return request
    copy = request.model_copy(update=changed)
    if extra is not None:
        # model_copy shares the extras; replaced here on the copy alone.
        object.__setattr__(copy, "__pydantic_extra__", extra)
    return copy


def size_of(request: BaseModel) -> int:
    """About how many bytes of text and payloads the request holds: each step of a list counts half a kibibyte."""
    told = sum(_size_of_value(value) for _, value in _free_values(request))
    return told + (about_bytes(request.model_extra, limits.JSON_BYTES) if request.model_extra else 0)


def _size_of_value(value: Any) -> int:
    if isinstance(value, Content):
        return len(value.json)
    if isinstance(value, list):
        return sum(_STEP_BYTES + _size_of_value(item) for item in value)
    if isinstance(value, BaseModel):
        return size_of(value)
    return about_bytes(value, limits.JSON_BYTES)


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


def _extra(request: BaseModel, redaction: "_Redaction | None") -> dict[str, Any] | None:
    if not request.model_extra or redaction is None:
        return None
    redacted: dict[str, Any] = redaction.json(request.model_extra)
    return redacted


@cache
def _fields_to_visit(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields that are free text or hold models that may be."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if is_marked(field.metadata, FreeText)
        or mentions(field.annotation, FreeText)
        or mentions(field.annotation, BaseModel)
    )


def _stored(value: Any, redaction: "_Redaction | None") -> Any:
    if isinstance(value, BaseModel):
        return _clipped(value, redaction)
    if isinstance(value, list):
        return [_stored(item, redaction) for item in value]
    if isinstance(value, Content):
        return _stored_content(value, redaction)
    if redaction is None:
        return value
    return redaction.text(value) if isinstance(value, str) else redaction.json(value)


def _stored_content(content: Content, redaction: "_Redaction | None") -> Content:
    redacted = content.json if redaction is None else compact_json(_redacted(content, redaction))
    kept = _cut(redacted, limits.PAYLOAD_BYTES)
    is_cut = content.size_bytes > limits.PAYLOAD_BYTES or len(kept) < len(
        redacted
    )  # a mark may be longer than a secret
    return Content(None, kept, content.size_bytes, truncated=is_cut)


def _redacted(content: Content, redaction: _Redaction) -> Any:
    # Whole but for long strings that are cut off anyway: what gives a secret away may stand before or behind it.
    if content.size_bytes <= _LOOKED_THROUGH_CHARS:
        return redaction.json(content.value)
    beginning, cut = beginning_of(content.value, _LOOKED_THROUGH_CHARS)
    redacted = redaction.json(beginning)
    return redacted if cut is None else without_end(redacted, cut, _SECRET_CHARS)


def _cut(text: str, size_bytes: int) -> str:
    """The longest beginning of the text within so many bytes of UTF-8, ending on a character."""
    return text.encode()[:size_bytes].decode(errors="ignore")
