"""A database that was closed, or came along into a child process, refuses in words; what waited before is finished."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from runtally.domain.errors import Unavailable
from runtally.storage.readers import QUICK_READERS_MAX
from runtally.storage.sqlite_database import SqliteDatabase
from runtally.storage.writer import LONE_WORK_BYTES_MAX
from tests.journeys.processes import environment
from tests.unit.transactions import BOUND_SECONDS, Held, clock, outcome, record, recorded, stored

pytestmark = pytest.mark.anyio

LARGE = LONE_WORK_BYTES_MAX + 1


@pytest.fixture
def database(tmp_path: Path) -> SqliteDatabase:
    return SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def on_transaction(work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The work over the transaction of a store."""
    return lambda store: work(store._tx)


CALLS: dict[str, Callable[[SqliteDatabase], Awaitable[Any]]] = {
    "write": lambda database: database.write(lambda _: "answer"),
    "write, large": lambda database: database.write(lambda _: "answer", size_bytes=LARGE),
    "write, no wait": lambda database: database.write(lambda _: "answer", wait=False),
    "read": lambda database: database.read(lambda _: "answer"),
    "read_transaction": lambda database: database.read_transaction(lambda _: "answer"),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("used", [True, False], ids=["used", "never used"])
async def test_a_closed_database_refuses_and_may_be_closed_again(
    database: SqliteDatabase, call: Callable[[SqliteDatabase], Awaitable[Any]], used: bool
) -> None:
    with anyio.fail_after(BOUND_SECONDS):
        if used:
            assert await call(database) == "answer"
        await asyncio.gather(database.close(), database.close())
        await database.close()
        refused = await outcome(call(database))
    assert isinstance(refused, Unavailable)
    assert "closed" in refused.message


async def test_what_runs_and_waits_when_the_database_is_closed_is_finished_first(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    await database.write(on_transaction(record("first")))
    writing = Held(record("held"))
    reading = [Held(recorded) for _ in range(QUICK_READERS_MAX)]
    with anyio.fail_after(BOUND_SECONDS):
        calls = [asyncio.ensure_future(database.write(on_transaction(writing), size_bytes=LARGE))]
        calls += [asyncio.ensure_future(database.read(on_transaction(held))) for held in reading]
        for held in (writing, *reading):
            await held.begun.wait()
        names = [f"waiting {number}" for number in range(300)]
        waiting = [asyncio.ensure_future(database.write(on_transaction(record(name)))) for name in names]
        waiting += [asyncio.ensure_future(database.read(lambda _: "read")) for _ in range(20)]
        await anyio.wait_all_tasks_blocked()
        closing = asyncio.ensure_future(database.close())
        await anyio.wait_all_tasks_blocked()
        assert isinstance(await outcome(database.write(lambda _: None)), Unavailable)
        assert not closing.done()
        for held in (writing, *reading):
            held.let_go()
        assert await asyncio.gather(*calls) == ["held", *[["first"]] * QUICK_READERS_MAX]
        assert await asyncio.gather(*waiting) == names + ["read"] * 20
        await closing
    assert stored(tmp_path / "ledger.db") == ["first", "held", *names]
    assert files(tmp_path) == ["ledger.db"], "the log was moved into the file"


async def test_a_close_that_is_given_up_may_be_asked_for_again(database: SqliteDatabase) -> None:
    held = Held(lambda _: "answer")
    with anyio.fail_after(BOUND_SECONDS):
        call = asyncio.ensure_future(database.write(held, size_bytes=LARGE))
        await held.begun.wait()
        closing = asyncio.ensure_future(database.close())
        await anyio.wait_all_tasks_blocked()
        closing.cancel()
        held.let_go()
        assert await call == "answer"
        await database.close()


FORKED = """
import asyncio, os, sys
from pathlib import Path
from runtally.domain.errors import Unavailable
from runtally.storage.sqlite_database import SqliteDatabase

async def use(database):
    for call in (
        lambda: database.write(lambda _: "answer"),
        lambda: database.write(lambda _: "answer", size_bytes=1_000_000),
        lambda: database.read(lambda _: "answer"),
    ):
        try:
            print(await call(), flush=True)
        except Unavailable as error:
            print(error.message, flush=True)

async def end(database):
    await use(database)
    await database.close()

database = SqliteDatabase(Path(sys.argv[1]), busy_seconds=10, clock=lambda: 1)
if sys.argv[2] == "used":
    asyncio.run(use(database))
child = os.fork()
if child == 0:
    asyncio.run(end(database))
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print("parent", flush=True)
asyncio.run(end(database))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.parametrize("used", ["used", "never used"])
def test_a_forked_child_is_refused_what_its_parent_opened_and_the_parent_goes_on(tmp_path: Path, used: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED, str(tmp_path / "ledger.db"), used],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    in_child, in_parent = ended.stdout.split("parent\n")
    refusals = in_child.splitlines()[3 if used == "used" else 0 :]
    assert len(refusals) == 3
    assert all("locks do not hold here. Nothing was recorded" in refusal for refusal in refusals)
    assert in_parent == "answer\n" * 3


FORKED_WITH_ITS_OWN = """
import asyncio, os, sys
from pathlib import Path
from runtally.domain.errors import Unavailable
from runtally.storage.sqlite_database import SqliteDatabase

path = Path(sys.argv[1])

async def use(database):
    try:
        print(await database.write(lambda _: "written"), flush=True)
    except Unavailable as error:
        print(error.message, flush=True)

parent = SqliteDatabase(path, busy_seconds=10, clock=lambda: 1)
asyncio.run(use(parent))
if sys.argv[2] == "closed":
    asyncio.run(parent.close())
child = os.fork()
if child == 0:
    own = SqliteDatabase(path, busy_seconds=10, clock=lambda: 1)
    asyncio.run(use(own))
    asyncio.run(own.close())
    sys.stdout.flush()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
asyncio.run(parent.close())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
@pytest.mark.parametrize("before", ["closed", "open"])
def test_a_forked_child_may_open_only_what_its_parent_had_closed(tmp_path: Path, before: str) -> None:
    """SQLite believes in the child that it holds the parent's locks: what is written so is lost."""
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED_WITH_ITS_OWN, str(tmp_path / "ledger.db"), before],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    in_parent, in_child = ended.stdout.splitlines()
    assert in_parent == "written"
    assert in_child == "written" if before == "closed" else "locks do not hold here" in in_child
