"""What has a grammar of its own and holds secrets: command lines, files, and keys in their armour."""

from collections.abc import Iterable, Iterator
from typing import Final

from runtally.redaction import commands, directives, kubernetes, passages
from runtally.redaction.accounts import ACCOUNTS
from runtally.redaction.allowance import Allowance
from runtally.redaction.commands import PIPES
from runtally.redaction.files import FILES
from runtally.redaction.keys import KEYS
from runtally.redaction.marks import Mark
from runtally.redaction.packages import PACKAGES

_TABLES: Final = (KEYS, FILES, ACCOUNTS, PACKAGES, PIPES)
_ROWS: Final = {
    gate: tuple(row for table in _TABLES for row in table.get(gate, ()))
    for gate in {**KEYS, **FILES, **ACCOUNTS, **PACKAGES, **PIPES}
}

GATES: Final = tuple(dict.fromkeys((*_ROWS, *commands.PLACES, *directives.GATES, kubernetes.GATE)))
"""A text without any of them holds none of these."""

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
    yield from directives.find(text, [gate for gate in gates if gate in directives.GATES], allowance)
    yield from commands.find(text, gates, allowance)
