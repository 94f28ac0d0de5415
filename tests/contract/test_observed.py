"""What was reported and what was observed are two sums side by side, never added; one of them stands for the run."""

import pytest

from runtally.domain.ports import Database
from runtally.domain.records import Addition, Spent, UsageEntry, UsageReport
from runtally.domain.usage import Counts
from tests.contract.usages import report, sum_of_ledger
from tests.door import START, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

RUN = an_id(1)
SEEN = Spent(Counts(llm_calls=1, input_tokens=30, output_tokens=3, total_tokens=33), cost_nano_usd=5_000_000)
OBSERVED = {
    "reports": 1,
    "llm_calls": 1,
    "input_tokens": 30,
    "output_tokens": 3,
    "total_tokens": 33,
    "cost_usd": 0.005,
}


async def observe(opened: Database, number: int = 2) -> None:
    """What an instrument does: an entry of the ledger, and the same in the observed sum."""
    entry = UsageEntry(SEEN, "host", model="claude-opus-4-1")
    observed = UsageReport(an_id(number), START, [entry], source="transcript", basis="observed")

    def work(store):
        store.usage.insert("alpha", RUN, observed)
        return store.runs.add("alpha", RUN, Addition(now=START, basis="observed", reports=1, spent=SEEN))

    assert await opened.write(work) is not None


async def test_an_observed_sum_stands_for_a_run_that_nobody_reported_on(
    door: Door, opened: Database, database: LedgerDatabase
):
    await door.run(run_id=RUN)
    await observe(opened)
    run = await door.look(RUN)
    assert (run["totals"], run["basis"], run["observed"]) == (OBSERVED, "observed", OBSERVED)
    assert sum_of_ledger(database, RUN, "observed") == OBSERVED
    failure = await door("core_record_failure", run_id=RUN, summary="It broke")
    assert failure["totals"] == OBSERVED


async def test_a_report_stands_beside_what_was_observed_and_neither_is_added_to_the_other(
    door: Door, opened: Database, database: LedgerDatabase
):
    await door.run(run_id=RUN)
    await observe(opened)
    reported = {"reports": 1, "input_tokens": 10, "total_tokens": 10, "cost_usd": 0.25}
    answer = await report(door, RUN, {"input_tokens": 10, "cost_usd": 0.25})
    assert answer["totals"] == reported
    await observe(opened, 3)
    run = await door.look(RUN)
    twice = {name: 2 * value for name, value in OBSERVED.items()}
    assert (run["totals"], run["basis"], run["observed"]) == (reported, "reported", twice)
    assert sum_of_ledger(database, RUN) == reported
    assert sum_of_ledger(database, RUN, "observed") == twice


async def test_final_totals_are_weighed_against_what_was_reported_alone(door: Door, opened: Database):
    await door.run(run_id=RUN)
    await observe(opened)
    ended = await door("core_end_run", run_id=RUN, status="completed", token_usage={"input_tokens": 12})
    assert ended["adjustment"] == {"input_tokens": 12, "total_tokens": 12}
    assert ended["totals"] == {"reports": 1, "input_tokens": 12, "total_tokens": 12, "unpriced_calls": 1}
    assert "warning" not in ended


async def test_an_agent_cannot_correct_what_was_observed(door: Door, opened: Database):
    await door.run(run_id=RUN)
    await observe(opened)
    error = await door.refused("core_report_usage", run_id=RUN, token_usage={}, corrects=an_id(2))
    assert error.code == "not_found"


async def test_a_run_without_anything_observed_says_nothing_of_it(door: Door):
    run_id = await door.run()
    await report(door, run_id, {"input_tokens": 1})
    assert not (await door.look(run_id)).keys() & {"basis", "observed"}
