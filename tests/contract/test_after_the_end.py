"""A silent run is swept and its agent may go on with it; late reports are marked; a recorded run is over at once."""

import pytest

from runtally.domain.errors import Conflict
from tests.door import CountingClock, Door, LedgerDatabase

pytestmark = pytest.mark.anyio

STALE_HOURS = 6


async def test_what_comes_after_the_end_is_accepted_and_marked_late(
    door: Door, clock: CountingClock, database: LedgerDatabase
):
    run_id = await door.run()
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1}, traces=[{"span_id": "in time"}])
    await door("core_record_failure", run_id=run_id, summary="in time")
    await door("core_end_run", run_id=run_id, status="completed")
    clock.advance(hours=1)
    usage = await door(
        "core_report_usage", run_id=run_id, token_usage={"input_tokens": 2}, traces=[{"span_id": "too late"}]
    )
    failure = await door("core_record_failure", run_id=run_id, summary="too late")
    assert (usage["late"], usage["status"], usage["totals"]["input_tokens"]) == (True, "completed", 3)
    assert (failure["late"], failure["status"]) == (True, "completed")
    stored = database.rows()
    assert [report["late"] for report in stored["usage_reports"]] == [0, 1]
    assert {span["span_id"]: span["late"] for span in stored["spans"]} == {"in time": 0, "too late": 1}
    assert {failure["summary"]: failure["late"] for failure in stored["failures"]} == {"in time": 0, "too late": 1}
    run = await door.look(run_id)
    assert (run["status"], run["ended_at"], run["last_seen_at"]) == (
        "completed",
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00Z",
    )


async def test_a_silent_run_is_interrupted_when_it_was_last_seen(door: Door, clock: CountingClock):
    run_id = await door.run(summary="Find the leak")
    clock.advance(seconds=40)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    clock.advance(hours=STALE_HOURS)
    assert (await door.look(run_id))["status"] == "running"
    clock.advance(micros=1)
    assert await door.look(run_id) == {
        "run_id": run_id,
        "status": "interrupted",
        "summary": "Find the leak",
        "started_at": "2026-01-01T00:00:00Z",
        "last_seen_at": "2026-01-01T00:00:40Z",
        "ended_at": "2026-01-01T00:00:40Z",
        "duration_ms": 40_000,
        "ended_by": "sweep",
        "end_reason": "no sign of life for 21,600 s; swept at 2026-01-01T06:00:40.000001Z",
        "totals": {"reports": 1, "input_tokens": 1, "total_tokens": 1, "unpriced_calls": 1},
    }


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("core_report_usage", {"token_usage": {"input_tokens": 1}}),
        ("core_report_usage", {"token_usage": {}, "traces": [{"name": "grep"}]}),
        ("core_report_usage", {"token_usage": {}}),
        ("core_record_failure", {"summary": "It broke"}),
    ],
    ids=["usage", "span", "nothing new", "failure"],
)
async def test_any_write_to_a_run_is_a_sign_of_life(door: Door, clock: CountingClock, tool, arguments):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS - 1)
    await door(tool, run_id=run_id, **arguments)
    clock.advance(hours=STALE_HOURS - 1)
    assert (await door.look(run_id))["status"] == "running"
    clock.advance(hours=2)
    assert (await door.look(run_id))["status"] == "interrupted"


async def test_stale_runs_are_swept_before_a_list_is_read(door: Door, clock: CountingClock):
    silent, ended = await door.run(), await door.run()
    await door("core_end_run", run_id=ended, status="completed")
    clock.advance(hours=STALE_HOURS, seconds=1)
    fresh = await door.run()
    assert [run["run_id"] for run in (await door("list_runs", status="running"))["runs"]] == [fresh]
    statuses = {run["run_id"]: run["status"] for run in (await door("list_runs"))["runs"]}
    assert statuses == {silent: "interrupted", ended: "completed", fresh: "running"}


async def test_a_late_end_replaces_the_end_by_the_sweep_and_says_so(door: Door, clock: CountingClock):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS + 1)
    assert (await door.look(run_id))["ended_by"] == "sweep"
    late = await door("core_end_run", run_id=run_id, status="completed", token_usage={"input_tokens": 5})
    assert late == {
        "project_key": "alpha",
        "run_id": run_id,
        "status": "completed",
        "ended_at": "2026-01-01T07:00:00Z",
        "duration_ms": 7 * 3_600_000,
        "replaced": "sweep",
        "adjustment": {"input_tokens": 5, "total_tokens": 5},
        "totals": {"reports": 1, "input_tokens": 5, "total_tokens": 5, "unpriced_calls": 1},
    }
    run = await door.look(run_id)
    assert (run["status"], run["ended_by"], "end_reason" in run) == ("completed", "agent", False)
    error = await door.refused("core_end_run", run_id=run_id, status="failed")
    assert isinstance(error, Conflict)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("core_report_usage", {"token_usage": {"input_tokens": 5}, "traces": [{"span_id": "s1"}]}),
        ("core_record_failure", {"summary": "It broke"}),
    ],
    ids=["usage", "failure"],
)
async def test_a_write_of_the_agent_to_a_swept_run_reopens_it_and_is_not_late(
    door: Door, clock: CountingClock, database: LedgerDatabase, tool, arguments
):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS + 1)
    assert (await door.look(run_id))["status"] == "interrupted"
    answer = await door(tool, run_id=run_id, **arguments)
    assert (answer["reopened"], answer["status"], "late" in answer) == (True, "running", False)
    run = await door.look(run_id)
    assert (run["status"], run["last_seen_at"]) == ("running", "2026-01-01T07:00:00Z")
    assert not run.keys() & {"ended_at", "ended_by", "end_reason", "duration_ms"}
    kept = database.rows()
    assert {row["late"] for table in ("usage_reports", "spans", "failures") for row in kept.get(table, [])} == {0}
    again = await door(tool, run_id=run_id, **arguments)
    assert "reopened" not in again
    assert "replaced" not in await door("core_end_run", run_id=run_id, status="completed")


async def test_an_end_with_traces_of_a_swept_run_still_says_what_it_replaced(door: Door, clock: CountingClock):
    run_id = await door.run()
    clock.advance(hours=STALE_HOURS + 1)
    await door("list_runs")
    ended = await door("core_end_run", run_id=run_id, status="failed", traces=[{"span_id": "s1", "input_tokens": 3}])
    assert (ended["replaced"], ended["status"], ended["totals"]["input_tokens"]) == ("sweep", "failed", 3)


async def test_a_recorded_run_is_over_at_once(door: Door, clock: CountingClock):
    recorded = await door("record_run", agent="coder", summary="Fixed it", ticket="RT-1", meta_json={"pr": 9})
    run_id = recorded["run_id"]
    assert recorded == {"project_key": "alpha", "run_id": run_id, "status": "completed"}
    assert (await door("list_runs", status="running"))["runs"] == []
    clock.advance(hours=STALE_HOURS + 1)
    assert await door.look(run_id) == {
        "run_id": run_id,
        "status": "completed",
        "agent": "coder",
        "ticket": "RT-1",
        "summary": "Fixed it",
        "started_at": "2026-01-01T00:00:00Z",
        "last_seen_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T00:00:00Z",
        "duration_ms": 0,
        "ended_by": "record",
        "meta": {"pr": 9},
    }
    error = await door.refused("core_end_run", run_id=run_id, status="completed")
    assert isinstance(error, Conflict)
    assert error.message == (
        f"run {run_id} is completed since 2026-01-01T00:00:00Z and that is final: it was recorded as over. "
        "Start a follow-up run if there is more to do"
    )
