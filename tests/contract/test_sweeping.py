"""Stale runs are swept a bounded number at a time, in every project there is; a read never waits for it."""

import itertools
import threading
from collections import Counter

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest

from runtally import pricing
from runtally.domain.models import Run
from runtally.domain.ports import Database
from runtally.domain.records import RunStart
from runtally.redaction import Redactor
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from tests.door import START, UNBOUND, CountingClock, CountingIds, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

STALE_HOURS = 6
LARGE = 10**9
"""A size that keeps work off the event loop."""


async def test_a_stale_run_is_shown_as_such_while_somebody_else_is_writing(
    door: Door, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS + 1)
    other = database.open(clock)
    begun, go_on = anyio.Event(), threading.Event()
    loop = anyio.lowlevel.current_token()

    def hold(_) -> None:
        anyio.from_thread.run_sync(begun.set, token=loop)
        assert go_on.wait(30)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: other.write(hold, size_bytes=LARGE))
        with anyio.fail_after(20):
            await begun.wait()
            before = database.rows()
            for run in (await door.look(run_id), (await door("list_runs"))["runs"][0]):
                assert (run["status"], run["stale"]) == ("running", True)
            assert database.rows() == before
        go_on.set()
    await other.close()
    run = await door.look(run_id)
    assert (run["status"], "stale" in run) == ("interrupted", False)


async def test_a_run_that_is_not_stale_says_nothing_of_it(door: Door):
    run_id = await door.run()
    assert "stale" not in await door.look(run_id)
    assert "stale" not in (await door("list_runs"))["runs"][0]


async def test_a_read_sweeps_a_bounded_number_of_runs_and_the_next_one_goes_on(
    door: Door, database: LedgerDatabase, clock: CountingClock
):
    async with anyio.create_task_group() as starts:
        for _ in range(501):
            starts.start_soon(door.run)
    clock.advance(hours=STALE_HOURS + 1)
    swept = []
    for _ in range(3):
        runs = (await door("list_runs", status="running", limit=200))["runs"]
        swept.append((len(runs), [run.get("stale") for run in runs]))
    assert swept == [(1, [True]), (0, []), (0, [])]
    assert {row["status"] for row in database.rows()["runs"]} == {"interrupted"}


async def test_a_round_sweeps_every_stale_run_in_several_transactions(
    door: Door, opened: Database, database: LedgerDatabase, clock: CountingClock
):
    runs = [
        Run(run_id=an_id(number), status="running", started_at=START, last_seen_at=START) for number in range(1_200)
    ]
    await opened.write(lambda store: [store.runs.insert("alpha", run, RunStart()) for run in runs], size_bytes=LARGE)
    clock.advance(hours=STALE_HOURS + 1)
    later = itertools.count(clock.now_us, 1_000_000)
    entry = Entry(
        clock=lambda: next(later),
        new_id=CountingIds(),
        pricer=pricing,
        redactor=Redactor,
        stale_after_seconds=STALE_HOURS * 3600,
    )
    await Ledger(opened, entry).sweep(["alpha"])
    rows = database.rows()["runs"]
    assert {row["status"] for row in rows} == {"interrupted"}
    # Each transaction reads the clock once, and the reason tells the time.
    assert sorted(Counter(row["end_reason"] for row in rows).values()) == [200, 500, 500]


@pytest.mark.parametrize("ahead_us", [0, 1])
async def test_a_run_is_stale_only_after_the_whole_time_of_silence(door: Door, clock: CountingClock, ahead_us):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS, micros=ahead_us)
    run = await door.look(run_id)
    assert (run["status"], "stale" in run) == ("interrupted" if ahead_us else "running", False)


async def test_a_sweep_takes_no_run_along_that_is_not_stale(door: Door, opened: Database, clock: CountingClock):
    stale = await door.run()
    clock.advance(micros=1)
    silent = await door.run()
    clock.advance(hours=STALE_HOURS)
    before = clock.now_us - STALE_HOURS * 3_600_000_000
    assert {run["run_id"]: run["status"] for run in (await door("list_runs"))["runs"]} == {
        stale: "interrupted",
        silent: "running",
    }
    assert await opened.read(lambda store: store.runs.has_stale("alpha", before)) is False
    assert await opened.read(lambda store: store.runs.has_stale("alpha", before + 1)) is True


async def test_every_project_that_was_ever_written_to_can_be_swept_page_by_page(
    door: Door, database: LedgerDatabase, clock: CountingClock
):
    unbound = door.by(UNBOUND)
    await unbound("core_start_run", project_key="gamma", run_id=an_id(1))
    await unbound("record_run", project_key="beta", agent="a", summary="s")
    await unbound("core_record_failure", project_key="delta", summary="It broke")
    await unbound("track_mcp", project_key="alpha", tool="search")
    ledger = door.ledger
    assert await ledger.projects_after("", 3) == ["alpha", "beta", "delta"]
    assert await ledger.projects_after("delta", 3) == ["gamma"]
    clock.advance(hours=STALE_HOURS + 1)
    await ledger.sweep(await ledger.projects_after("", 100))
    (run,) = [row for row in database.rows()["runs"] if row["project_key"] == "gamma"]
    assert (run["status"], run["ended_by"]) == ("interrupted", "sweep")


async def test_a_project_is_noted_with_its_first_and_its_last_write_and_not_with_what_changed_nothing(
    door: Door, second_door: Door, database: LedgerDatabase, clock: CountingClock
):
    start = clock.now_us
    run_id = await door.run(run_id=an_id(1))
    clock.advance(seconds=59)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1}, idempotency_key="k")
    assert database.rows()["projects"] == [{"project_key": "alpha", "first_write_at": start, "last_write_at": start}]
    clock.advance(seconds=1)
    for repeated in (
        {"run_id": run_id, "token_usage": {"input_tokens": 1}, "idempotency_key": "k"},
        {"run_id": run_id, "token_usage": {"input_tokens": 1}, "idempotency_key": "k"},
    ):
        await second_door.unchanging("core_report_usage", **repeated)
    await second_door.unchanging("core_start_run", run_id=run_id)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    (project,) = database.rows()["projects"]
    assert (project["first_write_at"], project["last_write_at"]) == (start, start + 60_000_000)
    clock.advance(hours=-1)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    assert database.rows()["projects"] == [project]


async def test_a_write_that_was_undone_leaves_its_project_to_be_noted_by_the_next(
    door: Door, opened: Database, database: LedgerDatabase
):
    error = await door.refused("core_report_usage", run_id=an_id(1), token_usage={"input_tokens": 1})
    assert error.code == "not_found"
    assert "projects" not in database.rows()
    await door.run()
    assert [row["project_key"] for row in database.rows()["projects"]] == ["alpha"]
