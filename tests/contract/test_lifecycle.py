"""A run is started once and ended once; the same again answers as it stands, anything else is a conflict."""

import pytest

from runtally.domain.errors import Conflict, InvalidInput, NotFound
from tests.door import CountingClock, Door, an_id

pytestmark = pytest.mark.anyio

CONTENT = {
    "agent_id": "coder",
    "label": "bugfix",
    "summary": "Find the leak",
    "conversation_id": "thread-7",
    "user_id": "u-1",
    "follows_act_id": an_id(900),
    "meta_json": {"branch": "main", "attempt": 1},
    "input": {"prompt": "why does it grow?"},
}


async def test_a_started_run_is_running_and_answers_what_it_was_started_with(door: Door):
    parent = await door.run()
    assert await door("core_start_run", run_id=an_id(1), parent_run_id=parent, **CONTENT) == {
        "project_key": "alpha",
        "run_id": an_id(1),
        "status": "running",
        "created": True,
        "started_at": "2026-01-01T00:00:00Z",
    }
    assert await door("get_run", run_id=an_id(1)) == {
        "project_key": "alpha",
        "run": {
            "run_id": an_id(1),
            "status": "running",
            "agent": "coder",
            "label": "bugfix",
            "summary": "Find the leak",
            "parent_run_id": parent,
            "conversation_id": "thread-7",
            "user_id": "u-1",
            "follows_act_id": an_id(900),
            "started_at": "2026-01-01T00:00:00Z",
            "last_seen_at": "2026-01-01T00:00:00Z",
            "meta": {"branch": "main", "attempt": 1},
            "input_bytes": 30,
        },
    }


async def test_a_run_started_without_a_run_id_gets_a_new_one_each_time(door: Door):
    assert await door.run(**CONTENT) != await door.run(**CONTENT)


async def test_the_same_start_again_answers_the_run_as_it_stands_and_creates_nothing(door: Door, clock: CountingClock):
    await door.run(run_id=an_id(1), **CONTENT)
    await door("core_report_usage", run_id=an_id(1), token_usage={"input_tokens": 10})
    clock.advance(seconds=5)
    assert await door.unchanging("core_start_run", run_id=an_id(1), **CONTENT) == {
        "project_key": "alpha",
        "run_id": an_id(1),
        "status": "running",
        "created": False,
        "started_at": "2026-01-01T00:00:00Z",
        "totals": {"reports": 1, "input_tokens": 10, "total_tokens": 10, "unpriced_calls": 1},
    }
    await door("core_end_run", run_id=an_id(1), status="partial")
    again = await door.unchanging("core_start_run", run_id=an_id(1), **CONTENT)
    assert (again["created"], again["status"]) == (False, "partial")


@pytest.mark.parametrize(
    "change",
    [
        {"agent_id": "reviewer"},
        {"label": None},
        {"summary": "Find another leak"},
        {"conversation_id": "thread-8"},
        {"user_id": "u-2"},
        {"follows_act_id": an_id(901)},
        {"parent_run_id": an_id(500)},
        {"meta_json": {"branch": "main", "attempt": True}},
        {"meta_json": None},
        {"input": {"prompt": "why does it shrink?"}},
        {"input": None},
        {"agent_id": None, "label": "feature", "user_id": "u-2"},
    ],
    ids="+".join,
)
async def test_another_start_of_the_same_run_is_a_conflict_that_names_what_differs(door: Door, change):
    await door.run(run_id=an_id(500))
    await door.run(run_id=an_id(1), **CONTENT)
    error = await door.refused("core_start_run", run_id=an_id(1), **(CONTENT | change))
    assert isinstance(error, Conflict)
    assert error.field == "run_id"
    assert error.message == (
        f"run_id {an_id(1)} was started before with other content: {', '.join(sorted(change))} differ. "
        "Report to it as it is, or start a run with a new run_id"
    )


async def test_a_run_id_that_runtally_gave_cannot_be_started_again(door: Door):
    run_id = await door.run(**CONTENT)
    error = await door.refused("core_start_run", run_id=run_id, **CONTENT)
    assert isinstance(error, Conflict)
    assert error.message == (
        f"run_id {run_id} was not started under that id: Runtally gave it. Report to it as it is, or start a run "
        "with a new run_id"
    )


async def test_the_order_of_keys_is_no_difference(door: Door):
    await door.run(run_id=an_id(1), meta_json={"a": 1, "b": {"c": 2, "d": 3}}, input={"e": 4, "f": 5})
    again = await door.unchanging(
        "core_start_run", run_id=an_id(1), meta_json={"b": {"d": 3, "c": 2}, "a": 1}, input={"f": 5, "e": 4}
    )
    assert again["created"] is False


async def test_a_parent_must_be_a_run_of_the_project_and_not_the_run_itself(door: Door):
    absent = await door.refused("core_start_run", parent_run_id=an_id(1))
    assert isinstance(absent, NotFound)
    assert absent.message == (
        f"parent_run_id {an_id(1)} is not a run of this project; list_runs shows which are, core_start_run opens one"
    )
    itself = await door.refused("core_start_run", run_id=an_id(1), parent_run_id=an_id(1))
    assert isinstance(itself, InvalidInput)
    assert itself.message == "parent_run_id is the run itself; name another run or leave it out"


@pytest.mark.parametrize("status", ["completed", "partial", "failed", "interrupted"])
async def test_an_end_gives_the_run_its_status_for_good(door: Door, clock: CountingClock, status):
    run_id = await door.run(summary="Find the leak", meta_json={"branch": "main", "attempt": 1}, agent_id="coder")
    clock.advance(seconds=90)
    end = {"status": status, "summary": "Closed it", "meta_json": {"attempt": 2, "pr": 9}, "output": ["done"]}
    assert await door("core_end_run", run_id=run_id, **end) == {
        "project_key": "alpha",
        "run_id": run_id,
        "status": status,
        "ended_at": "2026-01-01T00:01:30Z",
        "duration_ms": 90_000,
    }
    assert await door.look(run_id) == {
        "run_id": run_id,
        "status": status,
        "agent": "coder",
        "intent": "Find the leak",
        "summary": "Closed it",
        "started_at": "2026-01-01T00:00:00Z",
        "last_seen_at": "2026-01-01T00:01:30Z",
        "ended_at": "2026-01-01T00:01:30Z",
        "duration_ms": 90_000,
        "ended_by": "agent",
        "meta": {"branch": "main", "attempt": 2, "pr": 9},
        "output_bytes": 8,
    }


async def test_an_end_without_a_summary_leaves_the_one_that_the_run_has(door: Door):
    run_id = await door.run(summary="Find the leak")
    await door("core_end_run", run_id=run_id, status="completed")
    run = await door.look(run_id)
    assert run["summary"] == "Find the leak"
    assert "intent" not in run


END = {
    "status": "completed",
    "summary": "Closed it",
    "meta_json": {"pr": 9},
    "token_usage": {"input_tokens": 10, "output_tokens": 5},
    "traces": [{"span_id": "s1", "name": "grep"}],
    "output": "done",
}


async def test_the_same_end_again_answers_as_before(door: Door, clock: CountingClock):
    run_id = await door.run()
    first = await door("core_end_run", run_id=run_id, **END)
    clock.advance(hours=1)
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
    assert await door.unchanging("core_end_run", run_id=run_id, **END) == first | {"duplicate": True}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"status": "failed"}, "status"),
        ({"summary": "Gave up"}, "summary"),
        ({"meta_json": {"pr": 9, "more": 1}}, "meta_json"),
        ({"token_usage": {"input_tokens": 11, "output_tokens": 5}}, "token_usage.input_tokens"),
        ({"token_usage": {"input_tokens": 10, "cost_usd": 1}}, "token_usage.cost_usd"),
        ({"traces": [{"span_id": "s1", "name": "sed"}]}, "traces"),
        ({"output": "almost"}, "output"),
        ({"status": "failed", "summary": None}, "status"),
    ],
)
async def test_another_end_is_a_conflict_that_says_what_stands(door: Door, clock: CountingClock, change, named):
    run_id = await door.run()
    clock.advance(seconds=1)
    await door("core_end_run", run_id=run_id, **END)
    error = await door.refused("core_end_run", run_id=run_id, **(END | change))
    assert isinstance(error, Conflict)
    assert error.message == (
        f"run {run_id} is completed since 2026-01-01T00:00:01Z and that is final; this end differs in {named} "
        "and changed nothing. Start a follow-up run if there is more to do"
    )


@pytest.mark.parametrize("left_out", [("summary",), ("token_usage", "traces"), ("summary", "meta_json", "output")])
async def test_an_end_that_leaves_something_out_contradicts_nothing(door: Door, left_out):
    run_id = await door.run()
    first = await door("core_end_run", run_id=run_id, **END)
    less = {name: value for name, value in END.items() if name not in left_out}
    assert await door.unchanging("core_end_run", run_id=run_id, **less) == first | {"duplicate": True}


async def test_an_end_that_adds_something_is_a_conflict_that_names_it(door: Door):
    run_id = await door.run()
    await door("core_end_run", run_id=run_id, status="completed")
    error = await door.refused("core_end_run", run_id=run_id, status="completed", summary="Closed it")
    assert isinstance(error, Conflict)
    assert "this end differs in summary and changed nothing" in error.message


async def test_only_a_run_of_the_project_can_be_ended(door: Door):
    error = await door.refused("core_end_run", run_id=an_id(1), status="completed")
    assert isinstance(error, NotFound)
    assert error.message == (
        f"run_id {an_id(1)} is not a run of this project; list_runs shows which are, core_start_run opens one"
    )
