"""What has a grammar of its own and holds secrets: command lines, files, and keys in their armour."""

from collections.abc import Iterator
from typing import Final

from runtally.redaction import commands, kubernetes, passages
from runtally.redaction.allowance import Allowance
from runtally.redaction.files import FILES
from runtally.redaction.keys import KEYS
from runtally.redaction.marks import Mark
from runtally.redaction.needles import Needles
from runtally.redaction.scripts import SCRIPTS
from runtally.redaction.sql import SQL

_ROWS: Final = {
    gate: tuple(row for rows in (KEYS, FILES, SCRIPTS, SQL) for row in rows.get(gate, ()))
    for gate in (*KEYS, *FILES, *SCRIPTS, *SQL)
}

GATES: Final = tuple(dict.fromkeys((*_ROWS, *commands.PLACES, kubernetes.GATE)))
"""A text without any of them holds none of these."""

_GATES: Final = Needles(GATES)


def hidden(text: str, mark: Mark, allowance: Allowance) -> str:
    """`text` with every secret that a grammar puts somewhere replaced by its mark, in one pass."""
    gates = _GATES.within(text)
    return passages.without(_found(text, gates, allowance), text, mark) if gates else text


def _found(text: str, gates: list[str], allowance: Allowance) -> Iterator[passages.Found]:
    for gate in gates:
        yield from passages.find(_ROWS.get(gate, ()), text, allowance)
    if kubernetes.GATE in gates:
        yield from kubernetes.find(text, allowance)
    yield from commands.find(text, gates, allowance)
