"""The calls that other recorders document, word for word, by a caller that is bound to no project."""

import pytest

from runtally.domain.errors import InvalidInput
from tests.door import UNBOUND, Answer, CountingClock, Door

pytestmark = pytest.mark.anyio


@pytest.fixture
def door(door: Door) -> Door:
    return door.by(UNBOUND)


async def test_oprelays_run_tools(door: Door):
    started = await door(
        "core_start_run",
        project_key="myproject",
        agent_id="agent-uuid",
        summary="Deploying rate limiter to staging",
    )
    run_id = started["run_id"]
    reported = await door(
        "core_report_usage",
        run_id=run_id,
        token_usage={
            "input_tokens": 8400,
            "output_tokens": 1200,
            "cost_usd": 0.028,
            "model": "claude-opus-4",
            "llm_calls": 3,
        },
    )
    assert totals(reported) == (8400, 1200, 0.028, 3)
    failed = await door(
        "core_record_failure",
        project_key="myproject",
        run_id=run_id,
        agent_id="agent-uuid",
        task_id="task-uuid",
        summary="Database connection timeout during migration",
        error="Error: connect ETIMEDOUT 10.0.0.5:5432",
        context={"migration": "0042_add_index", "attempt": 2},
    )
    assert (failed["seen"], failed["status"]) == (1, "running")
    ended = await door(
        "core_end_run",
        run_id=run_id,
        status="completed",
        summary="Rate limiter deployed and verified in staging",
        token_usage={
            "input_tokens": 12400,
            "output_tokens": 3200,
            "cost_usd": 0.042,
            "model": "claude-opus-4",
            "llm_calls": 7,
        },
    )
    assert (ended["status"], totals(ended)) == ("completed", (12400, 3200, 0.042, 7))
    recorded = await door(
        "record_run",
        project_key="myproject",
        agent="claude-opus",
        ticket="OPR-429",
        summary="Implemented project isolation. All MCP tools now enforce project_key access.",
    )
    assert recorded["status"] == "completed"
    run = await door.look(run_id)
    assert (run["agent"], run["failure_count"], totals(run)) == ("agent-uuid", 1, (12400, 3200, 0.042, 7))


async def test_oprelays_second_generation_of_calls(door: Door):
    started = await door(
        "core_start_run", project_key="myproject", agent_id="codex-worker-01", task_id="task-uuid", metadata={"lane": 1}
    )
    run_id = started["run_id"]
    assert (await door.look(run_id))["meta"] == {"lane": 1, "task_id": "task-uuid"}
    failed = await door(
        "core_record_failure",
        run_id=run_id,
        error_type="timeout",
        message="Error: connect ETIMEDOUT 10.0.0.5:5432\n    at Socket.connect",
        context={"attempt": 2},
    )
    again = await door(
        "core_record_failure",
        run_id=run_id,
        error_type="timeout",
        summary="No database",
        error="Error: connect ETIMEDOUT 10.0.0.7:5432",
    )
    assert (failed["project_key"], failed["seen"]) == ("myproject", 1)
    assert (again["fingerprint"], again["seen"]) == (failed["fingerprint"], 2)


async def test_trodos_names_and_the_context_companys_codes(door: Door):
    trodo = await door.run(
        project_key="p", agent_name="chat", distinct_id="u1", conversation_id="c9", metadata={"a": 1}, input={"q": "hi"}
    )
    ended = await door("core_end_run", run_id=trodo, status="error", error_summary="It broke", metadata={"z": 9})
    assert ended["status"] == "failed"
    run = await door.look(trodo)
    told = ("agent", "user_id", "conversation_id", "summary", "meta")
    assert [run[name] for name in told] == ["chat", "u1", "c9", "It broke", {"a": 1, "z": 9}]
    context = await door.run(project_key="p", session_id="thread-1")
    assert (await door.look(context))["conversation_id"] == "thread-1"
    ended = await door("core_end_run", run_id=context, status=1)
    assert ended["status"] == "partial"
    assert await door.unchanging("core_end_run", run_id=context, status="Partial success") == ended | {
        "duplicate": True
    }
    found = await door("list_runs", project_key="p", status=2)
    assert [one["run_id"] for one in found["runs"]] == [trodo]


async def test_a_repeat_in_other_words_is_the_same_call(door: Door):
    first = await door(
        "core_record_failure", project_key="p", agent="a", message="E1\nat x", metadata='{"m": 1}', idempotency_key="k"
    )
    repeated = await door.unchanging(
        "core_record_failure",
        project_key="p",
        agent_id="a",
        summary="E1",
        error="E1\nat x",
        meta={"m": 1},
        run_id="",
        idempotency_key="k",
    )
    assert repeated == first | {"duplicate": True}


async def test_a_strict_host_sends_every_argument(door: Door):
    run_id = await door.run(project_key="p", agent_id="coder", summary="Find it")
    names = (
        "status",
        "agent",
        "label",
        "query",
        "since",
        "until",
        "parent_run_id",
        "conversation_id",
        "limit",
        "cursor",
    )
    found = await door("list_runs", **dict.fromkeys(names, ""), project_key="p")
    assert [one["run_id"] for one in found["runs"]] == [run_id]


async def test_runs_are_found_by_how_long_ago_and_page_by_page_while_time_goes_on(door: Door, clock: CountingClock):
    old = await door.run(project_key="p")
    clock.advance(hours=24)
    new = [await door.run(project_key="p") for _ in range(3)]
    clock.advance(hours=1)
    question = {"project_key": "p", "since": "24h", "limit": 2}
    first = await door("list_runs", **question)
    clock.advance(seconds=60)
    second = await door("list_runs", **question, cursor=first["next_cursor"])
    assert ids(first) + ids(second) == new[::-1]
    same = await door("list_runs", **question | {"since": "1d"}, cursor=first["next_cursor"])
    assert ids(same) == ids(second)
    other = await door.refused("list_runs", **question | {"since": "2d"}, cursor=first["next_cursor"])
    assert (other.code, other.field) == ("invalid", "cursor")
    assert ids(await door("list_runs", project_key="p", until="2h")) == [old]
    assert ids(await door("list_runs", project_key="p", since="2026-01-02")) == new[::-1]
    assert ids(await door("list_runs", project_key="p", until="2026-01-01")) == [old]
    assert ids(await door("list_runs", project_key="p", since="2026-01-02", until="2026-01-02")) == new[::-1]
    nothing = await door.refused("list_runs", project_key="p", since="2026-01-02", until="2026-01-01")
    assert (nothing.code, nothing.field) == ("invalid", "until")


async def test_longer_ago_than_there_is_anything_is_refused(door: Door):
    for field in ("since", "until"):
        error = await door.refused("list_runs", project_key="p", **{field: "9999w"})
        assert isinstance(error, InvalidInput)
        assert (error.field, error.message) == (field, f"{field} lies before 1970; send less, or leave it out")


def totals(answer: Answer) -> tuple[int, int, float, int]:
    told = answer["totals"]
    return told["input_tokens"], told["output_tokens"], told["cost_usd"], told["llm_calls"]


def ids(found: Answer) -> list[str]:
    return [one["run_id"] for one in found["runs"]]
