"""Idempotency: the same write again answers as before; another write under its key is refused.

A receipt holds no text of a caller: each argument, and the key, as a hash keyed with the random value of the database.
The arguments are those that were sent, before anything in them was redacted or cut.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from runtally.domain.errors import Conflict
from runtally.domain.fields import Content, compact_json
from runtally.domain.models import Answer
from runtally.domain.records import Receipt
from runtally.service.unit import Unit

AnswerT = TypeVar("AnswerT", bound=Answer)

_FORMAT: Final = 2
"""How the hashes are made; a change of anything that goes into them is another format."""
_BEFORE_OTHERS_WORDS: Final = 1
"""The format until 0.3, when a call was hashed in whatever words it was sent."""
_IN_OTHERS_WORDS: Final = frozenset({"traces", "token_usage"})
_HASH_BYTES: Final = 16
_NOT_CONTENT: Final = frozenset({"idempotency_key", "project_key"})


def once(
    unit: Unit,
    project_key: str,
    operation: str,
    key: str | None,
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
    earlier = find(unit, project_key, operation, key)
    if earlier is None:
        answer = write()
        keep(unit, project_key, operation, key, answer)
        return answer
    differing = differing_from(unit, project_key, operation, earlier)
    if differing:
        raise Conflict(
            f"this idempotency_key was used before with other content: {', '.join(differing)} differ. "
            "To repeat that call, send what was sent then; a new key is for another one, which counts too",
            field="idempotency_key",
        )
    return repeated(answer_type, earlier)


def find(unit: Unit, project_key: str, operation: str, key: str) -> Receipt | None:
    """The receipt of an earlier write under this key, if there was one."""
    return unit.store.receipts.find(project_key, operation, _sealed(unit, project_key, operation, "", key.encode()))


def keep(unit: Unit, project_key: str, operation: str, key: str, answer: Answer) -> None:
    """Keep the receipt of a write that answered so."""
    answer_json = compact_json(answer.model_dump(exclude_none=True))
    asked = _sealed_digests(unit, project_key, operation)
    receipt = Receipt(asked, answer_json, _FORMAT, unit.now, getattr(answer, "run_id", None))
    sealed_key = _sealed(unit, project_key, operation, "", key.encode())
    unit.store.receipts.insert(project_key, operation, sealed_key, receipt)


def repeated(answer_type: type[AnswerT], receipt: Receipt) -> AnswerT:
    """The answer as it was given then, marked as a duplicate."""
    return answer_type.model_validate_json(receipt.answer_json).model_copy(update={"duplicate": True})


def differing_from(unit: Unit, project_key: str, operation: str, receipt: Receipt) -> list[str]:
    """The arguments in which this call differs from the one that a receipt is of. What a receipt of another format
    holds otherwise cannot be compared: there its key is believed.
    """
    if receipt.format not in (_BEFORE_OTHERS_WORDS, _FORMAT):
        return []
    asked = _sealed_digests(unit, project_key, operation)
    differing = differing_fields(receipt.digests, asked)
    if receipt.format == _FORMAT:
        return differing
    # An empty text was an argument then, and is left out now.
    return [name for name in differing if name in asked and name.partition(".")[0] not in _IN_OTHERS_WORDS]


def differing_fields(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names under which the two hold different values, in order; what is missing counts as None."""
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def _sealed_digests(unit: Unit, project_key: str, operation: str) -> dict[str, str]:
    return {name: _sealed(unit, project_key, operation, name, digest) for name, digest in unit.asked.items()}


def _sealed(unit: Unit, project_key: str, operation: str, name: str, content: bytes) -> str:
    """The same content has another hash in another argument, operation, project and database."""
    place = "\0".join((project_key, operation, name, "")).encode()
    return blake2b(place + content, digest_size=_HASH_BYTES, key=unit.store.random_key()).hexdigest()


def digests_of(request: BaseModel) -> dict[str, bytes]:
    """A hash for each argument that was given, whatever the order of keys in it: to be sealed, never to be stored."""
    found = {}
    for name, value in vars(request).items():
        if value is None or value == [] or name in _NOT_CONTENT:
            continue
        if isinstance(value, BaseModel):
            found.update({f"{name}.{inner}": digest for inner, digest in digests_of(value).items()})
        else:
            found[name] = blake2b(canonical_json(_plain(value)).encode(), digest_size=_HASH_BYTES).digest()
    return found


def canonical_json(value: Any) -> str:
    """JSON in one order of keys, which says nothing in JSON."""
    return json.dumps(value, sort_keys=True)


def canonical_payload(content: Content) -> str:
    """A payload as JSON in one order of keys; one that was cut or is very deep stays as it is."""
    try:
        return canonical_json(json.loads(content.json) if content.value is None else content.value)
    except (ValueError, RecursionError):
        return content.json


def _plain(value: Any) -> Any:
    if isinstance(value, Content):
        return canonical_payload(value)
    if isinstance(value, BaseModel):
        given = {**vars(value), **(value.model_extra or {})}
        return {name: _plain(inner) for name, inner in given.items() if inner is not None}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
