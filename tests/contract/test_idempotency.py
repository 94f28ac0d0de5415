"""A write that is sent again answers as before and changes nothing; another write under its key is refused."""

import itertools

import anyio
import pytest

from runtally.domain.caller import Origin
from runtally.domain.errors import Conflict, InvalidInput, NotFound
from runtally.mcp_server.tools.registry import TOOLS
from tests.door import BOUND_TO_TWO, Answer, CountingClock, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

WRITES = {
    "core_start_run": {"agent_id": "coder", "summary": "Find it", "meta_json": {"a": 1, "b": 2}, "input": {"c": 3}},
    "core_report_usage": {
        "run_id": an_id(1),
        "token_usage": {"input_tokens": 10, "output_tokens": 5, "cost_usd": 0.5},
        "traces": [{"span_id": "s1", "name": "grep", "depth": 2}],
    },
    "core_record_failure": {"run_id": an_id(1), "summary": "It broke", "error": "E1", "context": {"step": {"no": 1}}},
    "record_run": {"agent": "coder", "summary": "Fixed it", "meta_json": {"pr": 9}},
}
OTHERWISE = [
    ("core_start_run", {"agent_id": "reviewer"}, "agent_id"),
    ("core_start_run", {"meta_json": {"a": True, "b": 2}}, "meta_json"),
    ("core_start_run", {"input": {"c": 4}, "summary": None, "label": "bugfix"}, "input, label, summary"),
    ("core_report_usage", {"run_id": an_id(2)}, "run_id"),
    ("core_report_usage", {"token_usage": {"input_tokens": 10}}, "token_usage.cost_usd, token_usage.output_tokens"),
    ("core_report_usage", {"token_usage": {"model": "gpt-4o"}, "traces": None}, (
        "token_usage.cost_usd, token_usage.input_tokens, token_usage.model, token_usage.output_tokens, traces"
    )),
    ("core_report_usage", {"traces": [{"span_id": "s1", "name": "grep", "depth": 3}]}, "traces"),
    ("core_record_failure", {"summary": "It broke again", "run_id": None}, "run_id, summary"),
    ("core_record_failure", {"context": {"step": {"no": 2}}}, "context"),
    ("record_run", {"ticket": "RT-1"}, "ticket"),
]  # fmt: skip


@pytest.fixture
async def door(door: Door) -> Door:
    """A door to projects that have the runs `an_id(1)` and `an_id(2)`."""
    for project_key, run_id in itertools.product(("alpha", "beta"), (an_id(1), an_id(2))):
        await door.by(BOUND_TO_TWO)("core_start_run", project_key=project_key, run_id=run_id)
    return door


def test_every_tool_that_writes_can_be_repeated():
    by_key = {tool.name for tool in TOOLS if "idempotency_key" in tool.request.model_fields}
    by_natural_id = {"core_end_run", "track_mcp"}
    assert by_key == set(WRITES) == {name for name, _, _ in OTHERWISE}
    assert by_key | by_natural_id == {tool.name for tool in TOOLS if tool.writes}


@pytest.mark.parametrize("tool", WRITES)
async def test_the_same_again_answers_as_before(door: Door, second_door: Door, clock: CountingClock, tool):
    first = await door(tool, idempotency_key="k", **WRITES[tool])
    clock.advance(hours=1)
    await door("core_report_usage", run_id=an_id(1), token_usage={"input_tokens": 1})
    for process in (door, second_door, door):
        assert await process.unchanging(tool, idempotency_key="k", **WRITES[tool]) == first | {"duplicate": True}


@pytest.mark.parametrize("tool", WRITES)
async def test_without_a_key_or_with_another_one_it_is_another_write(door: Door, tool):
    arguments = {name: value for name, value in WRITES[tool].items() if name != "traces"}
    answers = [
        await door(tool, **arguments, **key) for key in ({}, {}, {"idempotency_key": "a"}, {"idempotency_key": "b"})
    ]
    assert not any(answer.get("duplicate") for answer in answers)
    ids = {tuple(value for name, value in answer.items() if name.endswith("_id")) for answer in answers}
    assert len(ids) == 4


@pytest.mark.parametrize(("tool", "change", "named"), OTHERWISE)
async def test_other_content_under_the_same_key_is_a_conflict_that_names_what_differs(door: Door, tool, change, named):
    await door(tool, idempotency_key="k", **WRITES[tool])
    error = await door.refused(tool, idempotency_key="k", **(WRITES[tool] | change))
    assert isinstance(error, Conflict)
    assert error.field == "idempotency_key"
    assert error.message == (
        f"this idempotency_key was used before with other content: {named} differ. "
        "To repeat that call, send what was sent then; a new key is for another one, which counts too"
    )


async def test_the_order_of_keys_and_the_client_that_sends_are_no_content(door: Door):
    for process, content in (
        ("ide", {"a": 1, "b": {"c": [{"d": 2, "e": 3}]}}),
        ("cli", {"b": {"c": [{"e": 3, "d": 2}]}, "a": 1}),
    ):
        answer = await door(
            "core_start_run",
            Origin(client=process, host_session_id=process, host_call_id=process, trace_id="a" * 32),
            meta_json=content,
            input=content,
            idempotency_key="k",
        )
    assert answer["duplicate"] is True


async def test_what_was_refused_does_not_use_up_its_key(door: Door):
    arguments = {"token_usage": {"input_tokens": 1}, "run_id": an_id(9), "idempotency_key": "k"}
    assert isinstance(await door.refused("core_report_usage", **arguments), NotFound)
    await door.run(run_id=an_id(9))
    assert "duplicate" not in await door("core_report_usage", **arguments)


@pytest.mark.parametrize("tool", WRITES)
async def test_a_key_belongs_to_one_project(door: Door, tool):
    both = door.by(BOUND_TO_TWO)
    other = WRITES[tool] | ({"summary": "Another"} if "summary" in WRITES[tool] else {"token_usage": {"llm_calls": 1}})
    answers = [
        await both(tool, project_key=project_key, idempotency_key="k", **content)
        for project_key, content in (("alpha", WRITES[tool]), ("beta", other), ("alpha", WRITES[tool]))
    ]
    assert [answer["project_key"] for answer in answers] == ["alpha", "beta", "alpha"]
    assert [answer.get("duplicate") for answer in answers] == [None, None, True]
    assert answers[2] == answers[0] | {"duplicate": True}


async def test_a_key_belongs_to_one_operation(door: Door):
    first = [await door(tool, idempotency_key="k", **arguments) for tool, arguments in WRITES.items()]
    again = [await door(tool, idempotency_key="k", **arguments) for tool, arguments in WRITES.items()]
    assert not any(answer.get("duplicate") for answer in first)
    assert again == [answer | {"duplicate": True} for answer in first]


CALL = {
    "tool": "search",
    "server": "docs",
    "input": {"q": "leak", "n": 5},
    "output": ["found"],
    "error": "timeout",
    "duration_ms": 12,
    "started_at": "2026-01-01T00:00:00Z",
    "user_id": "u-1",
    "attributes": {"a": 1, "b": 2},
}


async def test_a_tracked_call_sent_again_is_recorded_once(door: Door, second_door: Door, clock: CountingClock):
    first = await door("track_mcp", Origin(client="ide", host_session_id="1"), span_id="s1", **CALL)
    assert first == {"project_key": "alpha", "span_id": "s1", "status": "error"}
    clock.advance(hours=1)
    reordered = CALL | {"input": {"n": 5, "q": "leak"}, "attributes": {"b": 2, "a": 1}}
    for process, call in ((door, CALL), (second_door, reordered)):
        assert await process.unchanging("track_mcp", span_id="s1", **call) == first | {"duplicate": True}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"tool": "find"}, "name, tool_name"),
        ({"input": {"q": "leak", "n": True}}, "input"),
        ({"output": None}, "output"),
        ({"error": None}, "error, status"),
        ({"duration_ms": 13}, "duration_ms, ended_at"),
        ({"user_id": "u-2"}, "user_id"),
        ({"attributes": {"a": 1}}, "attributes"),
    ],
)
async def test_another_call_under_the_same_span_id_is_a_conflict_that_names_what_differs(door: Door, change, named):
    await door("track_mcp", span_id="s1", **CALL)
    error = await door.refused("track_mcp", span_id="s1", **(CALL | change))
    assert isinstance(error, Conflict)
    assert error.message == (
        f"span_id was recorded before with other content: {named} differ. Spans are never changed; use a new span_id"
    )


STEP = {"span_id": "s1", "name": "grep", "input_tokens": 10, "cost_usd": 0.5, "input": {"q": 1, "r": 2}, "depth": 2}


@pytest.mark.parametrize(
    ("run_id", "change", "named"),
    [
        (an_id(1), {"name": "sed"}, "name"),
        (an_id(1), {"input_tokens": 11, "cost_usd": 0.25}, "cost_usd, input_tokens, total_tokens"),
        (an_id(1), {"depth": 3}, "attributes"),
        (an_id(1), {"error": "timeout", "started_at": "2026-01-01T00:00:00Z"}, "error, started_at, status"),
    ],
)
async def test_another_trace_under_the_same_span_id_is_a_conflict_that_names_what_differs(
    door: Door, run_id, change, named
):
    await door("core_report_usage", run_id=an_id(1), token_usage={}, traces=[STEP])
    for tool, arguments in (
        ("core_report_usage", {"token_usage": {"llm_calls": 1}}),
        ("core_end_run", {"status": "failed"}),
    ):
        error = await door.refused(tool, run_id=run_id, traces=[{"name": "new"}, STEP | change], **arguments)
        assert isinstance(error, Conflict)
        assert error.message == (
            f"traces[1].span_id was recorded before with other content: {named} differ. "
            "Spans are never changed; use a new span_id"
        )


async def test_a_span_id_belongs_to_its_run_and_a_runless_one_to_its_server_and_session(
    door: Door, database: LedgerDatabase
):
    origin = Origin(host_session_id="of the host", trace_id="a" * 32)
    for run_id in (an_id(1), an_id(2)):
        steps = [{"span_id": "plan", "name": f"plan of {run_id}", "input_tokens": 1}]
        answer = await door("core_report_usage", origin, run_id=run_id, token_usage={}, traces=steps)
        assert (answer["spans_recorded"], answer["totals"]["input_tokens"]) == (1, 1)
    calls = [
        {"tool": "a"},
        {"tool": "b", "server": "docs"},
        {"tool": "c", "session_id": "docs"},
        {"tool": "d", "server": "docs", "session_id": "1"},
        {"tool": "e", "server": "docs/1"},
        {"tool": "f", "server": "docs%2F1"},
    ]
    for call in calls:
        assert "duplicate" not in await door("track_mcp", origin, span_id="plan", **call)
        assert (await door("track_mcp", Origin(), span_id="plan", **call))["duplicate"] is True
    assert {(row["scope"], row["run_id"]) for row in database.rows()["spans"]} == {
        (f"run:{an_id(1)}", an_id(1)),
        (f"run:{an_id(2)}", an_id(2)),
        ("mcp:/", None),
        ("mcp:docs/", None),
        ("mcp:/docs", None),
        ("mcp:docs/1", None),
        ("mcp:docs%2F1/", None),
        ("mcp:docs%252F1/", None),
    }


async def test_two_traces_of_one_call_cannot_share_a_span_id(door: Door):
    traces = [{"span_id": "s1"}, {"span_id": "s2"}, {"span_id": "s1"}]
    error = await door.refused("core_report_usage", run_id=an_id(1), token_usage={}, traces=traces)
    assert isinstance(error, InvalidInput)
    assert error.message == "traces[2].span_id repeats traces[0].span_id; each span has its own"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        *((tool, arguments | {"idempotency_key": "k"}) for tool, arguments in WRITES.items()),
        ("core_start_run", {"run_id": an_id(3), "summary": "Find it"}),
        ("core_end_run", {"run_id": an_id(1), "status": "completed", "token_usage": {"input_tokens": 10}}),
        ("core_report_usage", {"run_id": an_id(1), "token_usage": {}, "traces": [STEP]}),
        ("track_mcp", CALL | {"span_id": "s1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(value),
)
async def test_sixteen_at_once_in_two_processes_have_one_effect(
    door: Door, second_door: Door, database: LedgerDatabase, tool, arguments
):
    before = database.rows()
    answers: list[Answer] = []

    async def send(process: Door) -> None:
        answers.append(await process(tool, **arguments))

    async with anyio.create_task_group() as all_at_once:
        for process in [door, second_door] * 8:
            all_at_once.start_soon(send, process)
    after = database.rows()
    assert len(answers) == 16
    first = [answer for answer in answers if effect_of(answer)]
    assert len(first) == 1
    of_the_first = {"created", "spans_recorded", "report_id", "cost_source"}
    told = {name: value for name, value in first[0].items() if name not in of_the_first}
    assert all(told.items() <= answer.items() for answer in answers)
    added = {table: len(rows) - len(before.get(table, [])) for table, rows in after.items()}
    assert all(more <= 1 for more in added.values()), added


def effect_of(answer: Answer) -> bool:
    """Whether this answer is the one that something was recorded for."""
    return not answer.get("duplicate") and answer.get("created") is not False and answer.get("spans_recorded") != 0
