"""A failure is recorded beside the run it belongs to, and remembers how often the same thing failed before."""

import pytest

from runtally.domain.caller import NOWHERE
from runtally.domain.errors import NotFound
from runtally.service.failures import fingerprint
from tests.door import CountingClock, Door, LedgerDatabase, an_id

pytestmark = pytest.mark.anyio

PYTHON = """Traceback (most recent call last):
  File "/srv/app/main.py", line 12, in <module>
    run(retries=3)
  File "/srv/app/work.py", line 90, in run
    raise KeyError(name)
KeyError: 'user_id'
"""
PYTHON_ELSEWHERE = """Traceback (most recent call last):
  File "/home/ci/build/main.py", line 4, in <module>
    main()

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "C:\\\\work\\\\other.py", line 1, in main
KeyError: 'user_id'
"""
JAVASCRIPT = """TypeError: Cannot read properties of undefined (reading 'id')
    at load (/srv/app/dist/index.js:10:42)
    at async main (/srv/app/dist/index.js:99:3)
"""
JAVASCRIPT_ELSEWHERE = """TypeError: Cannot read properties of undefined (reading 'id')
    at Object.load [as fetch] (webpack:///./src/load.ts:7:1)
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("connect ETIMEDOUT 10.0.0.5:5432", "connect ETIMEDOUT 192.168.17.4:15432"),
        ("run 0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f is gone", "run 0198C5A0-0000-7000-8000-00000000000F is gone"),
        ("segfault at 0x7fff5fbff8c8", "segfault at 0xDEADBEEF"),
        ("bad object 3f786850e387550fdab836ed7e6dc881de23001b", "bad object 89e6c98d92887913cadf06b2adb97f26cde4849b"),
        ("ENOENT: no such file '/tmp/build-1/out.json'", "ENOENT: no such file '/home/me/x/y/z.json'"),
        ("cannot open C:\\Users\\me\\a.txt", "cannot open D:\\data\\b.txt"),
        ("took 12.5 s of 10 s", "took 3 s of 1,000 s"),
        ("2026-01-01T10:00:00Z lock lost", "2026-11-30T23:59:59Z lock lost"),
        ("Connection   refused\n", "connection REFUSED"),
        (PYTHON, PYTHON_ELSEWHERE),
        (JAVASCRIPT, JAVASCRIPT_ELSEWHERE),
    ],
    ids=[
        "address",
        "uuid",
        "pointer",
        "digest",
        "path",
        "windows path",
        "number",
        "time",
        "case",
        "python",
        "javascript",
    ],
)
def test_the_same_error_has_one_fingerprint_whatever_varies_in_it(one, other):
    assert fingerprint(None, one, "a") == fingerprint(None, other, "b")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((None, "connect ETIMEDOUT 10.0.0.5", ""), (None, "connect ECONNREFUSED 10.0.0.5", "")),
        (("timeout", "it failed", ""), ("refused", "it failed", "")),
        ((None, PYTHON, ""), (None, PYTHON.replace("KeyError", "IndexError"), "")),
        ((None, JAVASCRIPT, ""), (None, JAVASCRIPT.replace("undefined", "null"), "")),
        ((None, None, "The build broke"), (None, None, "The deploy broke")),
        ((None, " \n", "The build broke"), (None, " \n", "The deploy broke")),
        ((None, "", "The build broke"), (None, "", "The deploy broke")),
    ],
    ids=["words", "type", "python", "javascript", "summary", "blank error", "empty error"],
)
def test_different_errors_have_different_fingerprints(one, other):
    assert fingerprint(*one) != fingerprint(*other)
    assert len(fingerprint(*one)) == 16


async def test_a_failure_is_recorded_whole_and_does_not_end_its_run(
    door: Door, clock: CountingClock, database: LedgerDatabase
):
    run_id = await door.run()
    await door("core_report_usage", run_id=run_id, token_usage={"input_tokens": 10, "cost_usd": 0})
    clock.advance(seconds=1)
    answer = await door(
        "core_record_failure",
        run_id=run_id,
        agent_id="coder",
        task_id="t-1",
        summary="The tests fail",
        error=PYTHON,
        error_type="KeyError",
        context={"file": "main.py"},
        meta={"attempt": 2},
    )
    assert answer == {
        "project_key": "alpha",
        "failure_id": answer["failure_id"],
        "run_id": run_id,
        "status": "running",
        "fingerprint": fingerprint("KeyError", PYTHON, ""),
        "seen": 1,
        "first_seen_at": "2026-01-01T00:00:01Z",
        "totals": {"reports": 1, "input_tokens": 10, "total_tokens": 10, "cost_usd": 0.0},
    }
    assert database.rows()["failures"] == [
        {
            "project_key": "alpha",
            "failure_id": answer["failure_id"],
            "run_id": run_id,
            "recorded_at": clock.now_us,
            "source": "agent",
            "late": 0,
            "fingerprint": answer["fingerprint"],
            "agent": "coder",
            "task_id": "t-1",
            "error_type": "KeyError",
            "summary": "The tests fail",
            "error": PYTHON,
            "context_json": '{"file":"main.py"}',
            "meta_json": '{"attempt":2}',
            **NOWHERE._asdict(),
        }
    ]
    run = await door.look(run_id)
    assert (run["status"], run["failure_count"], run["last_seen_at"]) == ("running", 1, "2026-01-01T00:00:01Z")


async def test_a_failure_answers_how_often_its_like_was_seen_and_when(door: Door, clock: CountingClock):
    seen = []
    for number in range(3):
        failure = await door("core_record_failure", summary=f"Attempt {number}", error=f"lock {number} lost")
        seen.append({name: failure.get(name) for name in ("seen", "first_seen_at", "previous_seen_at")})
        clock.advance(seconds=1)
        await door("core_record_failure", summary="Something else", error="disk full")
    assert seen == [
        {"seen": 1, "first_seen_at": "2026-01-01T00:00:00Z", "previous_seen_at": None},
        {"seen": 2, "first_seen_at": "2026-01-01T00:00:00Z", "previous_seen_at": "2026-01-01T00:00:00Z"},
        {"seen": 3, "first_seen_at": "2026-01-01T00:00:00Z", "previous_seen_at": "2026-01-01T00:00:01Z"},
    ]


async def test_a_failure_of_no_run_tells_nothing_of_a_run(door: Door):
    answer = await door("core_record_failure", summary="The build broke")
    assert answer == {
        "project_key": "alpha",
        "failure_id": answer["failure_id"],
        "fingerprint": fingerprint(None, None, "The build broke"),
        "seen": 1,
        "first_seen_at": "2026-01-01T00:00:00Z",
    }


async def test_a_failure_of_a_run_that_is_not_there_is_refused(door: Door):
    error = await door.refused("core_record_failure", run_id=an_id(1), summary="The build broke")
    assert isinstance(error, NotFound)
    assert error.message == (
        f"run_id {an_id(1)} is not a run of this project; list_runs shows which are, core_start_run opens one"
    )


async def test_a_secret_in_a_failure_is_not_stored(door: Door, database: LedgerDatabase):
    secret = "hunter" + "2-not-a-real-password"
    await door(
        "core_record_failure",
        summary=f"login with password={secret}",
        error=f"401 for password={secret}",
        context={"password": secret, "env": [f"password={secret}"]},
        meta={"depth": {"password": secret}},
    )
    assert secret not in str(database.rows())
    assert database.rows()["failures"][0]["summary"] == "login with password=[REDACTED:password]"
