"""Totals are the sum of the usage ledger; unknown is not zero; nothing is counted twice; numbers stay exact."""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally import pricing
from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.domain.limits import COST_USD_MAX, COUNT_MAX
from runtally.domain.usage import Counts
from tests.contract.usages import (
    NANO,
    each_a_run,
    known_sum,
    report,
    sum_of_ledger,
    told,
    usages,
    without_bookkeeping,
)
from tests.door import START, Answer, Door, LedgerDatabase

pytestmark = pytest.mark.anyio


async def test_a_report_adds_to_the_totals_and_says_what_they_are(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    first = {"input_tokens": 100, "output_tokens": 40, "cache_read_tokens": 80, "cost_usd": 0.25, "llm_calls": 1}
    second = {"input_tokens": 11, "output_tokens": 2, "cache_write_tokens": 5, "reasoning_tokens": 1, "llm_calls": 2}
    one = await report(door, run_id, first)
    two = await report(door, run_id, second)
    assert one == {
        "project_key": "alpha",
        "run_id": run_id,
        "status": "running",
        "report_id": one["report_id"],
        "cost_source": "reported",
        "totals": {"reports": 1, "total_tokens": 140} | first,
    }
    assert two["cost_source"] == "unpriced"
    assert two["totals"] == {
        "reports": 2,
        "llm_calls": 3,
        "input_tokens": 111,
        "output_tokens": 42,
        "total_tokens": 153,
        "cache_read_tokens": 80,
        "cache_write_tokens": 5,
        "reasoning_tokens": 1,
        "cost_usd": 0.25,
        "unpriced_calls": 2,
    }
    assert two["totals"] == sum_of_ledger(database, run_id) == (await door.look(run_id))["totals"]


async def test_unknown_is_not_zero(door: Door):
    run_id = await door.run()
    assert (await report(door, run_id, {"output_tokens": 0}))["totals"] == {
        "reports": 1,
        "output_tokens": 0,
        "total_tokens": 0,
        "unpriced_calls": 1,
    }
    assert (await report(door, run_id, {"input_tokens": 7, "cost_usd": 0}))["totals"] == {
        "reports": 2,
        "input_tokens": 7,
        "output_tokens": 0,
        "total_tokens": 7,
        "cost_usd": 0.0,
        "unpriced_calls": 1,
    }


async def test_a_report_of_nothing_adds_no_entry(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    answer = await report(door, run_id, {})
    assert "totals" not in answer
    assert "report_id" not in answer
    assert "usage_reports" not in database.rows()


async def test_cached_and_reasoning_tokens_are_part_of_their_whole(door: Door):
    run_id = await door.run()
    usage = {
        "input_tokens": 100,
        "cache_read_tokens": 60,
        "cache_write_tokens": 40,
        "output_tokens": 50,
        "reasoning_tokens": 50,
    }
    assert (await report(door, run_id, usage))["totals"]["total_tokens"] == 150


@pytest.mark.parametrize(
    ("usage", "message"),
    [
        (
            {"input_tokens": 100, "cache_read_tokens": 1_080, "cache_write_tokens": 20},
            (
                "token_usage counts 1,100 cached tokens within 100 input_tokens; input_tokens includes cached tokens, "
                "so send 1,200 if yours left them out"
            ),
        ),
        (
            {"cache_write_tokens": 30, "cache_write_1h_tokens": 31},
            (
                "token_usage counts 31 cache_write_1h_tokens within 30 cache_write_tokens; the one-hour writes are a "
                "part of cache_write_tokens, so send all writes there"
            ),
        ),
        (
            {"output_tokens": 100, "reasoning_tokens": 101},
            (
                "token_usage counts 101 reasoning_tokens within 100 output_tokens; output_tokens includes reasoning, "
                "so send the sum if yours left it out"
            ),
        ),
    ],
)
async def test_parts_beyond_their_whole_are_refused_in_words_that_say_what_to_send(door: Door, usage, message):
    run_id = await door.run()
    error = await door.refused("core_report_usage", run_id=run_id, token_usage=usage)
    assert isinstance(error, InvalidInput)
    assert error.message == message
    in_a_trace = await door.refused("core_report_usage", run_id=run_id, token_usage={}, traces=[{}, usage])
    assert in_a_trace.message == message.replace("token_usage", "traces[1]")


async def test_money_is_exact(door: Door):
    run_id = await door.run()
    async with anyio.create_task_group() as all_at_once:
        for _ in range(1000):
            all_at_once.start_soon(report, door, run_id, {"cost_usd": 0.1})
            all_at_once.start_soon(report, door, run_id, {"cost_usd": 0.2})
    totals = (await report(door, run_id, {"cost_usd": 0.000000001}))["totals"]
    assert totals == {"reports": 2001, "cost_usd": 300.000000001}


BEYOND_EXACT = (
    "the run's totals would pass 9,007,199,254,740,991, beyond which numbers are not exact. "
    "Nothing was recorded. Check the counts, or start another run"
)


@pytest.mark.parametrize(
    ("so_far", "more"),
    [
        ({"input_tokens": COUNT_MAX}, {"input_tokens": 1}),
        ({"llm_calls": COUNT_MAX, "cost_usd": 0}, {"llm_calls": 1, "cost_usd": 0}),
        ({"cost_usd": COST_USD_MAX}, {"cost_usd": 0.01}),
    ],
    ids=["tokens", "calls", "cost"],
)
async def test_totals_beyond_exact_numbers_are_refused_and_change_nothing(door: Door, so_far, more):
    run_id = await door.run()
    await report(door, run_id, so_far)
    error = await door.refused("core_report_usage", run_id=run_id, token_usage=more, idempotency_key="k")
    assert isinstance(error, LimitExceeded)
    assert (error.code, error.field, error.message) == ("limit", "token_usage", BEYOND_EXACT)


async def test_a_call_of_more_tokens_than_are_exact_is_refused_in_usage_and_traces(door: Door):
    run_id = await door.run()
    usage = {"input_tokens": COUNT_MAX, "output_tokens": 1}
    told = "counts more than 9,007,199,254,740,991 tokens in all, beyond which numbers are not exact. Check the counts"
    for field, arguments in (
        ("token_usage", {"token_usage": usage}),
        ("traces[0]", {"token_usage": {"input_tokens": 1}, "traces": [usage]}),
    ):
        error = await door.refused("core_report_usage", run_id=run_id, **arguments)
        assert (error.code, error.message) == ("limit", f"{field} {told}")


async def test_an_end_whose_totals_would_not_be_exact_leaves_the_run_running(door: Door):
    run_id = await door.run()
    steps = [{"span_id": f"s{number}", "input_tokens": COUNT_MAX} for number in range(2)]
    error = await door.refused("core_end_run", run_id=run_id, status="completed", traces=steps)
    assert (error.code, error.message) == ("limit", BEYOND_EXACT)


async def test_a_refused_report_takes_none_of_those_beside_it_along(door: Door):
    run_id = await door.run()
    await report(door, run_id, {"input_tokens": 1})
    outcomes: list[str] = []

    async def attempt(tokens: int) -> None:
        try:
            outcomes.append((await report(door, run_id, {"input_tokens": tokens}))["run_id"])
        except LimitExceeded as error:
            outcomes.append(error.code)

    async with anyio.create_task_group() as all_at_once:
        for tokens in (1, COUNT_MAX, 2, 3):
            all_at_once.start_soon(attempt, tokens)
    assert sorted(outcomes) == [run_id, run_id, run_id, "limit"]
    assert (await door.look(run_id))["totals"]["input_tokens"] == 7


@pytest.mark.parametrize(
    ("usage", "unpriced_calls", "cost_source"),
    [
        ({"input_tokens": 10, "output_tokens": 5}, 1, "unpriced"),
        ({"input_tokens": 10, "output_tokens": 5, "llm_calls": 3}, 3, "unpriced"),
        ({"llm_calls": 3}, 3, "unpriced"),
        ({"input_tokens": 10, "output_tokens": 5, "llm_calls": 0}, 1, "unpriced"),
        ({"input_tokens": 10, "output_tokens": 5, "model": "no-such-model"}, 1, "unpriced"),
        ({"model": "gpt-4o"}, 0, "unpriced"),
        ({"input_tokens": 10, "output_tokens": 5, "llm_calls": 3, "cost_usd": 0}, 0, "reported"),
        ({"input_tokens": 10, "output_tokens": 5, "llm_calls": 3, "model": "gpt-4o"}, 0, "computed"),
    ],
)
async def test_calls_without_a_cost_are_counted(door: Door, usage, unpriced_calls, cost_source):
    answer = await report(door, await door.run(), usage)
    assert (answer["totals"].get("unpriced_calls", 0), answer["cost_source"]) == (unpriced_calls, cost_source)
    assert ("cost_usd" in answer["totals"]) == (cost_source != "unpriced")


async def test_a_reported_cost_stands_and_else_the_price_list_computes_one(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    tokens = {"input_tokens": 1000, "output_tokens": 200, "cache_read_tokens": 400}
    known = {"model": "gpt-4o", "provider": "openai"}
    await report(door, run_id, tokens | known | {"cost_usd": 0.5})
    answer = await report(door, run_id, tokens | known)
    price = pricing.price(at_us=START, counts=Counts(**tokens), **known)
    assert price is not None
    assert answer["totals"]["cost_usd"] == (NANO // 2 + price.cost_nano_usd) / NANO
    assert [(row["cost_source"], row["priced_by"]) for row in database.rows()["usage_reports"]] == [
        ("reported", None),
        ("computed", price.priced_by),
    ]


STEPS = [
    {"span_id": "s1", "input_tokens": 100, "output_tokens": 10, "cost_usd": 0.5, "model": "m"},
    {"span_id": "s2", "input_tokens": 50, "model": "m"},
    {"span_id": "s3", "name": "grep"},
]


@pytest.mark.parametrize(
    ("usage", "totals"),
    [
        ({}, {"llm_calls": 2, "input_tokens": 150, "output_tokens": 10, "total_tokens": 160, "cost_usd": 0.5}),
        (
            {"cost_usd": 0.75, "llm_calls": 7},
            {"llm_calls": 7, "input_tokens": 150, "output_tokens": 10, "total_tokens": 160, "cost_usd": 0.75},
        ),
        ({"input_tokens": 9, "cost_usd": 0}, {"input_tokens": 9, "total_tokens": 9, "cost_usd": 0.0}),
        ({"reasoning_tokens": 0, "cost_usd": 0}, {"reasoning_tokens": 0, "cost_usd": 0.0}),
    ],
    ids=["nothing", "no counts", "a count", "a count of zero"],
)
async def test_tokens_of_traces_count_only_where_token_usage_has_no_counts(door: Door, usage, totals):
    reported, ended = await door.run(), await door.run()
    answer = await report(door, reported, usage, traces=STEPS)
    unpriced = {} if "cost_usd" in usage else {"unpriced_calls": 1}
    assert answer["totals"] == {"reports": 1} | unpriced | totals
    assert answer["spans_recorded"] == 3
    steps = [step | {"span_id": f"end-{step['span_id']}"} for step in STEPS]
    at_the_end = await door("core_end_run", run_id=ended, status="completed", token_usage=usage, traces=steps)
    # The traces make a report and the final totals, which go beyond it, another.
    assert at_the_end["totals"] | {"reports": 1} == answer["totals"]


async def test_a_report_made_of_traces_names_the_model_they_share_and_whose_costs_they_are(
    door: Door, database: LedgerDatabase
):
    run_id = await door.run()
    await report(door, run_id, {}, traces=[STEPS[0]])
    await report(door, run_id, {}, traces=[{"model": "gpt-4o", "input_tokens": 10, "output_tokens": 5}])
    await report(door, run_id, {}, traces=[STEPS[1], {"model": "gpt-4o", "input_tokens": 10, "output_tokens": 5}])
    kept = [(row["model"], row["cost_source"], row["unpriced_calls"]) for row in database.rows()["usage_reports"]]
    assert kept == [("m", "reported", 0), ("gpt-4o", "computed", 0), ("m", "unpriced", 1), ("gpt-4o", "computed", 0)]


async def test_a_cost_that_only_a_trace_tells_is_not_lost(door: Door):
    run_id = await door.run()
    answer = await report(door, run_id, {}, traces=[{"tool_name": "search", "cost_usd": 0.04}])
    assert answer["totals"] == {"reports": 1, "cost_usd": 0.04}


async def test_a_trace_sent_again_adds_nothing(door: Door):
    run_id = await door.run()
    first = await report(door, run_id, {}, traces=STEPS)
    again = await report(door, run_id, {}, traces=STEPS)
    assert (again["spans_recorded"], again["totals"]) == (0, first["totals"])
    more = await report(door, run_id, {}, traces=[*STEPS, {"span_id": "s4", "input_tokens": 1, "cost_usd": 0}])
    assert more["spans_recorded"] == 1
    assert more["totals"] == first["totals"] | {"reports": 2, "llm_calls": 3, "input_tokens": 151, "total_tokens": 161}
    at_the_end = await door("core_end_run", run_id=run_id, status="completed", traces=STEPS)
    assert (at_the_end["spans_recorded"], at_the_end["totals"]) == (0, more["totals"])


@each_a_run
@given(reports=st.lists(usages(), max_size=5))
async def test_totals_are_the_sum_of_what_is_known_whatever_is_reported(
    door: Door, database: LedgerDatabase, reports: list[Answer]
):
    run_id = await door.run()
    for usage in reports:
        await report(door, run_id, usage)
    totals = (await door.look(run_id)).get("totals", {})
    assert without_bookkeeping(totals) == known_sum([told(usage) for usage in reports])
    assert totals == sum_of_ledger(database, run_id)
