"""A step in the words of other recorders becomes the same trace as in ours."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.domain.dialects.spelling import free_name
from runtally.domain.dialects.steps import _FIELD_OF
from runtally.domain.dialects.usage_names import CHOICES, CONTAINERS, CONTENT, PLACES, SHORT, USAGE_OBJECTS
from runtally.domain.errors import InvalidInput, RuntallyError
from runtally.domain.requests import ReportUsage
from runtally.domain.traces import Trace
from runtally.domain.validation import parse

Step = dict[str, Any]
RUN = "019b76da-abe8-7000-8000-000000000001"
START, END = "2026-11-20T14:54:16.210Z", "2026-11-20T14:54:17.210Z"


def understood(step: Step) -> Trace:
    traces = parse(ReportUsage, {"run_id": RUN, "traces": [step]}).traces
    assert traces is not None
    return traces[0]


def refusal(step: Step) -> tuple[str | None, str]:
    with pytest.raises(InvalidInput) as caught:
        understood(step)
    return caught.value.field, caught.value.message


TRODO_TOOL = {
    "span_id": "f090", "run_id": RUN, "parent_span_id": "7d80", "kind": "tool", "name": "search", "status": "ok",
    "started_at": START, "ended_at": END, "duration_ms": 0, "input": {"q": "x"}, "output": [1, 2],
    "tool_name": "search", "attributes": {"k": {"nested": 1}},
}  # fmt: skip
TRODO_LLM = {
    "kind": "llm", "name": "chat", "status": "ok", "model": "m1", "provider": "openai", "input_tokens": 10,
    "output_tokens": 5, "cost": 0.01, "usage_details": {"input": 10.0, "cache_read": 3.0}, "temperature": 0.2,
}  # fmt: skip
TRODO_ERROR = {
    "kind": "tool", "name": "bad", "status": "error", "level": "error", "error_type": "ValueError",
    "error_message": "boom", "stack_trace": "Traceback …",
}  # fmt: skip
WARP_CALL = {
    "id": "wm_call_1", "provider": "anthropic", "model": "claude", "messages": [{"role": "user"}], "response": "yo",
    "tools": None, "toolCalls": None, "tokens": {"prompt": 23, "completion": 2, "total": 25, "cacheWrite": 7,
    "cacheRead": 11}, "duration": 12, "startedAt": START, "endedAt": END, "status": "success",
}  # fmt: skip
WARP_ERROR = {
    "id": "wm_call_2", "provider": "openai", "model": "err", "error": "429 rate", "status": "error", "duration": 0
}  # fmt: skip
TCC_STEP = {
    "type": "step", "run_id": RUN, "step_id": "d372", "start_time": START, "end_time": END, "status_code": 0,
    "prompt": '[{"role":"user"}]', "response": "r", "model_requested": "gpt-4", "model_used": "gpt-4-0613",
    "finish_reason": "stop", "prompt_uncached_tokens": 20, "prompt_cached_tokens": 4, "completion_tokens": 15,
    "real_total_cost": 0.002, "tool_definitions": "[]",
}  # fmt: skip
TCC_TOOL_CALL = {
    "type": "tool_call", "run_id": RUN, "tool_call_id": "d306", "tool_name": "get_weather", "start_time": START,
    "end_time": END, "status_code": 1, "status_message": "partial", "args": '{"loc": "SF"}', "result": '{"temp": 65}',
}  # fmt: skip
TIMES = {"started_at": START, "ended_at": END}

CAPTURED: list[tuple[Step, Step, set[str]]] = [
    (TRODO_TOOL, {name: value for name, value in TRODO_TOOL.items() if name != "run_id"}, set()),
    (
        TRODO_LLM,
        {
            "kind": "llm", "name": "chat", "status": "ok", "model": "m1", "provider": "openai", "input_tokens": 10,
            "output_tokens": 5, "cache_read_tokens": 3, "cost_usd": 0.01,
        },
        {"temperature"},
    ),
    (
        TRODO_ERROR,
        {"kind": "tool", "name": "bad", "status": "error", "error": "boom\nTraceback …"},
        {"level", "error_type"},
    ),
    (
        WARP_CALL,
        {
            "provider": "anthropic", "model": "claude", "input": [{"role": "user"}],
            "output": "yo", "input_tokens": 23, "output_tokens": 2, "total_tokens": 25, "cache_write_tokens": 7,
            "cache_read_tokens": 11, "duration_ms": 12, "status": "ok", **TIMES,
        },
        {"id"},
    ),
    (
        WARP_ERROR,
        {
            "provider": "openai", "model": "err", "error": "429 rate", "status": "error", "duration_ms": 0,
        },
        {"id"},
    ),
    (
        TCC_STEP,
        {
            "status": "ok", "input": '[{"role":"user"}]', "output": "r", "model": "gpt-4-0613",
            "input_tokens": 24, "cache_read_tokens": 4, "output_tokens": 15, "cost_usd": 0.002, **TIMES,
        },
        {"step_id", "model_requested", "finish_reason", "tool_definitions"},
    ),
    (
        TCC_TOOL_CALL,
        {
            "kind": "tool", "tool_name": "get_weather", "status": "ok", "input": '{"loc": "SF"}',
            "output": '{"temp": 65}', **TIMES,
        },
        {"tool_call_id", "status_code", "status_message"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "ours", "kept"), CAPTURED)
def test_what_other_recorders_send_is_ours_but_for_what_has_no_place(sent: Step, ours: Step, kept: set[str]) -> None:
    read, wanted = understood(sent), understood(ours)
    assert set(read.model_extra or {}) == kept
    assert vars(read) == vars(wanted)


@pytest.mark.parametrize(
    ("sent", "ours"),
    [
        ({"tool": "grep", "result": "x", "ok": False}, {"tool_name": "grep", "output": "x", "status": "error"}),
        ({"toolName": "grep", "isError": True}, {"tool_name": "grep", "status": "error"}),
        ({"function": "grep", "success": True}, {"tool_name": "grep", "status": "ok"}),
        (
            {"type": "function", "function": {"name": "grep", "arguments": '{"q":1}'}},
            {"kind": "tool", "tool_name": "grep", "input": '{"q":1}'},
        ),
        ({"kind": "generation"}, {"kind": "llm"}),
        ({"kind": "LLM"}, {"kind": "llm"}),
        ({"span_kind": "TOOL"}, {"kind": "tool"}),
        ({"type": "chain"}, {"kind": "group"}),
        ({"type": "generic"}, {"kind": "other"}),
        ({"kind": "SPAN_KIND_CLIENT", "model": "m"}, {"model": "m"}),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, {"kind": "tool", "tool_name": "t"}),
        ({"status": "Success"}, {"status": "ok"}),
        ({"status": "DONE"}, {"status": "ok"}),
        ({"status": "failed"}, {"status": "error"}),
        ({"status": "STATUS_CODE_UNSET"}, {"status": "ok"}),
        ({"status": {"code": "STATUS_CODE_ERROR", "message": "no"}}, {"status": "error", "error": "no"}),
        ({"status": "canceled"}, {"status": "cancelled"}),
        ({"status": "denied"}, {"status": "denied"}),
        ({"status": "in_progress"}, {"status": "unfinished"}),
        ({"status": 2}, {"status": "error"}),
        ({"status_code": 2, "status_message": "why"}, {"status": "error", "error": "why"}),
        ({"error": True}, {"status": "error"}),
        ({"error": {"type": "ValueError", "message": "boom"}}, {"error": "ValueError: boom"}),
        ({"error": {"message": "boom", "stack": "at x"}}, {"error": "boom\nat x"}),
        ({"error": {"code": 7}}, {"error": '{"code":7}'}),
        ({"exception": "boom", "traceback": "Traceback\nboom"}, {"error": "Traceback\nboom"}),
        ({"id": RUN, "parentId": RUN}, {"span_id": RUN, "parent_span_id": RUN}),
        ({"id": "a1" * 8, "parent": "b2" * 16}, {"span_id": "a1" * 8, "parent_span_id": "b2" * 16}),
        ({"spanId": "a", "parentSpanId": "b"}, {"span_id": "a", "parent_span_id": "b"}),
        ({"span-id": "a"}, {"span_id": "a"}),
        ({"latency_ms": 12.4}, {"duration_ms": 12}),
        ({"durationMs": "12"}, {"duration_ms": 12}),
        ({"duration": 12}, {"duration_ms": 12}),
        ({"elapsed": "12"}, {"duration_ms": 12}),
        ({"duration": "1.2s"}, {"duration_ms": 1200}),
        ({"latency": "3 ms"}, {"duration_ms": 3}),
        ({"duration_ms": 12.4, "latency_ms": 12.4}, {"duration_ms": 12.4}),
        ({"duration_s": 1.5}, {"duration_ms": 1500}),
        ({"latency_seconds": 2}, {"duration_ms": 2000}),
        ({"startTime": START, "end": END}, TIMES),
        ({"timestamp": END}, {"ended_at": END}),
        ({"params": {"q": 1}, "return": None, "response": 0}, {"input": {"q": 1}, "output": 0}),
        ({"args": [1], "input": [1]}, {"input": [1]}),
        ({"args": '{"a": 1}', "input": {"a": 1}}, {"input": {"a": 1}}),
        (
            {"started_at": "2026-01-01T00:00:00Z", "start_time": "2026-01-01T00:00:00.000Z"},
            {"started_at": "2026-01-01T00:00:00Z"},
        ),
    ],
)
def test_one_thing_has_many_names(sent: Step, ours: Step) -> None:
    read = understood(sent)
    assert read.model_extra == {}
    assert vars(read) == vars(understood(ours))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"status": "partial"}, {"original_status": "partial"}),
        ({"status": "timeout"}, {"original_status": "timeout"}),
        ({"status": "error", "status_code": "429"}, {"status_code": "429"}),
        ({"span_id": "a", "tool_call_id": "b"}, {"tool_call_id": "b"}),
        ({"span_id": "a", "id": RUN}, {"id": RUN}),
        ({"id": 1, "parent_id": "p"}, {"id": 1, "parent_id": "p"}),
        ({"id": "toolu_01", "call_id": "a1" * 8}, {"id": "toolu_01", "call_id": "a1" * 8}),
        ({"spanId": 7}, {"spanId": 7}),
        ({"start_time": 1767225600.5}, {"start_time": 1767225600.5}),
        ({"startTime": 1767225600000}, {"startTime": 1767225600000}),
        ({"start_time": "2026-01-01T00:00:00"}, {"start_time": "2026-01-01T00:00:00"}),
        ({"timestamp": 1767225600}, {"timestamp": 1767225600}),
        ({"latency_ms": "soon"}, {"latency_ms": "soon"}),
        ({"latency_ms": -1}, {"latency_ms": -1}),
        ({"latency_ms": "1.2s"}, {"latency_ms": "1.2s"}),
        ({"duration": 1.2}, {"duration": 1.2}),
        ({"duration": 10**400}, {"duration": 10**400}),
        (
            {"input_tokens": {"total": 5, "foo": 1}, "input_tokens_details": {"bar": 2}},
            {"input_tokens_details": {"bar": 2}, "input_tokens_details#2": {"foo": 1}},
        ),
        ({"status": {"code": "ERROR", "message": "boom"}, "status_message": "other"}, {"status_message": "other"}),
        ({"status": {"code": "OK", "message": "fine"}}, {"status_message": "fine"}),
        (
            {"status": "timeout", "original_status": "mine"},
            {"original_status": "mine", "original_status#2": "timeout"},
        ),
        ({"status": "timeout", "attributes": {"original_status": "mine"}}, {"original_status#2": "timeout"}),
        ({"kind": "llm", "type": "http"}, {"type": "http"}),
        ({"started_at": START, "timestamp": END}, {"timestamp": END}),
        ({"error": "boom", "stack_trace": "x" * 8_000}, {"stack_trace": "x" * 8_000}),
        ({"success": "perhaps"}, {"success": "perhaps"}),
        ({"tool": ["grep"]}, {"tool": ["grep"]}),
        ({"tool_name": {"name": "grep", "version": 2}, "ok": True}, {"tool_name_details": {"version": 2}}),
        ({"output_tokens": {"total": 5, "text": 3}, "prompt_tokens": 1}, {"output_tokens_details": {"text": 3}}),
        ({"run_id": "another"}, {"run_id": "another"}),
        ({"colour": "red", "nothing": None}, {"colour": "red"}),
        ({"usage": {"prompt_tokens": 5, "service_tier": "x"}}, {"usage": {"service_tier": "x"}}),
    ],
)
def test_what_says_more_than_our_fields_is_kept_as_it_was_sent(sent: Step, kept: Step) -> None:
    assert understood(sent).model_extra == kept


@pytest.mark.parametrize(
    ("sent", "field", "message"),
    [
        ({"started_at": 1763650000}, "started_at", "is a number; send a time like 2026-01-31T09:30:00Z"),
        ({"duration_ms": "soon"}, "duration_ms", "is not an integer; send a whole number"),
        ({"duration_ms": -1}, "duration_ms", "is less than 0; send more, or leave it out"),
        ({"result": 1, "output": 2}, "result", "and output say the same thing with two values; send one of them"),
        ({"ok": True, "status": "error"}, "ok", "and status say the same thing with two values; send one of them"),
        ({"status": "weird"}, "status", "must be one of 'ok', 'error', 'cancelled', 'denied' or 'unfinished'"),
    ],
)
def test_what_is_wrong_is_said_under_the_name_that_was_sent(sent: Step, field: str, message: str) -> None:
    assert refusal(sent) == (f"traces[0].{field}", f"traces[0].{field} {message}")


def test_an_error_in_parts_is_told_whole() -> None:
    assert understood({"error": {"message": "boom", "type": "A", "name": "B"}}).error == (
        '{"message":"boom","type":"A","name":"B"}'
    )
    assert understood({"error": {"message": "boom", "type": None}}).error == "boom"


def test_a_name_that_something_else_has_gets_a_number() -> None:
    assert free_name("a", 3, {"a": 1, "a#2": 2}) == "a#3"
    assert free_name("a", 1, {"a": 1}) == "a"


def test_opentelemetry_attributes_are_counted_where_the_step_counts_nothing() -> None:
    conventions = {"gen_ai.usage.input_tokens": 5, "gen_ai.request.model": "m", "http.method": "POST"}
    read = understood({"name": "chat m", "attributes": conventions})
    assert (read.input_tokens, read.model, read.attributes) == (5, "m", conventions)


def test_counts_that_a_step_leaves_unknown_are_those_of_its_opentelemetry_attributes() -> None:
    conventions = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50}
    read = understood({"name": "chat m", "total_tokens": 150, "attributes": conventions})
    assert (read.input_tokens, read.output_tokens, read.total_tokens) == (100, 50, 150)
    assert refusal({"input_tokens": 7, "attributes": conventions}) == (
        "traces[0].input_tokens",
        "traces[0].input_tokens comes to 7 by the step and to 100 by its attributes; send one of them",
    )


RESPONSE = {
    "id": "chatcmpl-1",
    "model": "gpt-4o-2024-08-06",
    "choices": [{"message": {"content": "Hello!"}}],
    "usage": {"prompt_tokens": 19, "completion_tokens": 10, "service_tier": "default"},
}


def test_a_step_that_counts_nothing_counts_what_the_response_within_it_says() -> None:
    read = understood({"name": "chat", "model": "gpt-4o", "response": RESPONSE})
    assert (read.input_tokens, read.output_tokens, read.model) == (19, 10, "gpt-4o-2024-08-06")
    assert answered(read) == RESPONSE
    assert "gpt-4o" in (read.model_extra or {}).values()
    assert understood({"name": "chat", "response": json.dumps(RESPONSE)}).input_tokens == 19
    assert understood({"input_tokens": 1, "response": RESPONSE}).input_tokens == 1
    assert understood({"tool": "help", "response": {"usage": "Use it like this"}}).input_tokens is None


def test_what_a_whole_message_answers_with_is_the_output_of_a_step() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hello!"}], "usage": {"output_tokens": 3}}
    read = understood(message)
    assert (answered(read), read.output_tokens) == (message["content"], 3)
    assert read.model_extra == {"role": "assistant"}
    assert answered(understood(RESPONSE)) == RESPONSE["choices"]
    both = understood({"output": "x", "content": "y"})
    assert (answered(both), both.model_extra) == ("x", {"content": "y"})


def answered(trace: Trace) -> Any:
    return None if trace.output is None else trace.output.value


def test_json_text_of_usage_is_read_in_a_step() -> None:
    read = understood({"name": "chat", "usage": '{"prompt_tokens": 5, "service_tier": "flex"}'})
    assert (read.input_tokens, read.model_extra) == (5, {"usage": {"service_tier": "flex"}})
    torn = understood({"name": "chat", "usage": '{"prompt_tokens": 5'})
    assert (torn.input_tokens, torn.model_extra) == (None, {"usage": '{"prompt_tokens": 5'})


NAMES = st.sampled_from(sorted({*_FIELD_OF, *PLACES, *CONTAINERS, *CHOICES, *USAGE_OBJECTS, "attributes", "colour"}))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**54) | st.floats(allow_nan=False) | st.sampled_from(["", "5", "ok"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES | st.just("message"), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES, JSON, max_size=5))
@settings(max_examples=1_000)
def test_whatever_stands_under_a_known_name_is_read_or_refused_in_words(sent: Step) -> None:
    for call in ({"traces": [sent]}, {"token_usage": sent}):
        try:
            parse(ReportUsage, {"run_id": RUN, **call})
        except RuntallyError as error:
            refused = error
        else:
            continue
        assert refused.field is None or refused.field.startswith(("traces[0]", "token_usage"))


COUNTED = PLACES | SHORT
IN_A_SUM = frozenset({"input_tokens", "output_tokens", "uncached_tokens", "more_input_tokens", "cache_write_5m_tokens"})
OFTEN = st.sampled_from(
    [
        *("usage", "prompt_tokens", "input_tokens", "input_tokens_details", "total", "colour"),
        *("error", "message", "stack", "status", "code", "status_message", "tool", "name", "arguments"),
    ]
)
SENT = st.dictionaries(
    OFTEN | NAMES,
    st.recursive(st.none(), lambda inner: st.dictionaries(OFTEN | NAMES, inner, min_size=1, max_size=3), max_leaves=4),
    min_size=1,
    max_size=4,
)


def marked(sent: Any, path: tuple[str, ...], marks: dict[str, tuple[str, ...]]) -> Any:
    """The same with a number in place of each count and a text of each other null, none of them twice; `marks` are
    these and their places.
    """
    if isinstance(sent, dict):
        return {name: marked(value, (*path, name), marks) for name, value in sent.items()}
    digits = str(9_000_003 - 1_000_001 * len(marks))
    is_count = path[-1] in COUNTED or path[-1].rpartition(".")[2] in COUNTED
    mark = digits if is_count else f"m{digits}"
    marks[mark] = path
    return int(digits) if is_count else mark


@given(SENT, st.sampled_from(["traces", "token_usage"]))
@settings(max_examples=1_000)
def test_nothing_that_is_sent_is_lost(sent: Step, argument: str) -> None:
    marks: dict[str, tuple[str, ...]] = {}
    told = marked(sent, (), marks)
    try:
        held = repr(parse(ReportUsage, {"run_id": RUN, argument: [told] if argument == "traces" else told}))
    except RuntallyError:
        return
    for mark, path in marks.items():
        place = ".".join(path)
        is_content = argument == "token_usage" and path[0] in CONTENT and (len(path) > 1 or not mark.isdigit())
        in_a_sum = mark.isdigit() and any(place.endswith(name) for name, of in COUNTED.items() if of in IN_A_SUM)
        assert mark in held or is_content or in_a_sum, f"{place} of {told} is not in {held}"


def test_what_does_not_even_equal_itself_is_refused_like_anything_that_is_not_json() -> None:
    field, message = refusal({"tool": "grep", "status": {"code": 1, "more": float("nan")}})
    assert (field, message) == ("traces[0]", "traces[0] contains NaN or an infinity, which JSON does not have")


@pytest.mark.parametrize(
    ("sent", "status", "kept"),
    [
        ({"success": "false"}, "error", {}),
        ({"ok": 0}, "error", {}),
        ({"is_error": "true"}, "error", {}),
        ({"failed": "no"}, "ok", {}),
        ({"ok": "perhaps"}, None, {"ok": "perhaps"}),
        ({"status_code": 500}, "error", {"status_code": 500}),
        ({"status_code": "204"}, "ok", {"status_code": "204"}),
        ({"level": "ERROR"}, "error", {"level": "ERROR"}),
        ({"level": "WARNING"}, None, {"level": "WARNING"}),
    ],
)
def test_a_failure_is_known_by_whatever_flag_or_number_tells_it(sent, status, kept):
    trace = Trace.model_validate({"name": "x"} | sent)
    assert (trace.status, trace.model_extra) == (status, kept)


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"gen_ai.operation.name": "chat"}, "llm"),
        ({"openinference.span.kind": "TOOL"}, "tool"),
        ({"gen_ai.operation.name": "of tomorrow"}, None),
    ],
)
def test_the_kind_is_read_from_the_attributes_of_a_convention(attributes, kind):
    trace = Trace.model_validate({"name": "x", "attributes": attributes})
    assert (trace.kind, trace.attributes) == (kind, attributes)
