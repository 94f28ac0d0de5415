"""Clocks of several servers differ: nothing goes back in time because of it, and an impossible time is refused."""

import itertools
import random

import pytest

from runtally.domain.clock import OrderedIds
from runtally.domain.errors import Unavailable
from tests.door import START, CountingClock, Door, LedgerDatabase

pytestmark = pytest.mark.anyio


async def test_a_sign_of_life_by_a_slow_clock_takes_nothing_back(door: Door, clock: CountingClock):
    run_id = await door.run()
    clock.advance(hours=2)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    clock.advance(hours=-1)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    await door("core_record_failure", run_id=run_id, summary="It broke")
    assert (await door.look(run_id))["last_seen_at"] == "2026-01-01T02:00:00Z"


async def test_an_end_by_a_slow_clock_is_not_before_the_last_sign_of_life(door: Door, clock: CountingClock):
    run_id = await door.run()
    clock.advance(hours=-3)
    ended = await door("core_end_run", run_id=run_id, status="completed")
    assert (ended["ended_at"], ended["duration_ms"]) == ("2026-01-01T00:00:00Z", 0)
    run = await door.look(run_id)
    assert (run["ended_at"], run["last_seen_at"], run["duration_ms"]) == (ended["ended_at"], ended["ended_at"], 0)


async def test_a_failure_group_was_last_seen_at_the_latest_time(
    door: Door, clock: CountingClock, database: LedgerDatabase
):
    for hours in (2, -1):
        clock.advance(hours=hours)
        await door("core_record_failure", summary="It broke", error="disk full")
    (group,) = database.rows()["failure_groups"]
    assert (group["seen"], group["last_seen_at"]) == (2, START + 2 * 3_600_000_000)


@pytest.mark.parametrize("now_us", [-1, 2**53])
async def test_an_impossible_time_is_refused_in_words(door: Door, clock: CountingClock, now_us):
    clock.now_us = now_us
    for tool, arguments in (("core_start_run", {}), ("record_run", {"agent": "a", "summary": "s"})):
        error = await door.refused(tool, **arguments)
        assert isinstance(error, Unavailable)
        assert error.message == (
            "the clock of this machine lies before 1970 or after 2255. Nothing was recorded. Set the clock, then repeat"
        )


def test_ids_of_one_process_are_in_order_whatever_its_clock_does():
    times = random.Random(7)
    now = START

    def clock() -> int:
        nonlocal now
        now += times.choice((0, 0, 0, 1, 900, 1_000, -5_000, 20_000))
        return now

    new_id = OrderedIds(clock, random.Random(8).getrandbits)
    ids = [new_id() for _ in range(5_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)
    assert {(one[14], one[19] in "89ab", len(one)) for one in ids} == {("7", True, 36)}


def test_ids_of_one_moment_cannot_be_told_from_their_neighbours():
    new_id = OrderedIds(lambda: START, random.Random(9).getrandbits)
    ids = [int(new_id().replace("-", ""), 16) for _ in range(1_000)]
    steps = [later - earlier for earlier, later in itertools.pairwise(ids)]
    assert min(steps) > 0
    assert len(set(steps)) > 900
