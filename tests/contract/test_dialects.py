"""A call in a vendor's words is the call in ours: the same totals, the same cost, the same retry; nothing unsaid."""

import json

import pytest
from hypothesis import HealthCheck, given, settings

from runtally.domain.errors import InvalidInput
from runtally.domain.requests import EndRun, ReportUsage
from runtally.domain.validation import parse
from runtally.service.receipts import digests_of
from tests.contract.usages import report
from tests.door import Door, LedgerDatabase
from tests.unit.test_dialects_usage import true_counts
from tests.unit.usage_writers import WRITERS, Usage, Writer, anthropic

pytestmark = pytest.mark.anyio

SONNET = {"model": "claude-sonnet-4-5", "provider": "anthropic"}
READ = {"input_tokens": 9000, "cache_read_input_tokens": 5000, "output_tokens": 300}


async def test_a_call_of_anthropic_is_priced_with_what_it_read_beside_its_input(door: Door):
    run_id = await door.run()
    answer = await report(door, run_id, SONNET | READ)
    # 9,000 at $3, 5,000 at $0.30 and 300 at $15 a million.
    assert (answer["totals"]["cost_usd"], answer["cost_source"]) == (0.033, "computed")
    assert answer["totals"]["input_tokens"] == 14_000
    as_traces = await door("core_report_usage", run_id=await door.run(), traces=[SONNET | READ])
    assert as_traces["totals"]["cost_usd"] == 0.033


@pytest.mark.parametrize("writer", WRITERS)
@given(true_counts())
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_vendors_object_costs_what_ours_costs(door: Door, writer: Writer, told: Usage):
    ours = {name: told[name] for name in ("input_tokens", "output_tokens", *WRITERS[writer])}
    theirs = await report(door, await door.run(), SONNET | writer(told))
    same = await report(door, await door.run(), SONNET | ours)
    assert theirs["totals"] == same["totals"]


async def test_what_is_kept_is_named_and_stands_with_the_report(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    usage = SONNET | READ | {"service_tier": "standard", "server_tool_use": {"web_search_requests": 1}}
    step = {"tool": "grep", "ok": True, "colour": "red"}
    answer = await report(door, run_id, usage, traces=[step], idempotency_key="k")
    assert answer["kept_in_attributes"] == ["colour", "server_tool_use", "service_tier"]
    (entry,) = database.rows()["usage_reports"]
    assert json.loads(entry["attributes_json"]) == {
        "service_tier": "standard",
        "server_tool_use": {"web_search_requests": 1},
    }
    assert all("service_tier" not in row["answer_json"] for row in database.rows()["receipts"])
    again = await door.unchanging(
        "core_report_usage", run_id=run_id, token_usage=usage, traces=[step], idempotency_key="k"
    )
    assert again == answer | {"duplicate": True}


async def test_of_a_usage_object_that_was_read_the_leaf_that_was_kept_is_named(door: Door):
    usage = {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}, "service_tier": "flex"}
    step = {"model": "m", "usage": usage | {"prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2}}}
    answer = await report(door, await door.run(), {"usage": usage}, traces=[step])
    assert answer["kept_in_attributes"] == ["usage.prompt_tokens_details.audio_tokens", "usage.service_tier"]
    no_more = {"usage": {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}}}
    assert "kept_in_attributes" not in await report(door, await door.run(), no_more)


@pytest.mark.parametrize("nothing", [None, ""])
async def test_an_object_that_tells_nothing_takes_no_report_back(door: Door, nothing: str | None):
    run_id = await door.run()
    reported = await report(door, run_id, {"input_tokens": 5})
    error = await door.refused(
        "core_report_usage", run_id=run_id, token_usage={"prompt_tokens": nothing}, corrects=reported["report_id"]
    )
    assert error.message == (
        "token_usage.prompt_tokens tells nothing of what was used; send a count, a cost or the model"
    )


async def test_what_vendors_put_beside_counts_may_stand_beside_the_run_too(door: Door):
    flat = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": None, "service_tier": "standard"}
    answer = await door("core_report_usage", run_id=await door.run(), **flat)
    assert (answer["totals"]["input_tokens"], answer["kept_in_attributes"]) == (5, ["service_tier"])


async def test_an_end_names_what_it_keeps_and_keeps_it_where_its_totals_add_nothing(
    door: Door, database: LedgerDatabase
):
    run_id = await door.run()
    await report(door, run_id, {"input_tokens": 5, "output_tokens": 1, "cost_usd": 0.1})
    final = {"prompt_tokens": 5, "completion_tokens": 1, "service_tier": "flex"}
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    assert ended["kept_in_attributes"] == ["service_tier"]
    assert "adjustment" not in ended
    (row,) = database.rows()["runs"]
    assert json.loads(row["final_usage_json"])["attributes"] == {"service_tier": "flex"}
    again = await door.unchanging("core_end_run", run_id=run_id, status="completed", token_usage=final)
    assert again == ended | {"duplicate": True}


async def test_what_an_end_keeps_stands_with_what_its_totals_add(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    step = {"model": "gpt-4o", "prompt_tokens": 3, "completion_tokens": 1, "cost": 0.2}
    final = {"prompt_tokens": 5, "completion_tokens": 1, "service_tier": "flex"}
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage=final, traces=[step])
    assert (ended["adjustment"]["input_tokens"], ended["totals"]["input_tokens"]) == (5, 5)
    kept = [(row["source"], row["attributes_json"]) for row in database.rows()["usage_reports"]]
    assert kept == [("final", '{"service_tier":"flex"}')]


async def test_at_most_twenty_names_are_told_and_none_is_long(door: Door):
    run_id = await door.run()
    odd = {f"field_{number:02}": 1 for number in range(30)} | {"a" * 300: 1}
    answer = await report(door, run_id, {"prompt_tokens": 5} | odd)
    shown = ["a" * 64, *(f"field_{number:02}" for number in range(19))]
    assert answer["kept_in_attributes"] == [*shown, "and 11 more"]


async def test_the_same_call_in_another_dialect_is_a_retry(door: Door):
    run_id = await door.run()
    first = await report(door, run_id, anthropic_like(), idempotency_key="k")
    ours = {"input_tokens": 60, "cache_read_tokens": 40, "cache_write_tokens": 10, "output_tokens": 5}
    ours |= {"cache_write_1h_tokens": 0, "reasoning_tokens": 0}
    again = await door.unchanging("core_report_usage", run_id=run_id, token_usage=ours, idempotency_key="k")
    assert again == first | {"duplicate": True}


def anthropic_like() -> Usage:
    return anthropic(
        {
            "input_tokens": 60,
            "output_tokens": 5,
            "cache_read_tokens": 40,
            "cache_write_tokens": 10,
            "cache_write_1h_tokens": 0,
            "reasoning_tokens": 0,
        }
    )


async def test_a_correction_in_a_vendors_words_takes_a_reports_place(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    wrong = await report(door, run_id, {"input_tokens": 999})
    usage = {"prompt_tokens": 9, "completion_tokens": 1, "system_fingerprint": "fp"}
    right = await report(door, run_id, usage, corrects=wrong["report_id"])
    assert (right["totals"]["input_tokens"], right["kept_in_attributes"]) == (9, ["system_fingerprint"])
    kept = {row["report_id"]: row["attributes_json"] for row in database.rows()["usage_reports"]}
    assert kept == {wrong["report_id"]: None, right["report_id"]: '{"system_fingerprint":"fp"}'}
    taken_back = await report(door, run_id, {}, corrects=right["report_id"])
    assert "totals" not in taken_back, "nothing is reported any more"


async def test_a_report_of_two_models_keeps_what_it_keeps_once(door: Door, database: LedgerDatabase):
    steps = [{"model": "a", "prompt_tokens": 1}, {"model": "b", "prompt_tokens": 2}]
    usage = {"cost": 0.5, "service_tier": "x"}
    answer = await report(door, await door.run(), usage, traces=steps)
    assert answer["totals"]["input_tokens"] == 3
    kept = [row["attributes_json"] for row in sorted(database.rows()["usage_reports"], key=lambda row: row["part"])]
    assert kept == ['{"service_tier":"x"}', None, None]


async def test_traces_alone_are_a_report(door: Door):
    run_id = await door.run()
    answer = await door("core_report_usage", run_id=run_id, traces=[{"model": "gpt-4o", "prompt_tokens": 5}])
    assert (answer["spans_recorded"], answer["totals"]["input_tokens"]) == (1, 5)
    for missing in ({}, {"traces": []}, {"token_usage": None}):
        error = await door.refused("core_report_usage", run_id=run_id, **missing)
        assert error.message == "token_usage or traces is required; send what was used, the steps, or both"
    error = await door.refused("core_report_usage", run_id=run_id, corrects=answer["report_id"])
    assert error.message.endswith("or token_usage {} to take back the report that corrects names")


@pytest.mark.parametrize("tool", ["core_report_usage", "core_end_run"])
async def test_usage_may_stand_beside_the_run(door: Door, tool: str):
    run_id = await door.run()
    needed = {"status": "completed"} if tool == "core_end_run" else {}
    flat = {"input_tokens": 8400, "output_tokens": 1200, "model": "claude-opus-4", "cost_usd": 0.028}
    error = await door.refused(tool, run_id=run_id, **needed, **flat, token_usage={"input_tokens": 8401})
    assert error.message == "input_tokens has one value beside token_usage and another in it; send it once"
    error = await door.refused(tool, run_id=run_id, **needed, **flat, colour="red")
    assert error.message.startswith("colour is not a known argument")
    answer = await door(tool, run_id=run_id, **needed, **flat, token_usage={"input_tokens": 8400, "llm_calls": 3})
    wanted = {"input_tokens": 8400, "output_tokens": 1200, "cost_usd": 0.028, "llm_calls": 3}
    assert wanted.items() <= answer["totals"].items()


async def test_a_secret_among_what_is_kept_is_stored_and_named_redacted(door: Door, database: LedgerDatabase):
    token = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
    usage = {"prompt_tokens": 5, f"key {token}": 1, "note": {"deep": token}}
    answer = await report(door, await door.run(), usage)
    assert token not in repr(answer) + repr(database.rows())
    assert answer["kept_in_attributes"] == ["key [REDACTED:github_token]", "note"]


async def test_a_step_of_others_is_shown_as_a_step_of_ours(door: Door):
    run_id = await door.run()
    step = {"tool": "grep", "args": {"q": "x"}, "result": "x" * 70_000, "ok": False, "status_code": "429"}
    answer = await door("core_report_usage", run_id=run_id, traces=[step | {"run_id": run_id}])
    assert (answer["spans_truncated"], answer["kept_in_attributes"]) == ([0], ["status_code"])
    (span,) = (await door("get_run", run_id=run_id, detail="spans"))["spans"]
    assert (span["kind"], span["name"], span["status"]) == ("tool", "grep", "error")
    assert (span["output_truncated"], span["attributes"]) == (True, {"status_code": "429"})


async def test_steps_of_another_recorder_are_numbered_as_it_likes(door: Door):
    run_id = await door.run()
    for call in range(2):
        step = {"id": 1, "model": "gpt-4o", "input_tokens": 100 + call, "output_tokens": 10}
        answer = await door("core_report_usage", run_id=run_id, traces=[step])
        assert (answer["spans_recorded"], answer["kept_in_attributes"]) == (1, ["id"])
    assert answer["totals"]["total_tokens"] == 221


@pytest.mark.parametrize(
    "pair",
    [
        [{"type": "tool_use", "id": "toolu_1"}, {"type": "tool_result", "tool_use_id": "toolu_1"}],
        [{"type": "function_call", "call_id": "call_1"}, {"type": "function_call_output", "call_id": "call_1"}],
    ],
)
async def test_a_tool_call_and_its_result_are_two_steps(door: Door, pair: list[Usage]):
    answer = await door("core_report_usage", run_id=await door.run(), traces=pair)
    assert answer["spans_recorded"] == 2


async def test_a_time_that_cannot_be_read_keeps_no_usage_from_being_counted(door: Door, database: LedgerDatabase):
    step = {"model": "gpt-4o", "input_tokens": 100, "start_time": 1767225600.5, "duration": 1.2}
    answer = await door("core_report_usage", run_id=await door.run(), traces=[step])
    assert (answer["totals"]["input_tokens"], answer["kept_in_attributes"]) == (100, ["duration", "start_time"])
    (span,) = database.rows()["spans"]
    assert json.loads(span["attributes_json"]) == {"duration": 1.2, "start_time": 1767225600.5}


DIGESTS = {
    "run_id": "f28d61885071fa527161f143f0c5046a",
    "token_usage.cost_usd": "e38b90d977d4b4337264620b6bd4c0a9",
    "token_usage.input_tokens": "664210b05688163767459577a586a100",
    "token_usage.llm_calls": "c3585b60b755fb13e6e65a16d20f1230",
    "token_usage.model": "d56b22f2d7a485f84cd0ca725a514b94",
    "token_usage.output_tokens": "ae03062da3e020cedc6ae3486dfb8d47",
    "token_usage.prompt_preview": "cb1a3aeef08f8d505b663987c5a58cbf",
    "traces": "4479d854720e57c42e31c0516e10a801",
}
"""What was kept of the call below before any names but ours were understood."""


def test_a_call_in_our_words_is_the_same_retry_as_before_an_upgrade():
    usage = {"input_tokens": 8400, "output_tokens": 1200, "cost_usd": 0.028, "model": "claude-opus-4"}
    usage |= {"llm_calls": 3, "prompt_preview": "Deploy"}
    steps = [
        {
            "name": "grep", "kind": "tool", "status": "ok", "tool_name": "grep", "input": {"q": "x"}, "output": "y",
            "duration_ms": 12, "attributes": {"a": 1}, "colour": "red",
        },
        {
            "span_id": "s1", "model": "gpt-4o", "input_tokens": 5, "error": "boom",
            "started_at": "2026-01-01T00:00:00Z",
        },
    ]  # fmt: skip
    call = {"run_id": "019b76da-abe8-7000-8000-000000000001", "token_usage": usage, "traces": steps}
    asked = digests_of(parse(ReportUsage, call | {"idempotency_key": "k"}))
    assert {name: digest.hex() for name, digest in asked.items()} == DIGESTS
    ended = digests_of(parse(EndRun, call | {"status": "completed"}))
    status = {"status": "b4c6ac467bf4876e85e90b87f8ea4312"}
    assert {name: digest.hex() for name, digest in ended.items()} == DIGESTS | status


async def test_a_vendors_object_with_a_slip_changes_nothing(door: Door):
    run_id = await door.run()
    error = await door.refused("core_report_usage", run_id=run_id, token_usage={"prompt_tokens": 5, "outptu_tokens": 1})
    assert isinstance(error, InvalidInput)
    assert error.message == "token_usage.outptu_tokens is not a known argument; did you mean output_tokens?"
