"""Hides secrets in a text, in JSON and in a name."""

from functools import lru_cache
from typing import Any, Final

from runtally.domain import limits
from runtally.redaction import assignments, first_look, formats, json_text, layout, marks
from runtally.redaction.allowance import PASS_EFFORT, UNLIMITED, Allowance, measured
from runtally.redaction.further import NOTHING, Further
from runtally.redaction.further_search import FurtherNames, FurtherShapes
from runtally.redaction.marks import Mark
from runtally.redaction.names import BUILT_IN as NAMES
from runtally.redaction.names import NAMES as KNOWN
from runtally.redaction.names import Names
from runtally.redaction.runs import RUN_CHARS
from runtally.redaction.shape_search import BUILT_IN as SHAPES
from runtally.redaction.structure import Structure

_ANY_NAME_CHARS: Final = limits.TICKET_CHARS
"""No name has a lower limit."""
_SECRET_CHARS: Final = 5
"""No text that is shorter holds a secret and what gives it away: `pwd=x`."""
_LOOKED_AT_CHARS: Final = 320
"""A longer text has mostly something in it that may lead to a secret."""
_REPEATED_CHARS: Final = 128
_REPEATED_TEXTS: Final = 4096
"""Names, keys and paths come again and again: so many innocent texts, no longer than that, are known by heart."""

_ANY_MARK: Final = marks.keyed(b"")


class Redactor:
    """Hides what is known as a secret, and what a user's file adds. What was redacted stays as it is."""

    def __init__(self, further: Further = NOTHING) -> None:
        self._names = Names(KNOWN, FurtherNames(further.names)) if further.names else NAMES
        self._shapes = SHAPES
        self._further_shapes = FurtherShapes(further.patterns)
        self._hides_no_word = not further.patterns
        self._adds_nothing = not (further.names or further.patterns)
        self._structure = Structure(self.text, self._names)
        self._innocent: dict[str, float] = {}
        self._told_of_name = lru_cache(maxsize=4096)(self._tell_of_name)

    def text(self, text: str, allowance: Allowance = UNLIMITED, *, is_named: bool = False) -> str:
        """`text` with every known secret replaced by `[REDACTED:kind]`. A text that is JSON goes through `json`. One
        that `is_named` stands under the name of a secret, and is not kept in memory.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        if len(text) < _SECRET_CHARS or (self._hides_no_word and _is_a_word(text)):
            return text
        if len(text) > _REPEATED_CHARS:
            return self._until_nothing_changes(text, allowance)
        if (effort := self._innocent.get(text)) is None:
            meter = Allowance()
            redacted = self._until_nothing_changes(text, meter)
            effort = meter.spent
            if redacted == text and not is_named:
                self._remember(text, effort)
            text = redacted
        if effort:
            allowance.spend(effort)
        return text

    def _remember(self, text: str, effort: float) -> None:
        """Keep what it takes to find nothing in the text; no text with a secret is kept."""
        if len(self._innocent) >= _REPEATED_TEXTS:
            self._innocent.clear()
        self._innocent[text] = effort

    def _until_nothing_changes(self, text: str, allowance: Allowance) -> str:
        passes = 1
        while (redacted := self._once(text, allowance)) != text:
            text = redacted  # a mark ends a token: what stood next to the secret may be one only now
            allowance.spend(passes * len(text) * PASS_EFFORT)
            passes += 1
        return text

    def _once(self, text: str, allowance: Allowance, layers: int = layout.LAYERS) -> str:
        if json_text.is_json(text):
            allowance.spend(len(text) * PASS_EFFORT)
            redacted = json_text.redacted(text, lambda value: self.json(value, allowance))
            if redacted is not None:
                return redacted
        if self._adds_nothing and len(text) <= _LOOKED_AT_CHARS and first_look.is_innocent(text):
            return self._shapes.hidden_in_runs(text, marks.of_kind, allowance)
        if layers:
            text = layout.hidden(text, lambda view: self._once(view, allowance, layers - 1), allowance)
        return assignments.without_assignments(
            self._without_shapes(text, marks.of_kind, allowance), self._names, allowance
        )

    def _without_shapes(self, text: str, mark: Mark, allowance: Allowance) -> str:
        if self._further_shapes.needles:
            text = self._further_shapes.hidden(text, mark, allowance)
        return self._shapes.hidden(formats.hidden(text, mark, allowance), mark, allowance)

    def json(self, value: Any, allowance: Allowance = UNLIMITED) -> Any:
        """A copy of `value` whose strings went through `text`.

        What stands under the name of a secret, or is named beside it, goes whole: strings, whole numbers, and each leaf
        of a list or an object, whose keys stay. Booleans, fractions, null, placeholders, counts of tokens and what only
        tells of the secret (`type`, `username`, `expires_at`) stay.

        Keys go through `text` too, and two that become the same stay two entries (`[REDACTED:kind]#2`). Order is kept,
        however deep the nesting.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        return self._structure.without_secrets(value, allowance)

    def is_in_name(self, name: str, allowance: Allowance = UNLIMITED) -> bool:
        """Whether `name` would change something in it. Names come again and again, and cost the same each time; that is
        as much as it takes to change them, too.

        Raises:
            LimitExceeded: the allowance is spent.
        """
        is_in_it, effort = self._told_of_name(name)
        allowance.spend(effort)
        return is_in_it

    def name(self, name: str, key: bytes) -> str:
        """What something is called, with every known shape replaced by `[REDACTED:kind:<6 hex>]`: the same secret has
        the same mark under the same key, and another one nearly always another. One that would become too long for a
        name is replaced as a whole.
        """
        mark = marks.keyed(key)
        marked = self._marked(name, mark, UNLIMITED)
        return marked if len(marked) <= max(len(name), _ANY_NAME_CHARS) else mark("name", name)

    def _marked(self, name: str, mark: Mark, allowance: Allowance) -> str:
        while (redacted := self._without_shapes(name, mark, allowance)) != name:
            name = redacted
        return name

    def _tell_of_name(self, name: str) -> tuple[bool, float]:
        return measured(lambda allowance: self._marked(name, _ANY_MARK, allowance) != name, otherwise=True)


def _is_a_word(text: str) -> bool:
    """Whether nothing in the text parts a name from a value, and it is too short for a token."""
    return len(text) < RUN_CHARS and text.isalnum() and text.isascii()
