"""Units of work across the async border: one hop each, and units that wait together share one COMMIT."""

import asyncio
import contextlib
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from runtally.domain.clock import Clock
from runtally.domain.errors import RuntallyError
from runtally.domain.ports import Store
from runtally.storage import sqlite
from runtally.storage.database import Transaction
from runtally.storage.store import SqlStore

ResultT = TypeVar("ResultT")
Unit = Callable[[Transaction], Any]

logger = logging.getLogger(__name__)

_UNITS_PER_COMMIT: Final = 128
_READERS: Final = 2


class _Waiting:
    """A unit that waits for its turn, and the future that its caller awaits."""

    __slots__ = ("error", "future", "result", "unit")

    def __init__(self, unit: Unit, future: asyncio.Future[Any]) -> None:
        self.unit = unit
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _Lane(aiosqlite.Connection):
    """An aiosqlite connection that runs whole units in its thread instead of single statements.

    It opens the file when first needed, and again after an error that may have left the connection useless or when
    the file was moved or deleted: what is written to a deleted file would be acknowledged and lost.
    """

    def __init__(self, path: Path, connect: sqlite.Connect, begin: Callable[[sqlite3.Connection], object]) -> None:
        super().__init__(connect, iter_chunk_size=0)
        self._path = path
        self._begin = begin
        self._waiting: deque[_Waiting] = deque()
        self._opened_file: tuple[int, int] | None = None
        self._round_called = False
        self._started = False
        # A process that dies of an error must not hang on this thread; what was acknowledged is committed by then.
        self._thread.daemon = True

    @property
    def backlog(self) -> int:
        """How many units wait."""
        return len(self._waiting)

    async def run(self, unit: Unit) -> Any:
        """Run the unit in a transaction of this lane.

        Raises:
            Unavailable: the file cannot be used. Otherwise whatever the unit raises.
        """
        self._start()
        waiting = _Waiting(unit, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._call_round()
        return await waiting.future

    async def open(self) -> None:
        """Open the file, making or upgrading it if this lane may.

        Raises:
            Unavailable: the file cannot be used.
        """
        self._start()
        future = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, self._open))
        await future

    async def finish(self) -> None:
        """Run what waits, close the file and end the thread."""
        if self._started:
            future = self.stop()
            if future is not None:
                await future

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._thread.start()

    def _open(self) -> None:
        with sqlite.told_plainly():
            self._ready()

    def _call_round(self) -> None:
        # One round takes everyone who waits, so nobody needs to call another before it begins.
        if not self._round_called:
            self._round_called = True
            self._tx.put_nowait((None, self._round))

    def _round(self) -> None:
        self._round_called = False
        batch: list[_Waiting] = []
        while self._waiting and len(batch) < _UNITS_PER_COMMIT:
            waiting = self._waiting.popleft()
            if not waiting.future.cancelled():
                batch.append(waiting)
        if self._waiting:
            self._call_round()
        if not batch:
            return
        try:
            self._run_batch(batch)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            self._fail(batch, error)
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everyone who waited
            batch[0].future.get_loop().call_soon_threadsafe(_settle, batch)

    def _run_batch(self, batch: list[_Waiting]) -> None:
        connection = self._ready()
        self._begin(connection)
        tx = sqlite.SqliteTransaction(connection)
        alone = len(batch) == 1
        for waiting in batch:
            if waiting.future.cancelled():
                continue
            if not alone:
                connection.execute("SAVEPOINT unit")
            try:
                waiting.result = waiting.unit(tx)
            except BaseException as error:
                waiting.error = _told(error)
                if sqlite.breaks_connection(error):
                    raise
                connection.execute("ROLLBACK" if alone else "ROLLBACK TO unit")
            if not alone:
                connection.execute("RELEASE unit")
        if connection.in_transaction:
            connection.execute("COMMIT")

    def _fail(self, batch: Iterable[_Waiting], error: BaseException) -> None:
        """Nothing of the batch was stored: whatever a unit had answered, that is what its caller must hear."""
        told = _told(error)
        logger.warning("database %s: %s", self._path, getattr(error, "sqlite_errorname", told))
        for waiting in batch:
            waiting.error = told
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if sqlite.breaks_connection(error) or self._connection.in_transaction:
                self._close_file()

    def _ready(self) -> sqlite3.Connection:
        if self._connection is not None and self._opened_file != _identity(self._path):
            self._close_file()
        if self._connection is None:
            self._connection = self._connector()
            self._opened_file = _identity(self._path)
        return self._connection

    def _close_file(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()


def _told(error: BaseException) -> BaseException:
    return sqlite.refusal(error) if isinstance(error, sqlite3.Error) else error


def _settle(batch: Iterable[_Waiting]) -> None:
    for waiting in batch:
        waiting.settle()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - once per commit, and Path.stat costs three times as much
    except OSError:
        return None
    return found.st_dev, found.st_ino


class SqliteDatabase:
    """Fills `domain.ports.Database` with one SQLite file: one writing connection and a few that only read."""

    def __init__(self, path: Path, *, busy_seconds: float, clock: Clock) -> None:
        self._path = path
        self._writer = _Lane(
            path,
            lambda: sqlite.writer(path, busy_seconds, clock),
            lambda connection: sqlite.begin_immediate(connection, busy_seconds),
        )
        self._readers = [
            _Lane(path, lambda: sqlite.reader(path, busy_seconds), lambda connection: connection.execute("BEGIN"))
            for _ in range(_READERS)
        ]
        self._prepared = False

    async def write(self, unit: Callable[[Store], ResultT]) -> ResultT:
        result: ResultT = await self._writer.run(lambda tx: unit(SqlStore(tx)))
        return result

    async def read(self, unit: Callable[[Store], ResultT]) -> ResultT:
        return await self.read_transaction(lambda tx: unit(SqlStore(tx)))

    async def read_transaction(self, unit: Callable[[Transaction], ResultT]) -> ResultT:
        """`read` for what is not the ledger: the unit sees the four verbs alone."""
        if not self._prepared or _identity(self._path) is None:
            await self._prepare()
        lane = min(self._readers, key=lambda lane: lane.backlog)
        result: ResultT = await lane.run(unit)
        return result

    async def close(self) -> None:
        for lane in (*self._readers, self._writer):
            await lane.finish()

    async def _prepare(self) -> None:
        """Have the file made or upgraded. Where that cannot be, a reader may still find it fit to be read."""
        with contextlib.suppress(RuntallyError):
            await self._writer.open()
            self._prepared = True
