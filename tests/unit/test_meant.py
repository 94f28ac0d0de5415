"""What can only mean one thing is understood: what is empty, what is JSON as text, and what others call a thing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain import limits
from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.domain.meant import as_meant
from runtally.domain.requests import EndRun, ListRuns, RecordFailure, RecordRun, ReportUsage, StartRun, TrackMcp
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME, TOOLS
from runtally.redaction import Redactor
from runtally.service.receipts import digests_of
from runtally.service.scrub import clip
from tests.contract.minimal import MINIMAL, RUN

PAYLOADS = {"input", "output"}


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_an_empty_argument_that_is_optional_counts_as_left_out_and_a_payload_as_itself(tool):
    minimal = MINIMAL[tool.name]
    optional = dict.fromkeys(tool.request.model_fields.keys() - minimal.keys() - PAYLOADS, "")
    assert parse(tool.request, minimal | optional) == parse(tool.request, minimal)
    for payload in PAYLOADS & tool.request.model_fields.keys():
        assert getattr(parse(tool.request, minimal | {payload: ""}), payload).json == '""'


def test_what_is_empty_within_usage_and_traces_counts_as_left_out():
    usage = {"input_tokens": 5, "output_tokens": "", "model": "", "cost_usd": "", "prompt_preview": None}
    trace = {"name": "", "kind": "", "started_at": "", "output": "", "attributes": "", "note": ""}
    sent = parse(ReportUsage, {"run_id": RUN, "token_usage": usage, "traces": [trace]})
    assert sent.token_usage == parse(ReportUsage, {"run_id": RUN, "token_usage": {"input_tokens": 5}}).token_usage
    (told,) = sent.traces
    assert told.all_attributes == {"note": ""}
    assert told.output.json == '""'
    assert {told.name, told.kind, told.started_at, told.attributes} == {None}


@given(
    st.dictionaries(
        st.sampled_from(["name", "kind", "attributes", "input", "duration_ms", "note"]),
        st.sampled_from([None, "", "text", "{}", '{"a": 1}', "null", 5, [1], {"a": ""}]),
    )
)
def test_a_null_beside_other_values_changes_none_of_them(entry):
    alone = as_meant(ReportUsage, {"run_id": RUN, "traces": [entry]})
    assert alone == as_meant(ReportUsage, {"run_id": RUN, "traces": [entry | {"error": None}]})


def test_json_text_is_read_where_an_object_or_a_list_is_meant():
    meta, usage = {"a": {"b": [1, 2.5, None, "é"]}}, {"input_tokens": 5, "model": "m"}
    entries = [{"name": "grep", "attributes": {"x": 1}, "input": {"q": "{}"}}, {"name": "ls"}]
    plain = parse(EndRun, {"run_id": RUN, "status": "ok", "meta_json": meta, "token_usage": usage, "traces": entries})
    for traces in (
        json.dumps(entries, indent=2),
        [json.dumps(entry) for entry in entries],
        json.dumps([json.dumps(entry) for entry in entries]),
        [entries[0] | {"attributes": '{"x": 1}'}, entries[1]],
    ):
        told = {"status": "ok", "meta_json": json.dumps(meta), "token_usage": json.dumps(usage), "traces": traces}
        assert parse(EndRun, told | {"run_id": RUN}) == plain
    failure = {"summary": "It broke", "context": {"step": 1}, "meta": {"m": 2}}
    as_text = failure | {name: json.dumps(failure[name]) for name in ("context", "meta")}
    assert parse(RecordFailure, as_text) == parse(RecordFailure, failure)


def test_a_json_null_as_text_is_left_out_and_a_payload_is_never_read():
    assert parse(StartRun, {"meta_json": "null"}) == parse(StartRun, {})
    assert parse(StartRun, {"input": '{"a": 1}'}).input.value == '{"a": 1}'
    assert parse(StartRun, {"input": "null"}).input.value == "null"


@pytest.mark.parametrize(
    ("model", "arguments", "sentence"),
    [
        (StartRun, {"meta_json": "env=prod"}, "meta_json is text that is not JSON; send an object"),
        (
            StartRun,
            {"meta_json": "[1]"},
            'meta_json is the JSON of something else than an object; send one like {"key": "value"}',
        ),
        (
            ReportUsage,
            {"token_usage": "5"},
            (
                "token_usage is the JSON of something else than an object; "
                'send one like {"input_tokens": 8400, "output_tokens": 1200, "model": "claude-opus-4"}'
            ),
        ),
        (
            ReportUsage,
            {"token_usage": {}, "traces": "{}"},
            'traces is the JSON of something else than an array; send one like [{"name": "grep", "kind": "tool"}]',
        ),
        (ReportUsage, {"token_usage": {}, "traces": "grep"}, "traces is text that is not JSON; send an array"),
        (
            ReportUsage,
            {"token_usage": {}, "traces": ["[]"]},
            'traces[0] is the JSON of something else than an object; send one like {"key": "value"}',
        ),
        (
            ReportUsage,
            {"token_usage": {}, "traces": [{"attributes": "x"}]},
            "traces[0].attributes is text that is not JSON; send an object",
        ),
        (
            ReportUsage,
            {"token_usage": '{"input_tokens": "many"}', "traces": '[{"duration_ms": -1}]'},
            (
                "token_usage.input_tokens is not an integer; send a whole number; "
                "traces[0].duration_ms is less than 0; send more, or leave it out"
            ),
        ),
    ],
)
def test_text_that_is_no_such_json_is_refused_in_words(model, arguments, sentence):
    with pytest.raises(InvalidInput) as caught:
        parse(model, ({} if model is StartRun else {"run_id": RUN}) | arguments)
    assert caught.value.message == sentence


def test_json_text_is_bounded_over_the_whole_call():
    attributes = json.dumps({"k": [[] for _ in range(4_000)]})
    assert len(attributes) <= limits.JSON_BYTES
    with pytest.raises(LimitExceeded) as caught:
        parse(ReportUsage, {"run_id": RUN, "token_usage": {}, "traces": [{"attributes": attributes}] * 200})
    assert caught.value.field == "traces[24].attributes"
    assert "takes the call to 100,050 lists and objects; a message has at most 100,000" in caught.value.message
    long = json.dumps({"k": "x" * limits.JSON_BYTES})
    with pytest.raises(LimitExceeded, match=r"^meta_json is 16,\d\d\d bytes as JSON; the limit is 16,384"):
        parse(StartRun, {"meta_json": long})
    names = {f"x{number}": 1 for number in range(1_001)}
    with pytest.raises(InvalidInput, match=r"^token_usage has 1,001 names, far more than are known"):
        parse(ReportUsage, {"run_id": RUN, "token_usage": names})
    (trace,) = parse(ReportUsage, {"run_id": RUN, "token_usage": {}, "traces": [names]}).traces
    assert trace.all_attributes == names
    with pytest.raises(LimitExceeded, match=r"^traces is nested too deeply"):
        parse(ReportUsage, {"run_id": RUN, "token_usage": {}, "traces": "[" * 60_000})
    with pytest.raises(LimitExceeded, match=r"^meta_json is nested deeper than 16 levels"):
        parse(StartRun, {"meta_json": '{"a":' * 17 + "1" + "}" * 17})


SAME = [
    (StartRun, {"agent": "coder"}, {"agent_id": "coder"}),
    (StartRun, {"agent_name": "coder"}, {"agent_id": "coder"}),
    (StartRun, {"agent_name": "coder", "agent_id": ""}, {"agent_id": "coder"}),
    (StartRun, {"agent_name": "coder", "agent_id": "coder"}, {"agent_id": "coder"}),
    (StartRun, {"session_id": "s"}, {"conversation_id": "s"}),
    (StartRun, {"distinct_id": "u"}, {"user_id": "u"}),
    (StartRun, {"metadata": {"a": 1}}, {"meta_json": {"a": 1}}),
    (StartRun, {"meta": '{"a": 1}'}, {"meta_json": {"a": 1}}),
    (StartRun, {"description": "Find it"}, {"summary": "Find it"}),
    (StartRun, {"intent": "Find it"}, {"summary": "Find it"}),
    (StartRun, {"task_id": "t-1"}, {"meta_json": {"task_id": "t-1"}}),
    (StartRun, {"task_id": "t-1", "meta_json": {"task_id": "t-1"}}, {"meta_json": {"task_id": "t-1"}}),
    (StartRun, {"task_id": "t-1", "metadata": {"a": 1}}, {"meta_json": {"a": 1, "task_id": "t-1"}}),
    (
        EndRun,
        {"run_id": RUN, "status": "error", "error_summary": "No"},
        MINIMAL["core_end_run"] | {"status": "failed", "summary": "No"},
    ),
    (EndRun, {"run_id": RUN, "status": 0, "metadata": {}}, MINIMAL["core_end_run"] | {"meta_json": {}}),
    (RecordRun, {"agent_id": "a", "summary": "s"}, {"agent": "a", "summary": "s"}),
    (
        RecordRun,
        {"agent_name": "a", "description": "s", "meta": {"b": 1}},
        {"agent": "a", "summary": "s", "meta_json": {"b": 1}},
    ),
    (RecordFailure, {"message": "Boom\nat x"}, {"summary": "Boom", "error": "Boom\nat x"}),
    (RecordFailure, {"error_message": "Boom"}, {"summary": "Boom", "error": "Boom"}),
    (RecordFailure, {"message": "It broke", "error": "E1"}, {"summary": "It broke", "error": "E1"}),
    (RecordFailure, {"message": "It broke", "stack_trace": "E1"}, {"summary": "It broke", "error": "E1"}),
    (RecordFailure, {"summary": "It broke", "message": "E1"}, {"summary": "It broke", "error": "E1"}),
    (RecordFailure, {"summary": "", "message": "E1"}, {"summary": "E1", "error": "E1"}),
    (RecordFailure, {"summary": "It broke", "traceback": "E1"}, {"summary": "It broke", "error": "E1"}),
    (RecordFailure, {"summary": "It", "error": "E1", "message": "E1"}, {"summary": "It", "error": "E1"}),
    (
        RecordFailure,
        {"agent": "a", "summary": "s", "metadata": {"b": 1}},
        {"agent_id": "a", "summary": "s", "meta": {"b": 1}},
    ),
    (
        TrackMcp,
        {"tool": "t", "metadata": {"a": 1}, "duration_ms": "12"},
        {"tool": "t", "attributes": {"a": 1}, "duration_ms": 12},
    ),
    (
        ReportUsage,
        {"run_id": RUN, "token_usage": {"input_tokens": "8,400", "cost_usd": "$0.12"}, "traces": "[]"},
        {"run_id": RUN, "token_usage": {"input_tokens": 8400, "cost_usd": 0.12}},
    ),
]


@pytest.mark.parametrize(("model", "told", "ours"), SAME)
def test_the_same_meaning_makes_the_same_request_and_the_same_receipt(model, told, ours):
    read, plain = parse(model, told), parse(model, ours)
    assert digests_of(read) == digests_of(plain)
    if model is not ReportUsage:
        assert read == plain


def test_the_summary_of_a_message_is_what_tells_most_of_it():
    traceback = 'Traceback (most recent call last):\n  File "a.py"\nValueError: no such column\n'
    told = parse(RecordFailure, {"message": traceback})
    assert (told.summary, told.error) == ("ValueError: no such column", traceback)
    for message, summary in (
        ("é" * 2_000, "é" * 2_000),
        ("é" * 8_000, "failed; the error is one long word"),
        ("é" * 1_990 + " " + "x" * 100, "é" * 1_990),
    ):
        told = parse(RecordFailure, {"message": message})
        assert (told.summary, told.error) == (summary, message)


@pytest.mark.parametrize("before", ["", "x" * 1_980 + " ", "x" * 1_980])
def test_no_part_of_a_secret_in_a_message_is_left(before):
    secret = "ghp_" + "a1B2" * 9
    kept = clip(parse(RecordFailure, {"message": f"{before}{secret} refused"}), Redactor())
    assert "ghp_" not in f"{kept.summary}{kept.error}"
    assert "[REDACTED:github_token]" in kept.error


@pytest.mark.parametrize(
    ("model", "arguments", "field", "sentence"),
    [
        (
            StartRun,
            {"agent": "a", "agent_id": "b"},
            "agent",
            "agent is agent_id, which is told otherwise beside it; send one of them",
        ),
        (
            StartRun,
            {"task_id": "t-1", "meta_json": {"task_id": "t-2"}},
            "task_id",
            "task_id is another one than meta_json has; send it once",
        ),
        (StartRun, {"agent_name": "x" * 129}, "agent_name", "agent_name is 129 characters; the limit is 128. Cut it"),
        (
            RecordFailure,
            {"summary": "a", "error": "b", "message": "c"},
            "message",
            "message is told beside summary and error, and is another; send it as one of them",
        ),
        (
            RecordFailure,
            {"message": 5},
            "summary",
            "summary is required; send a sentence that says what happened; message is not a string; send text",
        ),
        (RecordFailure, {"message": " \n"}, "summary", "summary is empty; send a sentence that says what happened"),
    ],
)
def test_what_is_told_twice_and_differently_is_refused(model, arguments, field, sentence):
    with pytest.raises((InvalidInput, LimitExceeded)) as caught:
        parse(model, arguments)
    assert (caught.value.field, caught.value.message) == (field, sentence)


def test_a_task_that_leaves_no_room_in_meta_is_refused():
    full = {"k": "x" * (limits.JSON_BYTES - 8)}
    assert parse(StartRun, {"meta_json": full}).meta_json == full
    with pytest.raises(LimitExceeded) as caught:
        parse(StartRun, {"meta_json": full, "task_id": "t-1"})
    assert caught.value.message == "meta_json is 16,400 bytes as JSON; the limit is 16,384. Send less"
    assert caught.value.field == "meta_json"


def test_a_host_that_sends_every_argument_is_understood():
    names = BY_NAME["list_runs"].request.model_fields
    assert parse(ListRuns, dict.fromkeys(names, "") | {"status": "failed", "limit": "5"}) == parse(
        ListRuns, {"status": "failed", "limit": 5}
    )
