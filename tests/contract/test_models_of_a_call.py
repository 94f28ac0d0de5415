"""A call that names several models keeps each; what was told for the whole call stands alone, priced once."""

import pytest

from runtally import pricing
from runtally.domain.usage import Counts
from tests.contract.usages import NANO, report, sum_of_ledger
from tests.door import START, Door, LedgerDatabase

pytestmark = pytest.mark.anyio

OPUS = {"model": "claude-opus-4-1", "provider": "anthropic", "input_tokens": 1000, "output_tokens": 100}
GPT = {"model": "gpt-4o", "provider": "openai", "input_tokens": 500, "output_tokens": 50}
UNKNOWN = {"model": "own-model", "provider": "local", "input_tokens": 7}


def cost_of(step: dict) -> int:
    counts = Counts(input_tokens=step["input_tokens"], output_tokens=step["output_tokens"])
    price = pricing.price(model=step["model"], provider=step["provider"], at_us=START, counts=counts)
    assert price is not None
    return price.cost_nano_usd


def rows(database: LedgerDatabase, *columns: str) -> list[tuple]:
    kept = sorted(database.rows()["usage_reports"], key=lambda row: (row["report_id"], row["part"]))
    return [tuple(row[column] for column in columns) for row in kept]


async def test_each_model_and_provider_of_a_call_has_its_row_under_one_report(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    answer = await report(door, run_id, {}, traces=[OPUS, GPT, UNKNOWN, OPUS])
    assert rows(database, "part", "model", "provider", "input_tokens", "llm_calls", "cost_nano_usd", "cost_source") == [
        (0, "claude-opus-4-1", "anthropic", 2000, 2, 2 * cost_of(OPUS), "computed"),
        (1, "gpt-4o", "openai", 500, 1, cost_of(GPT), "computed"),
        (2, "own-model", "local", 7, 1, None, "unpriced"),
    ]
    assert {row["report_id"] for row in database.rows()["usage_reports"]} == {answer["report_id"]}
    assert answer["cost_source"] == "computed"
    assert answer["totals"] == {
        "reports": 1,
        "llm_calls": 4,
        "input_tokens": 2507,
        "output_tokens": 250,
        "total_tokens": 2757,
        "cost_usd": (2 * cost_of(OPUS) + cost_of(GPT)) / NANO,
        "unpriced_calls": 1,
    }
    assert answer["totals"] == sum_of_ledger(database, run_id)


async def test_what_is_told_for_a_whole_call_of_several_models_stands_alone(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    told = {"cost_usd": 0.5, "llm_calls": 9, "prompt_preview": "Fix it"}
    answer = await report(door, run_id, told, traces=[OPUS | {"cost_usd": 0.4}, GPT])
    assert rows(database, "model", "input_tokens", "llm_calls", "cost_nano_usd", "cost_source", "prompt_preview") == [
        (None, None, 9, NANO // 2, "reported", "Fix it"),
        ("claude-opus-4-1", 1000, None, None, "reported", None),
        ("gpt-4o", 500, None, None, "reported", None),
    ]
    assert answer["totals"] == sum_of_ledger(database, run_id)
    assert (answer["totals"]["cost_usd"], answer["totals"]["llm_calls"]) == (0.5, 9)
    assert "unpriced_calls" not in answer["totals"]


async def test_calls_told_for_several_models_leave_each_its_price(door: Door, database: LedgerDatabase):
    answer = await report(door, await door.run(), {"llm_calls": 9}, traces=[OPUS, GPT])
    assert rows(database, "model", "llm_calls", "cost_nano_usd") == [
        (None, 9, None),
        ("claude-opus-4-1", None, cost_of(OPUS)),
        ("gpt-4o", None, cost_of(GPT)),
    ]
    assert (answer["totals"]["llm_calls"], answer["totals"].get("unpriced_calls")) == (9, None)
    assert answer["cost_source"] == "computed"


async def test_what_is_told_for_a_call_of_one_model_joins_its_row(door: Door, database: LedgerDatabase):
    told = {"cost_usd": 0.5, "llm_calls": 9, "model": "gpt-4o", "provider": "openai"}
    bare = {"input_tokens": 7, "output_tokens": 1}
    answer = await report(door, await door.run(), told, traces=[GPT, bare])
    assert rows(database, "model", "input_tokens", "llm_calls", "cost_nano_usd") == [("gpt-4o", 507, 9, NANO // 2)]
    assert answer["totals"]["cost_usd"] == 0.5


async def test_a_trace_without_a_model_is_priced_by_that_of_its_call(door: Door):
    bare = {"input_tokens": 500, "output_tokens": 50}
    answer = await report(door, await door.run(), {"model": "gpt-4o", "provider": "openai"}, traces=[bare])
    assert answer["totals"]["cost_usd"] == cost_of(GPT) / NANO


async def test_cache_writes_for_an_hour_are_kept_and_priced_as_such(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    sonnet = {"model": "claude-sonnet-4-5", "provider": "anthropic", "input_tokens": 9_000, "output_tokens": 10}
    short = await report(door, run_id, sonnet | {"cache_write_tokens": 4_892})
    long = await report(door, run_id, sonnet | {"cache_write_tokens": 4_892, "cache_write_1h_tokens": 4_892})
    difference = round((long["totals"]["cost_usd"] - 2 * short["totals"]["cost_usd"]) * NANO)
    assert difference == 4_892 * 2_250, "$6.00 for a million instead of $3.75"
    assert long["totals"]["cache_write_1h_tokens"] == 4_892
    only = await report(door, await door.run(), sonnet | {"cache_write_1h_tokens": 4_892})
    assert only["totals"]["cache_write_tokens"] == 4_892
    assert only["totals"]["cost_usd"] == round(long["totals"]["cost_usd"] - short["totals"]["cost_usd"], 9)


async def test_an_agent_that_sums_up_the_steps_below_it_is_not_counted_beside_them(door: Door):
    run_id = await door.run()
    agent = {"span_id": "p", "kind": "agent", "input_tokens": 113, "output_tokens": 11, "model": "gpt-4o"}
    group = {"span_id": "g", "parent_span_id": "p", "kind": "group"}
    steps = [
        {"span_id": f"c{number}", "parent_span_id": "g", "model": "gpt-4o", "input_tokens": 56, "output_tokens": 5}
        for number in (1, 2)
    ]
    alone = {"span_id": "q", "kind": "agent", "input_tokens": 7, "model": "gpt-4o"}
    answer = await door("core_report_usage", run_id=run_id, traces=[agent, group, *steps, alone])
    totals = answer["totals"]
    assert (totals["input_tokens"], totals["output_tokens"], totals["llm_calls"]) == (119, 10, 3)
    assert answer["spans_recorded"] == 5
