"""The readers: a read has a connection to itself, is answered as soon as it is done, ends in time, and cannot write."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from runtally.domain.errors import LimitExceeded, Unavailable
from runtally.storage import sqlite
from runtally.storage.open_file import OpenFile
from runtally.storage.readers import QUICK_READERS_MAX, SLICE_SECONDS, SLOW_READERS_MAX, Readers
from runtally.storage.transaction import Transaction
from runtally.storage.work import Work
from tests.unit.test_writer import ERRORS
from tests.unit.transactions import BOUND_SECONDS, Held, Watch, clock, endless, outcome, record, recorded, stored

pytestmark = pytest.mark.anyio

READ_SECONDS = 60.0


class Subject:
    """Readers of a file in which one name is recorded."""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.opened = 0
        self.write("first")
        self.watch = Watch()
        self.readers = Readers(OpenFile(database), self._connect, BOUND_SECONDS, READ_SECONDS, now=self.watch)

    def write(self, name: str) -> None:
        connection = sqlite.writer(self.database, BOUND_SECONDS, clock)
        with sqlite.transaction(connection, BOUND_SECONDS) as tx:
            record(name)(tx)
        connection.close()

    def _connect(self, busy_seconds: float) -> sqlite3.Connection:
        self.opened += 1
        return sqlite.reader(self.database, busy_seconds)

    async def read(self, work: Work = recorded, *, is_lengthy: bool = False) -> Any:
        with anyio.fail_after(BOUND_SECONDS):
            return await outcome(self.readers.read(work, is_lengthy=is_lengthy))

    async def start(self, *reads: "Endless") -> "list[asyncio.Task[Any]]":
        """Reads that are under way."""
        reading = [asyncio.ensure_future(self.read(read)) for read in reads]
        with anyio.fail_after(BOUND_SECONDS):
            for read in reads:
                await read.begun[0].wait()
        return reading

    async def start_slow(self, *reads: "Endless") -> "list[asyncio.Task[Any]]":
        """Reads that are under way in the slow lane."""
        reading = await self.start(*reads)
        self.watch.seconds += SLICE_SECONDS
        with anyio.fail_after(BOUND_SECONDS):
            for read in reads:
                await read.begun[1].wait()
        return reading

    async def hold(self, work: Work = recorded) -> "tuple[Held, asyncio.Task[Any]]":
        """A read that keeps a reader busy."""
        held = Held(work)
        reading = asyncio.ensure_future(self.read(held))
        with anyio.fail_after(BOUND_SECONDS):
            await held.begun.wait()
        return held, reading


class Endless:
    """A read that never ends by itself."""

    def __init__(self) -> None:
        self.begun = [asyncio.Event(), asyncio.Event()]
        """That it was begun, and begun again."""
        self._loop = asyncio.get_running_loop()
        self._next = iter(self.begun)

    def __call__(self, tx: Transaction) -> None:
        self._loop.call_soon_threadsafe(next(self._next).set)
        endless(tx)


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Subject]:
    subject = Subject(tmp_path / "ledger.db")
    yield subject
    with anyio.fail_after(BOUND_SECONDS):
        await subject.readers.finish()


async def test_reads_one_after_the_other_share_one_connection(subject: Subject) -> None:
    assert subject.opened == 0
    for _ in range(20):
        assert await subject.read() == ["first"]
    assert subject.opened == 1


async def test_a_read_is_answered_while_another_is_not_done(subject: Subject) -> None:
    held, reading = await subject.hold()
    for _ in range(5):
        assert await subject.read() == ["first"]
    assert subject.opened == 2
    assert not reading.done()
    held.let_go()
    assert await reading == ["first"]


async def test_each_read_is_answered_as_it_finishes(subject: Subject) -> None:
    holding = [await subject.hold() for _ in range(QUICK_READERS_MAX)]
    for held, reading in reversed(holding):
        assert not reading.done()
        held.let_go()
        assert await reading == ["first"]


async def test_where_all_are_busy_reads_wait_in_order_for_the_first_that_becomes_idle(subject: Subject) -> None:
    holding = [await subject.hold() for _ in range(QUICK_READERS_MAX)]
    order: list[int] = []
    waiting = [
        asyncio.ensure_future(subject.read(lambda _, number=number: order.append(number))) for number in range(9)
    ]
    await anyio.wait_all_tasks_blocked()
    assert order == []
    holding[2][0].let_go()
    await asyncio.gather(*waiting)
    assert order == list(range(9))
    assert subject.opened == QUICK_READERS_MAX
    assert [reading.done() for _, reading in holding] == [False, False, True, False]
    for held, _ in holding:
        held.let_go()
    assert await asyncio.gather(*(reading for _, reading in holding)) == [["first"]] * QUICK_READERS_MAX


async def test_a_read_that_is_cancelled_while_it_waits_does_not_run(subject: Subject) -> None:
    holding = [await subject.hold() for _ in range(QUICK_READERS_MAX)]
    ran: list[str] = []
    cancelled = asyncio.ensure_future(subject.read(lambda _: ran.append("cancelled")))
    kept = asyncio.ensure_future(subject.read(lambda _: ran.append("kept")))
    await anyio.wait_all_tasks_blocked()
    cancelled.cancel()
    for held, _ in holding:
        held.let_go()
    await asyncio.gather(kept, *(reading for _, reading in holding))
    assert ran == ["kept"]


async def test_a_read_cannot_write(subject: Subject) -> None:
    refused = await subject.read(record("written"))
    assert isinstance(refused, Unavailable)
    assert stored(subject.database) == ["first"] == await subject.read()


async def test_a_read_sees_one_snapshot_and_the_next_one_what_was_written_since(subject: Subject) -> None:
    written = threading.Event()

    def read_twice(tx: Transaction) -> list[list[str]]:
        before = recorded(tx)
        assert written.wait(BOUND_SECONDS)
        return [before, recorded(tx)]

    begun = Held(read_twice)
    reading = asyncio.ensure_future(subject.read(begun))
    begun.let_go()
    with anyio.fail_after(BOUND_SECONDS):
        await begun.begun.wait()
    subject.write("second")
    written.set()
    before, after = await reading
    assert before == after
    assert sorted(await subject.read()) == ["first", "second"]


@pytest.mark.parametrize("make", ERRORS, ids=lambda make: getattr(make, "__name__", ""))
async def test_whatever_a_read_raises_reaches_its_caller_and_the_reader_reads_on(
    subject: Subject, make: Callable[[], BaseException]
) -> None:
    error = make()

    def raises(tx: Transaction) -> None:
        raise error

    told = await subject.read(raises)
    assert told is error or told.__cause__ is error
    assert await subject.read() == ["first"]
    assert subject.opened == 1


async def test_a_read_is_ended_when_its_time_is_over_and_the_reader_reads_on(subject: Subject) -> None:
    (reading,) = await subject.start(Endless())
    subject.watch.seconds = READ_SECONDS
    refused = await reading
    assert isinstance(refused, LimitExceeded)
    assert refused.message == ("the read took longer than 60 s and was ended. Narrow it with since, agent or label")
    assert await subject.read() == ["first"]
    assert subject.opened == 1


async def test_a_read_that_is_done_with_its_statements_is_answered_however_late_it_is(subject: Subject) -> None:
    def is_slow(tx: Transaction) -> list[str]:
        names = recorded(tx)
        subject.watch.seconds += READ_SECONDS
        return names + recorded(tx)

    assert await subject.read(is_slow) == ["first", "first"]
    assert subject.opened == 1


async def test_what_a_read_waited_for_a_reader_counts_as_its_time(subject: Subject) -> None:
    holding = [await subject.hold() for _ in range(QUICK_READERS_MAX)]
    waiting = [asyncio.ensure_future(subject.read(work)) for work in (Endless(), recorded)]
    await anyio.wait_all_tasks_blocked()
    subject.watch.seconds = READ_SECONDS
    for held, _ in holding:
        held.let_go()
    assert [type(one) for one in await asyncio.gather(*waiting)] == [LimitExceeded] * 2
    assert [await reading for _, reading in holding] == [["first"]] * QUICK_READERS_MAX


async def test_a_slow_read_is_begun_anew_in_the_slow_lane_and_answered_once(subject: Subject) -> None:
    at_first = Endless()

    def slow_at_first(tx: Transaction) -> list[str]:
        if not at_first.begun[0].is_set():
            at_first(tx)
        return recorded(tx)

    reading = asyncio.ensure_future(subject.read(slow_at_first))
    with anyio.fail_after(BOUND_SECONDS):
        await at_first.begun[0].wait()
    assert not reading.done()
    subject.watch.seconds = SLICE_SECONDS
    assert await reading == ["first"]
    assert subject.opened == 2
    assert await subject.read() == ["first"]
    assert subject.opened == 2


async def test_quick_reads_pass_any_number_of_slow_ones(subject: Subject) -> None:
    slow = await subject.start_slow(*(Endless() for _ in range(SLOW_READERS_MAX)))
    waiting = [(await subject.start(Endless()))[0] for _ in range(3)]
    subject.watch.seconds += SLICE_SECONDS
    for _ in range(20):
        assert await subject.read() == ["first"]
    assert not any(reading.done() for reading in (*slow, *waiting))
    subject.watch.seconds = READ_SECONDS + 3 * SLICE_SECONDS
    refused = await asyncio.gather(*slow, *waiting)
    assert {type(one) for one in refused} == {LimitExceeded}


async def test_what_is_known_to_be_lengthy_keeps_no_quick_reader_for_a_moment(subject: Subject) -> None:
    lengthy = [Held(recorded) for _ in range(60)]
    reading = [asyncio.ensure_future(subject.read(one, is_lengthy=True)) for one in lengthy]
    with anyio.fail_after(BOUND_SECONDS):
        for one in lengthy[:SLOW_READERS_MAX]:
            await one.begun.wait()
    assert await subject.read() == ["first"]
    assert subject.opened == SLOW_READERS_MAX + 1
    for one in lengthy:
        one.let_go()
    assert await asyncio.gather(*reading) == [["first"]] * 60


async def test_a_read_that_is_given_up_is_interrupted(subject: Subject) -> None:
    quick, slow = Endless(), Endless()
    reading = [*await subject.start_slow(slow), *await subject.start(quick)]
    for one in reading:
        one.cancel()
    with anyio.fail_after(BOUND_SECONDS):
        await subject.readers.finish()
    assert not quick.begun[1].is_set()
