"""The connection that writes: work that waits together shares one COMMIT, and work that is alone takes no detour."""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from runtally.domain.errors import Unavailable
from runtally.storage.file_connection import Connect, FileConnection
from runtally.storage.open_file import OpenFile
from runtally.storage.sqlite import SqliteTransaction
from runtally.storage.sqlite_refusals import breaks_connection, told
from runtally.storage.work import PendingWork, Work, settle_soon

LONE_WORK_BYTES_MAX: Final = 64 * 1024
"""How much work may write in the thread of the event loop."""
_WORKS_PER_COMMIT: Final = 128
_QUICK_SECONDS: Final = 0.002
"""How long the event loop may be held: about as long as serving one more request would hold it."""
_STEPS_TO_JOIN: Final = 3
"""How many steps of the event loop the requests of one packet are apart when they get here."""
_CROWDED_COMMITS: Final = 16
"""After a shared COMMIT, how many with a single work show that the crowd has gone."""


class Writer:
    """Runs work in the order in which it came, in transactions that hold the write lock.

    Work that is small and alone runs in the caller's thread, as long as that is quick: the way to another thread and
    back takes longer than most work with its COMMIT. Nothing waits for another process there: with the lock there is
    nobody to wait for, and without it the work takes the way.
    """

    def __init__(self, file: OpenFile, connect: Connect, busy_seconds: float) -> None:
        self._connection = FileConnection(file, connect, "BEGIN IMMEDIATE")
        self._busy_seconds = busy_seconds
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
        pending = PendingWork(work, may_wait=wait)
        self._waiting.append(pending)
        is_small = size_bytes <= LONE_WORK_BYTES_MAX and not self._crowded_commits
        stays_alone = is_small and (not wait or await self._stays_alone(pending))
        if not stays_alone or not self._run_here(pending):
            self._call()
        return await pending.future

    async def open(self) -> None:
        """Open the file, making or upgrading it.

        Raises:
            Unavailable: the file cannot be used.
        """
        opening = PendingWork(lambda _: None)
        self._connection.post(lambda: self._open(opening))
        await opening.future

    async def finish(self) -> None:
        """Close the file and end the thread. No work may be waiting or come any more."""
        await self._connection.finish()

    def _open(self, opening: PendingWork) -> None:
        with self._connection.in_use:
            try:
                self._connection.ready(self._busy_seconds)
            except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
                opening.error = told(error)
        settle_soon([opening])

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
            self._connection.post(self._serve)

    def _serve(self) -> None:
        """Run a batch of those who wait: the errand of the thread."""
        with self._connection.in_use:
            self._is_called = False
            batch = self._next_batch()
            self._call()
            if batch:
                self._run_in_thread(batch)
        # With the connection free again: whoever is answered may have work that does not wait.
        if batch:
            settle_soon(batch)

    def _run_in_thread(self, batch: Sequence[PendingWork]) -> None:
        is_wanted = lambda: not all(pending.is_cancelled for pending in batch)  # noqa: E731
        try:
            busy_seconds = self._busy_seconds if batch[0].may_wait else 0
            self._run(self._connection.begin(busy_seconds, is_wanted), batch)
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            self._refuse(batch, error)

    def _next_batch(self) -> list[PendingWork]:
        batch: list[PendingWork] = []
        while self._waiting and len(batch) < _WORKS_PER_COMMIT:
            pending = self._waiting.popleft()
            if not pending.is_cancelled:
                batch.append(pending)
                if not pending.may_wait:
                    break  # whoever came after it may wait for the lock
        return batch

    def _run(self, connection: sqlite3.Connection, batch: Sequence[PendingWork]) -> None:
        """Run the batch in the transaction that has begun, and commit it."""
        begun = time.monotonic()
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
        self._crowded_commits = _CROWDED_COMMITS if is_shared else max(0, self._crowded_commits - 1)
        self._is_quick = time.monotonic() - begun < _QUICK_SECONDS

    def _refuse(self, batch: Sequence[PendingWork], error: BaseException) -> None:
        """Nothing of the batch was stored: whatever work has answered, that is what its caller must hear."""
        # Whoever would not wait does without, and comes again.
        refused = self._connection.recover(error, logging.WARNING if batch[0].may_wait else logging.DEBUG)
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
