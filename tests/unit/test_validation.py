"""What cannot be recorded is refused in words: which field, what is wrong, what to do."""

import math

import pytest

from runtally.domain.errors import InvalidInput, RuntallyError
from runtally.domain.requests import EndRun, GetRun, ListRuns, RecordFailure, RecordRun, ReportUsage, StartRun, TrackMcp
from runtally.domain.validation import is_field_of, parse
from runtally.mcp_server.tools.registry import TOOLS
from runtally.redaction import Redactor
from runtally.service.scrub import clip
from tests.contract.minimal import MINIMAL, RUN


def refusal(model, arguments) -> RuntallyError:
    with pytest.raises(RuntallyError) as caught:
        parse(model, arguments)
    return caught.value


def usage(**token_usage):
    return ReportUsage, {"run_id": RUN, "token_usage": token_usage}


def traces(*entries):
    return ReportUsage, {"run_id": RUN, "token_usage": {}, "traces": list(entries)}


def tracked(**arguments):
    return TrackMcp, {"tool": "search"} | arguments


AGENT_MISSING = "agent is required; send the name of the agent"
SUMMARY_MISSING = "summary is required; send a sentence that says what happened"
RUN_ID_MISSING = "run_id is required; core_start_run answers it, and list_runs with status running finds an open run"
A_USAGE = 'send one like {"input_tokens": 8400, "output_tokens": 1200, "model": "claude-opus-4"}'
AN_OBJECT = 'send one like {"key": "value"}'
TRACES = 'send one like [{"name": "grep", "kind": "tool"}]'
WHOLE = "is not an integer; send a whole number"
AMOUNT = "is not a number; send a number like 0.12"
NOT_A_UUID = (
    "is not a UUID; send the one that core_start_run answered (list_runs with status running finds an open run), or "
    "leave it out of core_start_run"
)
NOT_A_TIME = "is not an RFC 3339 time; send one like 2026-01-31T09:30:00Z"
A_NUMBER = "is a number; send a time like 2026-01-31T09:30:00Z"
NO_OFFSET = "has no offset from UTC; end it in Z or, say, +02:00"
NO_SUCH_YEAR = "lies before 1970 or after 2255; check the year"
NOT_A_KEY = "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit"
NO_JSON = "contains NaN or an infinity, which JSON does not have"
KINDS = "must be one of 'llm', 'tool', 'retrieval', 'agent', 'group', 'mcp' or 'other'"
TOO_DEEP = [[]]
for _ in range(10_000):
    TOO_DEEP = [TOO_DEEP]


@pytest.mark.parametrize(
    ("asked", "field", "sentence"),
    [
        ((RecordRun, {"summary": "Done"}), "agent", AGENT_MISSING),
        ((RecordRun, {"agent": "a", "summary": None}), "summary", SUMMARY_MISSING),
        (
            (RecordRun, {"agent": "a", "summary": ""}),
            "summary",
            "summary is empty; send a sentence that says what happened",
        ),
        ((RecordRun, {"agent": "", "summary": "Done"}), "agent", "agent is empty; send the name of the agent"),
        ((GetRun, {"run_id": ""}), "run_id", RUN_ID_MISSING.replace("required", "empty")),
        ((GetRun, {}), "run_id", RUN_ID_MISSING),
        ((TrackMcp, {}), "tool", "tool is required; send the name of the tool that was called"),
        (
            (EndRun, {"run_id": RUN}),
            "status",
            "status is required; send completed, partial, failed or interrupted",
        ),
        ((RecordRun, {}), "agent", f"{AGENT_MISSING}; {SUMMARY_MISSING}"),
        (
            (RecordFailure, {"run_id": 1, "task_id": 2}),
            "run_id",
            f"run_id is not a string; send text; {SUMMARY_MISSING}; task_id is not a string; send text",
        ),
        ((StartRun, {"agent_id": 5}), "agent_id", "agent_id is not a string; send text"),
        ((StartRun, {"run_id": "run-1"}), "run_id", f"run_id {NOT_A_UUID}"),
        ((StartRun, {"run_id": f" {RUN}"}), "run_id", f"run_id {NOT_A_UUID}"),
        ((StartRun, {"run_id": "z" * 32}), "run_id", f"run_id {NOT_A_UUID}"),
        ((StartRun, {"project_key": ".hidden"}), "project_key", f"project_key {NOT_A_KEY}"),
        ((StartRun, {"project_key": "alpha\n"}), "project_key", f"project_key {NOT_A_KEY}"),
        ((StartRun, {"meta_json": [1]}), "meta_json", f"meta_json is not an object; {AN_OBJECT}"),
        ((StartRun, {"meta_json": {"a": [math.nan]}}), "meta_json", f"meta_json {NO_JSON}"),
        ((StartRun, {"input": -math.inf}), "input", f"input {NO_JSON}"),
        ((StartRun, {"input": TOO_DEEP}), "input", "input is nested too deeply. Flatten it"),
        ((StartRun, {"meta_json": {"a": TOO_DEEP}}), "meta_json", "meta_json is nested too deeply. Flatten it"),
        (
            (ReportUsage, {"run_id": RUN}),
            "token_usage",
            "token_usage or traces is required; send what was used, the steps, or both",
        ),
        ((ReportUsage, {"run_id": RUN, "token_usage": [1]}), "token_usage", f"token_usage is not an object; {A_USAGE}"),
        (
            (ReportUsage, {"run_id": RUN, "token_usage": ""}),
            "token_usage",
            "token_usage or traces is required; send what was used, the steps, or both",
        ),
        (
            usage(input_tokens=-1),
            "token_usage.input_tokens",
            "token_usage.input_tokens is less than 0; send more, or leave it out",
        ),
        (usage(input_tokens=1.5), "token_usage.input_tokens", f"token_usage.input_tokens {WHOLE}"),
        (usage(input_tokens="ten"), "token_usage.input_tokens", f"token_usage.input_tokens {WHOLE}"),
        (usage(input_tokens=True), "token_usage.input_tokens", f"token_usage.input_tokens {WHOLE}"),
        (usage(input_tokens=math.inf), "token_usage.input_tokens", f"token_usage.input_tokens {WHOLE}"),
        (usage(cost_usd="0,1"), "token_usage.cost_usd", f"token_usage.cost_usd {AMOUNT}"),
        (usage(cost_usd=False), "token_usage.cost_usd", f"token_usage.cost_usd {AMOUNT}"),
        (
            usage(cost_usd=-0.01),
            "token_usage.cost_usd",
            "token_usage.cost_usd is less than 0; send more, or leave it out",
        ),
        (
            usage(cost_usd=math.nan),
            "token_usage.cost_usd",
            "token_usage.cost_usd is not a finite number; send a number like 0.12",
        ),
        (
            (ReportUsage, {"run_id": RUN, "token_usage": {}, "traces": {"name": "grep"}}),
            "traces",
            f"traces is not an array; {TRACES}",
        ),
        (traces({}, "grep"), "traces[1]", "traces[1] is text that is not JSON; send an object"),
        (traces({}, 5), "traces[1]", f"traces[1] is not an object; {AN_OBJECT}"),
        (traces({"kind": "weird"}), "traces[0].kind", f"traces[0].kind {KINDS}"),
        (
            traces({"status": "weird"}),
            "traces[0].status",
            "traces[0].status must be one of 'ok', 'error', 'cancelled', 'denied' or 'unfinished'",
        ),
        (
            traces({"started_at": "2026-01-02T00:00:00Z", "ended_at": "2026-01-01T00:00:00Z"}),
            "traces[0].ended_at",
            "traces[0].ended_at is earlier than started_at; check both",
        ),
        (
            tracked(started_at="2026-01-02T00:00:00Z", ended_at="2026-01-01T00:00:00Z"),
            "ended_at",
            "ended_at is earlier than started_at; check both",
        ),
        (tracked(started_at="yesterday"), "started_at", f"started_at {NOT_A_TIME}"),
        (tracked(started_at=["2026-01-01T00:00:00Z"]), "started_at", f"started_at {NOT_A_TIME}"),
        (tracked(started_at="2026-02-30T00:00:00Z"), "started_at", f"started_at {NOT_A_TIME}"),
        (tracked(started_at=1_767_225_600), "started_at", f"started_at {A_NUMBER}"),
        (tracked(started_at=1_767_225_600.5), "started_at", f"started_at {A_NUMBER}"),
        (tracked(started_at="2026-01-01T00:00:00"), "started_at", f"started_at {NO_OFFSET}"),
        (tracked(started_at="2026-01-01"), "started_at", f"started_at {NOT_A_TIME}"),
        (tracked(started_at="1969-12-31T23:59:59Z"), "started_at", f"started_at {NO_SUCH_YEAR}"),
        (tracked(started_at="2256-01-01T00:00:00Z"), "started_at", f"started_at {NO_SUCH_YEAR}"),
        (tracked(duration_ms="12 ms"), "duration_ms", f"duration_ms {WHOLE}"),
        (tracked(duration_ms=-1), "duration_ms", "duration_ms is less than 0; send more, or leave it out"),
        (
            (EndRun, {"run_id": RUN, "status": "timeout"}),
            "status",
            "status must be one of 'completed', 'partial', 'failed' or 'interrupted'",
        ),
        ((ListRuns, {"limit": 0}), "limit", "limit is less than 1; send more, or leave it out"),
        ((ListRuns, {"limit": "all"}), "limit", f"limit {WHOLE}"),
        ((ListRuns, {"limit": -1}), "limit", "limit is less than 0; send more, or leave it out"),
        ((ListRuns, {"has_failures": 1}), "has_failures", "has_failures is not true or false; send one of them"),
        ((ListRuns, {"cursor": 7}), "cursor", "cursor is not a string; send text"),
        ((GetRun, {"run_id": RUN, "detail": "all"}), "detail", "detail must be one of 'summary' or 'spans'"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(asked, field, sentence):
    error = refusal(*asked)
    assert (error.field, error.message) == (field, sentence)
    assert error.code == ("limit" if "deeply" in sentence else "invalid")


KNOWN_TO_GET_RUN = "known are cursor, detail, max_chars, project_key, run_id"


@pytest.mark.parametrize(
    ("asked", "unknown", "hint"),
    [
        ((RecordRun, {"agent": "a", "sumary": "Done"}), "sumary", "did you mean summary?"),
        ((ReportUsage, {"runId": RUN, "token_usage": {}}), "runId", "did you mean run_id?"),
        (usage(input_token=1), "token_usage.input_token", "did you mean input_tokens?"),
        (usage(reasoning=None), "token_usage.reasoning", "did you mean reasoning_tokens?"),
        ((GetRun, {"run_id": RUN, "colour": None}), "colour", KNOWN_TO_GET_RUN),
        ((GetRun, {"run_id": RUN, "r" * 65: 1}), f"{'r' * 64}…", KNOWN_TO_GET_RUN),
        ((GetRun, {"run_id": RUN, "x\n" * 40: 1}), f"{'x?' * 32}…", KNOWN_TO_GET_RUN),
    ],
)
def test_an_unknown_argument_names_the_nearest_known_one(asked, unknown, hint):
    error = refusal(*asked)
    assert isinstance(error, InvalidInput)
    assert error.message == f"{unknown} is not a known argument; {hint}"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_null_argument_counts_as_left_out(tool):
    minimal = MINIMAL[tool.name]
    optional = dict.fromkeys(tool.request.model_fields.keys() - minimal.keys())
    assert parse(tool.request, minimal | optional) == parse(tool.request, minimal)


def test_numbers_are_taken_as_json_means_them():
    _, arguments = usage(input_tokens=3.0, output_tokens=0, cost_usd=1)
    sent = parse(ReportUsage, arguments).token_usage
    assert (sent.input_tokens, sent.output_tokens, sent.cost_usd) == (3, 0, 1.0)
    assert isinstance(sent.input_tokens, int)
    assert parse(TrackMcp, {"tool": "search", "duration_ms": 12.5}).duration_ms == 12


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000000Z",
        "2026-01-01T02:00:00+02:00",
        "2025-12-31T18:30:00-05:30",
        "2026-01-01 00:00:00+00:00",
        "2026-01-01T00:00:00.000000999Z",
    ],
)
def test_a_time_is_taken_with_any_offset_and_kept_to_the_microsecond(text):
    assert parse(TrackMcp, {"tool": "search", "started_at": text}).started_at == 1_767_225_600_000_000


@pytest.mark.parametrize("text", [RUN.upper(), RUN.replace("-", "")])
def test_an_id_is_kept_in_its_canonical_form(text):
    assert parse(GetRun, {"run_id": text}).run_id == RUN


def test_a_tracked_call_may_use_the_names_that_its_kin_use():
    sent = {"tool": "search", "distinct_id": "u-1", "client_label": "ide", "agent_name": "coder"}
    call = parse(TrackMcp, sent)
    assert (call.user_id, call.client, call.agent_name) == ("u-1", "ide", "coder")
    assert parse(TrackMcp, sent | {"user_id": None, "client": None}) == call


def test_what_a_trace_says_beyond_its_fields_is_kept_as_attributes():
    _, arguments = traces({"name": "ask", "temperature": 0.5, "attributes": {"top_p": 1, "temperature": 0.5}})
    (trace,) = parse(ReportUsage, arguments).traces or []
    assert trace.all_attributes == {"top_p": 1, "temperature": 0.5}


def test_a_key_with_two_values_is_refused_rather_than_dropped():
    _, arguments = traces({"temperature": 0.5, "attributes": {"temperature": 1}})
    with pytest.raises(InvalidInput, match="one value in attributes and another beside it"):
        parse(ReportUsage, arguments)
    call = {"tool": "search", "agent_name": "coder", "attributes": {"agent_name": "reviewer"}}
    with pytest.raises(InvalidInput, match="one value in attributes and another beside it"):
        parse(TrackMcp, call)


@pytest.mark.parametrize(
    "run_id",
    ["+" + "0" * 31, "0x" + "0" * 30, " " * 31 + "1", "1_" * 15 + "11", "\u0661" * 32, "{" + "0" * 32 + "}---"],
)
def test_only_hexadecimal_digits_make_an_id(run_id):
    with pytest.raises(InvalidInput, match="is not a UUID"):
        parse(GetRun, {"run_id": run_id})


def test_keys_that_become_one_by_redaction_are_both_kept():
    first, second = ("ghp_" + letter * 36 for letter in "ab")
    _, arguments = traces({"attributes": {first: "first"}, second: "second"})
    request = clip(parse(ReportUsage, arguments), Redactor())
    assert request.traces[0].all_attributes == {
        "[REDACTED:github_token]": "first",
        "[REDACTED:github_token]#2": "second",
    }


def test_five_problems_are_told_and_the_others_counted_unknown_arguments_first() -> None:
    wrong = {"agent": 1, "label": "x" * 129, "user_id": 2, "run_id": "r", "input": TOO_DEEP, "colour": 1, "shape": 1}
    error = refusal(StartRun, wrong)
    assert (error.code, error.field) == ("invalid", "colour")
    known = "is not a known argument; known are agent_id, conversation_id, idempotency_key, input, label, meta_json"
    known += ", parent_run_id, project_key, run_id, summary, user_id"
    assert error.message == (
        f"colour {known}; shape is not a known argument; agent is not a string; send text; run_id {NOT_A_UUID}; "
        "label is 129 characters; the limit is 128. Cut it; and 2 more"
    )


def test_a_limit_is_told_as_such_only_where_it_is_the_first_thing_wrong() -> None:
    long, empty = "x" * 129, {"run_id": 5}
    assert refusal(StartRun, {"agent_id": long, "run_id": 5}).code == "limit"
    assert refusal(StartRun, {"agent_id": long, "colour": 1}).code == "invalid"
    assert refusal(StartRun, {"user_id": "x" * 257} | empty).code == "invalid"


def test_more_arguments_than_any_call_has_are_not_explained_one_by_one() -> None:
    error = refusal(GetRun, {f"x{number}": 1 for number in range(1_001)})
    assert error.message.startswith("the call has 1,001 arguments; known are cursor, detail, ")


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (StartRun, "agent_id"),
        (StartRun, "agent_name"),
        (TrackMcp, "distinct_id"),
        (RecordFailure, "error_message"),
        (ReportUsage, "token_usage.cost_usd"),
        (ReportUsage, "traces[3].model"),
    ],
)
def test_what_the_log_may_name_is_a_field_under_any_of_its_names(model, field) -> None:
    assert is_field_of(model, field)


@pytest.mark.parametrize(
    ("model", "field"),
    [(StartRun, "secret"), (StartRun, ""), (ReportUsage, "agent_name"), (ReportUsage, "token_usage.secret")],
)
def test_the_log_names_nothing_that_a_caller_made_up(model, field) -> None:
    assert not is_field_of(model, field)


def test_a_field_refused_under_another_name_is_one_that_the_log_names() -> None:
    assert is_field_of(StartRun, refusal(StartRun, {"agent_name": "x" * 129}).field)
