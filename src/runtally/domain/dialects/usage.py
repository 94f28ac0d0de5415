"""Usage objects as vendors and other recorders write them, in Runtally's counts.

A name is looked up folded (`spelling.folded`) and with the names around it. What a vendor's object says beside the
known names is kept; where cached or reasoning tokens stand outside of the whole, they are added to it.
"""

from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from pydantic_core import ValidationError

from runtally.domain.dialects.spelling import Path, Problems, count, folded, refuse
from runtally.domain.dialects.usage_names import (
    CHOICES,
    CONTAINERS,
    CONTENT,
    NAMED,
    NUMBER_OR_OBJECT,
    OF_A_RESPONSE,
    OWN,
    PLACES,
    SHORT,
    USAGE_OBJECTS,
)
from runtally.domain.dialects.wholes import with_parts_inside
from runtally.domain.written import amount

_NESTED_MAX: Final = 4
_LOOKED_AT_MAX: Final = 50
"""More than any vendor's object has beside its counts: a call with very many names must not hold up others."""
_OF_TOKENS_MAX: Final = 200
"""So many more are looked at whose names speak of tokens."""
_SAME_AS: Final = {"reasoning_tokens": "more_reasoning_tokens", "more_reasoning_tokens": "reasoning_tokens"}
"""One number, within the output or beside it."""
_TOLD_APART_MIN, _TOLD_APART_MAX = 8, 64
"""Shorter names are one slip from too many others."""


class Understood(NamedTuple):
    """A usage object in our fields, and what it says beside them, as it was sent."""

    fields: dict[str, Any]
    rest: dict[str, Any]


class Spelled(NamedTuple):
    """A number and where it was sent."""

    path: Path
    value: int | float


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
    if not kept or not isinstance(attributes, Mapping | None):
        return understood.fields
    for name in kept.keys() & (attributes or {}).keys():
        if (attributes or {})[name] != kept[name]:
            refuse((name,), "has one value in attributes and another beside it; send it once", "consistency")
    return understood.fields | {"attributes": {**(attributes or {}), **kept}}


def _is_response(sent: Mapping[str, Any]) -> bool:
    """Whether a usage object stands in it beside what was answered; Ollama's is both in one."""
    return "eval_count" in sent or any(
        folded(name) in OF_A_RESPONSE and isinstance(value, Mapping) for name, value in sent.items()
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
        if value != "" or not is_known(name):
            try:
                reading.take(path, name, value, inside=is_inside)
            except ValidationError as refused:
                problems.note(refused)
    if not reading.met:
        return None
    for path, value in reading.kept:
        try:
            _refuse_near_miss(path, value)
        except ValidationError as refused:
            problems.note(refused)
    problems.refuse_all()
    return reading.understood()


class _Reading:
    """What was met of a usage object so far. `met` are the names that are a vendor's."""

    def __init__(self) -> None:
        self.met: set[str] = set()
        self._counts: dict[str, Spelled] = {}
        self._names: dict[str, list[tuple[Path, str]]] = {}
        self._own: dict[str, Any] = {}
        self._rest: list[tuple[Path, Any]] = []

    def take(self, path: Path, name: str, value: Any, *, inside: bool) -> None:
        """Read one value: its path as it was sent, and the name to look up."""
        place = PLACES.get(name) or (SHORT.get(name) if inside else None)
        if name in NUMBER_OR_OBJECT and isinstance(value, Mapping):
            place = None
        is_read = place is not None or name in CHOICES or name == "cache_details"
        if is_read and (path[0] not in OWN or len(path) > 1):
            self.met.add(name)
        if place is not None:
            self._say(place, path, _cost(path, value) if place == "cost_usd" else count(path, value))
        elif name in CHOICES and isinstance(value, str):
            self._names.setdefault(name, []).append((path, value))
        elif name == "cache_details" and isinstance(value, list):
            self._take_writes(path, value)
        elif len(path) == 1 and path[0] in OWN:
            self._own[path[0]] = value
        else:
            self._rest.append((path, value))

    def _take_writes(self, path: Path, details: list[Any]) -> None:
        """Bedrock's `cacheDetails`: a list of `{ttl, inputTokens}`."""
        for detail in details:
            if _is_write(detail):
                self._say(
                    f"cache_write_{detail['ttl']}_tokens", path, count((*path, "inputTokens"), detail["inputTokens"])
                )
        if not all(map(_is_write, details)):
            self._rest.append((path, details))

    def _say(self, place: str, path: Path, value: int | float) -> None:
        here = Spelled(path, value)
        before = self._counts.get(_SAME_AS.get(place, ""), self._counts.setdefault(place, here))
        if before.value != value:
            told = f"is {value:,} and {'.'.join(before.path)} is {before.value:,}, which say the same; send one of them"
            refuse(path, told, "consistency")

    @property
    def kept(self) -> list[tuple[Path, Any]]:
        """What is not read and may have been meant as a count, and where it stands."""
        of_tokens = (one for one in self._rest[_LOOKED_AT_MAX:] if "token" in one[0][-1].lower())
        return [*self._rest[:_LOOKED_AT_MAX], *islice(of_tokens, _OF_TOKENS_MAX)]

    def understood(self) -> Understood:
        """What it all comes to."""
        counts = with_parts_inside({place: said.value for place, said in self._counts.items()}, self.met)
        names = _best_names(self._names, self._rest)
        return Understood(self._own | names | counts, _nested(self._rest))


def is_known(name: str) -> bool:
    """Whether it is the name of something that a usage object says, whoever wrote it."""
    plain = folded(name)
    return plain in OWN or plain in PLACES or plain in CHOICES or plain in USAGE_OBJECTS or plain in CONTAINERS


def _leaves(
    sent: Mapping[str, Any], *, inside: bool, path: Path = (), prefix: str = ""
) -> Iterator[tuple[Path, str, Any, bool]]:
    """Each value with the path it was sent at, the name to look up, and whether it stands in a usage object; null says
    nothing.
    """
    inside = inside and not _is_response(sent)
    # Cohere bills other tokens than the model saw; what it bills is what a price goes with.
    is_billed_apart = any(folded(name) == "billed_units" for name in sent)
    for name, value in sent.items():
        full = prefix + folded(name)
        if value is None:
            continue
        if isinstance(value, Mapping) and full in USAGE_OBJECTS and len(path) < _NESTED_MAX:
            if full != "tokens" or not is_billed_apart:
                yield from _leaves(value, inside=True, path=(*path, name))
                continue
        elif isinstance(value, Mapping) and full in CONTAINERS:
            yield from _leaves(value, inside=False, path=(*path, name), prefix=f"{full}.")
            continue
        yield (*path, name), full, value, inside


def _cost(path: Path, value: Any) -> int | float:
    number = amount(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        refuse(path, "is not a number", "number")
    if number < 0:
        refuse(path, "is less than 0", "number")
    return number


def _is_write(detail: Any) -> bool:
    return isinstance(detail, Mapping) and detail.keys() == {"ttl", "inputTokens"} and detail["ttl"] in ("1h", "5m")


def _best_names(names: Mapping[str, list[tuple[Path, str]]], rest: list[tuple[Path, Any]]) -> dict[str, str]:
    """Model and provider by their best names; the others join the rest where they say something else."""
    found: dict[str, str] = {}
    for field, choices in NAMED.items():
        for path, value in (one for name in choices for one in names.get(name, ())):
            if found.setdefault(field, value) != value:
                rest.append((path, value))
    return found


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
