"""An SQLite file as the service's database."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from runtally.domain.clock import Clock
from runtally.domain.errors import LimitExceeded, Unavailable
from runtally.domain.ports import Store
from runtally.storage import sqlite
from runtally.storage.checkpoints import Checkpoints
from runtally.storage.file_refusals import opened_before_fork
from runtally.storage.open_file import OpenFile
from runtally.storage.readers import READ_SECONDS, Readers
from runtally.storage.store import SqlStore
from runtally.storage.transaction import Transaction
from runtally.storage.writer import Writer

ResultT = TypeVar("ResultT")

logger = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 5.0


class SqliteDatabase:
    """Fills `domain.ports.Database` with one SQLite file: one writing connection and a few that only read.

    Where another process stands in the way, work waits for `busy_seconds` at most. A read is ended after
    `read_seconds`. What `only_reads` neither makes nor upgrades the file; nothing may be written to it.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float,
        clock: Clock,
        read_seconds: float = READ_SECONDS,
        only_reads: bool = False,
    ) -> None:
        def open_reader(seconds: float) -> sqlite3.Connection:
            return sqlite.reader(path, seconds)

        self._file = OpenFile(path)
        self._only_reads = only_reads
        self._checkpoints = Checkpoints(self._file, lambda _: sqlite.checkpointer(path))
        self._writer = Writer(
            self._file,
            lambda seconds: sqlite.writer(path, seconds, clock),
            busy_seconds,
            committed=self._checkpoints.count,
        )
        self._readers = Readers(self._file, open_reader, busy_seconds, read_seconds)
        self._key_readers = Readers(self._file, open_reader, busy_seconds, read_seconds, quick_max=1, slow_max=1)
        self._calls = _Calls()

    async def write(self, work: Callable[[Store], ResultT], *, size_bytes: int = 0, wait: bool = True) -> ResultT:
        with self._calls:
            result: ResultT = await self._writer.write(lambda tx: work(SqlStore(tx)), size_bytes=size_bytes, wait=wait)
            return result

    async def read(self, work: Callable[[Store], ResultT], *, is_lengthy: bool = False) -> ResultT:
        return await self._read(self._readers, lambda tx: work(SqlStore(tx)), is_lengthy=is_lengthy)

    async def read_transaction(self, work: Callable[[Transaction], ResultT]) -> ResultT:
        """`read` for what is not the ledger: the work sees the four verbs alone, and has connections of its own, so
        that no read of the ledger can be in its way. What takes too long is `Unavailable`.
        """
        try:
            return await self._read(self._key_readers, work)
        except LimitExceeded:
            raise Unavailable("the database was too slow to answer. Try again in a moment") from None

    async def _read(
        self, readers: Readers, work: Callable[[Transaction], ResultT], *, is_lengthy: bool = False
    ) -> ResultT:
        with self._calls:
            # Not while the writer has the file open: it may be waiting for a lock, for which no reader needs to wait.
            is_prepared = self._only_reads or (self._writer.is_open and self._file.identity is not None)
            refusal = None if is_prepared else await self._prepare()
            try:
                result: ResultT = await readers.read(work, is_lengthy=is_lengthy)
            except Unavailable as error:
                raise refusal or error from None
            finally:
                if refusal is not None:
                    # What a reader opened read-only would stay so for the writer.
                    readers.let_go()
            return result

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                if self._writer.is_open and self._file.lost_its_log:
                    await self._prepare()
                self._checkpoints.idle()
            except Exception:  # a bug of ours in the background must not end the server
                logger.exception("the look after the database failed")

    async def close(self) -> None:
        if await self._calls.end():
            for readers in (self._readers, self._key_readers):
                await readers.finish()
            await self._checkpoints.finish()
            # Last, because it may move the log into the file.
            await self._writer.finish()

    async def _prepare(self) -> Unavailable | None:
        """Have the file made or upgraded. Where that is refused, a reader may still find it fit to be read."""
        try:
            await self._writer.open()
        except Unavailable as error:
            return error
        return None


class _Calls:
    """The calls that are under way; none begins after the database was closed, or in a child of its process."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._under_way = 0
        self._is_closed = False
        self._all_ended = asyncio.Event()

    def __enter__(self) -> None:
        if os.getpid() != self._process:
            # Neither the threads nor SQLite's locks came along.
            raise opened_before_fork()
        if self._is_closed:
            raise Unavailable("the database is closed. Nothing was recorded. Open it anew")
        self._under_way += 1

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if self._is_closed and not self._under_way:
            self._all_ended.set()

    async def end(self) -> bool:
        """Let no more begin and wait for the last; False where there is nothing to close, in a child process."""
        self._is_closed = True
        if os.getpid() != self._process:
            return False
        if self._under_way:
            await self._all_ended.wait()
        return True
