"""The connection that writes: work that waits together shares one COMMIT, and work that is alone takes no detour."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from runtally.domain.errors import Unavailable
from runtally.storage.file_connection import Connect, FileConnection
from runtally.storage.open_file import OpenFile
from runtally.storage.sqlite import PAGE_BYTES, SqliteTransaction
from runtally.storage.sqlite_refusals import breaks_connection, is_busy, told
from runtally.storage.work import PendingWork, Work, settle_soon

LONE_WORK_BYTES_MAX: Final = 64 * 1024
"""How much work may write in the thread of the event loop."""
_WORKS_PER_COMMIT: Final = 128
_QUICK_SECONDS: Final = 0.002
"""How long the event loop may be held: about as long as serving one more request would hold it."""
_STEPS_TO_JOIN: Final = 3
"""How many steps of the event loop the requests of one packet are apart when they get here."""
_RETRY_SECONDS: Final = 0.01
_CROWDED_COMMITS: Final = 16
"""After a shared COMMIT, how many with a single work show that the crowd has gone."""


class Writer:
    """Runs work in the order in which it came, in transactions that hold the write lock.

    Work that is small and alone runs in the caller's thread, as long as that is quick: the way to another thread and
    back takes longer than most work with its COMMIT. Nothing waits for another process there: with the lock there is
    nobody to wait for, and without it the work takes the way.

    Work waits until `busy_seconds` after it came, by the clock `now`, whatever queue it stood in meanwhile.
    `committed` is told after each COMMIT how many pages it has written, about.
    """

    def __init__(
        self,
        file: OpenFile,
        connect: Connect,
        busy_seconds: float,
        *,
        committed: Callable[[int], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = FileConnection(file, connect, "BEGIN IMMEDIATE")
        self._busy_seconds = busy_seconds
        self._committed = committed
        self._now = now
        self._waiting: deque[PendingWork] = deque()
        self._is_called = False
        """Whether the thread has been called to whoever waits."""
        self._crowded_commits = 0
        self._is_quick = True

    @property
    def is_open(self) -> bool:
        """Whether the file was fit to be written when it was last used."""
        return self._connection.is_open

    async def write(self, work: Work, *, size_bytes: int, wait: bool) -> Any:
        """Run the work and commit it.

        Raises:
            Unavailable: the file cannot be used; or without `wait`, the lock was not free at once. Otherwise whatever
                the work raises.
        """
        if not wait and (self._waiting or self._is_called or self._connection.in_use.locked()):
            raise Unavailable("other writes are under way. Nothing was recorded. Try again in a moment")
        pending = PendingWork(work, self._now() + (self._busy_seconds if wait else 0), size_bytes, may_wait=wait)
        self._waiting.append(pending)
        is_small = size_bytes <= LONE_WORK_BYTES_MAX and not self._crowded_commits
        stays_alone = is_small and (not wait or await self._stays_alone(pending))
        if not stays_alone or not self._run_here(pending):
            try:
                self._call()
            except Unavailable:
                self._waiting.remove(pending)
                raise
        return await pending.future

    async def open(self) -> None:
        """Open the file, making or upgrading it.

        Raises:
            Unavailable: the file cannot be used.
        """
        opening = PendingWork(lambda _: None, self._now() + self._busy_seconds)
        self._connection.post(lambda: self._open(opening))
        await opening.future

    async def finish(self) -> None:
        """Close the file and end the thread. No work may be waiting or come any more."""
        await self._connection.finish()

    def _open(self, opening: PendingWork) -> None:
        with self._connection.in_use:
            while self._must_open_again(opening):
                time.sleep(_RETRY_SECONDS)
        settle_soon([opening])

    def _must_open_again(self, opening: PendingWork) -> bool:
        """Open the file; whether somebody stood in the way for whom there is time to wait."""
        try:
            self._connection.ready(self._seconds_left(opening))
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            opening.error = told(error)
            is_in_time = self._seconds_left(opening) > 0 and not opening.is_cancelled
            return isinstance(error, sqlite3.Error) and is_busy(error) and is_in_time
        opening.error = None
        return False

    async def _stays_alone(self, pending: PendingWork) -> bool:
        """Whether nobody joins the work while whoever is ready takes a few steps."""
        try:
            for _ in range(_STEPS_TO_JOIN):
                await asyncio.sleep(0)
                if len(self._waiting) > 1:
                    return False
        except asyncio.CancelledError:
            pending.future.cancel()
            with contextlib.suppress(ValueError):  # the thread was faster
                self._waiting.remove(pending)
            raise
        return True

    def _run_here(self, pending: PendingWork) -> bool:
        """Run the work in this thread; False if it is not alone, or the file not open, quick and unlocked."""
        if not self._is_quick or self._is_called or not self._connection.in_use.acquire(blocking=False):
            return False
        try:
            is_alone = len(self._waiting) == 1 and self._waiting[0] is pending
            connection = self._connection.begin_at_once() if is_alone else None
            if connection is None:
                return False
            batch = [self._waiting.popleft()]
            try:
                self._run(connection, batch)
            except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
                self._refuse(batch, error)
        finally:
            self._connection.in_use.release()
        pending.settle()
        return True

    def _call(self) -> None:
        # Once called, the thread sees to everyone who waits, so nobody needs to call again before it begins.
        if self._waiting and not self._is_called:
            self._is_called = True
            try:
                self._connection.post(self._serve)
            except Unavailable:
                self._is_called = False
                raise

    def _serve(self) -> None:
        """Run a batch of those who wait: the errand of the thread."""
        with self._connection.in_use:
            self._is_called = False
            batch = self._next_batch()
            self._call()
            if batch:
                batch = self._run_in_thread(batch)
        # With the connection free again: whoever is answered may have work that does not wait.
        if batch:
            settle_soon(batch)

    def _run_in_thread(self, batch: list[PendingWork]) -> list[PendingWork]:
        """Run the batch, or refuse it; those of it who have their answer."""
        connection = None
        try:
            connection = self._connection.begin(self._seconds_left(batch[0]), lambda: self._may_wait(batch))
            self._run(connection, batch)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            if connection is None and isinstance(error, sqlite3.Error) and is_busy(error):
                batch = self._put_back(batch)
            if batch:
                self._refuse(batch, error)
            else:
                # SQLite may refuse at once, however long it was told to wait.
                time.sleep(_RETRY_SECONDS)
        return batch

    def _seconds_left(self, pending: PendingWork) -> float:
        return max(0.0, pending.deadline - self._now())

    def _may_wait(self, batch: Sequence[PendingWork]) -> bool:
        """Whether somebody still wants the lock, and the time of whoever came first is not over."""
        return self._seconds_left(batch[0]) > 0 and not all(pending.is_cancelled for pending in batch)

    def _put_back(self, batch: Sequence[PendingWork]) -> list[PendingWork]:
        """Have whoever has time left wait on, before those who came later; the others."""
        in_time = [pending for pending in batch if self._seconds_left(pending) > 0 and not pending.is_cancelled]
        self._waiting.extendleft(reversed(in_time))
        self._call()
        return [pending for pending in batch if pending not in in_time]

    def _next_batch(self) -> list[PendingWork]:
        batch: list[PendingWork] = []
        while self._waiting and len(batch) < _WORKS_PER_COMMIT:
            pending = self._waiting.popleft()
            if not pending.is_cancelled:
                batch.append(pending)
        return batch

    def _run(self, connection: sqlite3.Connection, batch: Sequence[PendingWork]) -> None:
        """Run the batch in the transaction that has begun, and commit it."""
        begun = time.monotonic()
        changes = connection.total_changes
        tx = SqliteTransaction(connection)
        is_shared = len(batch) > 1
        for pending in batch:
            if pending.is_cancelled:
                continue
            if is_shared:
                connection.execute("SAVEPOINT work")
            pending.run(tx)
            if pending.error is not None or not connection.in_transaction:
                _undo(connection, pending, "ROLLBACK TO work" if is_shared else "ROLLBACK")
            if is_shared:
                connection.execute("RELEASE work")
        if connection.in_transaction:
            connection.execute("COMMIT")
            self._connection.confirm_stored()
            # A changed row is about one page, and what is long about the rest: SQLite tells nobody how long the log is.
            bytes_written = sum(pending.size_bytes for pending in batch)
            self._committed(connection.total_changes - changes + bytes_written // PAGE_BYTES)
        self._crowded_commits = _CROWDED_COMMITS if is_shared else max(0, self._crowded_commits - 1)
        self._is_quick = time.monotonic() - begun < _QUICK_SECONDS

    def _refuse(self, batch: Sequence[PendingWork], error: BaseException) -> None:
        """Nothing of the batch is known to be stored: whatever work has answered, that is what its caller must hear."""
        # Whoever would not wait does without, and comes again.
        log_level = logging.WARNING if any(pending.may_wait for pending in batch) else logging.DEBUG
        refused = self._connection.recover(error, log_level)
        undone = refused
        if not isinstance(refused, Unavailable):
            undone = Unavailable("the write was undone together with another. Nothing was recorded. Try again")
        for pending in batch:
            is_to_blame = pending.error is error or len(batch) == 1
            pending.result, pending.error = None, refused if is_to_blame else undone


def _undo(connection: sqlite3.Connection, pending: PendingWork, rollback: str) -> None:
    """Undo the work and nothing else; where that cannot be done, raise what is to blame for it."""
    error = pending.error or RuntimeError("the work has ended its transaction itself")
    if breaks_connection(error) or not connection.in_transaction:
        pending.error = error
        raise error
    pending.error = told(error)
    connection.execute(rollback)
