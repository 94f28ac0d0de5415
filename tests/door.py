"""How tests reach the ledger: by tool name and arguments, as any door does, at times and with ids that they set."""

import itertools
from collections.abc import Mapping
from typing import Any, Protocol

from runtally.domain.caller import NOWHERE, Caller, Origin
from runtally.domain.clock import uuid7
from runtally.domain.errors import RuntallyError
from runtally.domain.ports import Database
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.service.ledger import Ledger

START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z, when every test begins."""

BOUND = Caller(("alpha",), "alpha")
BOUND_TO_TWO = Caller(("alpha", "beta"), "alpha")
UNBOUND = Caller(None)
READER = Caller(("alpha",), "alpha", "read")

Answer = dict[str, Any]
Rows = Mapping[str, list[dict[str, Any]]]
"""Every row by table; a table without rows is left out."""


class CountingClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now_us = START

    def __call__(self) -> int:
        return self.now_us

    def advance(self, *, hours: int = 0, seconds: int = 0, micros: int = 0) -> None:
        self.now_us += (hours * 3600 + seconds) * 1_000_000 + micros


class CountingIds:
    """UUIDs version 7, each greater than the one before."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)

    def __call__(self) -> str:
        return uuid7(START, next(self._numbers))


def an_id(number: int) -> str:
    """An id that a caller made, never one of `CountingIds`."""
    return uuid7(START + 1_000_000, number)


class LedgerDatabase(Protocol):
    """A database that the contract suite runs on, and a look at what it really keeps."""

    def open(self, clock: CountingClock) -> Database:
        """Open the one database of the test; opening it twice is two processes on one database."""

    def rows(self, project_key: str | None = None) -> Rows:
        """What is stored now: of one project, or of all."""


class Door:
    """Calls tools for one caller and answers as the wire does."""

    def __init__(self, ledger: Ledger, database: LedgerDatabase, caller: Caller = BOUND) -> None:
        self.ledger = ledger
        self._database = database
        self._caller = caller

    def by(self, caller: Caller) -> "Door":
        """The same ledger for another caller."""
        return Door(self.ledger, self._database, caller)

    async def __call__(self, tool_name: str, origin: Origin = NOWHERE, /, **arguments: Any) -> Answer:
        tool = BY_NAME[tool_name]
        request = parse(tool.request, arguments)
        do = self.ledger.write if tool.writes else self.ledger.read
        answer = await do(tool.method, self._caller, request, origin)
        return answer.as_sent()

    async def refused(self, tool_name: str, /, **arguments: Any) -> RuntallyError:
        """The refusal of a call; it is proven that the call changed nothing in any project."""
        before = self._database.rows()
        try:
            answer = await self(tool_name, **arguments)
        except RuntallyError as error:
            assert self._database.rows() == before
            return error
        raise AssertionError(f"{tool_name} was not refused: {answer}")

    async def unchanging(self, tool_name: str, /, **arguments: Any) -> Answer:
        """The answer of a call that is proven to have changed nothing in any project."""
        before = self._database.rows()
        answer = await self(tool_name, **arguments)
        assert self._database.rows() == before
        return answer

    async def run(self, **arguments: Any) -> str:
        """The id of a new run."""
        run_id: str = (await self("core_start_run", **arguments))["run_id"]
        return run_id

    async def look(self, run_id: str, **arguments: Any) -> Answer:
        """A run as it stands."""
        run: Answer = (await self("get_run", run_id=run_id, **arguments))["run"]
        return run
