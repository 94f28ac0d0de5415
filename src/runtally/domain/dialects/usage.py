"""Usage objects as vendors and other recorders write them, in Runtally's counts.

A name is looked up folded (`spelling.folded`) and with the names around it. What a vendor's object says beside the
known names is kept; where cached or reasoning tokens stand outside of the whole, they are added to it.
"""

import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from pydantic_core import ValidationError, from_json

from runtally.domain.dialects.spelling import Path, Problems, count, folded, refuse
from runtally.domain.dialects.usage_counts import Sellers, Spelled, settled
from runtally.domain.dialects.usage_names import (
    BESIDE_COUNTS,
    CHOICES,
    CONTAINERS,
    CONTENT,
    NAMED,
    NUMBER_OR_OBJECT,
    OF_A_RESPONSE,
    OWN,
    PLACES,
    REQUESTED,
    SESSION_SO_FAR,
    SHORT,
    SHORT_CONTAINERS,
    USAGE_OBJECTS,
)
from runtally.domain.limits import JSON_BYTES
from runtally.domain.written import amount

_NESTED_MAX: Final = 4
_LOOKED_AT_MAX: Final = 50
"""More than any vendor's object has beside its counts: a call with very many names must not hold up others."""
_OF_TOKENS_MAX: Final = 200
"""So many more are looked at whose names speak of tokens."""
_TOLD_APART_MIN, _TOLD_APART_MAX = 8, 64
"""Shorter names are one slip from too many others."""


class Understood(NamedTuple):
    """A usage object in our fields, and what it says beside them, as it was sent."""

    fields: dict[str, Any]
    rest: dict[str, Any]


def token_usage(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """`token_usage` in our fields. What a vendor's object says beside them goes into `attributes`; of a whole response
    all but its content. An object without a vendor's name stays as it is.

    Raises:
        ValidationError: a count is none, is said twice with two values, or its name is one letter off.
    """
    if OWN.issuperset(sent):
        return sent
    understood = of_object(_without_content(sent) if _is_response(sent) else sent)
    if understood is None:
        return sent
    kept, attributes = understood.rest, understood.fields.get("attributes")
    if not understood.fields and not kept:
        refuse((next(iter(sent)),), "tells nothing of what was used; send a count, a cost or the model", "consistency")
    if not kept or not isinstance(attributes, Mapping | None):
        return understood.fields
    for name in kept.keys() & (attributes or {}).keys():
        if (attributes or {})[name] != kept[name]:
            refuse((name,), "has one value in attributes and another beside it; send it once", "consistency")
    return understood.fields | {"attributes": {**(attributes or {}), **kept}}


def _is_response(sent: Mapping[str, Any]) -> bool:
    """Whether a usage object stands in it beside what was answered; Ollama's is both in one."""
    return "eval_count" in sent or any(
        folded(name) in OF_A_RESPONSE and isinstance(_read_text(value), Mapping) for name, value in sent.items()
    )


def _without_content(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in sent.items() if folded(name) not in CONTENT or isinstance(value, int | float)
    }


def of_object(sent: Mapping[str, Any], *, inside: bool = True) -> Understood | None:
    """What the object says of usage, or None where no vendor's name is in it. `inside` of a usage object `input` and
    the like mean tokens.

    Raises:
        ValidationError: as `token_usage`.
    """
    reading, problems = _Reading(), Problems()
    for path, name, value, is_inside in _leaves(sent, inside=inside):
        if value is None or (value == "" and is_known(name)):
            reading.note_name(path, name)
            continue
        try:
            reading.take(path, name, value, inside=is_inside)
        except ValidationError as refused:
            problems.note(refused)
    if not reading.is_a_vendors:
        return None
    for path, value in reading.kept:
        try:
            _refuse_near_miss(path, value)
        except ValidationError as refused:
            problems.note(refused)
    problems.refuse_all()
    return reading.understood()


def of_response(sent: Any) -> dict[str, Any]:
    """What a whole response, or its JSON text, says of usage, model and provider in our fields; nothing, unless it has
    a usage object.

    Raises:
        ValidationError: as `token_usage`.
    """
    response = _read_text(sent)
    said: dict[str, Any] = {}
    has_usage = False
    for name, value in response.items() if isinstance(response, Mapping) else ():
        if folded(name) in OF_A_RESPONSE or folded(name) in CHOICES:
            said[name] = value
            has_usage |= folded(name) in OF_A_RESPONSE and isinstance(_read_text(value), Mapping)
    if not has_usage:
        return {}
    understood = of_object(said, inside=False)
    return {} if understood is None else understood.fields


def names_of_kept(kept: Mapping[str, Any], *, within: str = "") -> Iterator[str]:
    """The names of what is kept; in a usage object, or the details of one, the path of what was not read of it."""
    for name, value in kept.items():
        if isinstance(value, Mapping) and value and (folded(name) in USAGE_OBJECTS or folded(name) in CONTAINERS):
            yield from names_of_kept(value, within=f"{within}{name}.")
        else:
            yield within + name


class _Reading:
    """What was met of a usage object so far."""

    def __init__(self) -> None:
        self.is_a_vendors = False
        """Whether a name in it is a vendor's, whatever its value."""
        self._met: dict[str, Path] = {}
        self._counts: dict[str, Spelled] = {}
        self._names: list[Spelled] = []
        self._own: dict[str, Any] = {}
        self._rest: list[tuple[Path, Any]] = []

    def note_name(self, path: Path, name: str) -> None:
        """See whose name it is."""
        is_ours = len(path) == 1 and path[0] in OWN
        self.is_a_vendors |= not is_ours and (is_known(name) or name in BESIDE_COUNTS)

    def take(self, path: Path, name: str, value: Any, *, inside: bool) -> None:
        """Read one value: its path as it was sent, and the name to look up."""
        _refuse_session(path, name, value)
        self.note_name(path, name)
        place = _place(name, value, inside=inside)
        if place is not None:
            self.is_a_vendors |= len(path) > 1 or path[0] not in OWN
            self._say(place, path, name, _cost(path, value) if place == "cost_usd" else count(path, value))
        elif name in CHOICES and isinstance(value, str):
            self._names.append(Spelled(path, name, value))
        elif name == "cache_details" and isinstance(value, list):
            writes, more = _writes_by_lifetime(path, value)
            for lifetime, tokens in writes.items():
                self._say(lifetime, (*path, "inputTokens"), name, tokens)
            if more:
                self._rest.append((path, more))
        elif len(path) == 1 and path[0] in OWN:
            self._own[path[0]] = value
        else:
            self._rest.append((path, value))

    def _say(self, place: str, path: Path, name: str, value: int | float) -> None:
        self._met.setdefault(name, path)
        before = self._counts.setdefault(place, Spelled(path, name, value))
        if before.value != value:
            refuse(path, f"is {value:,} and {before}, which say the same; send one of them", "consistency")

    @property
    def kept(self) -> list[tuple[Path, Any]]:
        """What is not read and may have been meant as a count, and where it stands."""
        of_tokens = (one for one in self._rest[_LOOKED_AT_MAX:] if "token" in one[0][-1].lower())
        return [*self._rest[:_LOOKED_AT_MAX], *islice(of_tokens, _OF_TOKENS_MAX)]

    def understood(self) -> Understood:
        """What it all comes to."""
        names = _best_names(self._names, self._rest)
        counts = settled(self._counts, self._met, Sellers(**names))
        return Understood(self._own | names | counts, _nested(self._rest))


def is_known(name: str) -> bool:
    """Whether it is the name of something that a usage object says, whoever wrote it."""
    plain = folded(name)
    return any(plain in names for names in (OWN, PLACES, CHOICES, USAGE_OBJECTS, CONTAINERS)) or plain == SESSION_SO_FAR


def _leaves(
    sent: Mapping[str, Any], *, inside: bool, path: Path = (), prefix: str = ""
) -> Iterator[tuple[Path, str, Any, bool]]:
    """Each value with the path it was sent at, the name to look up, and whether it stands in a usage object. An object
    that is looked into has its own name told too, without a value.
    """
    inside = inside and not _is_response(sent)
    # Cohere bills other tokens than the model saw; what it bills is what a price goes with.
    is_billed_apart = any(folded(name) == "billed_units" for name in sent)
    for name, given in sent.items():
        full, at = prefix + folded(name), (*path, name)
        is_usage = full in USAGE_OBJECTS and len(path) < _NESTED_MAX and not (full == "tokens" and is_billed_apart)
        is_container = full in CONTAINERS or (inside and full in SHORT_CONTAINERS)
        value = _read_text(given) if is_usage or is_container or full == SESSION_SO_FAR else given
        if isinstance(value, Mapping) and (is_usage or is_container):
            yield at, full, None, inside
            within = is_usage or inside
            yield from _leaves(value, inside=within, path=at, prefix="" if is_usage else f"{full}.")
        else:
            yield at, full, value, inside


def _refuse_session(path: Path, name: str, value: Any) -> None:
    if name == SESSION_SO_FAR and isinstance(value, Mapping):
        told = (
            "is the whole session so far, told again with each call; send last_token_usage alone, or when the run ends"
        )
        refuse(path, f"{told} what stands in this", "consistency")


def _place(name: str, value: Any, *, inside: bool) -> str | None:
    """Which of our counts that is, if any."""
    if name in NUMBER_OR_OBJECT and isinstance(value, Mapping):
        return None
    return PLACES.get(name) or (SHORT.get(name) if inside and _is_number(value) else None)


def _read_text(value: Any) -> Any:
    """The object that a text of JSON is; anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith("{") or len(value) > JSON_BYTES:
        return value
    try:
        encoded = value.encode()
        read = from_json(encoded, allow_inf_nan=False) if len(encoded) <= JSON_BYTES else value
    except ValueError:
        return value
    return read if isinstance(read, dict) else value


def _is_number(value: Any) -> bool:
    """Whether it can be a count: of a short name, anything else is content."""
    if isinstance(value, str):
        return value[:1].isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cost(path: Path, value: Any) -> int | float:
    number = amount(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        refuse(path, "is not a number", "number")
    if number < 0:
        refuse(path, "is less than 0", "number")
    return number


def _writes_by_lifetime(path: Path, details: list[Any]) -> tuple[dict[str, int], list[Any]]:
    """Bedrock's `cacheDetails`, a list of `{ttl, inputTokens}`: the sums, and what the entries say beside them. A write
    of any other lifetime is one of the default, and kept too.
    """
    writes: dict[str, int] = {}
    more: list[Any] = []
    for detail in details:
        if not isinstance(detail, Mapping) or detail.get("inputTokens") is None:
            more.extend([] if detail is None else [detail])
            continue
        lifetime = detail.get("ttl")
        place = "cache_write_1h_tokens" if lifetime == "1h" else "cache_write_5m_tokens"
        writes[place] = writes.get(place, 0) + count((*path, "inputTokens"), detail["inputTokens"])
        read = {"inputTokens", "ttl"} if lifetime in ("1h", "5m", None) else ()
        beside = {name: value for name, value in detail.items() if name not in read and value is not None}
        more.extend([beside] if beside else [])
    return writes, more


def _best_names(names: list[Spelled], rest: list[tuple[Path, Any]]) -> dict[str, str]:
    """Model and provider by their best names; the others join the rest where they say something else. What answered
    is better than what was asked for, and the innermost better than what stands around it.
    """
    found: dict[str, str] = {}
    for field, choices in NAMED.items():
        of_field = [one for one in names if one.name in choices]
        of_field.sort(key=lambda one: (_distance(one), choices.index(one.name), one.path))
        if of_field:
            found[field] = of_field[0].value
            rest.extend((one.path, one.value) for one in of_field if one.value != found[field])
    return found


def _distance(one: Spelled) -> tuple[bool, int]:
    depth = sum(folded(name) in USAGE_OBJECTS for name in one.path[:-1])
    return one.name in REQUESTED, -depth


def _refuse_near_miss(path: Path, value: Any) -> None:
    """A count that is one slip away from a known name, or that stands where it is not looked for, would vanish among
    what is kept.
    """
    name = folded(path[-1]).rpartition(".")[2]
    near = _known_near(name)
    if near is None:
        return
    if near != name:
        refuse(path, f"is not a known argument; did you mean {near}?", "consistency")
    if isinstance(value, int | float | str) and value not in (0, "0", ""):
        refuse(path, "is not known there; send it beside the other counts", "consistency")


@lru_cache(maxsize=4096)
def _known_near(name: str) -> str | None:
    return next((_one_slip_away()[short] for short in _shortened(name) if short in _one_slip_away()), None)


@cache
def _one_slip_away() -> dict[str, str]:
    """Known names by what is left of them without any one letter: two names that share that are one slip apart."""
    names = sorted({name.rpartition(".")[2] for name in (*PLACES, *OWN)})
    return {short: name for name in names for short in _shortened(name)} | {name: name for name in names}


def _shortened(name: str) -> Iterator[str]:
    if _TOLD_APART_MIN <= len(name) <= _TOLD_APART_MAX:
        yield name
        yield from (name[:at] + name[at + 1 :] for at in range(len(name)))


def _nested(leaves: list[tuple[Path, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in leaves:
        box = found
        for name in path[:-1]:
            box = box.setdefault(name, {})
        box[path[-1]] = value
    return found
