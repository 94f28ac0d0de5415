"""The database: who asks for keys stands in no queue of the ledger, and what takes too long ends in words."""

import asyncio
import threading
from pathlib import Path

import anyio
import pytest

from runtally.domain.errors import LimitExceeded, Unavailable
from runtally.storage.sqlite_database import SqliteDatabase
from tests.unit.transactions import BOUND_SECONDS, Held, clock, endless, outcome

pytestmark = pytest.mark.anyio

MORE_THAN_THERE_ARE_READERS = 12


async def test_a_read_for_keys_is_answered_while_the_ledger_is_read_by_many(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)
    held = [Held(lambda _: "read") for _ in range(MORE_THAN_THERE_ARE_READERS)]
    with anyio.fail_after(BOUND_SECONDS):
        reading = [asyncio.ensure_future(database.read(one)) for one in held]
        await held[0].begun.wait()
        await anyio.wait_all_tasks_blocked()
        assert await database.read_transaction(lambda _: "key") == "key"
        assert not any(one.done() for one in reading)
        for one in held:
            one.let_go()
        assert await asyncio.gather(*reading) == ["read"] * MORE_THAN_THERE_ARE_READERS
        await database.close()


async def test_a_read_that_takes_too_long_is_a_limit_and_for_keys_the_database_is_unavailable(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock, read_seconds=0.05)
    with anyio.fail_after(BOUND_SECONDS):
        too_long = await outcome(database.read(lambda store: endless(store._tx)))
        for_keys = await outcome(database.read_transaction(endless))
        await database.close()
    assert isinstance(too_long, LimitExceeded)
    assert "longer than 0.05 s" in too_long.message
    assert "since, agent or label" in too_long.message
    assert isinstance(for_keys, Unavailable)


async def test_a_database_that_was_deleted_is_not_made_again_before_the_next_call(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)
    await database.write(lambda _: None)
    assert not database._file.lost_its_log
    (tmp_path / "ledger.db-wal").unlink()
    assert database._file.lost_its_log
    (tmp_path / "ledger.db").unlink()
    (tmp_path / "ledger.db-shm").unlink()
    assert not database._file.lost_its_log
    await database.close()
    assert not (tmp_path / "ledger.db").exists()


async def test_where_no_thread_can_be_started_calls_are_refused_and_later_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=BOUND_SECONDS, clock=clock)

    def no_room(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with anyio.fail_after(BOUND_SECONDS):
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", no_room)
            for call in (database.write, database.read, database.read_transaction):
                refused = await outcome(call(lambda _: None))
                assert isinstance(refused, Unavailable)
                assert "no room for another thread" in refused.message
        assert [await call(lambda _: 1) for call in (database.write, database.read, database.read_transaction)] == [
            1
        ] * 3
        await database.close()
