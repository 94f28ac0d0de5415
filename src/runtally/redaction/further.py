"""What a user adds to the names and shapes that are known: a TOML file, checked without the engine it is for."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from runtally.domain.errors import InvalidInput
from runtally.domain.toml_tables import Entry, TomlTables
from runtally.redaction.flat_pattern import NEEDLE_CHARS_MIN, STEPS_MAX, FlatPattern, NotFlat

VARIABLE: Final = "RUNTALLY_REDACT_EXTRA"
KIND_DEFAULT: Final = "extra"
ENTRIES_MAX: Final = 200
"""Of names and of patterns, each."""
NAME_WORDS_MAX: Final = 3

_FILE_BYTES_MAX: Final = 256 * 1024
_NAME_CHARS_MAX: Final = 48
_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NAME: Final = re.compile(r"(?:[^\W_]+[ ._-])*[^\W_]*[^\W\d_]{3}")
_WORD_ENDS: Final = re.compile(r"[ ._-]|(?<=[a-z0-9])(?=[A-Z])")


class FurtherName(NamedTuple):
    """A name under which something is hidden, as `kind`; without a kind, one under which nothing is."""

    name: str
    kind: str | None


class FurtherPattern(NamedTuple):
    """A shape of something to hide, as `kind`."""

    pattern: FlatPattern
    kind: str


class Further(NamedTuple):
    """What the file says. Names that keep come before names that hide."""

    names: Sequence[FurtherName]
    patterns: Sequence[FurtherPattern]


NOTHING: Final = Further((), ())


def read(path: Path) -> Further:
    """The names and patterns in the file.

    Raises:
        InvalidInput: there is no such file, or something in it cannot be meant.
    """
    tables = TomlTables(path, VARIABLE, "names and patterns", _FILE_BYTES_MAX).tables("name", "keep", "pattern")
    for table, entries in tables.items():
        if len(entries) > ENTRIES_MAX:
            raise InvalidInput(
                f"{path} has {len(entries):,} of [[{table}]], and {ENTRIES_MAX} are read; leave some out"
            )
    kept = [FurtherName(_name(entry), None) for entry in _entries(path, "keep", tables["keep"], ("name",))]
    hidden = [
        FurtherName(_name(entry), _kind(entry)) for entry in _entries(path, "name", tables["name"], ("name", "kind"))
    ]
    patterns = [
        FurtherPattern(_pattern(entry), _kind(entry))
        for entry in _entries(path, "pattern", tables["pattern"], ("pattern", "kind"))
    ]
    return Further((*kept, *hidden), patterns)


def _entries(path: Path, table: str, told: Sequence[dict[str, Any]], known: Sequence[str]) -> list[Entry]:
    return [Entry(f"{path}, [[{table}]] {number}", entry, known) for number, entry in enumerate(told, 1)]


def _kind(entry: Entry) -> str:
    kind = entry.text("kind")
    if kind is not None and not _KIND.fullmatch(kind):
        raise entry.refusal("kind", "is not 1 to 32 of a-z 0-9 _ that begin with a letter")
    return KIND_DEFAULT if kind is None else kind


def _name(entry: Entry) -> str:
    name = entry.text("name")
    if name is None:
        raise entry.refusal("name", 'is missing; write the last words of a name, such as "customer_number"')
    if not _NAME.fullmatch(name) or len(name) > _NAME_CHARS_MAX:
        raise entry.refusal(
            "name",
            f"is not words of letters and digits with _ between them, of at most {_NAME_CHARS_MAX} characters, "
            "that end with three letters",
        )
    if len(_WORD_ENDS.split(name)) > NAME_WORDS_MAX:
        raise entry.refusal("name", f"has more than {NAME_WORDS_MAX} words; write its last {NAME_WORDS_MAX}")
    return name


def _pattern(entry: Entry) -> FlatPattern:
    pattern = entry.text("pattern")
    if pattern is None:
        raise entry.refusal("pattern", 'is missing; write one such as "ACME-[A-Z0-9]{12,40}"')
    try:
        flat = FlatPattern.parse(pattern)
    except NotFlat as error:
        raise entry.refusal("pattern", str(error)) from None
    if len(flat.needle) < NEEDLE_CHARS_MIN:
        raise entry.refusal(
            "pattern",
            f"begins with fewer than {NEEDLE_CHARS_MIN} fixed characters, by which a text is searched; begin it with "
            'what all such secrets begin with, as in "ACME-[A-Z0-9]{12,40}"',
        )
    if flat.steps > STEPS_MAX:
        raise entry.refusal(
            "pattern", f"can be tried in more than {STEPS_MAX} steps at one place; give its repeats less room"
        )
    return flat
