"""Refusals are noted in memory and stored behind: at most 200, nothing of their content, and never in anybody's way."""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import anyio
import pytest
from mcp import Client

from runtally.bootstrap import origin_of
from runtally.domain.caller import Caller
from runtally.domain.ports import Database, Pricer
from runtally.domain.records import Problem
from runtally.domain.usage import Counts
from runtally.mcp_server.server import make_server
from runtally.redaction import Redactor
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.settings import Settings
from runtally.storage.sqlite_database import SqliteDatabase
from tests.door import BOUND, START, CountingClock, CountingIds, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

WORDS = "what-the-caller-sent"


class BrokenPricer:
    """A pricer with a bug that quotes what it was given."""

    def load(self) -> None:
        pass

    def price(
        self, *, model: str | None, provider: str | None, at_us: int, counts: Counts, of_several: bool = False
    ) -> None:
        raise KeyError(model)


def a_ledger(opened: Database, clock: CountingClock, pricer: Pricer) -> Ledger:
    return Ledger(
        opened, Entry(clock=clock, new_id=CountingIds(), pricer=pricer, redactor=Redactor, stale_after_seconds=60)
    )


async def kept(opened: Database) -> Sequence[Problem]:
    return await opened.read(lambda store: store.problems.list_newest(1_000))


async def test_a_server_keeps_of_a_refusal_its_code_its_tool_its_door_and_its_reference_and_nothing_else(
    opened: Database, clock: CountingClock, database: LedgerDatabase, caplog: pytest.LogCaptureFixture
):
    ledger = a_ledger(opened, clock, BrokenPricer())
    caller = Caller(("alpha",), "alpha")
    server = make_server(ledger, lambda: caller, origin_of(Settings(Path("unused.db"))), door="http")
    async with Client(server) as client:
        for tool, arguments in (
            ("list_runs", {WORDS: 1}),
            ("list_runs", {"project_key": WORDS}),
            ("get_run", {"run_id": an_id(404)}),
            ("core_start_run", {"run_id": an_id(1), "summary": "one"}),
            ("core_start_run", {"run_id": an_id(1), "summary": WORDS}),
            ("core_report_usage", {"run_id": an_id(1), "token_usage": {"input_tokens": 1, "model": WORDS}}),
        ):
            clock.advance(seconds=1)
            await client.call_tool(tool, arguments)
    problems = await kept(opened)
    assert [(one.noted_at - START, one.code, one.tool) for one in problems] == [
        (6_000_000, "internal", "core_report_usage"),
        (5_000_000, "conflict", "core_start_run"),
        (3_000_000, "not_found", "get_run"),
        (2_000_000, "forbidden", "list_runs"),
        (1_000_000, "invalid", "list_runs"),
    ]
    assert {one.door for one in problems} == {"http"}
    assert [one.reference for one in problems[1:]] == [None] * 4
    assert problems[0].reference
    assert f"internal error {problems[0].reference} in core_report_usage" in caplog.text
    assert WORDS not in str(problems)


async def test_what_is_noted_is_stored_when_the_server_ends_and_there_are_never_more_than_200(
    opened: Database, clock: CountingClock, door: Door
):
    problems = door.ledger.problems
    for number in range(450):
        clock.advance(micros=1)
        problems.note("invalid", "stdio", f"tool_{number}")
        if number in (100, 300):
            await problems.store()
    await problems.store()
    assert [one.tool for one in await kept(opened)] == [f"tool_{number}" for number in range(449, 249, -1)]
    before = await kept(opened)
    await problems.store()
    assert await kept(opened) == before


async def test_while_the_database_is_busy_what_is_noted_waits_in_memory_without_a_word(
    opened: Database, clock: CountingClock, door: Door, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "runtally")
    await door.run()
    problems = door.ledger.problems
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for number in range(250):
            clock.advance(micros=1)
            problems.note("unavailable", "stdio", f"tool_{number}")
            if number % 100 == 0:
                with anyio.fail_after(5):
                    await problems.store()
        assert await kept(opened) == []
        other.execute("ROLLBACK")
    assert caplog.records == []
    await problems.store()
    assert [one.tool for one in await kept(opened)] == [f"tool_{number}" for number in range(249, 49, -1)]


async def test_a_problem_whose_storing_nobody_heard_of_is_stored_once(opened: Database, door: Door):
    noted = [Problem(an_id(number), START, "limit", "stdio", "get_run") for number in range(3)]
    for batch in (noted[:2], noted):
        await opened.write(lambda store, batch=batch: store.problems.insert(batch, 200))
    assert list(await kept(opened)) == noted[::-1]


async def test_a_problem_that_cannot_be_stored_is_told_once_and_stands_in_nobodys_way(
    opened: Database, door: Door, caplog: pytest.LogCaptureFixture
):
    problems = door.ledger.problems
    problems.note("invalid", "stdio", "")
    await problems.store()
    await problems.store()
    assert [record.message for record in caplog.records] == ["recent problems could not be stored"]
    problems.note("invalid", "stdio", "get_run")
    await problems.store()
    assert [one.tool for one in await kept(opened)] == ["get_run"]


async def test_a_clock_that_tells_no_usable_time_is_no_problem_of_the_call(opened: Database, clock: CountingClock):
    clock.now_us = -1
    ledger = a_ledger(opened, clock, BrokenPricer())
    ledger.problems.note("unavailable", "stdio", "get_run")
    clock.now_us = START
    await ledger.problems.store()
    assert await kept(opened) == []


async def test_noting_and_storing_leave_the_ledger_as_it_is(door: Door, database: LedgerDatabase):
    await door.by(BOUND).run()
    before = database.rows()
    door.ledger.problems.note("invalid", "stdio", "get_run")
    await door.ledger.problems.store()
    assert database.rows() == before


async def test_a_file_that_cannot_be_used_keeps_nobody_from_ending(tmp_path: Path, clock: CountingClock):
    (tmp_path / "ledger.db").mkdir()
    opened = SqliteDatabase(tmp_path / "ledger.db", busy_seconds=10, clock=clock)
    ledger = a_ledger(opened, clock, BrokenPricer())
    ledger.problems.note("unavailable", "stdio", "get_run")
    with anyio.fail_after(5):
        await ledger.problems.store()
        await ledger.close()
