"""The connections that only read: quick reads pass slow ones, and none goes on for longer than its time."""

import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from runtally.domain.errors import LimitExceeded, Unavailable
from runtally.storage.file_connection import Connect, FileConnection
from runtally.storage.open_file import OpenFile
from runtally.storage.sqlite import SqliteTransaction
from runtally.storage.sqlite_refusals import breaks_connection, is_interrupted, told
from runtally.storage.work import PendingWork, Work, settle_soon

QUICK_READERS_MAX: Final = 4
SLOW_READERS_MAX: Final = 2
SLICE_SECONDS: Final = 0.1
"""How long a read may keep a quick reader, and so how long another may have to wait for one."""
READ_SECONDS: Final = 5.0
_STEPS_PER_LOOK: Final = 50_000
"""After how many steps of SQLite a read looks whether its time is over: a few milliseconds. It must get hold of the
interpreter for that, which takes as long while the event loop is busy.
"""


class Readers:
    """Two lanes of connections. A read that is not done after a slice of time is begun anew in the slow lane, so that
    slow reads wait for each other alone.
    """

    def __init__(
        self,
        file: OpenFile,
        connect: Connect,
        busy_seconds: float,
        read_seconds: float = READ_SECONDS,
        *,
        quick_max: int = QUICK_READERS_MAX,
        slow_max: int = SLOW_READERS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read_seconds = read_seconds
        self._now = now

        def another() -> FileConnection:
            return FileConnection(file, connect, "BEGIN")

        self._slow = _Lane(another, slow_max, busy_seconds, math.inf, None, now)
        self._quick = _Lane(another, quick_max, busy_seconds, SLICE_SECONDS, self._slow, now)

    async def read(self, work: Work, *, is_lengthy: bool = False) -> Any:
        """Run the work in a transaction of its own, and perhaps once more as a whole. Once the caller is cancelled, it
        is interrupted. What is known to be lengthy never keeps a quick reader.

        Raises:
            LimitExceeded: it was waiting or in the middle of a statement when `read_seconds` were over since it came.
            Unavailable: the file cannot be used. Otherwise whatever the work raises.
        """
        pending = PendingWork(work, self._now() + self._read_seconds)
        (self._slow if is_lengthy else self._quick).take(pending)
        try:
            return await pending.future
        except _OutOfTime:
            raise LimitExceeded(
                f"the read took longer than {self._read_seconds:g} s and was ended. Narrow it with since, agent or "
                "label"
            ) from None

    def let_go(self) -> None:
        """Close the file soon, and open it anew when it is needed again."""
        for lane in (self._quick, self._slow):
            lane.let_go()

    async def finish(self) -> None:
        """Close the file and end the threads. No work may be waiting or come any more."""
        # In this order: a read that was given up may still be on its way from the one to the other.
        for lane in (self._quick, self._slow):
            await lane.finish()


class _OutOfTime(Exception):
    """The time of a read was over before its statements were done."""


class _Lane:
    """A pool of connections, made when a read finds none of them idle: each read has one to itself."""

    def __init__(
        self,
        another: Callable[[], FileConnection],
        size: int,
        busy_seconds: float,
        slice_seconds: float,
        slower: "_Lane | None",
        now: Callable[[], float],
    ) -> None:
        self._another = another
        self._size = size
        self._busy_seconds = busy_seconds
        self._slice_seconds = slice_seconds
        self._slower = slower
        self._now = now
        self._lock = threading.Lock()
        self._readers: list[FileConnection] = []
        self._idle: list[FileConnection] = []
        self._waiting: deque[PendingWork] = deque()

    def take(self, pending: PendingWork) -> None:
        """Have the work run after all that came before. From any thread."""
        with self._lock:
            self._waiting.append(pending)
            if not self._idle and len(self._readers) < self._size:
                self._readers.append(self._another())
                self._idle.append(self._readers[-1])
            if self._idle:
                self._give_next(self._idle.pop())

    def let_go(self) -> None:
        for reader in tuple(self._readers):
            reader.let_go()

    async def finish(self) -> None:
        for reader in self._readers:
            await reader.finish()

    def _give_next(self, reader: FileConnection) -> None:
        """Give the reader whoever waits longest, or rest it. Whoever calls holds the lock."""
        if self._waiting:
            pending = self._waiting.popleft()
            try:
                reader.post(lambda: self._serve(reader, pending))
            except Unavailable as error:
                self._idle.append(reader)
                pending.error = error
                settle_soon([pending])
        else:
            self._idle.append(reader)

    def _serve(self, reader: FileConnection, pending: PendingWork) -> None:
        """Run the work: an errand of the reader's thread."""
        if self._now() >= pending.deadline:
            pending.error = _OutOfTime()
        elif not pending.is_cancelled:
            self._run(reader, pending)
        # Before the caller is told, or else its next read would find this reader busy.
        with self._lock:
            self._give_next(reader)
        if isinstance(pending.error, _OutOfTime) and self._slower is not None and self._now() < pending.deadline:
            pending.error = None
            self._slower.take(pending)
        else:
            settle_soon([pending])

    def _run(self, reader: FileConnection, pending: PendingWork) -> None:
        broken: BaseException | None
        try:
            left = max(0.0, pending.deadline - self._now())
            connection = reader.begin(min(self._busy_seconds, left))
            self._run_in_time(connection, pending)
            broken = pending.error if breaks_connection(pending.error) else None
            if broken is None and connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            broken = error
        if broken is not None:
            pending.error = reader.recover(broken)
        elif pending.error is not None:
            pending.error = told(pending.error)

    def _run_in_time(self, connection: sqlite3.Connection, pending: PendingWork) -> None:
        """Run the work until its time is over or nobody wants it any more; what is done by then has its result."""
        ends_at = min(self._now() + self._slice_seconds, pending.deadline)
        connection.set_progress_handler(lambda: pending.is_cancelled or self._now() >= ends_at, _STEPS_PER_LOOK)
        pending.run(SqliteTransaction(connection))
        connection.set_progress_handler(None, 0)
        if is_interrupted(pending.error):
            pending.error = _OutOfTime()
