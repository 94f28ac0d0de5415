"""What had no price when it was reported gets one later: appended, once, and as if it had been known at the time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain.caller import Origin
from runtally.domain.errors import Conflict
from runtally.domain.limits import COUNT_MAX
from runtally.domain.ports import Database
from runtally.domain.records import Addition, Spent, UsageEntry, UsageReport
from runtally.domain.usage import Counts
from runtally.pricing import own_file
from runtally.redaction import Redactor
from runtally.service import repricing
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.service.repricing import Lack, Repriced
from tests.contract.usages import as_shown, each_a_run, report, sum_of_ledger, usages
from tests.door import BOUND_TO_TWO, START, Answer, CountingClock, CountingIds, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

MINE = {"model": "mine", "provider": "vllm"}
CALL = {"input_tokens": 1_000, "output_tokens": 100} | MINE
CALL_USD = 0.0012
PRICES = """
[[price]]
model = "mine"
input_usd_per_million = 1
output_usd_per_million = 2
[[price.above]]
input_tokens = 5_000
input_usd_per_million = 10
[[price]]
model = "mine"
from = 2026-01-02
input_usd_per_million = 3
output_usd_per_million = 4
"""
NOTHING = Repriced(0, 0, Counter())


@pytest.fixture
def ledger(opened: Database, clock: CountingClock, tmp_path) -> Ledger:
    """A ledger that knows what the model costs, over the database of the door, which does not."""
    (tmp_path / "prices.toml").write_text(PRICES)
    pricer = own_file.read(tmp_path / "prices.toml")
    ids = CountingIds(first=2_000_000)
    return Ledger(opened, Entry(clock=clock, new_id=ids, pricer=pricer, redactor=Redactor, stale_after_seconds=21_600))


async def reprice(ledger: Ledger, *projects: str, since: int = 0) -> Repriced:
    return await ledger.reprice(projects or ["alpha"], since, records=True)


async def standing(door: Door, database: LedgerDatabase, run_id: str) -> Answer:
    """The totals of a run, which are proven to be the sum of its reports."""
    totals: Answer = (await door.look(run_id)).get("totals", {})
    assert totals == sum_of_ledger(database, run_id)
    return totals


async def test_a_report_gets_the_cost_that_it_lacked_and_only_once(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    await door("core_report_usage", Origin(client="a host"), run_id=run_id, token_usage=CALL | {"prompt_preview": "p"})
    await report(door, run_id, CALL | {"cost_usd": 0.5})
    (before, told) = database.rows()["usage_reports"]
    run = await door.look(run_id)
    clock.advance(seconds=1)

    assert await ledger.reprice(["alpha"], 0, records=False) == Repriced(1, 1_200_000, Counter())
    assert database.rows()["usage_reports"] == [before, told]
    assert await reprice(ledger) == Repriced(1, 1_200_000, Counter())

    *kept, correction = database.rows()["usage_reports"]
    assert kept == [before, told], "nothing is changed"
    changed = {name for name in correction if correction[name] != before[name]}
    assert changed == {
        "report_id", "reported_at", "corrects", "cost_nano_usd", "cost_source", "priced_by", "unpriced_calls",
    }  # fmt: skip
    assert (correction["corrects"], correction["priced_by"]) == (before["report_id"], "own mine")
    priced = {"totals": as_shown(run["totals"] | {"cost_usd": 0.5 + CALL_USD, "unpriced_calls": 0})}
    assert await door.look(run_id) == run | priced, "nor is it a sign of life"
    assert await standing(door, database, run_id) == priced["totals"]

    rows = database.rows()
    assert await reprice(ledger) == NOTHING
    assert database.rows() == rows


async def test_what_stays_without_a_cost_is_told_by_model(door: Door, ledger: Ledger, database: LedgerDatabase):
    run_id = await door.run()
    await report(door, run_id, CALL | {"model": "other", "llm_calls": 3})
    await report(door, run_id, CALL | {"model": "other"})
    await report(door, run_id, {"output_tokens": 5} | MINE)
    await report(door, run_id, {"input_tokens": 5})
    rows = database.rows()
    left = {Lack("no price", "other", "vllm"): 4, Lack("no counts", "mine", "vllm"): 1, Lack("no model"): 1}
    for _ in range(2):
        assert await reprice(ledger) == Repriced(0, 0, Counter(left))
    assert database.rows() == rows


async def test_of_a_report_of_several_models_the_one_that_lacked_a_cost_gets_it(
    door: Door, ledger: Ledger, database: LedgerDatabase
):
    run_id = await door.run()
    traces = [CALL, CALL | {"model": "gpt-4o", "provider": "openai"}, CALL | {"model": "other"}]
    answer = await report(door, run_id, {"llm_calls": 3}, traces=traces)
    found = await reprice(ledger)
    assert found == Repriced(1, 1_200_000, Counter({Lack("no price", "other", "vllm"): 1}))
    totals = await standing(door, database, run_id)
    cost = answer["totals"]["cost_usd"] + CALL_USD
    assert totals == answer["totals"] | {"unpriced_calls": 1, "cost_usd": pytest.approx(cost)}
    rows = database.rows()
    assert await reprice(ledger) == Repriced(0, 0, found.unpriced_calls)
    assert database.rows() == rows


async def test_steps_are_priced_each_by_itself_as_they_were_made(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    await report(door, run_id, {}, traces=[{"input_tokens": 4_000, "output_tokens": 0} | MINE] * 2)
    clock.advance(micros=1)
    await report(door, run_id, {"input_tokens": 8_000, "output_tokens": 0, "llm_calls": 2} | MINE)
    assert await reprice(ledger) == Repriced(2, 8_000_000 + 80_000_000, Counter())
    await standing(door, database, run_id)


def step(input_tokens: int, **more: object) -> Answer:
    """A step of the model that is dear in one request of more than 5,000 tokens."""
    return {"input_tokens": input_tokens, "output_tokens": 0} | MINE | more


NAMELESS = {"input_tokens": 4_000, "output_tokens": 0}


@pytest.mark.parametrize(
    ("usage", "traces"),
    [
        ({}, [step(4_000)] * 2 + [NAMELESS]),
        (MINE, [NAMELESS, step(4_000), step(4_000, model="other"), step(3_000, model="other")]),
        ({}, [step(4_000), step(4_000), step(4_000, provider=None), step(3_000, provider=None)]),
        ({"provider": "vllm"}, [step(4_000, provider=None), step(4_000), step(4_000, provider="x")]),
        ({"model": "other"}, [step(4_000), step(4_000), NAMELESS, NAMELESS]),
        ({}, [step(4_000), step(4_000), step(4_000, cost_usd=0.5)]),
        ({"llm_calls": 7}, [step(4_000), step(4_000), {"kind": "llm", "model": "mine"}, {"tool_name": "grep"}]),
    ],
)
async def test_steps_of_several_names_cost_what_they_would_have_at_once(
    door: Door, ledger: Ledger, database: LedgerDatabase, usage: Answer, traces: list[Answer]
):
    runs = []
    for each in (door, Door(ledger, database)):
        run_id = await each.run()
        known = [{name: value for name, value in trace.items() if value is not None} for trace in traces]
        await report(each, run_id, usage, traces=known)
        runs.append(run_id)
    await reprice(ledger)
    one, other = [await standing(door, database, run_id) for run_id in runs]
    assert one == other


async def test_steps_are_those_of_the_correction_and_stay_known_when_a_part_was_priced(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock, tmp_path, opened: Database
):
    run_id = await door.run()
    wrong = await report(door, run_id, {}, traces=[step(4_900)] * 2)
    clock.advance(hours=1)
    right = [step(4_000), step(3_000), step(4_000, model="later"), step(4_500, model="later")]
    await report(door, run_id, {}, traces=right, corrects=wrong["report_id"])
    clock.advance(hours=1)
    assert await reprice(ledger) == Repriced(1, 7_000_000, Counter({Lack("no price", "later", "vllm"): 2}))
    clock.advance(hours=1)
    (tmp_path / "later.toml").write_text(PRICES.replace('"mine"', '"later"'))
    pricer = own_file.read(tmp_path / "later.toml")
    entry = Entry(
        clock=clock, new_id=CountingIds(3_000_000), pricer=pricer, redactor=Redactor, stale_after_seconds=21_600
    )
    assert await reprice(Ledger(opened, entry)) == Repriced(1, 8_500_000, Counter())
    await standing(door, database, run_id)


async def test_a_sum_of_unknown_requests_has_a_cost_only_where_prices_do_not_go_by_request(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    detail = [step(1), step(2)]  # the call says itself what it came to, and these do not add up to it
    await report(door, run_id, step(8_000, llm_calls=2), traces=detail)
    unsure = Repriced(0, 0, Counter({Lack("no steps", "mine", "vllm"): 2}))
    assert await reprice(ledger) == unsure
    clock.advance(hours=30)
    await report(door, run_id, step(8_000, llm_calls=2), traces=detail)
    assert await reprice(ledger) == Repriced(1, 24_000_000, unsure.unpriced_calls)
    await standing(door, database, run_id)


async def test_what_was_priced_in_part_is_priced_where_its_steps_are_known(
    door: Door, ledger: Ledger, database: LedgerDatabase
):
    run_id = await door.run()
    told = [step(4_000, span_id="told", cost_usd=0.5), step(4_000, span_id="bare")]
    await report(door, run_id, {}, traces=[*told, {"input_tokens": 5} | MINE])
    lacking = Counter({Lack("no counts", "mine", "vllm"): 1})
    assert await reprice(ledger) == Repriced(1, 4_000_000, lacking)
    assert await reprice(ledger) == Repriced(0, 0, lacking)
    other = await door.run()
    first = await report(door, other, {}, traces=told)
    await report(door, other, {}, traces=[told[0], told[1] | {"input_tokens": 7}], corrects=first["report_id"])
    lacking[Lack("in part", "mine", "vllm")] = 1
    assert await reprice(ledger) == Repriced(0, 0, lacking)
    await standing(door, database, run_id)


async def test_why_a_call_with_a_price_has_no_cost_is_told(door: Door, ledger: Ledger, database: LedgerDatabase):
    run_id = await door.run()
    await report(
        door, run_id, {"model": "text-embedding-3-small", "provider": "openai", "input_tokens": 5, "output_tokens": 5}
    )
    await report(door, run_id, step(9 * 10**14))
    found = await reprice(ledger)
    assert found.unpriced_calls == Counter(
        {Lack("no output price", "text-embedding-3-small", "openai"): 1, Lack("too much", "mine", "vllm"): 1}
    )


async def test_a_report_costs_what_its_time_charged_and_since_leaves_out_what_was_before(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    wrong = await report(door, run_id, CALL | {"input_tokens": 1})
    clock.advance(hours=30)
    await report(door, run_id, CALL, corrects=wrong["report_id"])
    await report(door, run_id, CALL)
    assert await reprice(ledger, since=clock()) == Repriced(1, 3_400_000, Counter())
    assert await reprice(ledger, since=clock() + 1) == NOTHING
    assert await reprice(ledger, since=START + 1) == NOTHING
    assert await reprice(ledger) == Repriced(1, 1_200_000, Counter()), "a correction is of the time of what it corrects"
    await standing(door, database, run_id)


async def test_a_run_that_is_over_or_swept_stays_so_and_late_is_what_was_late(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    ended, swept = await door.run(), await door.run()
    for run_id in (ended, swept):
        await report(door, run_id, CALL)
    await door("core_end_run", run_id=ended, status="completed")
    await report(door, ended, CALL)
    clock.advance(hours=7)
    await door("list_runs")
    before = [await door.look(run_id) for run_id in (ended, swept)]
    assert await reprice(ledger) == Repriced(3, 3_600_000, Counter())
    for run, calls in zip(before, (2, 1), strict=True):
        costs = {"cost_usd": CALL_USD * calls, "unpriced_calls": 0}
        assert await door.look(run["run_id"]) == run | {"totals": as_shown(run["totals"] | costs)}
        await standing(door, database, run["run_id"])
    rows = database.rows()["usage_reports"]
    late = {row["report_id"]: row["late"] for row in rows}
    assert [(row["late"], late[row["corrects"]]) for row in rows if row["corrects"]].count((1, 1)) == 1
    assert all(row["late"] == late[row["corrects"]] for row in rows if row["corrects"])


async def test_what_final_totals_added_gets_its_cost_too(
    door: Door, ledger: Ledger, database: LedgerDatabase, clock: CountingClock
):
    run_id = await door.run()
    first = await report(door, run_id, CALL)
    final = {"input_tokens": 3_000, "output_tokens": 200} | MINE
    ended = await door("core_end_run", run_id=run_id, status="completed", token_usage=final)
    assert ended["totals"]["unpriced_calls"] == 2
    clock.advance(hours=30)
    assert await reprice(ledger) == Repriced(2, 1_200_000 + 2_200_000, Counter())
    totals = await standing(door, database, run_id)
    assert (totals["cost_usd"], totals.get("unpriced_calls"), totals["input_tokens"]) == (0.0034, None, 3_000)
    assert await reprice(ledger) == NOTHING

    error = await door.refused("core_report_usage", run_id=run_id, token_usage={}, corrects=first["report_id"])
    assert isinstance(error, Conflict)
    (instead,) = [row["report_id"] for row in database.rows()["usage_reports"] if row["corrects"] == first["report_id"]]
    assert instead in error.message
    same = await report(door, run_id, CALL | {"cost_usd": 0.01}, corrects=instead)
    assert same["totals"] == totals | {"cost_usd": 0.01 + 0.0022}, "what the end added keeps its cost"
    assert same["totals"] == sum_of_ledger(database, run_id)


async def test_what_a_final_cost_covers_is_no_longer_without_a_cost(
    door: Door, ledger: Ledger, database: LedgerDatabase
):
    run_id = await door.run()
    await report(door, run_id, CALL)
    await door("core_end_run", run_id=run_id, status="completed", token_usage={"cost_usd": 0.5})
    rows = database.rows()
    assert await reprice(ledger) == NOTHING
    assert database.rows() == rows
    await report(door, run_id, CALL)
    assert await reprice(ledger) == Repriced(1, 1_200_000, Counter()), "but what came after it is"
    totals = await standing(door, database, run_id)
    assert (totals["cost_usd"], totals.get("unpriced_calls")) == (0.5 + CALL_USD, None)


async def test_what_was_observed_gets_its_cost_in_its_own_sum(door: Door, opened: Database, ledger: Ledger, database):
    run_id = await door.run()
    spent = Spent(Counts(llm_calls=1, input_tokens=1_000, output_tokens=100, total_tokens=1_100), None, 1)
    seen = UsageReport(an_id(1), START, [UsageEntry(spent, "unpriced", None, "mine", "vllm")], "hook", "observed")

    def observe(store):
        store.usage.insert("alpha", run_id, seen)
        return store.runs.add("alpha", run_id, Addition(now=START, basis="observed", reports=1, spent=spent))

    assert await opened.write(observe) is not None
    await report(door, run_id, {"input_tokens": 10, "cost_usd": 0.25})
    reported = (await door.look(run_id))["totals"]
    assert await reprice(ledger) == Repriced(1, 1_200_000, Counter())
    run = await door.look(run_id)
    observed = run["observed"]
    assert (run["totals"], observed["cost_usd"], observed.get("unpriced_calls")) == (reported, CALL_USD, None)
    assert run["observed"] == sum_of_ledger(database, run_id, "observed")
    assert await reprice(ledger) == NOTHING


async def test_a_cost_that_a_run_cannot_keep_is_left_out_and_told(door: Door, ledger: Ledger, database: LedgerDatabase):
    run_id = await door.run()
    await report(door, run_id, CALL)
    await report(door, run_id, {"cost_usd": (COUNT_MAX - 1_000_000) / 1_000_000_000})
    rows = database.rows()
    assert await reprice(ledger) == Repriced(0, 0, Counter({Lack("too much", "mine", "vllm"): 1}))
    assert database.rows() == rows


async def test_each_project_is_priced_by_itself_in_batches_of_bounded_size(
    door: Door, ledger: Ledger, database: LedgerDatabase, monkeypatch
):
    monkeypatch.setattr(repricing, "RUNS_PER_PAGE", 2)
    monkeypatch.setattr(repricing, "REPORTS_PER_BATCH", 2)
    both = door.by(BOUND_TO_TWO)
    runs = [await both.run(project_key=project) for project in ("alpha", "beta") for _ in range(5)]
    for run_id in runs:
        for _ in range(3):
            await both("core_report_usage", run_id=run_id, token_usage=CALL)
    alpha = database.rows("alpha")
    assert await reprice(ledger, "beta") == Repriced(15, 15 * 1_200_000, Counter())
    assert database.rows("alpha") == alpha
    assert await reprice(ledger, "alpha", "beta") == Repriced(15, 15 * 1_200_000, Counter())
    for run_id in runs:
        await standing(both, database, run_id)


async def test_a_report_that_is_corrected_between_the_look_and_the_write_is_left_alone(
    door: Door, ledger: Ledger, opened: Database, database: LedgerDatabase
):
    run_id = await door.run()
    first = await report(door, run_id, CALL)
    page = await opened.read(ledger._entry.find_unpriced("alpha", "", 0))
    assert page.due == [(run_id, first["report_id"])]
    await report(door, run_id, {"input_tokens": 1, "cost_usd": 0.5}, corrects=first["report_id"])
    rows = database.rows()
    assert await opened.write(ledger._entry.reprice("alpha", page.due, 0, records=True)) == NOTHING
    assert database.rows() == rows


PRICED = usages().map(lambda usage: {name: value for name, value in usage.items() if name != "cost_usd"} | MINE)


@each_a_run
@given(
    reports=st.lists(usages() | PRICED, max_size=4),
    final=st.none() | PRICED,
    late=st.lists(usages() | PRICED, max_size=2),
)
async def test_a_run_comes_to_what_it_would_have_with_the_prices_known_from_the_start(
    door: Door, ledger: Ledger, database: LedgerDatabase, reports, final, late
):
    runs = []
    for each in (door, Door(ledger, database)):
        run_id = await each.run()
        for usage in reports:
            await report(each, run_id, usage)
        usage = {} if final is None else {"token_usage": final}
        await each("core_end_run", run_id=run_id, status="completed", **usage)
        for usage in late:
            await report(each, run_id, usage)
        runs.append(run_id)
    await reprice(ledger)
    one, other = [await standing(door, database, run_id) for run_id in runs]
    assert one == other
    rows = database.rows()
    assert (await reprice(ledger))[:2] == (0, 0)
    assert database.rows() == rows
