"""A file of the user's own settings: TOML, read in bounded time. What cannot be meant is refused, by entry and key."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

from runtally.domain.errors import InvalidInput
from runtally.domain.limits import IDENTIFIER_CHARS

LINE_CHARS_MAX: Final = 2_000
_PARTS_MAX: Final = 16
_MANY_PARTS: Final = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{_PARTS_MAX}}}[\w\"'-]")
"""A key of more parts: the parser compares each with all that came before it."""
_SHOWN_CHARS: Final = 64
_PLACE: Final = re.compile(r"at (line \d+, column \d+|end of document)")


class TomlTables(NamedTuple):
    """Where such a file is, which variable names it, and what it holds, in the plural."""

    path: Path
    variable: str
    holds: str
    bytes_max: int

    def tables(self, *names: str) -> dict[str, list[dict[str, Any]]]:
        """The tables of each name, `[[name]]` by `[[name]]`; there may be no other at the top. Floats are `Decimal`.

        Raises:
            InvalidInput: there is no such file, or it is no TOML of such tables.
        """
        told = self._parsed()
        if unknown := [key for key in told if key not in names]:
            tables = " or ".join(f"[[{name}]]" for name in names)
            one = " or ".join(names)
            raise InvalidInput(
                f"{self.path}: '{shown(unknown[0])}' stands outside of any {one}; begin each {one} with {tables}"
            )
        return {name: self._list(name, told.get(name, [])) for name in names}

    def _list(self, name: str, tables: Any) -> list[dict[str, Any]]:
        if isinstance(tables, list) and all(isinstance(table, dict) for table in tables):
            return tables
        raise InvalidInput(f"{self.path}: {name} is not a list of {name}s; begin each {name} with [[{name}]]")

    def _parsed(self) -> dict[str, Any]:
        path = self.path
        try:
            text = self._content().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise InvalidInput(f"{path} is not UTF-8 text; save it as UTF-8") from None
        except OSError:
            raise InvalidInput(f"{path} cannot be read by this user; change its permissions, or name another") from None
        _refuse_what_takes_long(path, text)
        try:
            return tomllib.loads(text, parse_float=Decimal)
        except (tomllib.TOMLDecodeError, RecursionError, ValueError, ArithmeticError) as error:
            place = _PLACE.search(str(error))
            where = f" at {'its end' if place[1].startswith('end') else place[1]}" if place else ""
            raise InvalidInput(f"{path} is not TOML{where}; mend it there, or leave {self.variable} unset") from None

    def _content(self) -> bytes:
        # What never ends, such as a device, is not opened; and what the system makes up has no size to go by.
        content = None
        if self.path.is_file():
            with self.path.open("rb") as file:
                content = file.read(self.bytes_max + 1)
        if content is not None and len(content) <= self.bytes_max:
            return content
        larger = f"is larger than the {self.bytes_max:,} bytes that are read of {self.holds}"
        raise InvalidInput(
            f"{self.path} {'is no file' if content is None else larger}; let {self.variable} name a file of "
            f"{self.holds}, or leave it unset"
        )


def _refuse_what_takes_long(path: Path, text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > LINE_CHARS_MAX:
            raise InvalidInput(f"{path}: line {number} is longer than {LINE_CHARS_MAX:,} characters; break it")
        if _MANY_PARTS.search(line):
            raise InvalidInput(f"{path}: line {number} has more than {_PARTS_MAX} names joined by dots; mend it there")


def shown(key: str) -> str:
    """A key as a terminal may show it."""
    told = key if key.isprintable() else repr(key)[1:-1]
    return told if len(told) <= _SHOWN_CHARS else f"{told[:_SHOWN_CHARS]}…"


class Entry:
    """A table of the file, which is asked for its keys; a refusal names the table and the key."""

    def __init__(self, place: str, told: Mapping[str, Any], known: Sequence[str]) -> None:
        self.place = place
        self.told = told
        if unknown := [key for key in told if key not in known]:
            raise self.refusal(shown(unknown[0]), f"is no key of it; the keys are {', '.join(known)}")

    def refusal(self, key: str, told: str) -> InvalidInput:
        """The refusal of what the key says."""
        return InvalidInput(f"{self.place}: {key} {told}")

    def text(self, key: str) -> str | None:
        """The text under the key, without spaces around it; None where there is none.

        Raises:
            InvalidInput: it is no text, or one that cannot be meant.
        """
        value = self.told.get(key)
        if value is not None and not (isinstance(value, str) and 0 < len(value.strip()) <= IDENTIFIER_CHARS):
            raise self.refusal(key, f"is not a text of 1 to {IDENTIFIER_CHARS} characters; write it in quotes")
        if value is not None and not value.strip().isprintable():
            raise self.refusal(key, "has characters in it that cannot be printed; remove them")
        return None if value is None else value.strip()
