"""The log is moved into the file beside the writer; where that is impossible, it still ends somewhere."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from runtally.storage import sqlite
from runtally.storage.checkpoints import PAGES_PER_CHECKPOINT, Checkpoints
from runtally.storage.open_file import OpenFile
from runtally.storage.sqlite import LOG_PAGES_MAX
from runtally.storage.sqlite_database import SqliteDatabase
from runtally.storage.transaction import Transaction
from runtally.storage.writer import Writer
from tests.unit.transactions import BOUND_SECONDS, clock, record, stored

pytestmark = pytest.mark.anyio

PAGE_BYTES = 4096
FRAME_BYTES = PAGE_BYTES + 24
MEGABYTE = 2**20


def fill(size_bytes: int):
    """Work that makes the file grow by so much."""

    def work(tx: Transaction) -> None:
        tx._connection.execute("CREATE TABLE IF NOT EXISTS filler (content BLOB)")
        tx._connection.execute("INSERT INTO filler VALUES (zeroblob(?))", [size_bytes])

    return work


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class Subject:
    """A writer on a real file, and the checkpoints beside it."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.log = database.with_name(f"{database.name}-wal")
        self.statements: list[str] = []
        self.may_open = threading.Event()
        self.may_open.set()
        self.opening_fails = False
        file = OpenFile(database)
        self.checkpoints = Checkpoints(file, self._connect)
        self.writer = Writer(
            file,
            lambda seconds: sqlite.writer(database, seconds, clock),
            BOUND_SECONDS,
            committed=self.checkpoints.count,
        )

    def _connect(self, _: float) -> sqlite3.Connection:
        assert self.may_open.wait(BOUND_SECONDS)
        if self.opening_fails:
            raise sqlite3.OperationalError("disk I/O error")
        connection = sqlite.checkpointer(self.database)
        connection.set_trace_callback(self.statements.append)
        return connection

    async def fill(self, size_bytes: int) -> None:
        with anyio.fail_after(BOUND_SECONDS):
            await self.writer.write(fill(size_bytes), size_bytes=size_bytes, wait=True)

    async def checkpoint(self) -> None:
        """Have a checkpoint made, and wait for its end."""
        done, loop = asyncio.Event(), asyncio.get_running_loop()
        self.checkpoints.count(PAGES_PER_CHECKPOINT)
        self.checkpoints._connection.post(lambda: loop.call_soon_threadsafe(done.set))
        with anyio.fail_after(BOUND_SECONDS):
            await done.wait()

    async def finish(self) -> None:
        with anyio.fail_after(BOUND_SECONDS):
            await self.checkpoints.finish()
            await self.writer.finish()


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Subject]:
    subject = Subject(tmp_path / "ledger.db")
    yield subject
    await subject.finish()


async def test_no_commit_moves_the_log_into_the_file(subject: Subject) -> None:
    subject.may_open.clear()
    await subject.fill(PAGE_BYTES)
    size_bytes = subject.database.stat().st_size
    for _ in range(2 * PAGES_PER_CHECKPOINT // 100):
        await subject.fill(100 * PAGE_BYTES)
    assert subject.log.stat().st_size > 2 * PAGES_PER_CHECKPOINT * PAGE_BYTES
    assert subject.database.stat().st_size == size_bytes
    subject.may_open.set()


@pytest.mark.parametrize("size_bytes", [100, 60_000, 100_000], ids=["rows", "long rows", "in the thread"])
async def test_the_log_is_moved_into_the_file_while_a_writer_goes_on(subject: Subject, size_bytes: int) -> None:
    await subject.fill(size_bytes)
    before = subject.database.stat().st_size
    with anyio.fail_after(BOUND_SECONDS):
        while subject.database.stat().st_size == before:
            await subject.fill(size_bytes)
    assert subject.log.stat().st_size < LOG_PAGES_MAX * PAGE_BYTES, "it was not the writer who did it"


async def test_there_is_one_checkpoint_at_a_time(subject: Subject) -> None:
    await subject.writer.write(record("first"), size_bytes=0, wait=True)
    subject.may_open.clear()
    for _ in range(5):
        subject.checkpoints.count(PAGES_PER_CHECKPOINT)
    subject.may_open.set()
    await subject.finish()
    assert subject.statements.count("PRAGMA wal_checkpoint(PASSIVE)") == 1


async def test_the_log_does_not_grow_without_end_where_the_checkpoints_fail(subject: Subject) -> None:
    subject.opening_fails = True
    for _ in range(LOG_PAGES_MAX * PAGE_BYTES * 5 // 4 // MEGABYTE):
        await subject.fill(MEGABYTE)
    assert subject.log.stat().st_size < LOG_PAGES_MAX * FRAME_BYTES + 2 * MEGABYTE


async def test_the_checkpoints_go_on_after_one_that_failed(subject: Subject) -> None:
    subject.opening_fails = True
    await subject.fill(MEGABYTE)
    before = subject.database.stat().st_size
    for _ in range(8):
        await subject.fill(MEGABYTE)
    assert subject.database.stat().st_size == before
    subject.opening_fails = False
    with anyio.fail_after(BOUND_SECONDS):
        while subject.database.stat().st_size == before:
            await subject.fill(MEGABYTE)


async def test_a_checkpoint_of_a_file_that_is_gone_makes_none(subject: Subject) -> None:
    await subject.fill(PAGE_BYTES)
    for used in (False, True):
        if used:
            await subject.fill(8 * MEGABYTE)
        for name in files(subject.database.parent):
            (subject.database.parent / name).unlink()
        await subject.checkpoint()
        assert files(subject.database.parent) == []
    assert await subject.writer.write(record("next"), size_bytes=0, wait=True) == "next"
    assert stored(subject.database) == ["next"]


async def test_a_closed_database_leaves_no_log(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)
    with anyio.fail_after(BOUND_SECONDS):
        for _ in range(3):
            await asyncio.gather(
                *(database.write(lambda store: fill(MEGABYTE)(store._tx), size_bytes=MEGABYTE) for _ in range(5))
            )
        await database.close()
    assert files(tmp_path) == ["ledger.db"]
