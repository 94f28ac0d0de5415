"""Lists by who asked, what was spent and what failed: every filter with every other, and right under paging."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtally.domain.ports import Database
from runtally.domain.records import Addition, Spent
from runtally.domain.requests import ListRuns
from runtally.domain.validation import parse
from tests.contract.test_lookup import found
from tests.door import START, CountingClock, Door, an_id

pytestmark = pytest.mark.anyio

NANO = 1_000_000_000


@pytest.fixture
async def runs(door: Door, opened: Database, clock: CountingClock) -> list[str]:
    """Six runs, oldest first, a minute apart."""
    users = ["ann", "bob", "ann", "ann", None]
    for number, user in enumerate(users, start=1):
        await door.run(run_id=an_id(number), agent_id="coder", summary=f"Task {number}", user_id=user)
        clock.advance(seconds=60)
    recorded = await door("record_run", agent="coder", summary="Task 6", ticket="RT-6")

    async def report(number: int, usage: dict[str, Any], **arguments: Any) -> dict[str, Any]:
        return await door("core_report_usage", run_id=an_id(number), token_usage=usage, **arguments)

    await report(1, {"model": "gpt-5", "cost_usd": 0.5})
    wrong = await report(2, {"model": "gpt-5", "cost_usd": 9})
    await report(2, {"model": "claude-opus-4", "cost_usd": 2}, corrects=wrong["report_id"])
    await report(3, {"input_tokens": 1, "cost_usd": 0.25}, traces=[{"name": "ask", "model": "GPT-5"}])
    await report(3, {"model": "gpt-5-mini", "cost_usd": 0.25})
    seen = Addition(START, "observed", reports=1, spent=Spent(cost_nano_usd=3 * NANO))
    for number in (3, 4):
        await opened.write(lambda store, number=number: store.runs.add("alpha", an_id(number), seen))
    for number in (2, 3, 3):
        await door("core_record_failure", run_id=an_id(number), summary="It broke")
    return [*(an_id(number) for number in range(1, 6)), recorded["run_id"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"user": "ann"}, [4, 3, 1]),
        ({"user": "an"}, []),
        ({"ticket": "RT-6"}, [6]),
        ({"ticket": "rt-6"}, []),
        ({"model": "gpt-5"}, [3, 1]),
        ({"model": "GPT-5-Mini"}, [3]),
        ({"model": "gpt"}, []),
        ({"model": "claude-opus-4"}, [2]),
        ({"min_cost_usd": 0}, [4, 3, 2, 1]),
        ({"min_cost_usd": 0.5}, [4, 3, 2, 1]),
        ({"min_cost_usd": 0.500000001}, [4, 2]),
        ({"min_cost_usd": 3}, [4]),
        ({"min_cost_usd": 3.000000001}, []),
        ({"has_failures": True}, [3, 2]),
        ({"has_failures": False}, [6, 5, 4, 1]),
        ({"has_failures": None}, [6, 5, 4, 3, 2, 1]),
        ({"user": "ann", "has_failures": True, "model": "gpt-5", "min_cost_usd": 0.5, "query": "task"}, [3]),
        ({"user": "ann", "status": "running", "agent": "coder", "min_cost_usd": 1}, [4]),
        ({"ticket": "RT-6", "has_failures": True}, []),
    ],
    ids=str,
)
async def test_a_list_shows_the_runs_that_match_every_filter_newest_first(door: Door, runs, filters, expected):
    assert await found(door, **filters) == [runs[number - 1] for number in expected]


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "user": st.sampled_from(["ann", "bob"]),
        "model": st.sampled_from(["gpt-5", "claude-opus-4"]),
        "min_cost_usd": st.sampled_from([0, 0.3, 1]),
        "has_failures": st.booleans(),
        "status": st.sampled_from(["running", "completed"]),
        "agent": st.just("coder"),
        "query": st.sampled_from(["task", "3"]),
    },
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(filters=FILTERS, limit=st.integers(1, 3))
async def test_filters_together_show_what_each_of_them_shows_on_pages_without_gaps_or_repeats(
    door: Door, runs, filters: dict[str, Any], limit: int
):
    each = [set(await found(door, **{name: value})) for name, value in filters.items()]
    expected = [run_id for run_id in await found(door) if all(run_id in shown for shown in each)]
    page = await door("list_runs", limit=limit, **filters)
    paged = [run["run_id"] for run in page["runs"]]
    while "next_cursor" in page:
        page = await door("list_runs", limit=limit, **filters, cursor=page["next_cursor"])
        paged += [run["run_id"] for run in page["runs"]]
    assert paged == expected


@pytest.mark.parametrize(
    ("filters", "is_lengthy"),
    [
        ({"user": "ann", "ticket": "RT-6", "status": "running"}, False),
        ({"query": "leak"}, True),
        ({"model": "gpt-5"}, True),
        ({"min_cost_usd": 0}, True),
        ({"has_failures": False}, True),
    ],
    ids=str,
)
def test_a_list_that_looks_at_one_run_after_the_other_is_known_to_be_lengthy(filters, is_lengthy):
    assert parse(ListRuns, filters).is_lengthy == is_lengthy
