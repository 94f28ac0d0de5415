"""The one place that knows aiosqlite's inside.

aiosqlite sends every statement to its connection's thread and back, which takes longer than most statements do. But the
thread runs any callable, so that a whole transaction, or many, can be one errand.
"""

import asyncio
import sqlite3
from collections.abc import Callable

import aiosqlite

from runtally.domain.errors import Unavailable


class ConnectionThread(aiosqlite.Connection):
    """A thread that does one errand after the other, and the SQLite connection that they share."""

    def __init__(self) -> None:
        # aiosqlite never connects: the errands open, close and open again.
        super().__init__(lambda: self._conn, iter_chunk_size=0)
        self._stopped: asyncio.Future[None] | None = None
        # A process that dies of an error must not hang on this thread; what was acknowledged is committed by then.
        self._thread.daemon = True

    @property
    def connection(self) -> sqlite3.Connection | None:
        """What is open now. It is closed when the thread ends."""
        return self._connection

    @connection.setter
    def connection(self, connection: sqlite3.Connection | None) -> None:
        self._connection = connection

    def post(self, errand: Callable[[], None]) -> None:
        """Have the thread do the errand, which must not raise, after all that were posted before. From any thread.

        Raises:
            Unavailable: the thread does not run yet, and the system has no room for it.
        """
        if self._thread.ident is None:
            try:
                self._thread.start()
            except RuntimeError:
                raise Unavailable(
                    "the system has no room for another thread. Nothing was recorded. Try again in a moment; if it "
                    "stays so, raise the limit on processes of the user who runs Runtally"
                ) from None
        self._tx.put_nowait((None, errand))

    async def finish(self) -> None:
        """Do what was posted, close the connection and end the thread. Nothing may be posted any more."""
        if self._thread.ident is None:
            return
        if self._stopped is None:
            self._stopped = self.stop()
        if self._stopped is not None and not self._stopped.done():
            await asyncio.wait([self._stopped])
