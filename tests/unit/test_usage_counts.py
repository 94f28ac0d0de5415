"""What vendors' objects come to where null, JSON text, totals, sellers or contradictions decide."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.domain.dialects.usage_names import OWN, PLACES
from runtally.domain.errors import InvalidInput, LimitExceeded
from tests.unit.test_dialects_usage import counts, true_counts, understood
from tests.unit.usage_corpus import SEEN, Usage
from tests.unit.usage_writers import WRITERS, Writer

PLAIN = {"input_tokens": 10, "output_tokens": 5}


def refusal(usage: Usage) -> str:
    with pytest.raises(InvalidInput) as caught:
        understood(usage)
    return caught.value.message.removeprefix("token_usage.")


@pytest.mark.parametrize("nothing", [None, ""])
@pytest.mark.parametrize(
    "name",
    [
        "cache_creation_input_tokens",
        "input_tokens_details",
        "cached_input_tokens",
        "cost",
        "cacheReadInputTokens",
        "cache_creation",
        "service_tier",
    ],
)
def test_a_vendors_name_that_says_nothing_is_a_vendors_name(name: str, nothing: Any) -> None:
    told = understood(PLAIN | {name: nothing})
    told.pop("attributes", None)
    assert told == PLAIN


def test_the_dump_of_an_anthropic_message_is_understood() -> None:
    empty = dict.fromkeys(("cache_creation", "cache_creation_input_tokens", "cache_read_input_tokens", "iterations"))
    assert understood(PLAIN | empty | {"service_tier": "standard"}) == PLAIN | {
        "attributes": {"service_tier": "standard"}
    }


@pytest.mark.parametrize(
    "beside",
    [
        {"service_tier": "standard"},
        {"server_tool_use": {"web_search_requests": 1}},
        {"inference_geo": "us"},
        {"speed": "fast"},
        {"iterations": [{"type": "message"}]},
        {"input_tokens_details": {"audio_tokens": 1}},
        {"output_tokens_details": {"audio_tokens": 1}},
    ],
)
def test_what_vendors_put_beside_counts_marks_their_object_and_is_kept(beside: Usage) -> None:
    assert understood(PLAIN | beside) == PLAIN | {"attributes": beside}


def test_a_vendors_name_does_not_hide_a_slip() -> None:
    assert refusal({"input_tokens": 5, "outptu_tokens": 1, "cost": None}).startswith("outptu_tokens is not a known")


@pytest.mark.parametrize("usage", [{"prompt_tokens": None}, {"usage": {}}, {"usage": None}])
def test_an_object_that_tells_nothing_is_not_taken_for_an_empty_one(usage: Usage) -> None:
    assert "tells nothing of what was used" in refusal(usage)


def test_a_whole_response_of_openai_is_its_usage_and_its_model() -> None:
    response = {
        "id": "resp_1",
        "object": "response",
        "model": "gpt-4o-2024-08-06",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hello!"}]}],
        "reasoning": {"effort": None},
        "usage": {"input_tokens": 36, "input_tokens_details": {"cached_tokens": 6}, "output_tokens": 87},
    }
    told = understood(response)
    assert told | {"attributes": None} == {
        "input_tokens": 36,
        "cache_read_tokens": 6,
        "output_tokens": 87,
        "model": "gpt-4o-2024-08-06",
        "attributes": None,
    }


def test_a_short_name_counts_only_where_it_has_a_number() -> None:
    assert understood({"output": "Hello!", "usage": {"output": "7", "input": 3}})["output_tokens"] == 7


MIXED = {"input_tokens": 8400, "cache_read_tokens": 6000, "cache_creation_input_tokens": 0, "output_tokens": 1200}


def test_our_cached_tokens_beside_a_vendors_are_refused_unless_a_total_tells() -> None:
    assert refusal(MIXED) == (
        "cache_read_tokens is a part of input_tokens and cache_creation_input_tokens stands beside it, so input_tokens "
        "could mean two things; send both in one vendor's names, or in ours with an input_tokens that includes them"
    )
    assert understood(MIXED | {"total_tokens": 9600})["input_tokens"] == 8400
    assert understood(MIXED | {"total_tokens": 15_600})["input_tokens"] == 14_400
    assert understood(MIXED | {"cache_read_tokens": 0})["input_tokens"] == 8400


@pytest.mark.parametrize(
    "usage",
    [
        {"usage": '{"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 40}}'},
        {"prompt_tokens": 100, "prompt_tokens_details": '{"cached_tokens": 40}'},
        {"input_tokens": 60, "cache_read_input_tokens": 40, "cache_creation": '{"ephemeral_5m_input_tokens": 0}'},
    ],
)
def test_json_text_is_read_where_usage_or_its_details_are_meant(usage: Usage) -> None:
    told = understood(usage)
    assert (told["input_tokens"], told["cache_read_tokens"]) == (100, 40)


@pytest.mark.parametrize("text", ["{torn", '["a"]', '{"a": NaN}'])
def test_text_that_is_no_object_is_kept_as_it_is(text: str) -> None:
    assert understood({"prompt_tokens": 5, "usage": text})["attributes"] == {"usage": text}


def test_more_text_than_attributes_may_have_is_not_read() -> None:
    with pytest.raises(LimitExceeded, match="attributes is 20,014 bytes as JSON"):
        understood({"prompt_tokens": 5, "usage": "{" + " " * 20_000 + "}"})


@pytest.mark.parametrize(("in_5m", "in_1h"), [(300, 0), (0, 900), (300, 900)])
def test_langchain_tells_writes_to_anthropics_cache_by_lifetime_alone(in_5m: int, in_1h: int) -> None:
    details = {
        "cache_read": 0,
        "cache_creation": 0,
        "ephemeral_5m_input_tokens": in_5m,
        "ephemeral_1h_input_tokens": in_1h,
    }
    told = understood({"input_tokens": 2000, "output_tokens": 1, "input_token_details": details})
    assert (told["input_tokens"], told["cache_write_tokens"], told["cache_write_1h_tokens"]) == (
        2000,
        in_5m + in_1h,
        in_1h,
    )


@pytest.mark.parametrize(("total", "output"), [(1060, 1003), (1960, 1903), (None, 1903), (7, 1903)])
def test_the_total_of_gemini_says_whether_its_candidates_include_its_thoughts(total: int | None, output: int) -> None:
    usage = {"promptTokenCount": 57, "candidatesTokenCount": 1003, "thoughtsTokenCount": 900, "totalTokenCount": total}
    assert understood(usage)["output_tokens"] == output


@pytest.mark.parametrize(
    ("usage", "sentence"),
    [
        (
            {"prompt_tokens": 100, "prompt_cache_hit_tokens": 30, "prompt_cache_miss_tokens": 500},
            (
                "prompt_cache_miss_tokens is 500 and prompt_cache_hit_tokens is 30, together more than "
                "prompt_tokens is 100; check which of them is right"
            ),
        ),
        (
            {"inputTokens": 1000, "inputTokenDetails": {"noCacheTokens": 1000, "cacheReadTokens": 500}},
            (
                "inputTokenDetails.noCacheTokens is 1,000 and inputTokenDetails.cacheReadTokens is 500, together more "
                "than inputTokens is 1,000; check which of them is right"
            ),
        ),
        (
            {
                "input_tokens": 1,
                "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_5m_input_tokens": 500},
            },
            (
                "cache_creation_input_tokens is 100, and of it cache_creation.ephemeral_5m_input_tokens is 500; "
                "check which of them is right"
            ),
        ),
        (
            {
                "inputTokens": 1,
                "cacheWriteInputTokens": 100,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 900}],
            },
            "cacheWriteInputTokens is 100, and of it cacheDetails.inputTokens is 900; check which of them is right",
        ),
        (
            {"promptTokenCount": 1, "thoughtsTokenCount": 50, "thinkingTokens": 70},
            "thinkingTokens is 70 and thoughtsTokenCount is 50, which say the same; send one of them",
        ),
        (
            {"input_tokens": 5, "prompt_cache_miss_tokens": 9, "cacheDetails": [{"inputTokens": 1}]},
            (
                "prompt_cache_miss_tokens is 9 and cacheDetails.inputTokens is 1, together more than "
                "input_tokens is 5; check which of them is right"
            ),
        ),
        ({"input_tokens": 5, "cost": float("nan")}, "cost is not a number; send a number like 0.12"),
        ({"input_tokens": 5, "cost": float("inf")}, "cost is not a number; send a number like 0.12"),
        (
            {"total_token_usage": {"input_tokens": 50}, "last_token_usage": {"input_tokens": 5}},
            (
                "total_token_usage is the whole session so far, told again with each call; send last_token_usage "
                "alone, or when the run ends what stands in this"
            ),
        ),
    ],
)
def test_counts_that_cannot_both_be_so_are_refused_by_their_names(usage: Usage, sentence: str) -> None:
    assert refusal(usage) == sentence


def test_the_cache_details_of_bedrock_are_summed_and_what_else_they_say_is_kept() -> None:
    details = [
        {"ttl": "1h", "inputTokens": 100, "region": "us"},
        {"ttl": "1h", "inputTokens": 200},
        {"ttl": "30m", "inputTokens": 7},
        {"note": "x"},
    ]
    told = understood({"inputTokens": 10, "outputTokens": 1, "cacheDetails": details})
    assert (told["input_tokens"], told["cache_write_tokens"], told["cache_write_1h_tokens"]) == (317, 307, 300)
    assert told["attributes"] == {"cacheDetails": [{"region": "us"}, {"ttl": "30m", "inputTokens": 7}, {"note": "x"}]}


@pytest.mark.parametrize(
    ("usage", "model", "kept"),
    [
        ({"model": "a", "usage": {"model": "b", "prompt_tokens": 1}}, "b", {"model": "a"}),
        ({"model_requested": "b", "model": "a", "prompt_tokens": 1}, "a", {"model_requested": "b"}),
        (
            {"model": "a", "usage": {"request_model": "b", "prompt_tokens": 1}},
            "a",
            {"usage": {"request_model": "b"}},
        ),
    ],
)
def test_which_model_is_billed_does_not_depend_on_the_order(usage: Usage, model: str, kept: Usage) -> None:
    for order in (usage, dict(reversed(usage.items()))):
        told = understood(order)
        assert (told["model"], told["attributes"]) == (model, kept)


VERCEL_5 = {"inputTokens": 1000, "outputTokens": 20, "cachedInputTokens": 600}


@pytest.mark.parametrize(
    ("beside", "whole"),
    [
        ({"provider": "anthropic"}, 1600),
        ({"provider": "anthropic", "totalTokens": 1020}, 1600),
        ({"model": "claude-sonnet-4-5"}, 1600),
        ({"model": "anthropic/claude-sonnet-4-5", "provider": "openrouter", "totalTokens": 1020}, 1000),
        ({"model": "gpt-4o"}, 1000),
        ({}, 1000),
        ({"provider": "anthropic", "inputTokenDetails": {"cacheReadTokens": 600}}, 1000),
    ],
)
def test_the_vercel_sdk_5_tells_what_anthropic_read_beside_the_input(beside: Usage, whole: int) -> None:
    assert understood(VERCEL_5 | beside)["input_tokens"] == whole


OPENCODE = {"input": 100, "output": 20, "reasoning": 30, "cache": {"read": 5000, "write": 10}}
NAMED: list[tuple[str, Usage, Usage]] = [
    (
        "xAI SDK",
        {"prompt_tokens": 701, "completion_tokens": 69, "prompt_text_tokens": 701, "cached_prompt_text_tokens": 679},
        {"input_tokens": 701, "output_tokens": 69, "cache_read_tokens": 679},
    ),
    (
        "CrewAI",
        {"prompt_tokens": 100, "cached_prompt_tokens": 60, "completion_tokens": 5, "successful_requests": 2},
        {"input_tokens": 100, "cache_read_tokens": 60, "output_tokens": 5, "llm_calls": 2},
    ),
    (
        "details without an s",
        {"prompt_tokens": 100, "prompt_token_details": {"cached_tokens": 60}, "num_cached_tokens": 60},
        {"input_tokens": 100, "cache_read_tokens": 60},
    ),
    (
        "opencode: what was cached and what was thought stand beside",
        {"tokens": OPENCODE, "cost": 0.5},
        {
            "input_tokens": 5110,
            "cache_read_tokens": 5000,
            "cache_write_tokens": 10,
            "output_tokens": 50,
            "reasoning_tokens": 30,
            "cost_usd": 0.5,
        },
    ),
    (
        "Pydantic AI",
        {
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.details.cache_read_tokens": 60,
            "gen_ai.usage.details.cache_write_tokens": 7,
        },
        {"input_tokens": 100, "cache_read_tokens": 60, "cache_write_tokens": 7},
    ),
    (
        "Perplexity",
        {"prompt_tokens": 14, "completion_tokens": 11, "cost": {"total_cost": 0.005}},
        {"input_tokens": 14, "output_tokens": 11, "cost_usd": 0.005},
    ),
    (
        "Gemini CLI",
        {"tokens": {"prompt": 100, "candidates": 10, "cached": 60, "thoughts": 5, "tool": 2, "total": 117}},
        {
            "input_tokens": 102,
            "output_tokens": 15,
            "cache_read_tokens": 60,
            "reasoning_tokens": 5,
            "total_tokens": 117,
        },
    ),
    (
        "Microsoft.Extensions.AI",
        {"inputTokenCount": 8, "outputTokenCount": 9, "cachedInputTokenCount": 3, "reasoningTokenCount": 2},
        {"input_tokens": 8, "output_tokens": 9, "cache_read_tokens": 3, "reasoning_tokens": 2},
    ),
    ("Llama", {"prompt_token_count": 8, "generation_token_count": 9}, {"input_tokens": 8, "output_tokens": 9}),
    (
        "Anthropic's usage report",
        {
            "uncached_input_tokens": 1500,
            "cache_creation": {"ephemeral_1h_input_tokens": 1000, "ephemeral_5m_input_tokens": 500},
            "cache_read_input_tokens": 200,
            "output_tokens": 500,
        },
        {
            "input_tokens": 3200,
            "cache_read_tokens": 200,
            "cache_write_tokens": 1500,
            "cache_write_1h_tokens": 1000,
            "output_tokens": 500,
        },
    ),
    (
        "Codex's last call",
        {"last_token_usage": {"input_tokens": 100, "cached_input_tokens": 60, "output_tokens": 5}},
        {"input_tokens": 100, "cache_read_tokens": 60, "output_tokens": 5},
    ),
]


@pytest.mark.parametrize(("sent", "ours"), [(sent, ours) for _, sent, ours in NAMED], ids=[name for name, *_ in NAMED])
def test_names_that_would_otherwise_be_billed_in_full_are_read(sent: Usage, ours: Usage) -> None:
    told = understood(sent)
    told.pop("attributes", None)
    assert told == ours


def shuffled(usage: Usage, order: random.Random) -> Usage:
    names = list(usage)
    order.shuffle(names)
    return {name: shuffled(usage[name], order) if isinstance(usage[name], dict) else usage[name] for name in names}


VENDORS_ALONE = sorted(name for name in PLACES if "." not in name and name not in OWN)


@pytest.mark.parametrize("writer", WRITERS)
@given(true_counts(), st.randoms(use_true_random=False), st.sets(st.sampled_from(VENDORS_ALONE), max_size=5))
@settings(max_examples=50)
def test_neither_the_order_of_names_nor_names_without_a_value_change_a_count(
    writer: Writer, told: Usage, order: random.Random, empty: set[str]
) -> None:
    sent = writer(told)
    assert counts(shuffled(dict.fromkeys(empty) | sent, order)) == counts(sent)
    assert counts({"usage": json.dumps(sent)}) == counts(sent)


@pytest.mark.parametrize("sent", [sent for _, sent, _ in SEEN], ids=[name for name, *_ in SEEN])
@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_whatever_the_order_an_object_says_the_same(sent: Usage, order: random.Random) -> None:
    assert understood(shuffled(sent, order)) == understood(sent)
