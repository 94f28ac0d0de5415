"""Hides secrets in a text, in JSON and in a name."""

import re
from functools import lru_cache
from typing import Any, Final

from runtally.domain import limits
from runtally.redaction import assignments, marks, structure
from runtally.redaction.allowance import PASS_EFFORT, UNLIMITED, Allowance
from runtally.redaction.further import NOTHING, Further
from runtally.redaction.further_search import FurtherNames, FurtherShapes
from runtally.redaction.marks import Mark
from runtally.redaction.names import BUILT_IN as NAMES
from runtally.redaction.names import NAMES as KNOWN
from runtally.redaction.names import Names
from runtally.redaction.shape_search import BUILT_IN as SHAPES

_SHORT_CHARS: Final = 64
"""In a text no longer than this, one search for any gate takes less time than a look for each."""
_ANY_NAME_CHARS: Final = limits.TICKET_CHARS
"""No name has a lower limit."""
_SECRET_CHARS: Final = 5
"""No text that is shorter holds a secret and what gives it away: `pwd=x`."""


class Redactor:
    """Hides what is known as a secret, and what a user's file adds. What was redacted stays as it is."""

    def __init__(self, further: Further = NOTHING) -> None:
        self._names = Names(KNOWN, FurtherNames(further.names)) if further.names else NAMES
        self._shapes = SHAPES
        self._further_shapes = FurtherShapes(further.patterns)
        gates = (*SHAPES.gates, *assignments.GATES, *self._further_shapes.needles, *self._names.gates)
        self._any_gate = re.compile("|".join(map(re.escape, gates)))
        self.is_in_name = lru_cache(maxsize=4096)(self._is_in_name)
        """Whether `name` would change something in it. Names come again and again."""

    def text(self, text: str, allowance: Allowance = UNLIMITED) -> str:
        """`text` with every known secret replaced by `[REDACTED:kind]`.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        if len(text) < _SHORT_CHARS and (len(text) < _SECRET_CHARS or not self._any_gate.search(text)):
            return text
        passes = 1
        while (redacted := self._once(text, allowance)) != text:
            text = redacted  # a mark ends a token: what stood next to the secret may be one only now
            allowance.spend(passes * len(text) * PASS_EFFORT)
            passes += 1
        return text

    def _once(self, text: str, allowance: Allowance) -> str:
        return assignments.without_assignments(self._hidden(text, marks.of_kind, allowance), self._names, allowance)

    def _hidden(self, text: str, mark: Mark, allowance: Allowance) -> str:
        if self._further_shapes.needles:
            text = self._further_shapes.hidden(text, mark, allowance)
        return self._shapes.hidden(text, mark, allowance)

    def json(self, value: Any, allowance: Allowance = UNLIMITED) -> Any:
        """A copy of `value` whose strings went through `text`, or went whole where their name says secret.

        Keys go through `text` too, and two that become the same stay two entries (`[REDACTED:kind]#2`). Order is kept,
        however deep the nesting.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        return structure.without_secrets(value, self.text, self._names, allowance)

    def name(self, name: str, key: bytes, allowance: Allowance = UNLIMITED) -> str:
        """What something is called, with every known shape replaced by `[REDACTED:kind:<6 hex>]`: the same secret has
        the same mark under the same key, and another one nearly always another. One that would become too long for a
        name is replaced as a whole.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        mark, before = marks.keyed(key), name
        while (redacted := self._hidden(name, mark, allowance)) != name:
            name = redacted
        return name if len(name) <= max(len(before), _ANY_NAME_CHARS) else mark("name", before)

    def _is_in_name(self, name: str) -> bool:
        return self._hidden(name, marks.of_kind, UNLIMITED) != name
