"""Usage objects of vendors and other recorders come to the same counts as the same usage in our words."""

import pytest
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.domain.dialects.usage import token_usage
from runtally.domain.dialects.usage_names import OWN
from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.domain.requests import ReportUsage
from runtally.domain.traces import Trace
from runtally.domain.usage import TokenUsage
from runtally.domain.validation import parse
from tests.unit.usage_corpus import SEEN, Usage
from tests.unit.usage_writers import WRITERS, Writer, anthropic, chat, converse, gemini, grok, responses

RUN = "019b76da-abe8-7000-8000-000000000001"


def test_the_fields_of_token_usage_are_told_from_other_names() -> None:
    assert set(TokenUsage.model_fields) == OWN


def understood(usage: Usage) -> Usage:
    """What a door makes of it: the fields that are told."""
    read = parse(ReportUsage, {"run_id": RUN, "token_usage": usage}).token_usage
    assert read is not None
    return read.model_dump(exclude_none=True)


def counts(usage: Usage) -> Usage:
    """The counts that come out, with what follows from them."""
    read = parse(ReportUsage, {"run_id": RUN, "token_usage": usage}).token_usage
    assert read is not None
    return {name: value for name, value in read.counts._asdict().items() if value is not None}


@pytest.mark.parametrize(("sent", "ours"), [(sent, ours) for _, sent, ours in SEEN], ids=[name for name, *_ in SEEN])
def test_a_usage_object_as_it_is_printed_is_understood(sent: Usage, ours: Usage) -> None:
    assert understood(sent) == ours


@pytest.mark.parametrize(("sent", "ours"), [(sent, ours) for _, sent, ours in SEEN], ids=[name for name, *_ in SEEN])
def test_a_trace_is_counted_the_same_with_its_usage_beside_its_name(sent: Usage, ours: Usage) -> None:
    inside = parse(ReportUsage, {"run_id": RUN, "traces": [{"name": "chat", "usage": sent}]}).traces
    assert inside is not None
    told = inside[0].model_dump(exclude_none=True)
    wanted = {name: value for name, value in ours.items() if name not in ("attributes", "llm_calls")}
    assert {name: told[name] for name in wanted} == wanted


@st.composite
def true_counts(draw: st.DrawFn) -> Usage:
    read, written, plain = (draw(st.integers(0, 10_000)) for _ in range(3))
    reasoning, text = draw(st.integers(0, 5_000)), draw(st.integers(0, 5_000))
    return {
        "input_tokens": read + written + plain,
        "output_tokens": reasoning + text,
        "cache_read_tokens": read,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": draw(st.integers(0, written)),
        "reasoning_tokens": reasoning,
    }


@pytest.mark.parametrize("writer", WRITERS)
@given(true_counts())
@settings(max_examples=100)
def test_what_a_vendor_writes_of_a_call_is_what_we_write_of_it(writer: Writer, told: Usage) -> None:
    ours = {name: told[name] for name in ("input_tokens", "output_tokens", *WRITERS[writer])}
    assert counts(writer(told)) == counts(ours)


FLAVORS: dict[Writer, list[tuple[str, str, str]]] = {
    anthropic: [("anthropic", "default", "usage")],
    chat: [("openai", "chat", "usage"), ("openrouter", "chat", "usage"), ("moonshotai", "chat", "usage")],
    responses: [("openai", "responses", "usage"), ("azure", "responses", "usage")],
    grok: [("x-ai", "chat", "usage")],
    gemini: [("google", "default", "usageMetadata")],
    converse: [("aws", "default", "usage")],
}
"""Who reads the same objects: a seller of genai-prices, the flavour of its API, and where its usage stands."""
THEIR_NAMES = {"reasoning_tokens": "output_reasoning_tokens"}


@pytest.mark.parametrize(
    ("writer", "seller", "flavor", "place"), [(writer, *one) for writer, many in FLAVORS.items() for one in many]
)
@given(true_counts())
@settings(max_examples=50)
def test_genai_prices_reads_the_same_objects_alike(
    writer: Writer, seller: str, flavor: str, place: str, told: Usage
) -> None:
    # It knows no total and adds Grok's reasoning always, we where the total shows it. Of Perplexity it adds the
    # citations to the output, because they are billed like it; to us they are not tokens that the model wrote. Cursor's
    # names are ours in camelCase and mean ours.
    (reader,) = (one for one in providers if one.id == seller)
    _, theirs = reader.extract_usage({"model": "m", place: writer(told)}, api_flavor=flavor)
    ours = counts(writer(told))
    told_by_both = ("input_tokens", "output_tokens", *WRITERS[writer])
    assert {name: getattr(theirs, THEIR_NAMES.get(name, name)) for name in told_by_both} == {
        name: ours[name] for name in told_by_both
    }


@pytest.mark.parametrize(
    ("usage", "field", "sentence"),
    [
        ({"prompt_tokens": -1}, "prompt_tokens", "is less than 0; send more, or leave it out"),
        ({"prompt_tokens": "many"}, "prompt_tokens", "is not an integer; send a whole number"),
        ({"prompt_tokens": True}, "prompt_tokens", "is not an integer; send a whole number"),
        ({"promptTokenCount": 1.5}, "promptTokenCount", "is not an integer; send a whole number"),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": []}},
            "prompt_tokens_details.cached_tokens",
            "is not an integer; send a whole number",
        ),
        ({"prompt_tokens": 5, "cost": -1}, "cost", "is less than 0; send more, or leave it out"),
        ({"prompt_tokens": 5, "cost": "much"}, "cost", "is not a number; send a number like 0.12"),
        (
            {"input_tokens": 6, "prompt_tokens": 5},
            "prompt_tokens",
            "is 5 and input_tokens is 6, which say the same; send one of them",
        ),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 1}, "cache_read_tokens": 2},
            "cache_read_tokens",
            "is 2 and prompt_tokens_details.cached_tokens is 1, which say the same; send one of them",
        ),
        (
            {"thoughts_token_count": 5, "reasoning_tokens": 4},
            "reasoning_tokens",
            "is 4 and thoughts_token_count is 5, which say the same; send one of them",
        ),
        (
            {"prompt_tokens": 5, "outptu_tokens": 1},
            "outptu_tokens",
            "is not a known argument; did you mean output_tokens?",
        ),
        (
            {"prompt_tokens": 5, "completion_token": 1},
            "completion_token",
            "is not a known argument; did you mean completion_tokens?",
        ),
        (
            {"prompt_tokens": 5} | {f"field_{number}": 1 for number in range(60)} | {"completion_token": 1},
            "completion_token",
            "is not a known argument; did you mean completion_tokens?",
        ),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": {"reasoning_tokens": 3}},
            "prompt_tokens_details.reasoning_tokens",
            "is not known there; send it beside the other counts",
        ),
    ],
)
def test_what_is_wrong_in_a_vendors_object_is_said_under_its_own_name(usage: Usage, field: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        understood(usage)
    assert (caught.value.field, caught.value.message) == (
        f"token_usage.{field}",
        f"token_usage.{field} {sentence}",
    )


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 150}},
        {"prompt_tokens": 100, "prompt_tokens_details": {"cache_write_tokens": 150}},
        {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 150}},
        {"prompt_tokens": 100, "cached_tokens": 150},
        {"prompt_tokens": 100, "cache_read_tokens": 150},
        {"input_tokens": 100, "cache_read_tokens": 150, "cost": 1},
    ],
)
def test_more_cached_tokens_than_input_are_refused_where_they_are_a_part_of_it(usage: Usage) -> None:
    with pytest.raises(InvalidInput, match="counts 150 cached tokens within 100 input_tokens"):
        understood(usage)


def test_more_cached_tokens_than_input_stood_beside_it_where_a_name_allows_it() -> None:
    assert counts({"inputTokens": 100, "cachedInputTokens": 150})["input_tokens"] == 250
    litellm = {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 150}, "cache_read_input_tokens": 150}
    assert counts(litellm)["input_tokens"] == 250


def test_all_that_is_wrong_in_an_object_is_said_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        understood({"prompt_tokens": -1, "completion_tokens": "many", "cost": "much", "total_tokns": 5})
    assert caught.value.message == (
        "token_usage.prompt_tokens is less than 0; send more, or leave it out; "
        "token_usage.completion_tokens is not an integer; send a whole number; "
        "token_usage.cost is not a number; send a number like 0.12; "
        "token_usage.total_tokns is not a known argument; did you mean total_tokens?"
    )


def test_more_than_is_exact_is_a_limit() -> None:
    with pytest.raises(LimitExceeded, match=r"token_usage\.prompt_tokens is more than 9,007,199,254,740,991"):
        understood({"prompt_tokens": 2**53})


def test_our_names_and_a_typo_are_refused_as_ever() -> None:
    with pytest.raises(InvalidInput, match=r"token_usage\.outptu_tokens is not a known argument"):
        understood({"input_tokens": 5, "outptu_tokens": 1})


def test_our_names_are_not_looked_at() -> None:
    ours = {"input_tokens": 5, "cache_read_tokens": 4, "model": "m", "cost_usd": 0.1}
    assert token_usage(ours) is ours


def test_the_same_count_said_twice_is_said_once() -> None:
    assert understood({"input_tokens": 5, "prompt_tokens": 5.0}) == {"input_tokens": 5}


def test_what_is_kept_joins_what_the_caller_keeps_unless_the_two_differ() -> None:
    told = {"prompt_tokens": 5, "tier": "a", "attributes": {"mine": 1, "tier": "a"}}
    assert understood(told)["attributes"] == {"mine": 1, "tier": "a"}
    with pytest.raises(InvalidInput, match="tier has one value in attributes and another beside it"):
        understood(told | {"tier": "b"})


def test_attributes_alone_say_nothing_that_was_used() -> None:
    with pytest.raises(InvalidInput, match="attributes and nothing that was used"):
        understood({"attributes": {"a": 1}})


def test_what_is_kept_has_the_limit_of_attributes() -> None:
    with pytest.raises(LimitExceeded, match="attributes is 20,"):
        understood({"prompt_tokens": 5, "note": "x" * 20_000})


BESIDE_COUNTS = [
    "audio_tokens",
    "text_tokens",
    "image_tokens",
    "video_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "cached_tokens_details",
    "citation_tokens",
    "num_search_queries",
    "server_tool_use",
    "inference_geo",
    "speed",
    "iterations",
    "web_search_requests",
    "web_fetch_requests",
    "ephemeral_30m_input_tokens",
    "promptTokensDetails",
    "candidatesTokensDetails",
    "cacheTokensDetails",
    "service_tier",
    "trafficType",
    "cost_details",
    "upstream_inference_cost",
    "is_byok",
    "queue_time",
    "prompt_time",
    "completion_time",
    "total_time",
    "num_sources_used",
    "raw",
    "cost_in_usd_ticks",
    "prompt_audio_seconds",
    "total_duration",
    "load_duration",
    "prompt_eval_duration",
    "max_output_tokens",
    "contextWindow",
    "tool_calls",
    "details",
    "input_audio_tokens",
    "cost_usd_micros",
    "ttft_ms",
    "completion_text_tokens",
    "prompt_text_tokens",
    "input_text_tokens",
    "search_context_size",
]


@pytest.mark.parametrize("name", BESIDE_COUNTS)
def test_no_field_that_vendors_have_is_taken_for_a_slip(name: str) -> None:
    assert understood({"prompt_tokens": 5, name: "x"})["attributes"] == {name: "x"}


def test_usage_objects_within_usage_objects_end() -> None:
    deep: Usage = {"prompt_tokens": 5}
    for _ in range(50):
        deep = {"usage": deep, "prompt_tokens": 5}
    with pytest.raises(LimitExceeded, match="nested deeper than 16"):
        understood(deep)


def test_a_trace_that_tells_tokens_in_a_vendors_words_keeps_no_count_among_its_attributes() -> None:
    read = Trace.model_validate({"prompt_tokens": 100})
    assert (read.input_tokens, read.all_attributes) == (100, None)
