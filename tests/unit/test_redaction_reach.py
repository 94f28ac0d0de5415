"""How far redaction reaches: names and ids, and payloads that are too long to be kept whole."""

import json

import pytest

from runtally.domain import limits
from runtally.domain.caller import Origin
from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.domain.fields import compact_json
from runtally.domain.requests import ReportUsage, StartRun
from runtally.domain.validation import parse
from runtally.mcp_server.origin import origin_of
from runtally.redaction import Redactor
from runtally.service.scrub import clip, names_to_mark, with_marks
from tests.door import an_id

TOKEN = "ghp_" + "notarealtoken0notarealtoken0notarealtok"[:36]
KEY, ANOTHER_KEY = b"k" * 32, b"a" * 32
FILLING = "the quick brown fox jumps over the lazy dog "


def kept(payload):
    stored = clip(parse(StartRun, {"input": payload}), Redactor()).input
    assert stored is not None
    return stored


def test_a_name_with_a_secret_has_a_mark_of_its_database_and_others_stay():
    request = parse(
        ReportUsage,
        {
            "run_id": an_id(1),
            "token_usage": {"input_tokens": 1, "model": f"gateway/{TOKEN}", "provider": "anthropic"},
            "traces": [{"name": "grep the files", "span_id": TOKEN}, {"name": "edit", "parent_span_id": TOKEN}],
        },
    )
    origin = Origin(client="a client 1.0", host_session_id=TOKEN)
    names = names_to_mark(request, origin, Redactor())
    assert names == {TOKEN, f"gateway/{TOKEN}"}
    marked, where_from = with_marks(request, origin, names, KEY, Redactor())
    mark = Redactor().name(TOKEN, KEY)
    assert mark.startswith("[REDACTED:github_token:")
    assert marked.token_usage is not None
    assert marked.traces is not None
    assert (marked.token_usage.model, marked.token_usage.provider) == (f"gateway/{mark}", "anthropic")
    assert [trace.span_id for trace in marked.traces] == [mark, None]
    assert [trace.parent_span_id for trace in marked.traces] == [None, mark]
    assert marked.traces[0].name == "grep the files"
    assert where_from == Origin(client="a client 1.0", host_session_id=mark)
    elsewhere, _ = with_marks(request, origin, names, ANOTHER_KEY, Redactor())
    assert elsewhere != marked


@pytest.mark.parametrize(("steps", "is_refused"), [(60, False), (100, True)])
def test_more_secrets_in_names_than_can_be_marked_in_a_transaction_are_refused(steps, is_refused):
    names = [(f"{number} " + "://a:b@c " * 30)[:256] for number in range(4 * steps)]
    traces = [
        dict(zip(("name", "span_id", "model", "provider"), names[4 * step : 4 * step + 4], strict=True))
        for step in range(steps)
    ]
    request = parse(ReportUsage, {"run_id": an_id(1), "traces": traces})
    if not is_refused:
        assert names_to_mark(request, Origin(), Redactor()) == set(names)
        return
    with pytest.raises(LimitExceeded, match="Nothing was recorded"):
        names_to_mark(request, Origin(), Redactor())


def test_ordinary_names_need_nothing():
    arguments = {"agent_id": "claude-code", "label": "Deploy", "conversation_id": an_id(2), "idempotency_key": TOKEN}
    request = parse(StartRun, arguments | {"run_id": an_id(1), "parent_run_id": an_id(3)})
    assert not names_to_mark(
        request, Origin("claude-code 2.1.0", an_id(4), None, "toolu_01A09q90qw90lq9178"), Redactor()
    )


def test_a_name_stays_as_it_is_where_redaction_is_off():
    assert not names_to_mark(parse(StartRun, {"agent_id": TOKEN}), Origin(TOKEN), None)


def test_marking_a_marked_name_changes_nothing():
    redactor = Redactor()
    for name in (TOKEN, f"a {TOKEN} b", "://a:b@c" * 32):
        marked = redactor.name(name, KEY)
        assert marked != name
        assert redactor.name(marked, KEY) == marked
        assert not redactor.is_in_name(marked)


def test_a_name_that_marks_would_make_too_long_is_replaced_as_a_whole():
    names = ["https://a:b@c/ " * 17 + str(number) for number in range(2)]
    marked = [Redactor().name(name, KEY) for name in names]
    assert all(name.startswith("[REDACTED:name:") and len(name) <= limits.TICKET_CHARS for name in marked)
    assert len(set(marked)) == 2


@pytest.mark.parametrize("redact", [True, False])
def test_where_a_call_came_from_is_cut_to_its_limits(redact):
    origin = Origin(client="c" * 1000, host_session_id="s" * 1000, trace_id="0" * 31 + "1")
    names = names_to_mark(parse(StartRun, {}), origin, Redactor() if redact else None)
    _, cut = with_marks(parse(StartRun, {}), origin, names, KEY, Redactor() if redact else None)
    assert cut == Origin(client="c" * 128, host_session_id="s" * 256, trace_id=origin.trace_id)


@pytest.mark.parametrize("kept_chars", range(1, len(TOKEN)))
def test_no_half_of_a_secret_is_left_where_a_label_is_cut(kept_chars):
    origin = Origin(client="c" * (limits.NAME_CHARS - 1 - kept_chars) + " " + TOKEN)
    names = names_to_mark(parse(StartRun, {}), origin, Redactor())
    _, cut = with_marks(parse(StartRun, {}), origin, names, KEY, Redactor())
    assert cut.client is not None
    assert "ghp_" not in cut.client
    assert len(cut.client) <= limits.NAME_CHARS


@pytest.mark.parametrize("project_key", [TOKEN, f"team.{TOKEN}"])
def test_a_project_that_is_called_like_a_secret_is_refused_in_words_that_do_not_repeat_it(project_key):
    with pytest.raises(InvalidInput, match="project_key has the shape of a secret") as refusal:
        clip(parse(StartRun, {"project_key": project_key}), Redactor())
    assert "ghp_" not in refusal.value.message
    assert refusal.value.field == "project_key"
    assert clip(parse(StartRun, {"project_key": project_key}), None).project_key == project_key


@pytest.mark.parametrize(
    "payload",
    [
        {"before": FILLING * 100, "password": "tr0ub4dor", "after": FILLING * 2000},
        [{"name": "DB_PASSWORD", "value": "tr0ub4dor"}, *[FILLING] * 3000],
        {"rows": [{"id": number, "password": "tr0ub4dor"} for number in range(5000)]},
        {"deep": [[[{"password": ["tr0ub4dor"]}]]], "text": FILLING * 3000},
        {"password": "tr0ub4dor" + FILLING * 3000},
    ],
)
def test_a_secret_that_its_name_gives_away_is_hidden_in_a_payload_that_is_cut(payload):
    stored = kept(payload)
    assert stored.truncated
    assert stored.size_bytes == len(compact_json(payload).encode()) > limits.PAYLOAD_BYTES
    assert "tr0ub4dor" not in stored.json
    assert "[REDACTED:password]" in stored.json
    assert len(stored.json.encode()) <= limits.PAYLOAD_BYTES


@pytest.mark.parametrize(
    "wrap", [lambda text: text, lambda text: {"log": [text]}, lambda text: [1, {"a": {"b": text}}]]
)
def test_no_half_of_a_secret_is_left_where_marks_make_room_for_it(wrap):
    room = " ".join(["AGE-SECRET-KEY-1" + "Q" * 900] * 20)
    for shift in range(0, len(TOKEN), 3):
        text = room + " " * (limits.PAYLOAD_BYTES + 2 * 4096 - len(room) - shift) + TOKEN + " " * 9000
        stored = kept(wrap(text))
        assert "ghp_" not in stored.json
        assert stored.truncated


def test_a_payload_that_is_cut_is_redacted_as_one_that_is_not():
    payload = {"rows": [{"id": number, "text": FILLING, "password": f"hunter{number}"} for number in range(2000)]}
    whole = compact_json(Redactor().json(payload))
    stored = kept(payload)
    assert whole.startswith(stored.json)
    assert len(stored.json) == limits.PAYLOAD_BYTES


LONG = FILLING * 1800
VALUE = "hunter2Zq9Kx7Lw3"


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"password": {"value": VALUE}, "log": LONG}),
        json.dumps({"columns": ["user", "password"], "rows": [["ann", VALUE]], "log": LONG}, indent=1),
        json.dumps([{"name": "log", "value": "x"}, {"value": VALUE, "name": "X-Api-Key"}, LONG]),
        json.dumps([["Authorization", VALUE], ["log", LONG]], indent=1),
        {"value": VALUE, "description": LONG, "name": "DB_PASSWORD"},
        {"rows": [["x", VALUE], ["log", LONG]], "columns": ["a", "password"]},
        {"data": {"DB": VALUE, "log": LONG}, "kind": "Secret"},
        {"args": ["-p" + VALUE, "db"], "log": LONG, "command": "mysql"},
        {"args": ["--password", VALUE, LONG]},
        {"args": [*["word"] * 5000, "--password", VALUE]},
        {"args": ["--port", 5, *["word"] * 5000, "--password", VALUE]},
    ],
)
def test_what_gives_a_secret_away_may_stand_beyond_the_cut(payload):
    assert VALUE not in kept(payload).json


def test_a_word_after_a_flag_of_no_secret_stays():
    items = ["--name", VALUE, LONG, "--password", "--verbose"]
    assert Redactor().json({"args": items}) == {"args": items}


def test_a_label_that_is_far_too_long_is_none():
    meta = {"threadId": "t" * 4097, "claudecode/toolUseId": "toolu_1"}
    assert origin_of(meta, "c" * 4097, Origin()) == Origin(host_call_id="toolu_1")
