"""What has a grammar of its own and holds secrets: command lines, files, and keys in their armour."""

from collections.abc import Iterable, Iterator
from typing import Final

from runtally.redaction import commands, cookies, kubernetes, passages
from runtally.redaction.allowance import Allowance
from runtally.redaction.calls import CALLS
from runtally.redaction.commands import PIPES
from runtally.redaction.files import FILES
from runtally.redaction.headers import HEADERS
from runtally.redaction.keys import KEYS
from runtally.redaction.marks import Mark

_TABLES: Final = (KEYS, FILES, PIPES, CALLS, HEADERS)
_ROWS: Final = {gate: sum((table.get(gate, ()) for table in _TABLES), ()) for table in _TABLES for gate in table}

GATES: Final = tuple(dict.fromkeys((*_ROWS, *commands.PLACES, *cookies.GATES, kubernetes.GATE)))
"""A text without any of them holds none of these."""

_COOKIES: Final = frozenset(cookies.GATES)

_COMMON_CHARS: Final = "zqxjkvbpygfwmucldrhsnioate "
"""From the rare ones to the space; what is not among them is rarer still."""


def _by_rarest_char(gates: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Most texts lack most of the rare characters, and then none of the gates with one need be looked for."""
    by_char: dict[str, tuple[str, ...]] = {}
    for gate in gates:
        char = min(gate, key=_COMMON_CHARS.find)
        by_char[char] = (*by_char.get(char, ()), gate)
    return tuple(by_char.items())


_BY_CHAR: Final = _by_rarest_char(GATES)


def hidden(text: str, mark: Mark, allowance: Allowance) -> str:
    """`text` with every secret that a grammar puts somewhere replaced by its mark, in one pass."""
    gates = [gate for char, gates in _BY_CHAR if char in text for gate in gates if gate in text]
    return passages.without(_found(text, gates, allowance), text, mark) if gates else text


def _found(text: str, gates: list[str], allowance: Allowance) -> Iterator[passages.Found]:
    for gate in gates:
        yield from passages.find(_ROWS.get(gate, ()), text, allowance)
    if kubernetes.GATE in gates:
        yield from kubernetes.find(text, allowance)
    if not _COOKIES.isdisjoint(gates):
        yield from cookies.find(text, allowance)
    yield from commands.find(text, gates, allowance)
