"""What a write was asked is kept as keyed hashes: enough to know it again, and nothing that can be read."""

import json

import pytest

from runtally import pricing
from runtally.domain.caller import NOWHERE
from runtally.domain.errors import Conflict
from runtally.domain.lifecycle import STALE_AFTER_SECONDS_DEFAULT
from runtally.domain.models import Answer, RunStarted
from runtally.domain.ports import Database
from runtally.domain.records import Receipt
from runtally.domain.requests import ReportUsage
from runtally.domain.validation import parse
from runtally.redaction import Redactor
from runtally.service import receipts
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.service.receipts import digests_of
from runtally.service.unit import Unit
from tests.door import BOUND_TO_TWO, START, CountingClock, CountingIds, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

TOKEN = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
ASKED = {
    "agent_id": "hunter2",
    "summary": "swordfish",
    "meta_json": {"pw": "hunter2", "deep": ["swordfish"]},
    "input": "tell nobody",
    "idempotency_key": "my-secret-key",
}


async def test_no_argument_and_no_key_stands_in_a_receipt(door: Door, database: LedgerDatabase):
    await door("core_start_run", run_id=an_id(1), **ASKED)
    await door("core_end_run", run_id=an_id(1), status="completed", summary="swordfish", output="tell nobody")
    receipts = database.rows()["receipts"]
    assert len(receipts) == 3
    kept = repr(receipts)
    for text in ("hunter2", "swordfish", "tell nobody", "my-secret-key"):
        assert text not in kept
    assert {len(receipt["receipt_key"]) for receipt in receipts} == {32}


async def test_the_same_content_has_another_hash_in_another_argument_operation_project_and_database(
    door: Door, database: LedgerDatabase, tmp_path_factory: pytest.TempPathFactory, clock: CountingClock
):
    same = {"agent_id": "same", "summary": "same", "idempotency_key": "k"}
    await door("core_start_run", label="same", **same)
    (here,) = database.rows()["receipts"]
    await door("core_record_failure", task_id="same", **same)
    await door.by(BOUND_TO_TWO)("core_start_run", project_key="beta", label="same", **same)
    receipts = database.rows()["receipts"]
    hashes = [*(one["receipt_key"] for one in receipts)]
    hashes += [digest for one in receipts for digest in json.loads(one["digests_json"]).values()]
    assert len(set(hashes)) == len(hashes) == 3 + 9
    other = type(database)(tmp_path_factory.mktemp("other"))
    opened = other.open(clock)
    await door_to(opened, other, clock, redact=True)("core_start_run", label="same", **same)
    await opened.close()
    (there,) = other.rows()["receipts"]
    assert here["receipt_key"] != there["receipt_key"]


@pytest.mark.parametrize("first", [True, False], ids=["switched off", "switched on"])
async def test_a_retry_is_known_after_redaction_was_switched(
    opened: Database, database: LedgerDatabase, clock: CountingClock, first
):
    before, after = (door_to(opened, database, clock, redact=redact) for redact in (first, not first))
    asked = {"agent_id": "coder", "summary": f"Use {TOKEN}", "meta_json": {"token": TOKEN}, "input": {"env": TOKEN}}
    started = await before("core_start_run", idempotency_key="k", **asked)
    assert await after.unchanging("core_start_run", idempotency_key="k", **asked) == started | {"duplicate": True}
    named = await before("core_start_run", run_id=an_id(1), **asked)
    again = await after.unchanging("core_start_run", run_id=an_id(1), **asked)
    assert (named["created"], again["created"]) == (True, False)
    end = {"run_id": an_id(1), "status": "failed", "summary": f"Lost {TOKEN}", "output": TOKEN}
    ended = await before("core_end_run", **end)
    assert await after.unchanging("core_end_run", **end) == ended | {"duplicate": True}


async def test_a_receipt_made_in_another_way_is_believed_by_its_key(
    door: Door, opened: Database, database: LedgerDatabase
):
    first = await door("record_run", agent="coder", summary="s", idempotency_key="k")
    (kept,) = database.rows()["receipts"]

    def make_anew(store):
        receipt = store.receipts.find("alpha", "record_run", kept["receipt_key"])
        older = receipt._replace(format=0, digests={"agent": "made otherwise"})
        store.receipts.insert("beta", "record_run", kept["receipt_key"], older)
        return receipt, store.receipts.find("beta", "record_run", kept["receipt_key"])

    receipt, older = await opened.write(make_anew)
    assert (receipt.format, receipt.run_id, receipt.recorded_at) == (2, first["run_id"], kept["recorded_at"])
    assert receipts.differing_from(None, "beta", "record_run", older) == []


REPORT = {"run_id": an_id(1), "traces": [{"type": "tool", "result": "x"}], "token_usage": {"model": "m"}}


@pytest.mark.parametrize(
    ("sent_again", "differing"),
    [
        (REPORT, []),
        (REPORT | {"run_id": an_id(2)}, ["run_id"]),
        (REPORT | {"corrects": an_id(3)}, ["corrects"]),
    ],
    ids=["the same", "another run", "a correction"],
)
async def test_a_call_from_before_others_words_were_understood_is_known_again(opened: Database, sent_again, differing):
    def compare(store):
        asked = digests_of(parse(ReportUsage, sent_again))
        unit = Unit(store, START, CountingIds(), pricing, NOWHERE, asked, 0)
        then = unit._replace(asked=digests_of(parse(ReportUsage, REPORT)) | {"traces": b"as sent", "summary": b"empty"})
        receipts.keep(then, "alpha", "report_usage", "k", Answer(project_key="alpha"))
        kept = receipts.find(then, "alpha", "report_usage", "k")._replace(format=1)
        return receipts.differing_from(unit, "alpha", "report_usage", kept)

    assert await opened.write(compare) == differing


NOTHING_COUNTED = {"reports": 0, "unpriced_calls": 0}
"""What version 0.2.0 wrote of totals, and must find in an answer that it is to give again."""


async def test_an_answer_is_kept_so_that_an_earlier_version_can_give_it_again_and_the_other_way_round(
    door: Door, database: LedgerDatabase
):
    started = await door("core_start_run", agent_id="coder", idempotency_key="k")
    (kept,) = database.rows()["receipts"]
    answer = json.loads(kept["answer_json"])
    assert answer["totals"] == NOTHING_COUNTED
    assert "totals" not in started
    earlier = Receipt({}, json.dumps(answer | {"late": False, "totals": NOTHING_COUNTED}), 1, START)
    assert receipts.repeated(RunStarted, earlier).as_sent() == started | {"duplicate": True}


async def test_no_span_id_of_a_caller_stands_in_an_answer_that_is_kept(door: Door, database: LedgerDatabase):
    steps = [{"span_id": "short"}, {"span_id": "my private words", "output": "x" * 70_000}]
    run_id = await door.run()
    answer = await door("core_report_usage", run_id=run_id, token_usage={}, traces=steps, idempotency_key="k")
    assert answer["spans_truncated"] == [1]
    assert "private" not in repr(database.rows()["receipts"])


async def test_two_secrets_that_look_the_same_once_redacted_are_two_requests(door: Door):
    await door("record_run", agent="coder", summary=f"Use {TOKEN}", idempotency_key="k")
    other = TOKEN[:-4] + "9876"
    error = await door.refused("record_run", agent="coder", summary=f"Use {other}", idempotency_key="k")
    assert "summary differ" in error.message


@pytest.mark.parametrize(
    ("tool", "field", "in_order"),
    [
        ("core_start_run", "meta_json", lambda items: {"x": items}),
        ("core_start_run", "input", lambda items: items),
        ("core_start_run", "input", lambda items: {"x": [items]}),
        ("core_report_usage", "traces", lambda items: [{"name": str(item)} for item in items]),
    ],
)
async def test_a_list_in_another_order_is_other_content(door: Door, tool, field, in_order):
    run_id = await door.run()
    given = {"idempotency_key": "k"}
    if tool == "core_report_usage":
        given |= {"run_id": run_id, "token_usage": {"input_tokens": 1}}
    await door(tool, **given, **{field: in_order([1, 2])})
    error = await door.refused(tool, **given, **{field: in_order([2, 1])})
    assert f": {field} differ" in error.message


async def test_a_payload_as_deep_as_the_door_takes_it_can_be_sent_again(door: Door):
    deep: object = "bottom"
    for _ in range(400):
        deep = [deep]
    run_id = await door.run(run_id=an_id(1), input=deep)
    again = await door.unchanging("core_start_run", run_id=run_id, input=deep)
    assert again["created"] is False


@pytest.mark.parametrize("first", [True, False])
async def test_a_step_sent_again_is_known_after_redaction_was_switched(
    opened: Database, database: LedgerDatabase, clock: CountingClock, first: bool
):
    before, after = (door_to(opened, database, clock, redact=redact) for redact in (first, not first))
    call = {
        "tool": "sh",
        "span_id": "s1",
        "input": {"args": ["--password", "hunter2Zq9Kx7Lw3"]},
        "attributes": {"n": 1},
    }
    sent = await before("track_mcp", **call)
    assert await after("track_mcp", **call) == sent | {"duplicate": True}
    assert isinstance(await after.refused("track_mcp", **call | {"attributes": {"n": 2}}), Conflict)


def door_to(opened: Database, database: LedgerDatabase, clock: CountingClock, *, redact: bool) -> Door:
    entry = Entry(
        clock=clock,
        new_id=CountingIds(first=5_000 if redact else 9_000),
        pricer=pricing,
        redactor=Redactor if redact else None,
        stale_after_seconds=STALE_AFTER_SECONDS_DEFAULT,
    )
    return Door(Ledger(opened, entry), database)
