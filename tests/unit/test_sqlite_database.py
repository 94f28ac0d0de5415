"""The database: who asks for keys stands in no queue of the ledger, and what takes too long ends in words."""

import asyncio
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
