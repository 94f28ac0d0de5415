"""What a call may cost in redaction is counted: no ordinary call comes near the bound, and a hostile one is refused."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import runtally
from runtally.domain.errors import LimitExceeded
from runtally.domain.limits import MESSAGE_BYTES, PAYLOAD_BYTES, REDACTION_EFFORT
from runtally.domain.requests import ReportUsage, TrackMcp
from runtally.domain.validation import parse
from runtally.redaction import Allowance, Redactor
from runtally.service.scrub import clip
from tests.unit.redaction_corpus import INNOCENTS, SECRETS, fake

redact_text, redact_json = Redactor().text, Redactor().json

RUN_ID = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
MARGIN = 3
"""How far below the bound an ordinary call of the largest size stays."""

PROSE = "The agent read the file and then explained, step by step, why four of the tests failed. "
CODE = "\n".join(
    path.read_text()
    for path in sorted(Path(runtally.__path__[0]).rglob("*.py"))
    if path.parent.name != "redaction"  # which is full of what it looks for, as no other code is
)
LOG = "2026-11-21T10:00:00.123Z INFO request id=af41 path=/v1/items/42 status=200 duration_ms=13 token_count=412\n"
ROWS = json.dumps(
    [
        {"id": n, "name": f"row {n}", "value": n, "tags": ["a", "b"], "url": f"https://x.test/a?b={n}"}
        for n in range(500)
    ]
)
ENV = "".join(f"DB_PASSWORD_{n}=hunter{n}\nLOG_LEVEL_{n}=debug\nAPI_KEY_{n}={fake(30)}\n" for n in range(100))
ORDINARY = {"prose": PROSE, "code": CODE, "a log": LOG, "rows as JSON": ROWS}


def pieces(text: str) -> Iterator[str]:
    """The text over and over, as much as one message holds, in payloads that are not cut."""
    long = text * (PAYLOAD_BYTES // len(text) + 2)
    for at in range(0, MESSAGE_BYTES, PAYLOAD_BYTES):
        yield long[at % len(text) :][:PAYLOAD_BYTES]


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_four_mebibytes_of_what_agents_send_stay_far_below_the_bound(text: str) -> None:
    allowance = Allowance(REDACTION_EFFORT / MARGIN)
    for piece in pieces(text):
        redact_text(piece, allowance)


def test_a_secret_in_each_payload_of_the_largest_call_is_within_the_bound() -> None:
    allowance = Allowance()
    for piece in pieces(PROSE):
        assert "[REDACTED:password]" in redact_text(f"{piece[:40_000]}\npassword=hunter2\n{piece[40_020:]}", allowance)


def test_a_few_hundred_lines_of_settings_stay_far_below_the_bound() -> None:
    redact_text(ENV, Allowance(REDACTION_EFFORT / 10))
    settings = dict(line.split("=") for line in ENV.splitlines())
    redact_json(settings, Allowance(REDACTION_EFFORT / 10))


@pytest.mark.parametrize(
    "piece",
    [
        *("token=", "token=f(", "secret: a ", "password: ", "password=a&", "api key: ", "cookie: a=", "sk-", "rtk_"),
        *("Password: swordfish\n", "eyJ", "://a:b@c "),
        *("키", "pw: ", "mk ", "пин ", "пароль ", "code 1 ", "password 1 ", "abcd1 - pass. ", "pass? "),
    ],
)
def test_nothing_but_look_alikes_is_refused(piece: str) -> None:
    first, second = pieces_taken(piece), pieces_taken(piece)
    assert first == second < MESSAGE_BYTES // PAYLOAD_BYTES


def pieces_taken(piece: str) -> int:
    """How many payloads of nothing else are redacted before the call is refused."""
    allowance = Allowance()
    taken = 0
    with contextlib.suppress(LimitExceeded):
        for text in pieces(piece):
            redact_text(text, allowance)
            taken += 1
    return taken


def test_a_list_of_values_under_a_secret_name_is_counted() -> None:
    with pytest.raises(LimitExceeded, match=r"look like secrets .* Send less of it, in several calls"):
        redact_json({"password": [f"hunter{n}" for n in range(REDACTION_EFFORT // 5)]}, Allowance())


def test_the_allowance_is_for_the_call_as_a_whole() -> None:
    traces = [{"name": "step", "error": "secret: a " * 700, "x": {"in": "secret: a " * 700}} for _ in range(20)]
    usage = {"input_tokens": 1}
    few = parse(ReportUsage, {"run_id": RUN_ID, "token_usage": usage, "traces": traces[:1]})
    assert clip(few, Redactor()).traces is not None
    many = parse(ReportUsage, {"run_id": RUN_ID, "token_usage": usage, "traces": traces})
    with pytest.raises(LimitExceeded):
        clip(many, Redactor())
    assert clip(many, None) == many


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_a_payload_that_is_cut_is_redacted_whole_within_the_bound(text: str) -> None:
    long = f"{(text * (MESSAGE_BYTES // 2 // len(text) + 1))[: MESSAGE_BYTES // 2]}\npassword=hunter2xyz\n"
    assert clip(parse(TrackMcp, {"tool": "search", "input": {"log": long}}), Redactor()).input.truncated


def test_of_a_long_payload_no_more_is_looked_through_than_may_be_kept() -> None:
    tail = "x" * PAYLOAD_BYTES * 2 + "secret: a " * 100_000
    for payload in (tail, {"lines": ["x" * PAYLOAD_BYTES * 2, tail], "more": {"log": tail}}):
        clip(parse(TrackMcp, {"tool": "search", "input": payload}), Redactor(), Allowance(1000))
    with pytest.raises(LimitExceeded):
        clip(parse(TrackMcp, {"tool": "search", "input": json.dumps([tail])}), Redactor(), Allowance(1000))


def test_an_allowance_changes_no_result() -> None:
    for text in (*(secret.text for secret in SECRETS), *INNOCENTS):
        assert redact_text(text, Allowance()) == redact_text(text)
        assert redact_json({"log": [text], text: 1}, Allowance()) == redact_json({"log": [text], text: 1})
