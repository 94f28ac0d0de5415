"""The writer: who shares a COMMIT, who is undone, who is answered what, and in which thread work runs."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from runtally.domain.errors import Conflict, Unavailable
from runtally.storage import sqlite
from runtally.storage.open_file import OpenFile
from runtally.storage.transaction import Transaction
from runtally.storage.work import Work
from runtally.storage.writer import LONE_WORK_BYTES_MAX, Writer
from tests.unit.transactions import BOUND_SECONDS, Held, Watch, clock, outcome, record, stored

pytestmark = pytest.mark.anyio

LARGE = LONE_WORK_BYTES_MAX + 1
PATIENT_SECONDS = 20 * BOUND_SECONDS
"""Who waits this long for a lock fails the test."""


class Subject:
    """A writer on a real file, and every statement that it ran."""

    def __init__(self, database: Path, busy_seconds: float) -> None:
        self.database = database
        self.statements: list[str] = []
        self.watch = Watch()
        self.may_open = threading.Event()
        self.may_open.set()
        self.opens_patiently = True
        self.opened_thrice = asyncio.Event()
        self._openings = 0
        self._loop = asyncio.get_running_loop()
        self.writer = Writer(OpenFile(database), self._connect, busy_seconds, now=self.watch)
        self._tasks: list[asyncio.Task[Any]] = []

    def _connect(self, busy_seconds: float) -> sqlite3.Connection:
        assert self.may_open.wait(BOUND_SECONDS)
        self._openings += 1
        if self._openings == 3:
            self._loop.call_soon_threadsafe(self.opened_thrice.set)
        connection = sqlite.writer(self.database, busy_seconds if self.opens_patiently else 0, clock)
        connection.set_trace_callback(self.statements.append)
        return connection

    async def write(self, work: Work, *, size_bytes: int = 0, wait: bool = True) -> Any:
        with anyio.fail_after(BOUND_SECONDS):
            return await outcome(self.writer.write(work, size_bytes=size_bytes, wait=wait))

    def send(self, work: Work, **how: Any) -> "asyncio.Task[Any]":
        """Write without waiting for the answer."""
        self._tasks.append(asyncio.ensure_future(self.write(work, **how)))
        return self._tasks[-1]

    async def hold(self) -> Held:
        """Have the writer stay inside a transaction, so that whoever comes now will share the next."""
        held = Held(record("held"))
        self.send(held, size_bytes=LARGE)
        with anyio.fail_after(BOUND_SECONDS):
            await held.begun.wait()
        return held

    async def together(self, *works: Work) -> list[Any]:
        """The outcomes of works that share a transaction."""
        held = await self.hold()
        sent = [self.send(work) for work in works]
        await anyio.wait_all_tasks_blocked()
        held.let_go()
        return await asyncio.gather(*sent)

    @contextmanager
    def lock_of_another(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")


@pytest.fixture
async def subject(tmp_path: Path) -> AsyncIterator[Subject]:
    subject = Subject(tmp_path / "ledger.db", PATIENT_SECONDS)
    yield subject
    with anyio.fail_after(BOUND_SECONDS):
        await subject.writer.finish()


def running(number: list[int]) -> Work:
    """Work that notes in which thread it runs."""
    return lambda _: number.append(threading.get_ident())


async def test_work_that_waits_together_shares_one_commit_in_the_order_in_which_it_came(subject: Subject) -> None:
    names = [f"work {number}" for number in range(40)]
    assert await subject.together(*map(record, names)) == names
    assert stored(subject.database) == ["held", *names]
    assert subject.statements.count("COMMIT") == 2


async def test_small_and_large_work_keep_the_order_in_which_they_came(subject: Subject) -> None:
    names = [f"work {number}" for number in range(30)]
    sent = [subject.send(record(name), size_bytes=LARGE * (place % 3 == 0)) for place, name in enumerate(names)]
    assert await asyncio.gather(*sent) == names
    assert stored(subject.database) == names


async def test_a_refused_work_undoes_what_it_wrote_and_nothing_of_its_neighbours(subject: Subject) -> None:
    refusal = Conflict("no")
    assert await subject.together(record("a"), record("b", refusal), record("c")) == ["a", refusal, "c"]
    assert stored(subject.database) == ["held", "a", "c"]


async def test_a_refused_work_that_is_alone_leaves_nothing(subject: Subject) -> None:
    for size_bytes in (0, LARGE):
        refusal = Conflict("no")
        assert await subject.write(record("a", refusal), size_bytes=size_bytes) is refusal
        assert stored(subject.database) == []
    assert await subject.write(record("a")) == "a"


ERRORS: list[Callable[[], BaseException]] = [
    ValueError, StopIteration, StopAsyncIteration, asyncio.CancelledError, KeyboardInterrupt, SystemExit,
    GeneratorExit, MemoryError, lambda: BaseExceptionGroup("two", [SystemExit(), ValueError()]),
]  # fmt: skip


@pytest.mark.parametrize("make", ERRORS, ids=lambda make: getattr(make, "__name__", ""))
async def test_whatever_a_work_raises_reaches_its_caller_and_its_neighbours_are_answered(
    subject: Subject, make: Callable[[], BaseException]
) -> None:
    error = make()
    before, refused, after = await subject.together(record("before"), record("refused", error), record("after"))
    assert (before, after) == ("before", "after")
    assert stored(subject.database) == ["held", "before", "after"]
    alone = [await subject.write(record("alone", error), size_bytes=size_bytes) for size_bytes in (0, LARGE)]
    for told in (refused, *alone):
        assert told is error or told.__cause__ is error
    assert await subject.write(record("next")) == "next"


@pytest.mark.parametrize("ends_the_loop", [KeyboardInterrupt, SystemExit])
def test_neighbours_are_answered_before_an_error_that_ends_the_event_loop(
    tmp_path: Path, ends_the_loop: type[BaseException]
) -> None:
    answers = []

    async def write_together() -> None:
        subject = Subject(tmp_path / "ledger.db", PATIENT_SECONDS)

        async def write(name: str) -> None:
            answers.append(await subject.writer.write(record(name), size_bytes=0, wait=True))

        held = await subject.hold()
        uncaught = subject.writer.write(record("ends it", ends_the_loop()), size_bytes=0, wait=True)
        tasks = [asyncio.ensure_future(one) for one in (write("before"), uncaught, write("after"))]
        await anyio.wait_all_tasks_blocked()
        held.let_go()
        try:
            await asyncio.gather(*tasks)
        finally:
            await subject.writer.finish()

    with pytest.raises(ends_the_loop):
        asyncio.run(write_together())
    assert answers == ["before", "after"] == stored(tmp_path / "ledger.db")[1:]


async def test_a_work_that_ends_the_transaction_is_not_acknowledged_and_takes_its_neighbours_along(
    subject: Subject,
) -> None:
    def leaves(tx: Transaction) -> str:
        tx._connection.execute("ROLLBACK")
        return "stored"

    before, left, after = await subject.together(record("before"), leaves, record("after"))
    assert isinstance(left, RuntimeError)
    for neighbour in (before, after):
        assert isinstance(neighbour, Unavailable)
        assert "Nothing was recorded" in neighbour.message
    for size_bytes in (0, LARGE):
        assert isinstance(await subject.write(leaves, size_bytes=size_bytes), RuntimeError)
    assert await subject.write(record("next")) == "next"
    assert stored(subject.database) == ["held", "next"]


async def test_work_that_is_cancelled_while_it_waits_does_not_run(subject: Subject) -> None:
    held = await subject.hold()
    kept, cancelled = subject.send(record("kept")), subject.send(record("cancelled"))
    await anyio.wait_all_tasks_blocked()
    cancelled.cancel()
    held.let_go()
    assert await kept == "kept"
    assert await subject.write(record("next")) == "next"
    assert stored(subject.database) == ["held", "kept", "next"]


async def test_work_that_is_cancelled_while_a_neighbour_in_its_transaction_runs_does_not_run(subject: Subject) -> None:
    held, neighbour = await subject.hold(), Held(record("neighbour"))
    kept, cancelled = (
        subject.send(neighbour),
        asyncio.ensure_future(subject.writer.write(record("cancelled"), size_bytes=0, wait=True)),
    )
    await anyio.wait_all_tasks_blocked()
    held.let_go()
    with anyio.fail_after(BOUND_SECONDS):
        await neighbour.begun.wait()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    neighbour.let_go()
    assert await kept == "neighbour"
    assert stored(subject.database) == ["held", "neighbour"]
    assert sum(statement == "SAVEPOINT work" for statement in subject.statements) == 1, "they shared a transaction"


async def test_work_that_is_cancelled_before_it_could_be_alone_does_not_run_and_stands_in_nobodys_way(
    subject: Subject,
) -> None:
    await subject.write(record("first"))
    cancelled = asyncio.ensure_future(subject.writer.write(record("cancelled"), size_bytes=0, wait=True))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert await subject.write(record("next"), wait=False) == "next"
    assert stored(subject.database) == ["first", "next"]


async def test_a_wait_for_the_lock_ends_when_nobody_wants_it_any_more(subject: Subject) -> None:
    await subject.write(record("first"))
    with subject.lock_of_another():
        waiting = [subject.send(record(f"waiting {number}")) for number in range(3)]
        await anyio.wait_all_tasks_blocked()
        for one in waiting:
            one.cancel()
        with anyio.fail_after(BOUND_SECONDS):
            await subject.writer.finish()
    assert stored(subject.database) == ["first"]


async def test_the_lock_of_another_process_is_waited_for_only_so_long(subject: Subject) -> None:
    await subject.write(record("first"))
    with subject.lock_of_another():
        waiting = [subject.send(record(f"refused {number}")) for number in range(3)]
        await anyio.wait_all_tasks_blocked()
        assert not any(one.done() for one in waiting)
        subject.watch.seconds = PATIENT_SECONDS
        assert_refused(*await asyncio.gather(*waiting))
    assert await subject.write(record("next")) == "next"
    assert stored(subject.database) == ["first", "next"]


@contextmanager
def opening_is_slow(subject: Subject) -> Iterator[None]:
    """Work that comes meanwhile gathers behind the first, which opens the file; another has the lock all the while."""
    sqlite.writer(subject.database, BOUND_SECONDS, clock).close()
    subject.may_open.clear()
    with subject.lock_of_another():
        yield


async def test_what_work_waited_in_a_queue_counts_as_its_waiting(subject: Subject) -> None:
    with opening_is_slow(subject):
        waiting = [subject.send(record(f"refused {number}"), size_bytes=LARGE) for number in range(300)]
        await anyio.wait_all_tasks_blocked()
        subject.watch.seconds = PATIENT_SECONDS
        subject.may_open.set()
        assert_refused(*await asyncio.gather(*waiting))
    assert stored(subject.database) == []


async def test_of_those_who_wait_together_each_is_refused_when_its_own_time_is_over(subject: Subject) -> None:
    with opening_is_slow(subject):
        early = [subject.send(record(f"early {number}"), size_bytes=LARGE) for number in range(3)]
        await anyio.wait_all_tasks_blocked()
        subject.watch.seconds = PATIENT_SECONDS / 2
        late = [subject.send(record(f"late {number}")) for number in range(3)]
        await anyio.wait_all_tasks_blocked()
        subject.may_open.set()
        subject.watch.seconds = PATIENT_SECONDS
        assert_refused(*await asyncio.gather(*early))
        last = subject.send(record("last"))
        await anyio.wait_all_tasks_blocked()
        assert not any(one.done() for one in (*late, last))
    assert await asyncio.gather(*late, last) == ["late 0", "late 1", "late 2", "last"]
    assert stored(subject.database) == ["late 0", "late 1", "late 2", "last"]


async def test_an_opening_that_is_refused_before_the_time_is_over_is_tried_again(subject: Subject) -> None:
    subject.opens_patiently = False
    with subject.lock_of_another():
        waiting = [subject.send(record(f"waiting {number}")) for number in range(3)]
        with anyio.fail_after(BOUND_SECONDS):
            await subject.opened_thrice.wait()
        assert not any(one.done() for one in waiting)
    assert await asyncio.gather(*waiting) == ["waiting 0", "waiting 1", "waiting 2"]


async def test_work_whose_time_was_over_in_the_queue_is_tried_once(subject: Subject) -> None:
    held = await subject.hold()
    waiting = [subject.send(record(f"waiting {number}")) for number in range(3)]
    await anyio.wait_all_tasks_blocked()
    subject.watch.seconds = PATIENT_SECONDS
    held.let_go()
    assert await asyncio.gather(*waiting) == ["waiting 0", "waiting 1", "waiting 2"]


def assert_refused(*told: Any) -> None:
    for one in told:
        assert isinstance(one, Unavailable)
        assert "another process is holding the write lock" in one.message
        assert "Nothing was recorded" in one.message


async def test_work_that_may_not_wait_runs_where_the_lock_is_free(subject: Subject) -> None:
    for name, size_bytes in [("opens the file", 0), ("here", 0), ("in the thread", LARGE)]:
        assert await subject.write(record(name), size_bytes=size_bytes, wait=False) == name
    await subject.together(record("a"), record("b"))
    assert await subject.write(record("after a crowd"), wait=False) == "after a crowd"


@pytest.mark.parametrize("size_bytes", [0, LARGE])
async def test_work_that_may_not_wait_is_refused_while_another_process_holds_the_lock(
    subject: Subject, size_bytes: int
) -> None:
    await subject.write(record("first"))
    with subject.lock_of_another():
        refused = await subject.write(record("refused"), size_bytes=size_bytes, wait=False)
        assert isinstance(refused, Unavailable)
        assert "Nothing was recorded" in refused.message
    assert await subject.write(record("next"), wait=False) == "next"
    assert stored(subject.database) == ["first", "next"]


async def test_work_that_may_not_wait_is_refused_while_other_work_runs_or_waits(subject: Subject) -> None:
    await subject.write(record("first"))
    held = await subject.hold()
    assert isinstance(await subject.write(record("refused"), wait=False), Unavailable)
    waiting = subject.send(record("waiting"))
    assert isinstance(await subject.write(record("refused"), wait=False), Unavailable)
    held.let_go()
    assert await waiting == "waiting"
    first = subject.send(record("stays alone, or so it hopes"))
    await asyncio.sleep(0)
    assert isinstance(await subject.write(record("refused"), wait=False), Unavailable)
    await first
    assert "refused" not in stored(subject.database)


async def test_work_that_comes_after_work_that_may_not_wait_may_wait(subject: Subject) -> None:
    await subject.write(record("first"))
    with subject.lock_of_another():
        impatient = subject.send(record("refused"), size_bytes=LARGE, wait=False)
        patient = subject.send(record("patient"))
        assert isinstance(await impatient, Unavailable)
        await anyio.wait_all_tasks_blocked()
        assert not patient.done()
    assert await patient == "patient"


async def test_large_work_never_runs_in_the_thread_of_the_event_loop_and_small_work_does(subject: Subject) -> None:
    small: list[int] = []
    large: list[int] = []
    for _ in range(50):
        # What ran here last was quick, unless the machine is very busy; then the next one is.
        await subject.write(running(small), size_bytes=LONE_WORK_BYTES_MAX)
        await subject.write(running(large), size_bytes=LARGE)
        await subject.write(running(large), size_bytes=LARGE, wait=False)
    assert threading.get_ident() in small
    assert threading.get_ident() not in large
