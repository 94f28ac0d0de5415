"""What has a grammar of its own and holds secrets: command lines, files, and keys in their armour."""

from collections.abc import Iterator
from typing import Final

from runtally.redaction import commands, cookies, directives, kubernetes, passages
from runtally.redaction.accounts import ACCOUNTS
from runtally.redaction.allowance import Allowance
from runtally.redaction.calls import CALLS
from runtally.redaction.files import FILES
from runtally.redaction.headers import HEADERS
from runtally.redaction.keys import KEYS
from runtally.redaction.marks import Mark
from runtally.redaction.needles import Needles
from runtally.redaction.packages import PACKAGES
from runtally.redaction.printed import PRINTED
from runtally.redaction.scripts import SCRIPTS
from runtally.redaction.sql import SQL
from runtally.redaction.told import TOLD

_TABLES: Final = (KEYS, FILES, ACCOUNTS, PACKAGES, SCRIPTS, SQL, CALLS, HEADERS, PRINTED, TOLD)
_ROWS: Final = {
    gate: tuple(row for table in _TABLES for row in table.get(gate, ()))
    for gate in dict.fromkeys(gate for table in _TABLES for gate in table)
}

GATES: Final = tuple(dict.fromkeys((*_ROWS, *commands.PLACES, *cookies.GATES, *directives.GATES, kubernetes.GATE)))
"""A text without any of them holds none of these."""

_GATES: Final = Needles(GATES)
_COOKIES: Final = frozenset(cookies.GATES)


def hidden(text: str, mark: Mark, allowance: Allowance) -> str:
    """`text` with every secret that a grammar puts somewhere replaced by its mark, in one pass."""
    gates = _GATES.within(text)
    return passages.without(_found(text, gates, allowance), text, mark) if gates else text


def _found(text: str, gates: list[str], allowance: Allowance) -> Iterator[passages.Found]:
    for gate in gates:
        yield from passages.find(_ROWS.get(gate, ()), text, allowance)
    if kubernetes.GATE in gates:
        yield from kubernetes.find(text, allowance)
    if not _COOKIES.isdisjoint(gates):
        yield from cookies.find(text, allowance)
    yield from directives.find(text, [gate for gate in gates if gate in directives.GATES], allowance)
    yield from commands.find(text, gates, allowance)
