"""What an agent says of the whole run at its end adds what the reports did not cover, and never takes away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally import pricing
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

GPT = {"model": "gpt-4o", "provider": "openai"}
CALL = {"input_tokens": 100, "output_tokens": 50}
"""One call that nobody priced."""


@pytest.mark.parametrize(
    ("reports", "final", "adjustment", "totals"),
    [
        pytest.param(
            [CALL],
            {"input_tokens": 120, "output_tokens": 80},
            {"input_tokens": 20, "output_tokens": 30, "total_tokens": 50},
            {"reports": 2, "input_tokens": 120, "output_tokens": 80, "total_tokens": 200, "unpriced_calls": 2},
            id="above",
        ),
        pytest.param(
            [CALL | {"llm_calls": 2}],
            {"input_tokens": 120, "output_tokens": 50, "llm_calls": 5},
            {"input_tokens": 20, "output_tokens": 0, "total_tokens": 20, "llm_calls": 3},
            {
                "reports": 2,
                "llm_calls": 5,
                "input_tokens": 120,
                "output_tokens": 50,
                "total_tokens": 170,
                "unpriced_calls": 5,
            },
            id="above, with calls",
        ),
        pytest.param(
            [CALL],
            CALL,
            None,
            {"reports": 1, "total_tokens": 150, "unpriced_calls": 1} | CALL,
            id="equal",
        ),
        pytest.param(
            [CALL],
            {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3, "model": "gpt-4o"},
            None,
            {"reports": 1, "total_tokens": 150, "unpriced_calls": 1} | CALL,
            id="below",
        ),
        pytest.param(
            [{"input_tokens": 100, "cost_usd": 1}],
            {"output_tokens": 50, "cache_read_tokens": 0},
            {"output_tokens": 50, "total_tokens": 50, "cache_read_tokens": 0},
            {
                "reports": 2,
                "input_tokens": 100,
                "output_tokens": 50,
                "total_tokens": 150,
                "cache_read_tokens": 0,
                "cost_usd": 1.0,
                "unpriced_calls": 1,
            },
            id="partly known, on both sides",
        ),
        pytest.param(
            [CALL | {"cost_usd": 0.25}],
            {"cost_usd": 0.75},
            {"cost_usd": 0.5},
            {"reports": 2, "total_tokens": 150, "cost_usd": 0.75} | CALL,
            id="cost only",
        ),
        pytest.param(
            [],
            CALL,
            {"total_tokens": 150} | CALL,
            {"reports": 1, "total_tokens": 150, "unpriced_calls": 1} | CALL,
            id="tokens only, and no reports",
        ),
        pytest.param(
            [CALL, CALL | {"cost_usd": 0.25}],
            {"cost_usd": 0.25},
            {"cost_usd": 0.0},
            {
                "reports": 3,
                "input_tokens": 200,
                "output_tokens": 100,
                "total_tokens": 300,
                "cost_usd": 0.25,
            },
            id="unpriced calls covered by an equal final cost",
        ),
        pytest.param(
            [CALL],
            {"cost_usd": 0.5},
            {"cost_usd": 0.5},
            {"reports": 2, "total_tokens": 150, "cost_usd": 0.5} | CALL,
            id="unpriced calls covered by the first cost there is",
        ),
        pytest.param(
            [CALL | {"cost_usd": 1}],
            {"cost_usd": 0.5},
            None,
            {"reports": 1, "total_tokens": 150, "cost_usd": 1.0} | CALL,
            id="final cost below the sum",
        ),
        pytest.param(
            [CALL | {"cost_usd": 1}],
            {"input_tokens": 120, "cost_usd": 0.5},
            {"input_tokens": 20, "total_tokens": 20, "cost_usd": 0.0},
            {
                "reports": 2,
                "input_tokens": 120,
                "output_tokens": 50,
                "total_tokens": 170,
                "cost_usd": 1.0,
            },
            id="final cost below the sum, and more tokens: they are paid for",
        ),
        pytest.param(
            [CALL | {"cost_usd": 1}, CALL | {"cost_usd": 1}],
            {"input_tokens": 200, "output_tokens": 100, "llm_calls": 2},
            {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "llm_calls": 2},
            {
                "reports": 3,
                "llm_calls": 2,
                "input_tokens": 200,
                "output_tokens": 100,
                "total_tokens": 300,
                "cost_usd": 2.0,
            },
            id="calls that the reports did not count were priced with their tokens",
        ),
        pytest.param(
            [CALL, CALL],
            {"input_tokens": 300, "output_tokens": 100, "llm_calls": 3},
            {"input_tokens": 100, "output_tokens": 0, "total_tokens": 100, "llm_calls": 3},
            {
                "reports": 3,
                "llm_calls": 3,
                "input_tokens": 300,
                "output_tokens": 100,
                "total_tokens": 400,
                "unpriced_calls": 3,
            },
            id="a call is unpriced once",
        ),
        pytest.param(
            [{"total_tokens": 150, "cost_usd": 1}],
            CALL | GPT,
            CALL | {"total_tokens": 0},
            {"reports": 2, "total_tokens": 150, "cost_usd": 1.0} | CALL,
            id="how tokens that were reported are split is no new use",
        ),
        pytest.param(
            [{"total_tokens": 150}],
            CALL | {"llm_calls": 1},
            CALL | {"total_tokens": 0, "llm_calls": 1},
            {"reports": 2, "llm_calls": 1, "total_tokens": 150, "unpriced_calls": 1} | CALL,
            id="nor a new call without a cost",
        ),
        pytest.param(
            [CALL | {"cost_usd": 1}],
            CALL | {"llm_calls": 5},
            {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "llm_calls": 5},
            {"reports": 2, "total_tokens": 150, "llm_calls": 5, "cost_usd": 1.0} | CALL,
            id="calls whose tokens were all reported are paid for",
        ),
        pytest.param(
            [CALL | {"cost_usd": 1}],
            CALL | {"cache_read_tokens": 80},
            {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0, "cache_read_tokens": 80},
            {"reports": 2, "total_tokens": 150, "cache_read_tokens": 80, "cost_usd": 1.0} | CALL,
            id="which part was cached is no new call",
        ),
    ],
)
async def test_final_totals_add_what_the_reports_did_not_cover(
    door: Door, database: LedgerDatabase, reports, final, adjustment, totals
):
    run_id = await door.run()
    for usage in reports:
        await report(door, run_id, usage)
    answer = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    assert answer.get("adjustment") == adjustment
    assert answer["totals"] == totals
    assert sum_of_ledger(database, run_id) == totals == (await door.look(run_id))["totals"]
    finals = [row for row in database.rows().get("usage_reports", []) if row["source"] == "final"]
    assert len(finals) == (adjustment is not None)


OPUS_STEP = {"input_tokens": 100_000, "output_tokens": 1_000}
OPUS = {"model": "claude-opus-4", "provider": "anthropic"}


async def test_a_final_cost_covers_the_traces_that_come_with_it(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    ended = await door(
        "core_end_run", run_id=run_id, status="completed", token_usage={"cost_usd": 0.01}, traces=[OPUS_STEP | OPUS]
    )
    assert ended["totals"]["cost_usd"] == 0.01
    assert not {"unpriced_calls", "warning"} & {*ended, *ended["totals"]}
    assert ended["totals"] == sum_of_ledger(database, run_id)
    reported = await report(door, await door.run(), {"cost_usd": 0.01}, traces=[OPUS_STEP | OPUS])
    assert reported["totals"]["cost_usd"] == 0.01


async def test_the_model_of_the_final_totals_prices_traces_without_one(door: Door):
    ended = await door(
        "core_end_run", run_id=await door.run(), status="completed", token_usage=OPUS, traces=[OPUS_STEP]
    )
    assert ended["totals"]["cost_usd"] == 1.575


async def test_final_totals_below_the_reports_are_told_with_what_to_do(door: Door):
    run_id = await door.run()
    for _ in range(2):
        await report(door, run_id, {"input_tokens": 1_000, "output_tokens": 10, "cost_usd": 0.5})
    final = {"input_tokens": 1_000, "output_tokens": 60, "cost_usd": 0.5}
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    assert ended["warning"] == (
        "these of the final totals lie below what the reports add up to, and changed nothing: "
        "input_tokens 1,000 (reports: 2,000), cost_usd 0.5 (reports: 1). Usually something was reported twice. If so, "
        "call core_report_usage with corrects = the report_id of the surplus report and token_usage = what it should "
        "have said, {} for nothing"
    )
    assert ended["totals"]["total_tokens"] == 2_060


async def test_what_final_totals_add_is_priced_by_their_model(door: Door):
    run_id = await door.run()
    await report(door, run_id, CALL | GPT)
    final = {"input_tokens": 300, "output_tokens": 60} | GPT
    answer = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    reported = pricing.price(counts=Counts(**CALL), at_us=START, **GPT)
    added = pricing.price(counts=Counts(input_tokens=200, output_tokens=10), at_us=START, **GPT)
    assert reported is not None
    assert added is not None
    assert answer["adjustment"]["cost_usd"] == added.cost_nano_usd / NANO
    assert answer["totals"]["cost_usd"] == (reported.cost_nano_usd + added.cost_nano_usd) / NANO
    assert "unpriced_calls" not in answer["totals"]


@each_a_run
@given(reports=st.lists(usages(), max_size=4), final=usages())
async def test_with_final_totals_each_known_total_is_the_larger_of_sum_and_final(
    door: Door, database: LedgerDatabase, reports: list[Answer], final: Answer
):
    run_id = await door.run()
    for usage in reports:
        await report(door, run_id, usage)
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    totals = ended.get("totals", {})
    summed, final = known_sum([told(usage) for usage in reports]), told(final)
    expected = {name: max(summed.get(name, 0), final.get(name, 0)) for name in summed | final}
    if "total_tokens" in expected:
        parts = expected.get("input_tokens", 0) + expected.get("output_tokens", 0)
        expected["total_tokens"] = max(expected["total_tokens"], parts)
    assert without_bookkeeping(totals) == expected
    assert totals == sum_of_ledger(database, run_id) == (await door.look(run_id)).get("totals", {})
    if final.get("cost_usd", -1) >= summed.get("cost_usd", 0):
        assert "unpriced_calls" not in totals
