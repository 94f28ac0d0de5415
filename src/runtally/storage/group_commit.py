"""Units of work across the async border: one hop each or none, and units that wait together share one COMMIT."""

import asyncio
import contextlib
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import aiosqlite

from runtally.domain.clock import Clock
from runtally.domain.errors import Unavailable
from runtally.domain.ports import Store
from runtally.storage import sqlite
from runtally.storage.open_file import Identity, OpenFile
from runtally.storage.store import SqlStore
from runtally.storage.transaction import Transaction

ResultT = TypeVar("ResultT")
Unit = Callable[[Transaction], Any]

logger = logging.getLogger(__name__)

_UNITS_PER_COMMIT: Final = 128
_READERS: Final = 2
_QUICK_SECONDS: Final = 0.002
"""How long the event loop may be held: about as long as serving one more request would hold it."""
_STEPS_TO_JOIN: Final = 3
"""How many steps of the event loop the requests of one packet are apart when they get here."""
_CROWDED_ROUNDS: Final = 16
"""After a shared COMMIT, how many rounds with a single unit show that the crowd has gone."""


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
    the file was moved or deleted: what is written to a deleted file would be acknowledged and lost. Where the file was
    moved without its log, it waits for the file to be put back, or for the log to follow.

    A unit that is alone and begins by taking the write lock runs in the caller's thread, as long as that is quick: the
    way to another thread and back takes longer than most units with their COMMIT. Nothing waits for another process
    there: with the lock there is nobody to wait for, and without it the unit takes the way.
    """

    def __init__(self, file: OpenFile, connect: sqlite.Connect, begin: str, busy_seconds: float) -> None:
        super().__init__(connect, iter_chunk_size=0)
        self._file = file
        self._begin = begin
        self._busy_seconds = busy_seconds
        self._in_use = threading.Lock()
        self._crowded_rounds = 0
        self._quick = self._takes_the_lock = begin == "BEGIN IMMEDIATE"
        self._waiting: deque[_Waiting] = deque()
        self._opened_file: Identity | None = None
        self._round_called = False
        self._started = False
        # A process that dies of an error must not hang on this thread; what was acknowledged is committed by then.
        self._thread.daemon = True

    @property
    def backlog(self) -> int:
        """How many units wait."""
        return len(self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether the file was fit for this lane when it was last used."""
        return self._connection is not None

    async def run(self, unit: Unit) -> Any:
        """Run the unit in a transaction of this lane.

        Raises:
            Unavailable: the file cannot be used. Otherwise whatever the unit raises.
        """
        self._start()
        waiting = _Waiting(unit, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._crowded_rounds or not await self._run_alone(waiting):
            self._call_round()
        return await waiting.future

    async def open(self) -> None:
        """Open the file, making or upgrading it if this lane may.

        Raises:
            Unavailable: the file cannot be used.
        """
        self._start()
        future = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, self._open_file))
        await future

    def let_go(self) -> None:
        """Close the file soon, and open it anew when it is needed again."""
        self._tx.put_nowait((None, self._let_go))

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

    def _open_file(self) -> None:
        with self._in_use, sqlite.told_plainly():
            self._ready()

    def _let_go(self) -> None:
        with self._in_use:
            self._close_file()

    async def _run_alone(self, waiting: _Waiting) -> bool:
        """Run the unit in the caller's thread if nobody joins it while whoever is ready takes a few steps."""
        try:
            for _ in range(_STEPS_TO_JOIN):
                await asyncio.sleep(0)
                if len(self._waiting) > 1:
                    return False
        except asyncio.CancelledError:
            waiting.future.cancel()
            raise
        return self._run_here(waiting)

    def _run_here(self, waiting: _Waiting) -> bool:
        """Run the unit in the caller's thread; False if it is not alone, or the file not open, quick and unlocked."""
        if not self._quick or self._round_called or not self._in_use.acquire(blocking=False):
            return False
        try:
            connection = self._connection
            is_alone = len(self._waiting) == 1 and self._waiting[0] is waiting
            if not is_alone or connection is None or self._opened_file != self._file.identity:
                return False
            if not self._begin_at_once(connection):
                return False
            batch = [self._waiting.popleft()]
            try:
                self._run_begun(connection, batch)
            except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
                self._fail(batch, error)
        finally:
            self._in_use.release()
        waiting.settle()
        return True

    def _begin_at_once(self, connection: sqlite3.Connection) -> bool:
        try:
            sqlite.begin(connection, self._begin, busy_seconds=0)
        except sqlite3.Error:
            return False
        return True

    def _call_round(self) -> None:
        # One round takes everyone who waits, so nobody needs to call another before it begins.
        if not self._round_called:
            self._round_called = True
            self._tx.put_nowait((None, self._round))

    def _round(self) -> None:
        self._round_called = False
        with self._in_use:
            self._run_waiting()

    def _run_waiting(self) -> None:
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
        is_wanted = lambda: not all(waiting.future.cancelled() for waiting in batch)  # noqa: E731
        sqlite.begin(connection, self._begin, busy_seconds=self._busy_seconds, is_wanted=is_wanted)
        self._run_begun(connection, batch)

    def _run_begun(self, connection: sqlite3.Connection, batch: Sequence[_Waiting]) -> None:
        begun = time.monotonic()
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
        self._crowded_rounds = _CROWDED_ROUNDS if len(batch) > 1 else max(0, self._crowded_rounds - 1)
        self._quick = self._takes_the_lock and time.monotonic() - begun < _QUICK_SECONDS

    def _fail(self, batch: Iterable[_Waiting], error: BaseException) -> None:
        """Nothing of the batch was stored: whatever a unit had answered, that is what its caller must hear."""
        told = _told(error)
        logger.warning("database %s: %s", self._file.path, getattr(error, "sqlite_errorname", told))
        for waiting in batch:
            waiting.error = told
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            if sqlite.breaks_connection(error) or self._connection.in_transaction:
                self._close_file()
                # What SQLite knows of a file is shared by the connections of a process, and goes with the last of them.
                self._file.let_go()

    def _ready(self) -> sqlite3.Connection:
        found = self._file.found()
        if self._connection is not None and self._opened_file != found:
            self._close_file()
        if self._connection is None:
            self._connection = self._connector()
            self._opened_file = self._file.opened(self.let_go)
        return self._connection

    def _close_file(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
            self._file.closed(self.let_go)


def _told(error: BaseException) -> BaseException:
    return sqlite.refusal(error) if isinstance(error, sqlite3.Error) else error


def _settle(batch: Iterable[_Waiting]) -> None:
    for waiting in batch:
        waiting.settle()


class SqliteDatabase:
    """Fills `domain.ports.Database` with one SQLite file: one writing connection and a few that only read."""

    def __init__(self, path: Path, *, busy_seconds: float, clock: Clock) -> None:
        self._file = OpenFile(path)
        self._writer = _Lane(
            self._file,
            lambda: sqlite.writer(path, busy_seconds, clock),
            "BEGIN IMMEDIATE",
            busy_seconds,
        )
        self._readers = [
            _Lane(self._file, lambda: sqlite.reader(path, busy_seconds), "BEGIN", busy_seconds) for _ in range(_READERS)
        ]

    async def write(self, work: Callable[[Store], ResultT], *, size_bytes: int = 0, wait: bool = True) -> ResultT:
        result: ResultT = await self._writer.run(lambda tx: work(SqlStore(tx)))
        return result

    async def read(self, work: Callable[[Store], ResultT]) -> ResultT:
        return await self.read_transaction(lambda tx: work(SqlStore(tx)))

    async def read_transaction(self, unit: Callable[[Transaction], ResultT]) -> ResultT:
        """`read` for what is not the ledger: the unit sees the four verbs alone."""
        # Not while the writer has the file open: it may be waiting for a lock, for which no reader needs to wait.
        is_prepared = self._writer.is_open and self._file.identity is not None
        refusal = None if is_prepared else await self._prepare()
        lane = min(self._readers, key=lambda lane: lane.backlog)
        try:
            result: ResultT = await lane.run(unit)
        except Unavailable as error:
            raise refusal or error from None
        finally:
            if refusal is not None:
                # What the reader opened read-only would stay so for the writer.
                lane.let_go()
        return result

    async def close(self) -> None:
        for lane in (*self._readers, self._writer):
            await lane.finish()

    async def _prepare(self) -> Unavailable | None:
        """Have the file made or upgraded. Where that is refused, a reader may still find it fit to be read."""
        try:
            await self._writer.open()
        except Unavailable as error:
            return error
        return None
