"""An unknown name is answered with the one that was meant, or with all of them, and never with a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain.hints import hint, meant_by
from runtally.domain.usage import TokenUsage
from runtally.mcp_server.tools.registry import BY_NAME

KNOWN = {name: sorted(tool.request.model_json_schema(by_alias=False)["properties"]) for name, tool in BY_NAME.items()}
KNOWN["token_usage"] = sorted(TokenUsage.model_fields)

CORPUS = {
    "core_start_run": {
        "project": "project_key",
        "projectKey": "project_key",
        "project_id": "project_key",
        "projekt_key": "project_key",
        "runId": "run_id",
        "run": "run_id",
        "id": "run_id",
        "parent_id": "parent_run_id",
        "parentRunId": "parent_run_id",
        "parent": "parent_run_id",
        "agentName": "agent_id",
        "name": "agent_id",
        "session": "conversation_id",
        "sessionId": "conversation_id",
        "thread_id": "conversation_id",
        "conversation": "conversation_id",
        "user": "user_id",
        "distinctId": "user_id",
        "title": "summary",
        "message": "summary",
        "task": "summary",
        "goal": "summary",
        "tags": "meta_json",
        "properties": "meta_json",
        "opts": "meta_json",
        "prompt": "input",
        "args": "input",
        "workflow": "label",
        "type": "label",
        "idempotencyKey": "idempotency_key",
        "request_id": "idempotency_key",
    },
    "core_report_usage": {
        "usage": "token_usage",
        "tokens": "token_usage",
        "tokenUsage": "token_usage",
        "input_tokens": "token_usage.input_tokens",
        "prompt_tokens": "token_usage.input_tokens",
        "cost": "token_usage.cost_usd",
        "model": "token_usage.model",
        "spans": "traces",
        "steps": "traces",
    },
    "token_usage": {
        "prompt_tokens": "input_tokens",
        "promptTokens": "input_tokens",
        "completion_tokens": "output_tokens",
        "candidates_token_count": "output_tokens",
        "cache_creation_input_tokens": "cache_write_tokens",
        "cache_read_input_tokens": "cache_read_tokens",
        "cached_tokens": "cache_read_tokens",
        "gen_ai.usage.input_tokens": "input_tokens",
        "gen_ai.usage.output_tokens": "output_tokens",
        "gen_ai.request.model": "model",
        "gen_ai.system": "provider",
        "total_cost": "cost_usd",
        "price": "cost_usd",
        "tokens": "total_tokens",
        "reasoning": "reasoning_tokens",
        "input_token": "input_tokens",
        "requests": "llm_calls",
    },
    "core_end_run": {
        "state": "status",
        "result": "output",
        "response": "output",
        "reason": "summary",
        "message": "summary",
        "usage": "token_usage",
        "error_message": "summary",
        "run_uuid": "run_id",
    },
    "core_record_failure": {
        "exception": "error",
        "stack": "error",
        "stackTrace": "error",
        "errorType": "error_type",
        "error_code": "error_type",
        "reason": "summary",
        "title": "summary",
        "task": "task_id",
    },
    "record_run": {"issue": "ticket", "jira": "ticket", "name": "agent", "metaJson": "meta_json", "text": "summary"},
    "track_mcp": {
        "result": "output",
        "arguments": "input",
        "latency_ms": "duration_ms",
        "method": "tool",
        "session": "session_id",
        "start_time": "started_at",
        "mcp_server": "server",
        "tool_call_id": "span_id",
    },
    "list_runs": {
        "from": "since",
        "to": "until",
        "start_time": "since",
        "page_size": "limit",
        "offset": "cursor",
        "search": "query",
        "startedAt": "since",
        "agentId": "agent",
        "statuss": "status",
        "session_id": "conversation_id",
    },
    "get_run": {"id": "run_id", "include": "detail", "next_cursor": "cursor", "maxChars": "max_chars"},
}
ELSEWHERE = {
    "core_start_run": {
        "cost": "core_report_usage takes it",
        "tokens": "core_report_usage takes it",
        "inputTokens": "core_report_usage takes it",
        "response": "core_end_run takes it",
        "timestamp": "Runtally notes the time itself",
        "api_key": "the server's settings or its bearer key say who asks",
    },
    "core_end_run": {
        "error": "core_record_failure takes it",
        "stackTrace": "core_record_failure takes it",
        "ended_at": "Runtally notes the time itself",
    },
    "record_run": {"token_usage": "core_report_usage takes it", "cost_usd": "core_report_usage takes it"},
    "core_report_usage": {"auth_token": "the server's settings or its bearer key say who asks"},
    "core_record_failure": {"started_at": "Runtally notes the time itself"},
}
NOBODY_MEANS = {
    "core_record_failure": ["parent_id", "severity", "level", "retryable"],
    "core_start_run": ["priority", "agenda", "summit", "x"],
    "token_usage": ["temperature", "currency", "latency", "total_cats", "service_tier"],
    "get_run": ["colour", "run_index", ""],
    "list_runs": ["ids", "order", "sort_by", "tenant", "error"],
}


def test_the_corpus_is_as_large_as_it_is_meant_to_be():
    assert sum(map(len, CORPUS.values())) >= 60
    assert set(CORPUS) == set(KNOWN)


@pytest.mark.parametrize(
    ("place", "name", "ours"), [(place, name, ours) for place, names in CORPUS.items() for name, ours in names.items()]
)
def test_the_hint_is_what_a_person_would_say(place, name, ours):
    assert hint(name, KNOWN[place]) == f"; did you mean {ours}?"


@pytest.mark.parametrize(
    ("place", "name", "told"),
    [(place, name, told) for place, names in ELSEWHERE.items() for name, told in names.items()],
)
def test_what_another_tool_takes_is_told_to_go_there(place, name, told):
    assert hint(name, KNOWN[place]) == f"; {told}"


@pytest.mark.parametrize(("place", "name"), [(place, name) for place, names in NOBODY_MEANS.items() for name in names])
def test_no_hint_is_better_than_a_wrong_one(place, name):
    assert hint(name, KNOWN[place]) == f"; known are {', '.join(KNOWN[place])}"


PLACES = [(place, name) for place, names in KNOWN.items() for name in names]


@given(st.sampled_from(PLACES), st.sampled_from(["", "_", "-", ".", " "]), st.sampled_from(["lower", "upper", "title"]))
def test_our_name_in_another_style_is_that_very_name(place_and_name, separator, case):
    place, ours = place_and_name
    styled = separator.join(getattr(word, case)() for word in ours.split("_"))
    camel = ours.split("_")[0] + "".join(map(str.title, ours.split("_")[1:]))
    for written in (styled, camel):
        assert meant_by(written, KNOWN[place]) == ours


@given(st.sampled_from(sorted(KNOWN)), st.text(max_size=80))
def test_whatever_is_sent_the_hint_names_what_is_known(place, name):
    meant = meant_by(name, KNOWN[place])
    assert meant is None or meant in KNOWN[place]


def test_a_name_that_is_no_name_is_not_compared():
    assert meant_by("run_id" * 1_000_000, KNOWN["get_run"]) is None
