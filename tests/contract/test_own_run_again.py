"""An agent whose context was lost finds its run again: running ones of its session come first, and none is hidden."""

import pytest

from runtally.domain.caller import NOWHERE, Origin
from tests.door import Answer, CountingClock, Door

pytestmark = pytest.mark.anyio

HERE = Origin(host_session_id="session-1")
THREAD = Origin(host_session_id="session-9", host_thread_id="thread-1")
THERE = Origin(host_session_id="session-2", host_thread_id="thread-2")


async def started(door: Door, clock: CountingClock, *origins: Origin) -> list[str]:
    """A run of each origin, oldest first, a second apart."""
    ids = []
    for origin in origins:
        ids.append((await door("core_start_run", origin, agent_id="coder"))["run_id"])
        clock.advance(seconds=1)
    return ids


async def pages(door: Door, *origins: Origin, limit: int, **filters: object) -> list[list[str]]:
    """The ids on each page of the running runs; the page number so and so is asked for from the origin so and so."""
    shown, asked = [], {"status": "running", "limit": limit} | filters
    answer: Answer = {}
    while not shown or "next_cursor" in answer:
        origin = origins[len(shown) % len(origins)]
        answer = await door("list_runs", origin, **asked, cursor=answer.get("next_cursor"))
        shown.append([run["run_id"] for run in answer["runs"]])
    return shown


@pytest.mark.parametrize("asking", [HERE, Origin(host_thread_id="thread-1"), Origin(host_session_id="session-9")])
async def test_the_running_runs_of_the_session_come_first_and_are_marked(door: Door, clock: CountingClock, asking):
    here, thread, there, nowhere = await started(door, clock, HERE, THREAD, THERE, NOWHERE)
    own = here if asking is HERE else thread
    answer = await door("list_runs", asking, status="running")
    others = [run_id for run_id in (nowhere, there, thread, here) if run_id != own]
    assert [run["run_id"] for run in answer["runs"]] == [own, *others]
    assert [run.get("same_session", False) for run in answer["runs"]] == [True, False, False, False]
    assert not {"host_session_id", "host_thread_id"} & {name for run in answer["runs"] for name in run}


async def test_other_lists_keep_their_order_and_mark_the_session_s_runs(door: Door, clock: CountingClock):
    here, there = await started(door, clock, HERE, THERE)
    for filters in ({}, {"agent": "coder"}):
        answer = await door("list_runs", HERE, **filters)
        assert [(run["run_id"], run.get("same_session")) for run in answer["runs"]] == [(there, None), (here, True)]
    unknown = await door("list_runs", NOWHERE, status="running")
    assert [run["run_id"] for run in unknown["runs"]] == [there, here]
    assert not any("same_session" in run for run in unknown["runs"])


async def test_a_run_of_the_session_that_does_not_match_is_not_shown(door: Door, clock: CountingClock):
    over, other = await started(door, clock, HERE, THERE)
    await door("core_end_run", run_id=over, status="completed")
    assert await pages(door, HERE, limit=5) == [[other]]
    assert await pages(door, THERE, limit=5, agent="reviewer") == [[]]


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6, 20])
@pytest.mark.parametrize("own", [0, 1, 2, 5, 8])
async def test_every_running_run_is_shown_once_whoever_asks_for_the_next_page(
    door: Door, clock: CountingClock, limit, own
):
    ids = await started(door, clock, *[HERE] * own, *[THERE] * 3)
    for asking in ((HERE,), (THERE,), (HERE, THERE), (NOWHERE, HERE)):
        shown = await pages(door, *asking, limit=limit)
        assert sorted(run_id for page in shown for run_id in page) == sorted(ids), asking
        assert all(len(page) == limit for page in shown[:-1])
        first = list(reversed(ids[:own]))[: min(limit, 5)]
        if asking[0] is HERE:
            assert shown[0][: len(first)] == first


async def test_runs_that_end_or_begin_between_pages_neither_repeat_nor_hide_others(door: Door, clock: CountingClock):
    ids = await started(door, clock, HERE, HERE, THERE, THERE)
    first = await door("list_runs", HERE, status="running", limit=1)
    assert [run["run_id"] for run in first["runs"]] == [ids[1]]
    await door("core_end_run", run_id=ids[1], status="completed")
    (new,) = await started(door, clock, HERE)
    rest = await door("list_runs", HERE, status="running", limit=9, cursor=first["next_cursor"])
    assert [run["run_id"] for run in rest["runs"]] == [new, ids[3], ids[2], ids[0]]
