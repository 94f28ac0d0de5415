"""Idempotency: the same write again answers as before; another write under its key is refused."""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from runtally.domain.errors import Conflict
from runtally.domain.fields import Content, compact_json
from runtally.domain.models import Answer
from runtally.domain.ports import Receipt
from runtally.service.unit import Unit

AnswerT = TypeVar("AnswerT", bound=Answer)

_DIGEST_CHARS: Final = 24
_NOT_CONTENT: Final = frozenset({"idempotency_key", "project_key"})


def once(
    unit: Unit,
    project_key: str,
    operation: str,
    key: str | None,
    request: BaseModel,
    answer_type: type[AnswerT],
    write: Callable[[], AnswerT],
) -> AnswerT:
    """Do the write, unless the project has done it under this key before; then answer as then, with `duplicate`.

    Without a key the write is simply done.

    Raises:
        Conflict: the key was used for another content; the message names the fields that differ.
    """
    if key is None:
        return write()
    asked = digests(request)
    earlier = unit.store.find_receipt(project_key, operation, key)
    if earlier is not None:
        differing = differing_fields(earlier.digests, asked)
        if differing:
            raise Conflict(
                f"this idempotency_key was used before with other content: {', '.join(differing)} differ. "
                "Send what was sent then, or use a new key",
                field="idempotency_key",
            )
        return repeated(answer_type, earlier)
    answer = write()
    keep(unit, project_key, operation, key, Receipt(asked, _kept(answer)))
    return answer


def keep(unit: Unit, project_key: str, operation: str, key: str, receipt: Receipt) -> None:
    """Keep the receipt of a write."""
    unit.store.insert_receipt(project_key, operation, key, unit.now, receipt)


def receipt_for(request: BaseModel, answer: Answer) -> Receipt:
    """The receipt of a write that answered so."""
    return Receipt(digests(request), _kept(answer))


def repeated(answer_type: type[AnswerT], receipt: Receipt) -> AnswerT:
    """The answer as it was given then, marked as a duplicate."""
    return answer_type.model_validate_json(receipt.answer_json).model_copy(update={"duplicate": True})


def differing_from(request: BaseModel, receipt: Receipt) -> list[str]:
    """The fields in which a request differs from the one that a receipt is of."""
    return differing_fields(receipt.digests, digests(request))


def differing_fields(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names under which the two hold different values, in order; what is missing counts as None."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def sorted_keys(text: str) -> str:
    """JSON text in one order of keys, which says nothing in JSON; a text that was cut is left as it is."""
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _kept(answer: Answer) -> str:
    return compact_json(answer.model_dump(exclude_none=True))


def digests(request: BaseModel) -> dict[str, str]:
    """A digest for each field that was given: enough to name what differs, without keeping the content twice."""
    found = {}
    for name, value in vars(request).items():
        if value is None or name in _NOT_CONTENT:
            continue
        if isinstance(value, BaseModel):
            found.update({f"{name}.{inner}": digest for inner, digest in digests(value).items()})
        else:
            found[name] = _digest(value)
    return found


def _digest(value: Any) -> str:
    text = compact_json(_plain(value))
    return text if len(text) <= _DIGEST_CHARS else blake2b(text.encode(), digest_size=_DIGEST_CHARS // 2).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Content):
        return [sorted_keys(value.json), value.size_bytes]
    if isinstance(value, BaseModel):
        return {
            name: _plain(inner)
            for name, inner in sorted({**vars(value), **(value.model_extra or {})}.items())
            if inner is not None
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in sorted(value.items())}
    return value
