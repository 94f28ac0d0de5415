"""An unknown name is answered with the one that was meant, or with all of them, and never with a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain import hints
from runtally.domain.dialects.usage_names import OWN, PLACES
from runtally.domain.errors import InvalidInput
from runtally.domain.hints import meant_by
from runtally.domain.usage import TokenUsage
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import BY_NAME
from tests.contract.minimal import MINIMAL, RUN

KNOWN = {name: sorted(tool.request.model_json_schema(by_alias=False)["properties"]) for name, tool in BY_NAME.items()}
KNOWN["token_usage"] = sorted(TokenUsage.model_json_schema(by_alias=False)["properties"])


def told(place, name):
    """What is said of a name after that it is not known, or None where it is understood."""
    tool, arguments, path = place, MINIMAL.get(place, {}) | {name: 5}, name
    if place == "token_usage":
        tool, arguments, path = "core_report_usage", {"run_id": RUN, "token_usage": {name: 5}}, f"token_usage.{name}"
    try:
        parse(BY_NAME[tool].request, arguments)
    except InvalidInput as refusal:
        is_of_it = refusal.field == (path or None)
        return refusal.message.removeprefix(f"{path or repr('')} is not a known argument; ") if is_of_it else None
    return None


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
        "token_count": "token_usage",
        "final_usage": "token_usage",
        "input": "token_usage.input_tokens",
        "price": "token_usage.cost_usd",
        "engine": "token_usage.model",
        "spans": "traces",
        "steps": "traces",
    },
    "token_usage": {
        "in_tokens": "input_tokens",
        "cache_hit_tokens": "cache_read_tokens",
        "price": "cost_usd",
        "token_count": "total_tokens",
        "input_token": "input_tokens",
        "engine": "model",
        "vendor": "provider",
        "num_calls": "llm_calls",
    },
    "core_end_run": {
        "state": "status",
        "result": "output",
        "response": "output",
        "reason": "summary",
        "message": "summary",
        "token_count": "token_usage",
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
    "token_usage": ["temperature", "currency", "latency", "total_cats"],
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
    assert told(place, name) == f"did you mean {ours}?"


@pytest.mark.parametrize(
    ("place", "name", "where"),
    [(place, name, where) for place, names in ELSEWHERE.items() for name, where in names.items()],
)
def test_what_another_tool_takes_is_told_to_go_there(place, name, where):
    assert told(place, name) == where


@pytest.mark.parametrize(("place", "name"), [(place, name) for place, names in NOBODY_MEANS.items() for name in names])
def test_no_hint_is_better_than_a_wrong_one(place, name):
    assert told(place, name) == f"known are {', '.join(KNOWN[place])}"


EVERY_NAME = sorted({*OWN, *PLACES, "usage", "token_usage", *hints._OURS, *hints._MEANINGS, *hints._ELSEWHERE_BY_NAME})


@pytest.mark.parametrize("place", KNOWN)
def test_no_tool_is_told_to_call_itself_and_nothing_within_usage_to_go_elsewhere(place):
    not_said = "takes it" if place == "token_usage" else f"{place} takes it"
    assert [name for name in EVERY_NAME if not_said in (told(place, name) or "")] == []


@pytest.mark.parametrize("place", ["core_start_run", "core_record_failure", "record_run", "track_mcp"])
def test_any_vendors_count_is_told_which_tool_takes_it(place):
    assert [name for name in PLACES if told(place, name) != "core_report_usage takes it"] == []


def test_a_usage_within_usage_that_tells_nothing_is_not_sent_elsewhere():
    with pytest.raises(InvalidInput) as caught:
        parse(BY_NAME["core_report_usage"].request, {"run_id": RUN, "token_usage": {"usage": {}}})
    told = "token_usage.usage tells nothing of what was used; send a count, a cost or the model"
    assert caught.value.message == told


def test_a_vendors_count_beside_a_usage_that_is_none_is_told_where_to_go():
    with pytest.raises(InvalidInput, match=r"^prompt_tokens is not a known argument; send it within token_usage; "):
        parse(BY_NAME["core_report_usage"].request, {"run_id": RUN, "token_usage": [1], "prompt_tokens": 5})


ALIASES = [(ours, alias) for ours, others in hints._OURS.items() for alias in others]


@pytest.mark.parametrize(("ours", "alias"), ALIASES)
def test_every_alias_is_told_by_some_tool_that_does_not_understand_it(ours, alias):
    meant = {f"did you mean {ours}?", f"did you mean token_usage.{ours}?"}
    assert meant & {told(place, alias) for place in KNOWN}


STYLED = [(place, name) for place, names in KNOWN.items() for name in names]


@given(st.sampled_from(STYLED), st.sampled_from(["", "_", "-", ".", " "]), st.sampled_from(["lower", "upper", "title"]))
def test_our_name_in_another_style_is_that_very_name(place_and_name, separator, case):
    place, ours = place_and_name
    styled = separator.join(getattr(word, case)() for word in ours.split("_"))
    camel = ours.split("_")[0] + "".join(map(str.title, ours.split("_")[1:]))
    for written in (styled, camel):
        assert meant_by(written, {name: name for name in KNOWN[place]}) == ours


@given(st.sampled_from(sorted(KNOWN)), st.text(max_size=80))
def test_whatever_is_sent_the_hint_names_what_is_known(place, name):
    meant = meant_by(name, {name: name for name in KNOWN[place]})
    assert meant is None or meant in KNOWN[place]


def test_a_name_that_is_no_name_is_not_compared():
    assert meant_by("run_id" * 1_000_000, {"run_id": "run_id"}) is None
