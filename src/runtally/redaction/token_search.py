"""Finds tokens by what they begin with, in the long runs of a text."""

import math
import re
import string
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from operator import itemgetter
from typing import Final, NamedTuple

from runtally.redaction.allowance import NEEDLE_EFFORT, SHAPE_EFFORT, Allowance
from runtally.redaction.values import is_placeholder

_KEY_CHARS: Final = 3

# In escaped text the letters before a token may belong to a `\n`, a `\u003d`, a `%3D` or a terminal's colour.
_STARTS: Final = re.compile(rf"[^A-Za-z0-9](?=([\s\S]{{{_KEY_CHARS}}}))")
_ESCAPED_STARTS: Final = re.compile(
    r"[\\%=\[;](?:(?<=\\)(?:[nrtbf]|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2})|(?<=[%=])[0-9A-Fa-f]{2}|(?<=[\[;])\d{1,3}m)"
    rf"(?=([\s\S]{{{_KEY_CHARS}}}))"
)
_AT_START: Final = re.compile(
    r"(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4})|(?<=\\x[0-9A-Fa-f]{2})|(?<=[%=][0-9A-Fa-f]{2})"
    r"|(?<=[\[;]\dm)|(?<=[\[;]\d\dm)"
)
_SAMPLE: Final = re.compile(r"(?i)your|placeholder|redacted|x{6}")
"""What stands in a manual where a token would."""


class Found(NamedTuple):
    """Where a secret begins and ends, and its kind."""

    start: int
    end: int
    kind: str


class TokenShape:
    """A row of `tokens`, whose pattern is compiled when a text first holds one of its prefixes."""

    def __init__(self, kind: str, prefixes: Sequence[str], pattern: str, entropy: float = 0) -> None:
        self.kind = kind
        self.prefixes = tuple(prefixes)
        self._source = pattern
        self._entropy = entropy

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self._source, re.ASCII)

    def at(self, text: str, start: int) -> re.Match[str] | None:
        """What looks like the token and begins there."""
        return self._pattern.match(text, start)

    def found(self, match: re.Match[str]) -> Found | None:
        """The token that was matched, if it is one and no sample."""
        span = match.span("value" if "value" in self._pattern.groupindex else 0)
        token = match.string[slice(*span)]
        is_none = _SAMPLE.search(token) or is_placeholder(token) or entropy(token) < self._entropy
        return None if is_none else Found(*span, self.kind)


class Tokens:
    """Rows of tokens, ready to be looked for; where two match, the first one stands."""

    def __init__(self, shapes: Iterable[TokenShape]) -> None:
        self._by_key: dict[str, dict[str, list[TokenShape]]] = {}
        for shape in shapes:
            for prefix in shape.prefixes:
                for key in _keys(prefix):
                    self._by_key.setdefault(key, {}).setdefault(prefix, []).append(shape)
        self._keys = frozenset(self._by_key)

    def found(self, text: str, joined: str, allowance: Allowance) -> Iterator[Found]:
        """The tokens in the text, in their order; `joined` are the runs that they are looked for in."""
        keys = self._keys.intersection(_STARTS.findall(joined))
        keys |= self._keys.intersection(_ESCAPED_STARTS.findall(joined))
        done = 0
        for start, shapes in sorted(self._beginnings(text, keys, allowance), key=itemgetter(0)) if keys else ():
            if start < done:
                continue
            for shape in shapes:
                if match := shape.at(text, start):
                    allowance.spend(SHAPE_EFFORT)
                    done = match.end()
                    if found := shape.found(match):
                        yield found
                        break

    def _beginnings(
        self, text: str, keys: Iterable[str], allowance: Allowance
    ) -> Iterator[tuple[int, list[TokenShape]]]:
        for prefix, shapes in {prefix: found for key in keys for prefix, found in self._by_key[key].items()}.items():
            at = text.find(prefix)
            while at >= 0:
                allowance.spend(NEEDLE_EFFORT)
                after = at + len(prefix)
                if not text.startswith(prefix, after) and _AT_START.match(text, at):
                    yield at, shapes
                at = text.find(prefix, after)


def _keys(prefix: str) -> list[str]:
    if len(prefix) >= _KEY_CHARS:
        return [prefix[:_KEY_CHARS]]
    alphabet = string.ascii_letters + string.digits
    return [prefix + "".join(more) for more in product(alphabet, repeat=_KEY_CHARS - len(prefix))]


def entropy(text: str) -> float:
    """Shannon's, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
