"""Lists of runs: filters, order, and pages without gaps or repeats, each bound to its question."""

import base64
import json
from hashlib import blake2b

import pytest

from runtally.domain.errors import InvalidInput
from runtally.domain.fields import compact_json
from runtally.domain.records import RunFilter
from tests.door import BOUND_TO_TWO, Answer, CountingClock, Door, an_id

pytestmark = pytest.mark.anyio

NOT_OF_THIS_QUESTION = (
    "cursor does not belong to this question; send next_cursor of the last answer with the same arguments, "
    "or leave it out to begin again"
)


async def found(door: Door, **filters: object) -> list[str]:
    """The ids of the runs that a list shows, in its order."""
    answer = await door("list_runs", **filters)
    assert "next_cursor" not in answer
    return [run["run_id"] for run in answer["runs"]]


@pytest.fixture
async def runs(door: Door, clock: CountingClock) -> list[str]:
    """Five runs, oldest first, a minute apart."""
    starts = [
        {"agent_id": "coder", "label": "bugfix", "summary": "Find the leak", "conversation_id": "t-1"},
        {"agent_id": "coder", "label": "feature", "summary": "Add paging", "conversation_id": "t-1"},
        {"agent_id": "reviewer", "label": "bugfix", "summary": "Review the leak", "parent_run_id": an_id(1)},
        {"agent_id": "coder", "label": "bugfix", "summary": "find THE Leak again", "parent_run_id": an_id(1)},
    ]
    for number, start in enumerate(starts, start=1):
        await door.run(run_id=an_id(number), **start)
        clock.advance(seconds=60)
    await door("core_end_run", run_id=an_id(1), status="failed", summary="Gave up")
    await door("core_end_run", run_id=an_id(2), status="completed")
    recorded = await door("record_run", agent="coder", summary="Fixed by hand", ticket="RT-100%_done\\")
    return [*(an_id(number) for number in range(1, 5)), recorded["run_id"]]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"status": "running"}, [4, 3]),
        ({"status": "failed"}, [1]),
        ({"status": "interrupted"}, []),
        ({"agent": "coder"}, [5, 4, 2, 1]),
        ({"agent": "cod"}, []),
        ({"label": "bugfix"}, [4, 3, 1]),
        ({"parent_run_id": an_id(1)}, [4, 3]),
        ({"conversation_id": "t-1"}, [2, 1]),
        ({"since": "2026-01-01T00:01:00Z"}, [5, 4, 3, 2]),
        ({"since": "2026-01-01T02:01:00.000001+02:00"}, [5, 4, 3]),
        ({"until": "2026-01-01T00:01:00Z"}, [1]),
        ({"since": "2026-01-01T00:01:00Z", "until": "2026-01-01T00:03:00Z"}, [3, 2]),
        ({"query": "leak"}, [4, 3, 1]),
        ({"query": "THE leak AGAIN"}, [4]),
        ({"query": "gave"}, [1]),
        ({"query": "rt-100"}, [5]),
        ({"query": ""}, [5, 4, 3, 2, 1]),
        ({"status": "running", "agent": "coder", "label": "bugfix", "query": "leak"}, [4]),
        ({"agent": "coder", "conversation_id": "t-1", "until": "2026-01-01T00:01:00Z"}, [1]),
        ({"parent_run_id": an_id(1), "label": "feature"}, []),
    ],
    ids=str,
)
async def test_a_list_shows_the_runs_that_match_every_filter_newest_first(door: Door, runs, filters, expected):
    assert await found(door, **filters) == [runs[number - 1] for number in expected]


@pytest.mark.parametrize(
    ("query", "matches"),
    [("100%_", True), ("100%%", False), ("100%", True), ("1%", False), ("R_", False), ("done\\", True), ("\\%", False)],
)
async def test_what_sql_takes_for_a_wildcard_is_looked_for_literally(door: Door, runs, query, matches):
    assert await found(door, query=query) == ([runs[4]] if matches else [])


async def test_a_query_finds_text_of_any_script_as_it_was_written(door: Door):
    run_id = await door.run(summary="École ÅNGSTRÖM 修复 İstanbul")
    for query in ("École", "éCOLE"[1:], "ÅNGSTRÖM 修", "İstanbul"):
        assert await found(door, query=query) == [run_id], query


async def test_a_query_as_long_as_a_text_may_be_is_found_whole_or_not_at_all(door: Door):
    text = "a" * 1_999 + "B"
    run_id = await door.run(summary=text)
    assert await found(door, query=text.swapcase()) == [run_id]
    assert await found(door, query=text[1_000:]) == [run_id]
    assert await found(door, query="a" * 1_000 + "c") == []


async def test_runs_of_one_moment_come_in_one_order_on_every_page(door: Door):
    started = [await door.run() for _ in range(7)]
    assert await found(door) == started[::-1]
    first = await door("list_runs", limit=3)
    second = await door("list_runs", limit=3, cursor=first["next_cursor"])
    third = await door("list_runs", limit=3, cursor=second["next_cursor"])
    assert "next_cursor" not in third
    paged = [run["run_id"] for page in (first, second, third) for run in page["runs"]]
    assert paged == started[::-1]


async def test_pages_are_complete_and_without_repeats_while_new_runs_arrive(door: Door, clock: CountingClock):
    started = []
    for _ in range(10):
        started.append(await door.run(label="bugfix"))
        clock.advance(micros=1)
    paged: list[str] = []
    page: Answer = {"next_cursor": None}
    while "next_cursor" in page:
        page = await door("list_runs", label="bugfix", limit=3, cursor=page["next_cursor"])
        paged += [run["run_id"] for run in page["runs"]]
        await door.run(label="bugfix")
        await door("core_end_run", run_id=paged[-1], status="completed")
        clock.advance(micros=1)
    assert paged == started[::-1]


@pytest.mark.parametrize(("runs_there", "has_next"), [(0, False), (1, False), (3, False), (4, True)])
async def test_a_list_has_a_next_page_exactly_where_there_is_more(door: Door, runs_there, has_next):
    for _ in range(runs_there):
        await door.run()
    assert ("next_cursor" in await door("list_runs", limit=3)) == has_next


async def test_a_cursor_leads_on_in_its_own_question_alone(door: Door):
    both = door.by(BOUND_TO_TWO)
    for project_key in ("alpha", "beta"):
        for _ in range(3):
            run_id = await both.run(project_key=project_key, agent_id="coder")
    cursor = (await both("list_runs", agent="coder", limit=1))["next_cursor"]
    assert len((await both("list_runs", agent="coder", limit=200, cursor=cursor))["runs"]) == 2
    for question in (
        {},
        {"agent": "reviewer"},
        {"agent": "coder", "label": "x"},
        {"agent": "coder", "project_key": "beta"},
    ):
        error = await both.refused("list_runs", cursor=cursor, **question)
        assert isinstance(error, InvalidInput)
        assert (error.code, error.field, error.message) == ("invalid", "cursor", NOT_OF_THIS_QUESTION)
    error = await both.refused("get_run", run_id=run_id, detail="spans", cursor=cursor)
    assert error.message == NOT_OF_THIS_QUESTION


async def test_a_changed_cursor_is_refused(door: Door):
    for _ in range(3):
        await door.run()
    cursor = (await door("list_runs", limit=1))["next_cursor"]
    at, run_id, first, seal = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    changed = [
        [at + 1, run_id, first, seal],
        [at, an_id(1), first, seal],
        [at, run_id, an_id(1), seal],
        [at, run_id, seal],
        [at, run_id, first],
        [seal],
        [],
        {},
        1,
        None,
        [[at, run_id, first], seal],
    ]
    cursors = [base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=") for value in changed]
    nested = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    for sent in (*cursors, cursor[:-2], cursor[2:], "x", "%", "é", "\0", nested):
        error = await door.refused("list_runs", limit=1, cursor=sent)
        assert isinstance(error, InvalidInput)
        assert error.message == NOT_OF_THIS_QUESTION


def sealed_without_a_key(position: list[object], bound_to: list[object]) -> str:
    """A cursor without the key of the database, which anybody can make."""
    seal = blake2b(compact_json([position, bound_to]).encode(), digest_size=9).hexdigest()
    return base64.urlsafe_b64encode(compact_json([*position, seal]).encode()).decode().rstrip("=")


@pytest.mark.parametrize("position", [[1], [], [2**70, "x"], ["x", 1], [1, "x", 2], [1, an_id(9), ""]], ids=str)
async def test_a_cursor_that_was_not_sealed_with_the_key_of_the_database_is_refused(door: Door, position):
    run_id = await door.run()
    error = await door.refused("list_runs", cursor=sealed_without_a_key(position, ["alpha", RunFilter()]))
    assert (error.code, error.field, error.message) == ("invalid", "cursor", NOT_OF_THIS_QUESTION)
    forged = sealed_without_a_key(position, ["alpha", run_id])
    error = await door.refused("get_run", run_id=run_id, detail="spans", cursor=forged)
    assert (error.code, error.field, error.message) == ("invalid", "cursor", NOT_OF_THIS_QUESTION)
