"""What was recorded under a name with a secret in it is found under that name, and the secret is nowhere."""

import pytest

from runtally.domain.caller import Origin
from runtally.domain.errors import Conflict, InvalidInput
from tests.door import UNBOUND

pytestmark = pytest.mark.anyio

TOKEN = "ghp_" + "notarealtoken0notarealtoken0notarealtok"[:36]
OTHER = TOKEN[:-1] + "X"
FILTERS = {
    "agent": "agent_id",
    "label": "label",
    "user": "user_id",
    "conversation_id": "conversation_id",
}


@pytest.mark.parametrize(("asked", "recorded"), FILTERS.items())
async def test_a_run_is_found_under_the_secret_name_that_it_was_recorded_with(door, database, asked, recorded):
    run_id = await door.run(**{recorded: f"a {TOKEN}"})
    await door.run(**{recorded: f"a {OTHER}"})
    found = await door("list_runs", **{asked: f"a {TOKEN}"})
    assert [run["run_id"] for run in found["runs"]] == [run_id]
    shown = (await door.look(run_id))["user_id" if asked == "user" else asked]
    assert shown.startswith("a [REDACTED:github_token:")
    assert [run["run_id"] for run in (await door("list_runs", **{asked: shown}))["runs"]] == [run_id]
    assert TOKEN not in str(database.rows())


async def test_a_run_is_found_by_its_ticket_and_by_its_model(door, database):
    run_id = (await door("record_run", agent="coder", summary="It is done", ticket=TOKEN))["run_id"]
    assert [run["run_id"] for run in (await door("list_runs", ticket=TOKEN))["runs"]] == [run_id]
    usage = {"input_tokens": 1, "output_tokens": 1, "model": TOKEN}
    await door("core_report_usage", run_id=run_id, token_usage=usage)
    assert [run["run_id"] for run in (await door("list_runs", model=TOKEN))["runs"]] == [run_id]
    assert (await door("list_runs", model=OTHER))["runs"] == []
    assert TOKEN not in str(database.rows())


async def test_a_step_with_a_secret_id_is_a_retry_and_its_children_find_it(door, second_door, database):
    run_id = await door.run()
    traces = [{"name": TOKEN, "span_id": TOKEN}, {"name": "below", "parent_span_id": TOKEN}]
    await door("core_report_usage", run_id=run_id, traces=traces)
    again = await second_door("core_report_usage", run_id=run_id, traces=traces[:1])
    assert again["spans_recorded"] == 0
    above, below = (await door("get_run", run_id=run_id, detail="spans"))["spans"]
    assert below["parent_span_id"] == above["span_id"] == above["name"]
    with pytest.raises(Conflict):
        await door("core_report_usage", run_id=run_id, traces=[{"name": OTHER, "span_id": TOKEN}])
    await door("core_report_usage", run_id=run_id, traces=[{"name": "another", "span_id": OTHER}])
    assert TOKEN not in str(database.rows())


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("core_start_run", {"agent_id": TOKEN, "user_id": TOKEN, "idempotency_key": TOKEN}),
        ("record_run", {"agent": TOKEN, "summary": "It is done", "ticket": TOKEN, "idempotency_key": "once"}),
        ("core_record_failure", {"summary": "It broke", "error_type": TOKEN, "idempotency_key": "once"}),
        ("track_mcp", {"tool": TOKEN, "server": TOKEN, "session_id": TOKEN, "span_id": TOKEN, "client": TOKEN}),
    ],
)
async def test_the_same_call_again_is_a_duplicate_in_another_process_too(door, second_door, database, tool, arguments):
    first = await door(tool, **arguments)
    assert "duplicate" not in first
    assert (await second_door(tool, **arguments)) == first | {"duplicate": True}
    assert TOKEN not in str(database.rows())


async def test_a_session_with_a_secret_id_finds_its_own_runs_first(door, database):
    session = Origin(client=TOKEN, host_session_id=TOKEN)
    own = (await door("core_start_run", session))["run_id"]
    newer = await door.run()
    found = await door("list_runs", session, status="running")
    assert [run["run_id"] for run in found["runs"]] == [own, newer]
    assert TOKEN not in str(database.rows())


async def test_a_page_goes_on_under_a_secret_name(door):
    for _ in range(3):
        await door.run(agent_id=TOKEN)
    page = await door("list_runs", agent=TOKEN, limit=2)
    rest = await door("list_runs", agent=TOKEN, limit=2, cursor=page["next_cursor"])
    assert (len(page["runs"]), len(rest["runs"])) == (2, 1)


async def test_a_project_that_is_called_like_a_secret_is_refused_and_nothing_is_kept(door, database):
    unbound = door.by(UNBOUND)
    await unbound("core_start_run", project_key="alpha")
    for tool, arguments in (("core_start_run", {}), ("list_runs", {}), ("track_mcp", {"tool": "search"})):
        refusal = await unbound.refused(tool, project_key=TOKEN, **arguments)
        assert isinstance(refusal, InvalidInput)
        assert TOKEN not in refusal.message
    assert TOKEN not in str(database.rows())
