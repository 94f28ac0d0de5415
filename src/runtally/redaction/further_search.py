"""Finds what a user added to the known names and shapes."""

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from runtally.redaction import marks
from runtally.redaction.allowance import NAME_EFFORT, NEEDLE_EFFORT, Allowance
from runtally.redaction.further import FurtherName, FurtherPattern
from runtally.redaction.marks import Mark
from runtally.redaction.names import in_snake_case

_STEPS_PER_EFFORT: Final = 100
_WORDS_MAX: Final = 4
"""A name may be spelled in more words than the file has it: `kundennummer` also as `kunden_nummer`."""
_LAST_WORD: Final = re.compile(r"(?:[A-Z]+|[A-Z]?[^\W_A-Z]+)\Z")
_NAME_CHARS: Final = 64
_NAME_BACKWARDS: Final = re.compile(r"[\w.-]+")
_TO_VALUE: Final = re.compile(
    r"[\d_]{0,8}\\{0,15}(?P<quote>[\"'`])?\]?\s{0,4}(?:(?P<separator>=>|:=|[:=])(?!//|:)|>(?=[^<>\s]{1,256}</))"
)


class FurtherNames:
    """The names of a user's file, ready to be looked up."""

    def __init__(self, names: Sequence[FurtherName]) -> None:
        self._kinds: dict[str, str | None] = {}
        for one in names:
            self._kinds.setdefault(in_snake_case(one.name).replace("_", ""), one.kind)
        last_words = (_LAST_WORD.search(one.name) for one in names if one.kind)
        self._last_words = sorted({found[0].lower() for found in last_words if found})

    def kind_of(self, name: str) -> str | None:
        """The kind of what stands under the name, and None where nothing is to be hidden there.

        Raises:
            KeyError: the file says nothing of the name.
        """
        words = in_snake_case(name).rstrip("0123456789_").split("_")
        for count in range(min(_WORDS_MAX, len(words)), 0, -1):
            joined = "".join(words[-count:])
            if joined in self._kinds:
                return self._kinds[joined]
        raise KeyError(name)

    def found_in(self, text: str, allowance: Allowance) -> Iterator[tuple[str, int, str]]:
        """What may be such a name before a separator in a text, where its value begins, and the separator; that is `"`
        where the name stands in quotes.
        """
        folded = text.lower()
        if len(folded) != len(text):
            folded = text  # letters that grow in lower case: what is found must stand where it is found
        for word in self._last_words:
            at = folded.find(word)
            while at >= 0:
                allowance.spend(NAME_EFFORT)
                end = at + len(word)
                to_value = _TO_VALUE.match(text, end)
                if to_value and (name := _NAME_BACKWARDS.match(text[max(0, end - _NAME_CHARS) : end][::-1])):
                    yield name[0][::-1], to_value.end(), '"' if to_value["quote"] else to_value["separator"] or ">"
                at = folded.find(word, end)


class FurtherShapes:
    """The patterns of a user's file, ready to be looked for."""

    def __init__(self, patterns: Sequence[FurtherPattern]) -> None:
        self._rows = tuple(
            # A mark that is there already is passed over, whatever kind it tells.
            (one.kind, one.pattern, re.compile(rf"{marks.PATTERN}|(?P<value>{one.pattern.expression})"))
            for one in patterns
        )
        self.needles = tuple(one.pattern.needle for one in patterns)

    def hidden(self, text: str, mark: Mark, allowance: Allowance) -> str:
        """`text` with what has a shape replaced by its mark."""
        for kind, pattern, search in self._rows:
            if pattern.needle in text:
                effort = NEEDLE_EFFORT + pattern.steps / _STEPS_PER_EFFORT
                allowance.spend(text.count(pattern.needle) * effort)
                text = search.sub(partial(_marked, kind, mark), text)
        return text


def _marked(kind: str, mark: Mark, found: re.Match[str]) -> str:
    return mark(kind, found[0]) if found["value"] else found[0]
