"""A report can be put in the place of an earlier one: totals follow, nothing is deleted, nothing counts twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain.errors import Conflict, NotFound
from tests.contract.usages import each_a_run, known_sum, report, sum_of_ledger, told, usages, without_bookkeeping
from tests.door import Answer, CountingClock, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

CALL = {"input_tokens": 100, "output_tokens": 50, "cost_usd": 0.5}


async def test_a_correction_takes_the_place_of_a_report(door: Door, database: LedgerDatabase, clock: CountingClock):
    run_id = await door.run()
    wrong = await report(door, run_id, CALL | {"reasoning_tokens": 7})
    await report(door, run_id, CALL)
    clock.advance(seconds=1)
    answer = await report(door, run_id, {"input_tokens": 10, "cost_usd": 0.25}, corrects=wrong["report_id"])
    assert answer == {
        "project_key": "alpha",
        "run_id": run_id,
        "status": "running",
        "report_id": answer["report_id"],
        "corrects": wrong["report_id"],
        "cost_source": "reported",
        "counted": {"input_tokens": 10, "total_tokens": 10, "cost_usd": 0.25},
        "totals": {
            "reports": 2,
            "input_tokens": 110,
            "output_tokens": 50,
            "total_tokens": 160,
            "cost_usd": 0.75,
        },
    }
    assert answer["totals"] == sum_of_ledger(database, run_id) == (await door.look(run_id))["totals"]
    kept = {row["report_id"]: row["corrects"] for row in database.rows()["usage_reports"]}
    assert len(kept) == 3
    assert kept[answer["report_id"]] == wrong["report_id"]
    assert (await door.look(run_id))["last_seen_at"] == "2026-01-01T00:00:01Z"


async def test_a_correction_counts_its_traces_whatever_spans_the_run_has(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    steps = [{"span_id": "plan", "input_tokens": 50, "model": "m"}, {"span_id": "grep", "input_tokens": 1}]
    wrong = await report(door, run_id, {}, traces=steps)
    same = await report(door, run_id, {}, traces=steps, corrects=wrong["report_id"])
    assert (same["totals"]["input_tokens"], same["spans_recorded"]) == (51, 0)
    changed = [steps[0] | {"input_tokens": 7}, steps[1], {"span_id": "sed", "input_tokens": 2}]
    answer = await report(door, run_id, {}, traces=changed, corrects=same["report_id"])
    assert (answer["totals"]["input_tokens"], answer["spans_recorded"]) == (10, 1)
    assert answer["totals"] == sum_of_ledger(database, run_id)
    spans = (await door("get_run", run_id=run_id, detail="spans"))["spans"]
    assert [span["input_tokens"] for span in spans] == [50, 1, 2], "spans are never changed"


async def test_a_correction_costs_what_its_report_would_have_cost_then(door: Door, clock: CountingClock):
    clock.now_us = 1_749_427_200_000_000
    run_id = await door.run()
    usage = {"model": "o3", "provider": "openai", "input_tokens": 1_000_000, "output_tokens": 0}
    wrong = await report(door, run_id, usage | {"input_tokens": 2_000_000})
    await door("core_end_run", run_id=run_id, status="completed", token_usage=usage | {"input_tokens": 3_000_000})
    clock.advance(hours=24 * 3)
    assert (await report(door, run_id, usage))["totals"]["cost_usd"] == 30.0 + 2.0, "o3 became cheaper meanwhile"
    answer = await report(door, run_id, usage, corrects=wrong["report_id"])
    assert answer["totals"]["cost_usd"] == 30.0 + 2.0


async def test_a_correction_of_a_correction_costs_what_the_first_report_would_have(door: Door, clock: CountingClock):
    clock.now_us = 1_749_427_200_000_000
    run_id = await door.run()
    usage = {"model": "o3", "provider": "openai", "input_tokens": 1_000_000, "output_tokens": 0}
    wrong = await report(door, run_id, usage | {"input_tokens": 2_000_000})
    clock.advance(hours=24 * 3)
    still = await report(door, run_id, usage | {"input_tokens": 3_000_000}, corrects=wrong["report_id"])
    answer = await report(door, run_id, usage, corrects=still["report_id"])
    assert answer["totals"]["cost_usd"] == 10.0, "o3 became cheaper meanwhile"


async def test_an_empty_correction_takes_a_report_back(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    await report(door, run_id, CALL)
    double = await report(door, run_id, CALL)
    answer = await report(door, run_id, {}, corrects=double["report_id"])
    assert without_bookkeeping(answer["totals"]) == told(CALL)
    assert (answer["totals"]["reports"], answer["cost_source"]) == (1, "unpriced")
    assert answer["totals"] == sum_of_ledger(database, run_id)
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage={"llm_calls": 4})
    assert ended["totals"]["unpriced_calls"] == 3, "the one that was taken back is no call"


async def test_a_run_of_which_every_report_was_taken_back_counts_nothing_and_can_be_reported_on(
    door: Door, database: LedgerDatabase
):
    run_id = await door.run()
    only = await report(door, run_id, CALL)
    nothing = await report(door, run_id, {}, corrects=only["report_id"])
    assert "totals" not in nothing
    again = await report(door, run_id, {"input_tokens": 5}, corrects=nothing["report_id"])
    assert again["totals"] == {"reports": 1, "input_tokens": 5, "total_tokens": 5, "unpriced_calls": 1}
    assert again["totals"] == sum_of_ledger(database, run_id)


async def test_a_run_whose_final_preview_grew_by_redaction_can_be_corrected(door: Door):
    run_id = await door.run()
    wrong = await report(door, run_id, {"input_tokens": 10})
    preview = ("password=hunter2x " * 112)[:2000]
    final = {"input_tokens": 200, "prompt_preview": preview}
    await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    answer = await report(door, run_id, {"input_tokens": 20}, corrects=wrong["report_id"])
    assert answer["totals"]["input_tokens"] == 200


async def test_a_correction_can_be_corrected_and_a_corrected_report_cannot(door: Door):
    run_id = await door.run()
    first = await report(door, run_id, CALL)
    second = await report(door, run_id, {"input_tokens": 7}, corrects=first["report_id"])
    error = await door.refused(
        "core_report_usage", run_id=run_id, token_usage={"input_tokens": 8}, corrects=first["report_id"]
    )
    assert isinstance(error, Conflict)
    assert error.field == "corrects"
    assert error.message == (
        f"corrects {first['report_id']} was corrected before, by {second['report_id']}; correct that one"
    )
    third = await report(door, run_id, {"input_tokens": 8}, corrects=second["report_id"])
    assert third["totals"] == {"reports": 1, "input_tokens": 8, "total_tokens": 8, "unpriced_calls": 1}


async def test_a_correction_replaces_every_row_of_a_call_that_named_several_models(
    door: Door, database: LedgerDatabase
):
    run_id = await door.run()
    steps = [{"model": "a", "input_tokens": 1}, {"model": "b", "input_tokens": 2}]
    wrong = await report(door, run_id, {}, traces=steps)
    more = [{"model": "a", "input_tokens": 10}, {"model": "b", "input_tokens": 20}, {"model": "c", "input_tokens": 30}]
    answer = await report(door, run_id, {}, traces=more, corrects=wrong["report_id"])
    assert (answer["totals"]["input_tokens"], answer["totals"]["reports"]) == (60, 1)
    assert answer["totals"] == sum_of_ledger(database, run_id)
    assert (await door.look(run_id))["span_count"] == 5


@pytest.mark.parametrize(
    "whose", ["nobody", "another run", "another project"], ids=["nobody's", "another run's", "another project's"]
)
async def test_only_a_report_of_the_run_can_be_corrected(door: Door, whose):
    run_id = await door.run()
    report_id = an_id(404)
    if whose == "another run":
        report_id = (await report(door, await door.run(), CALL))["report_id"]
    error = await door.refused("core_report_usage", run_id=run_id, token_usage={}, corrects=report_id)
    assert isinstance(error, NotFound)
    assert error.message == (
        f"corrects {report_id} is not a report of run {run_id}; send a report_id that core_report_usage answered"
    )


@pytest.mark.parametrize(
    ("reports", "final", "correction", "corrected", "totals"),
    [
        ([100, 100], 100, (1, {}), 100, "a double report is taken back, and the final total holds"),
        ([50], 120, (0, {"input_tokens": 40}), 120, "the final total holds, whatever the report before it said"),
        ([50], 120, (0, {"input_tokens": 200}), 200, "the report says more than the final total"),
        ([50], 50, (0, {"input_tokens": 40}), 50, "the final total now adds what it did not need to"),
        ([50], None, (0, {"input_tokens": 40}), 40, "no final total was told"),
        ([50, 30], 60, (0, {"input_tokens": 10}), 60, "the reports fall below the final total"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_final_totals_are_weighed_again_after_a_correction(
    door: Door, database: LedgerDatabase, reports, final, correction, corrected, totals
):
    run_id = await door.run()
    ids = [(await report(door, run_id, {"input_tokens": tokens}))["report_id"] for tokens in reports]
    usage = {} if final is None else {"token_usage": {"input_tokens": final}}
    await door("core_end_run", run_id=run_id, status="completed", **usage)
    late = await report(door, run_id, {"input_tokens": 1000})
    which, instead = correction
    answer = await report(door, run_id, instead, corrects=ids[which])
    assert answer["totals"]["input_tokens"] == corrected + 1000, totals
    assert answer["totals"] == sum_of_ledger(database, run_id)
    assert "late" not in answer, "it stands where a report stood that was in time"
    again = await report(door, run_id, {"input_tokens": 1}, corrects=late["report_id"])
    assert again["late"] is True
    assert again["totals"]["input_tokens"] == corrected + 1
    assert again["totals"] == sum_of_ledger(database, run_id)


async def test_what_final_totals_added_is_not_a_report_that_can_be_corrected(door: Door, database: LedgerDatabase):
    run_id = await door.run()
    await door("core_end_run", run_id=run_id, status="completed", token_usage={"input_tokens": 9})
    final = database.rows()["usage_reports"][0]["report_id"]
    error = await door.refused("core_report_usage", run_id=run_id, token_usage={}, corrects=final)
    assert isinstance(error, Conflict)
    assert error.message == (
        f"corrects {final} is what the run's final totals added; correct the report that is wrong, "
        "and the final totals are weighed again"
    )


async def test_a_correction_sent_again_under_its_key_changes_nothing(door: Door):
    run_id = await door.run()
    wrong = (await report(door, run_id, CALL))["report_id"]
    correction = {"run_id": run_id, "token_usage": {"input_tokens": 1}, "corrects": wrong, "idempotency_key": "k"}
    first = await door("core_report_usage", **correction)
    assert await door.unchanging("core_report_usage", **correction) == first | {"duplicate": True}


@each_a_run
@given(
    reports=st.lists(usages(), min_size=1, max_size=4),
    final=st.none() | usages(),
    late=st.lists(usages(), max_size=2),
    corrections=st.lists(st.tuples(st.integers(0, 5), usages()), max_size=4),
)
async def test_totals_are_as_if_every_report_had_said_what_its_last_correction_says(
    door: Door, database: LedgerDatabase, reports, final, late, corrections
):
    run_id = await door.run()
    ids = [(await report(door, run_id, usage)).get("report_id") for usage in reports]
    usage = {} if final is None else {"token_usage": final}
    await door("core_end_run", run_id=run_id, status="completed", **usage)
    ids += [(await report(door, run_id, usage)).get("report_id") for usage in late]
    said = [*reports, *late]
    for which, instead in corrections:
        index = which % len(ids)
        if ids[index] is not None:
            ids[index] = (await report(door, run_id, instead, corrects=ids[index]))["report_id"]
            said[index] = instead
    totals = (await door.look(run_id)).get("totals", {})
    assert totals == sum_of_ledger(database, run_id)
    assert without_bookkeeping(totals) == expected(said[: len(reports)], final, said[len(reports) :])


def expected(reports: list[Answer], final: Answer | None, late: list[Answer]) -> Answer:
    """What a run comes to: its reports, at least what its end said, and what came late."""
    before = known_sum([told(usage) for usage in reports])
    if final is not None:
        final = told(final)
        before = {name: max(before.get(name, 0), final.get(name, 0)) for name in before | final}
        if "total_tokens" in before:
            parts = before.get("input_tokens", 0) + before.get("output_tokens", 0)
            before["total_tokens"] = max(before["total_tokens"], parts)
    return known_sum([before, *(told(usage) for usage in late)])
