"""Recent problems: what was refused lately, kept for the person whose host hides what a server says.

They are noted in memory and stored behind: no call waits for it, and none fails by it.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import anyio

from runtally.domain.errors import Code, RuntallyError, Unavailable
from runtally.domain.ports import Database, Store
from runtally.domain.records import Door, Problem

if TYPE_CHECKING:
    from runtally.service.entry import Entry

logger = logging.getLogger(__name__)

KEPT: Final = 200
"""How many there are at most, in the database and in memory; older ones make room."""
_GATHER_SECONDS: Final = 5
"""How long problems are gathered before they are stored, and how long until that is tried again."""


def keep(store: Store, problems: Sequence[Problem]) -> None:
    """Store the problems, in the place of older ones."""
    store.problems.insert(problems, KEPT)


class RecentProblems:
    """The problems of one process that are not in the database yet."""

    def __init__(self, database: Database, entry: "Entry") -> None:
        self._database = database
        self._entry = entry
        self._noted: deque[Problem] = deque(maxlen=KEPT)
        self._change = anyio.Event()

    def note(self, code: Code, door: Door, tool: str, reference: str | None = None) -> None:
        """Note what a tool was refused with; for an internal error, the reference that its trace has in the log."""
        with contextlib.suppress(Unavailable):  # the clock tells a time that nothing can be recorded at
            self._noted.append(self._entry.problem(code, door, tool, reference))
            self._change.set()

    async def store_for_ever(self) -> None:
        """Store what is noted, a few seconds later and as soon as the database is free."""
        while True:
            await self._change.wait()
            await anyio.sleep(_GATHER_SECONDS)
            await self.store()

    async def store(self) -> None:
        """Store what is noted, if the database is free at once; otherwise it stays noted."""
        noted = tuple(self._noted)
        if not noted:
            return
        self._change = anyio.Event()
        try:
            await self._database.write(self._entry.keep_problems(noted), wait=False)
        except RuntallyError:
            self._change.set()
            return
        except Exception:  # a bug of ours in the background must not end the server, nor come again and again
            logger.exception("recent problems could not be stored")
        stored = frozenset(noted)
        self._noted = deque((problem for problem in self._noted if problem not in stored), maxlen=KEPT)
