"""A report costs what the bundled price list says, to the nano-dollar, or it is unpriced: never a guess, never 0."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally import pricing
from runtally.domain.limits import COUNT_MAX
from runtally.domain.usage import Counts
from runtally.pricing import Price


def at_us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


AUTUMN_2025 = at_us("2025-10-01T12:00:00")
TOKENS = st.integers(min_value=0, max_value=10_000_000)
slow_machines_too = settings(deadline=None)


def priced(
    model: str | None,
    provider: str | None = None,
    tokens: tuple[int | None, int | None] = (1_000_000, 0),
    cached: tuple[int | None, int | None] = (None, None),
    at: int = AUTUMN_2025,
) -> Price | None:
    return pricing.price(
        model=model,
        provider=provider,
        at_us=at,
        counts=Counts(
            input_tokens=tokens[0], output_tokens=tokens[1], cache_read_tokens=cached[0], cache_write_tokens=cached[1]
        ),
    )


def cost(*args, **kwargs) -> int:
    found = priced(*args, **kwargs)
    assert found is not None
    return found.cost_nano_usd


def matched(model: str, provider: str | None) -> str | None:
    found = priced(model, provider)
    return found and found.priced_by.removeprefix("genai-prices 0.2.3 ")


@pytest.mark.parametrize(
    ("model", "provider", "tokens", "cached", "nano_usd"),
    [
        # $15 in, $75 out, $1.50 cache read, $18.75 cache write per million tokens.
        ("claude-opus-4", "anthropic", (1_000, 200), (None, None), 1_000 * 15_000 + 200 * 75_000),
        ("claude-opus-4", "anthropic", (1_000, 0), (600, 300), 100 * 15_000 + 600 * 1_500 + 300 * 18_750),
        # $2.50 in, $10 out, $1.25 cache read.
        ("gpt-4o", "openai", (1_234, 567), (234, 0), 1_000 * 2_500 + 234 * 1_250 + 567 * 10_000),
        # $2.50 in: a cache write has no price of its own and costs what input costs.
        ("gpt-4o", "openai", (1_000, 0), (0, 1_000), 1_000 * 2_500),
        # $0.30 in, $2.50 out, $0.03 cache read, for text.
        ("gemini-2.5-flash", "gcp.gemini", (10_000, 10), (9_000, None), 1_000 * 300 + 9_000 * 30 + 10 * 2_500),
        # Bedrock in one region costs 10 % more than the maker: $5.50 in.
        ("us.anthropic.claude-opus-5", "aws.bedrock", (1_000, 0), (None, None), 1_000 * 5_500),
        # $1 in and $1 out, and $12 per thousand requests: one report is one request.
        ("sonar", "perplexity", (1_000, 1_000), (None, None), 2_000 * 1_000 + 12_000_000),
        ("gpt-4o", "openai", (0, 0), (None, None), 0),
    ],
)
def test_a_known_model_costs_what_the_price_list_says(model, provider, tokens, cached, nano_usd):
    assert cost(model, provider, tokens, cached) == nano_usd


def test_a_price_names_the_library_version_the_seller_and_the_model():
    assert priced("claude-opus-4", "anthropic") == Price(15_000_000_000, "genai-prices 0.2.3 anthropic/claude-opus-4-0")


@pytest.mark.parametrize(("input_tokens", "nano_usd"), [(1, 38), (2, 75), (3, 112), (5, 188)])
def test_half_a_nano_dollar_rounds_to_even(input_tokens, nano_usd):
    # $0.0375 per million tokens is 37.5 nano-dollars a token.
    assert cost("gemini-flash-1.5-8b", "google", (input_tokens, 0)) == nano_usd


def test_cached_tokens_are_not_billed_twice():
    nothing_cached = cost("claude-opus-4", "anthropic", (1_000, 50), (0, 0))
    all_read = cost("claude-opus-4", "anthropic", (1_000, 50), (1_000, 0))
    all_written = cost("claude-opus-4", "anthropic", (1_000, 50), (0, 1_000))

    assert nothing_cached - all_read == 1_000 * (15_000 - 1_500)
    assert all_written - nothing_cached == 1_000 * (18_750 - 15_000)


def test_a_long_request_costs_the_long_context_rate_for_all_its_tokens():
    assert cost("gemini-2.5-pro", "google", (200_000, 10)) == 200_000 * 1_250 + 10 * 10_000
    assert cost("gemini-2.5-pro", "google", (200_001, 10)) == 200_001 * 2_500 + 10 * 15_000


def test_two_short_requests_do_not_add_up_to_a_long_one():
    assert 2 * cost("gemini-2.5-pro", "google", (150_000, 0)) < cost("gemini-2.5-pro", "google", (300_000, 0))


def test_cached_tokens_count_toward_the_long_context_tier():
    # $0.30 read up to 200,000 tokens of input, $0.60 above; input $3, then $6.
    assert cost("claude-sonnet-4-5", "anthropic", (200_001, 0), (200_000, 0)) == 200_000 * 600 + 6_000


@pytest.mark.parametrize(
    ("model", "provider", "moment", "nano_usd"),
    [
        ("o3", "openai", "2025-06-09T23:59:59", 10_000_000_000),
        ("o3", "openai", "2025-06-10T00:00:00", 2_000_000_000),
        ("o3", "openai", "1970-01-01T00:00:00", 10_000_000_000),
        ("deepseek-chat", "deepseek", "2025-07-01T00:29:59", 135_000_000),
        ("deepseek-chat", "deepseek", "2025-07-01T00:30:00", 270_000_000),
    ],
)
def test_a_request_costs_what_was_charged_at_its_moment(model, provider, moment, nano_usd):
    assert cost(model, provider, at=at_us(moment)) == nano_usd


def test_the_last_microsecond_before_a_price_change_has_the_old_price():
    assert cost("o3", "openai", at=at_us("2025-06-10T00:00:00") - 1) == 10_000_000_000


@pytest.mark.parametrize(
    ("model", "provider", "seller_and_model"),
    [
        # The same names however they are written.
        ("Claude-Opus-4 ", " ANTHROPIC", "anthropic/claude-opus-4-0"),
        ("claude-opus-4-20250514", "anthropic", "anthropic/claude-opus-4-0"),
        ("claude-sonnet-4-5[1m]", None, "anthropic/claude-sonnet-4-5"),
        ("gpt-4o-2024-08-06", "openai", "openai/gpt-4o"),
        # A prefix names the seller.
        ("anthropic/claude-opus-4", None, "anthropic/claude-opus-4-0"),
        ("anthropic/claude-opus-4", "anthropic", "anthropic/claude-opus-4-0"),
        ("openai/gpt-4o", None, "openai/gpt-4o"),
        ("azure/gpt-4o", None, "azure/gpt-4o"),
        ("openai/gpt-4o", "azure", "azure/gpt-4o"),
        ("mistral/mistral-large-latest", None, "mistral/mistral-large"),
        ("deepseek/deepseek-chat", None, "deepseek/deepseek-chat"),
        ("groq/openai/gpt-oss-120b", None, "groq/openai/gpt-oss-120b"),
        ("gemini/gemini-2.5-pro", None, "google/gemini-2.5-pro"),
        ("vertex_ai/gemini-2.5-pro", None, "google/gemini-2.5-pro"),
        ("vertex_ai/claude-opus-4@20250514", None, "google/claude-4-opus"),
        ("openrouter/anthropic/claude-opus-4", None, "openrouter/anthropic/claude-opus-4"),
        # So does the shape of a name.
        ("models/gemini-2.5-pro", None, "google/gemini-2.5-pro"),
        ("publishers/google/models/gemini-2.5-pro", "gcp.vertex_ai", "google/gemini-2.5-pro"),
        ("projects/p/locations/eu/publishers/anthropic/models/claude-opus-4@20250514", None, "google/claude-4-opus"),
        ("amazon.nova-pro-v1:0", None, "aws/amazon.nova-pro-v1:0"),
        (
            "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
            None,
            "aws/regional.anthropic.claude-3-5-sonnet-20241022-v2:0",
        ),
        (
            "bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0",
            None,
            "aws/regional.anthropic.claude-3-5-sonnet-20241022-v2:0",
        ),
        (
            "arn:aws:bedrock:us-east-1:000000000000:inference-profile/us.anthropic.claude-opus-5",
            "aws.bedrock",
            "aws/regional.anthropic.claude-opus-5",
        ),
        ("accounts/fireworks/models/deepseek-v3p2", None, "fireworks/deepseek-v3p2"),
        ("fireworks_ai/accounts/fireworks/models/deepseek-v3p2", None, "fireworks/deepseek-v3p2"),
        ("@cf/meta/llama-3.1-8b-instruct", None, "cloudflare/@cf/meta/llama-3.1-8b-instruct"),
        # OpenTelemetry's names of providers, and other common ones.
        ("gemini-2.5-pro", "gcp.gemini", "google/gemini-2.5-pro"),
        ("gemini-2.5-pro", "gcp.gen_ai", "google/gemini-2.5-pro"),
        ("gemini-2.5-pro", "gcp.vertex_ai", "google/gemini-2.5-pro"),
        ("us.anthropic.claude-opus-5", "aws.bedrock", "aws/regional.anthropic.claude-opus-5"),
        ("gpt-4o", "azure.ai.openai", "azure/gpt-4o"),
        ("gpt-4o", "azure.ai.inference", "azure/gpt-4o"),
        ("grok-4", "azure", "azure/grok-4-0709"),
        ("grok-4", "x_ai", "x-ai/grok-4-0709"),
        ("mistral-large", "mistral_ai", "mistral/mistral-large"),
        ("deepseek-chat", "DeepSeek", "deepseek/deepseek-chat"),
        ("openai/gpt-oss-20b", "groq", "groq/openai/gpt-oss-20b"),
        ("sonar", "perplexity", "perplexity/sonar"),
        ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "together_ai", "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"),
        ("anthropic/claude-opus-4", "openrouter", "openrouter/anthropic/claude-opus-4"),
        # An unknown seller passes on what only its maker makes, at the maker's price.
        ("claude-opus-4", None, "anthropic/claude-opus-4-0"),
        ("claude-opus-4", "my-proxy", "anthropic/claude-opus-4-0"),
        ("anthropic/claude-opus-4", "litellm", "anthropic/claude-opus-4-0"),
        ("gemini-2.5-pro", "my-proxy", "google/gemini-2.5-pro"),
        # `openai` and `anthropic` also name the protocol of whoever answered.
        ("claude-opus-4", "openai", "anthropic/claude-opus-4-0"),
        ("openrouter/anthropic/claude-opus-4", "openai", "openrouter/anthropic/claude-opus-4"),
        ("us.anthropic.claude-opus-5", "anthropic", "aws/regional.anthropic.claude-opus-5"),
    ],
)
def test_a_model_is_found_under_the_names_people_use(model, provider, seller_and_model):
    assert matched(model, provider) == seller_and_model


@pytest.mark.parametrize("provider", ["ollama", "Ollama ", "lmstudio", "LM Studio", "llama.cpp", "vLLM", "local"])
@pytest.mark.parametrize(
    "model", ["llama3", "llama3:8b", "gpt-oss-20b", "deepseek-chat", "mistral-large", "gemini-1.5-pro"]
)
def test_a_model_run_locally_has_no_price(model, provider):
    assert priced(model, provider) is None
    assert priced(f"{provider}/{model}", "openai") is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        (None, None),
        (None, "openai"),
        ("", "openai"),
        (" ", None),
        ("/", None),
        ("openai/", None),
        ("no-such-model", None),
        ("gpt-99", "openai"),
        ("openai/no-such-model", "my-proxy"),
        ("granite-4", "ibm.watsonx.ai"),
        ("my-team/claude-opus-4-5", "my-proxy"),
    ],
)
def test_an_unknown_model_has_no_price(model, provider):
    assert priced(model, provider) is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("deepseek-chat", None),
        ("deepseek-chat", "openai"),
        ("mistral-large", "my-proxy"),
        ("kimi-k2", None),
        ("glm-4.7", None),
        ("command-r", None),
        ("gpt-oss-20b", None),
        ("gpt-oss-20b", "openai"),
        ("gpt-oss-120b", "azure"),
        ("openai/gpt-oss-20b", None),
        ("google/gemma-2-27b-it", None),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", None),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "openai"),
        ("moonshotai/Kimi-K2", None),
        ("deepseek-ai/DeepSeek-R1", None),
        ("meta-llama/Llama-3.3-70B-Instruct", None),
    ],
)
def test_open_weights_have_no_price_without_a_seller(model, provider):
    assert priced(model, provider) is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [("claude-opus-4", "groq"), ("gpt-4o", "aws"), ("deepseek-chat", "azure"), ("azure/eu/gpt-4o", None)],
)
def test_a_seller_that_does_not_list_a_model_lends_it_no_other_sellers_price(model, provider):
    assert priced(model, provider) is None


@pytest.mark.parametrize("tokens", [(None, None), (1_000, None), (None, 1_000)])
def test_a_cost_is_not_computed_from_half_of_the_tokens(tokens):
    assert priced("gpt-4o", "openai", tokens) is None


def test_an_embedding_model_is_priced_by_its_input_alone():
    # $0.02 in, and no output price.
    assert cost("text-embedding-3-small", "openai", (1_000_000, None)) == 20_000_000
    assert cost("text-embedding-3-small", "openai", (1_000_000, 0)) == 20_000_000
    assert priced("text-embedding-3-small", "openai", (1_000_000, 5)) is None


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("whisper-1", "openai"),  # by the hour
        ("mistral-ocr-2512", "mistral"),  # by the page
        ("gemini-2.5-flash-image", "google"),  # images and text out at different prices
        ("sonar-deep-research", "perplexity"),  # reasoning at a price of its own
        ("qwen-3-coder-480b", "cerebras"),  # listed without any price
    ],
)
def test_a_model_that_tokens_alone_do_not_price_is_unpriced_rather_than_free(model, provider):
    assert priced(model, provider, (1_000, 1_000)) is None


def test_a_model_sold_as_free_costs_nothing():
    assert cost("deepseek/deepseek-r1:free", "openrouter", (1_000, 1_000)) == 0


def test_more_cached_tokens_than_input_have_no_price():
    assert priced("claude-opus-4", "anthropic", (10, 1), (6, 5)) is None


def test_a_cost_beyond_what_is_kept_has_no_price():
    tokens_for_the_limit = COUNT_MAX // 15_000

    assert cost("claude-opus-4", "anthropic", (tokens_for_the_limit, 0)) <= COUNT_MAX
    assert priced("claude-opus-4", "anthropic", (tokens_for_the_limit + 1, 0)) is None


def test_no_listed_model_raises_warns_or_is_given_away():
    listed = [(model.id, provider.id) for provider in providers for model in provider.models]
    found = {(model, seller): priced(model, seller, (300_000, 1_000), (100_000, 50_000)) for model, seller in listed}

    assert sum(price is not None for price in found.values()) > 0.8 * len(listed)
    assert all(name[0].endswith(":free") for name, price in found.items() if price and price.cost_nano_usd == 0)


@slow_machines_too
@given(model=st.text(max_size=60), provider=st.none() | st.text(max_size=20))
def test_any_name_is_priced_or_unpriced_but_never_an_error(model, provider):
    found = priced(model, provider)
    assert found is None or found.cost_nano_usd >= 0


@pytest.mark.parametrize("model", ["claude-opus-4", "gemini-2.5-pro", "o3"])
@slow_machines_too
@given(tokens=st.tuples(TOKENS, TOKENS), more=TOKENS)
def test_more_output_never_costs_less(model, tokens, more):
    less = cost(model, None, tokens)

    assert isinstance(less, int)
    assert 0 <= less <= cost(model, None, (tokens[0], tokens[1] + more))


@slow_machines_too
@given(one=st.tuples(TOKENS, TOKENS, TOKENS, TOKENS), two=st.tuples(TOKENS, TOKENS, TOKENS, TOKENS))
def test_at_a_flat_price_the_cost_of_two_requests_is_the_sum_of_their_costs(one, two):
    def cost_of(plain: int, read: int, written: int, output: int) -> int:
        return cost("claude-opus-4", "anthropic", (plain + read + written, output), (read, written))

    assert cost_of(*one) + cost_of(*two) == cost_of(*(a + b for a, b in zip(one, two, strict=True)))


def run_python(program: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_module_does_not_import_the_price_data_and_load_does():
    program = (
        "import sys, runtally.pricing as pricing; print('genai_prices' in sys.modules);"
        "pricing.load(); print('genai_prices.data' in sys.modules)"
    )
    assert run_python(program).split() == ["False", "True"]


def test_pricing_never_touches_the_network():
    program = (
        "import sys, runtally.pricing as pricing\n"
        "from runtally.domain.usage import Counts\n"
        "def refuse(event, args):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo'): raise SystemExit(event)\n"
        "sys.addaudithook(refuse)\n"
        "counts = Counts(input_tokens=1, output_tokens=1)\n"
        "print(pricing.price(model='gpt-4o', provider=None, at_us=0, counts=counts).cost_nano_usd)"
    )
    assert run_python(program) == "12500"
