"""Compiled price lists say what genai-prices itself says: in cost, in what is unpriced and in whose price it is."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from genai_prices import Usage, __version__
from genai_prices.data import providers

from runtally import pricing
from runtally.domain.limits import COUNT_MAX
from runtally.domain.usage import Counts
from runtally.pricing import listed, sellers

USAGES = int(os.environ.get("RUNTALLY_TEST_PRICED_USAGES", "20000"))
"""How many random usages are compared; a release compares ten times as many (CONTRIBUTING.md)."""

LISTED = [(model.id, provider.id) for provider in providers for model in provider.models]
ALIASES = [
    "models/gemini-2.5-pro",
    "us.anthropic.claude-opus-5",
    "vertex_ai/claude-opus-4@20250514",
    "no-such-model",
    " ",
]
NOBODY = [None, "", "my-proxy", "openai", "ollama", "aws.bedrock", "gcp.vertex_ai"]
PRICED = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")
STARTS = (32_000, 100_000, 128_000, 199_999, 200_000, 256_000, 272_000, 512_000, 524_288)
"""Where tiers begin in the lists."""
EDGES = [0, 1, 2, 3, 7, COUNT_MAX, *(start + more for start in STARTS for more in (-1, 0, 1))]


@cache
def sold(model: str, provider: str):
    return sellers.sold_by(model, provider)


def by_the_library(model: str | None, provider: str | None, at_us: int, counts: Counts) -> tuple[int, str] | None:
    """What the library reckons by itself, where its price is one of text tokens alone."""
    found = sold(model, provider or "") if model and counts.input_tokens is not None else None
    if found is None:
        return None
    seller, info = found
    prices = info.get_prices(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us))
    outputs = [key for key, value in vars(prices).items() if key.startswith("output_") and value is not None]
    if prices.input_mtok is None:
        tells = info.id.endswith(":free")
    elif prices.output_mtok is None:
        tells = not counts.output_tokens
    else:
        tells = counts.output_tokens is not None and outputs == ["output_mtok"]
    if not tells:
        return None
    try:
        price = prices.calc_price(Usage(**{name: getattr(counts, name) for name in PRICED}))["total_price"]
    except ValueError:
        return None
    nano_usd = round(price.scaleb(9))
    return (nano_usd, f"genai-prices {__version__} {seller.id}/{info.id}") if nano_usd <= COUNT_MAX else None


def usages(random: Random, number: int) -> Iterator[tuple[str | None, str | None, int, Counts]]:
    for _ in range(number):
        model, provider = named(random)
        at_us = random.randrange(1_600_000_000, 1_900_000_000) * 1_000_000 + random.choice((0, 999_999))
        yield model, provider, at_us, counted(random)


def named(random: Random) -> tuple[str | None, str | None]:
    model, provider = random.choice(LISTED)
    kind = random.random()
    if kind < 0.6:
        return model, provider
    if kind < 0.75:
        return random.choice((model, model.upper(), f"{model}-x")), random.choice(NOBODY)
    if kind < 0.9:
        return f"{provider}/{model}", random.choice(NOBODY)
    if kind < 0.98:
        return model, random.choice(LISTED)[1]
    return random.choice([None, *ALIASES]), random.choice(NOBODY)


def counted(random: Random) -> Counts:
    def some(likely: float = 0.9) -> int | None:
        if random.random() > likely:
            return None
        return random.choice(EDGES) if random.random() < 0.3 else random.randrange(10 ** random.randrange(1, 8))

    counts = Counts(
        input_tokens=some(),
        output_tokens=some(),
        cache_read_tokens=some(0.5),
        cache_write_tokens=some(0.5),
        cache_write_1h_tokens=some(0.4),
    )
    if random.random() < 0.3:
        return counts  # parts may be more than their whole
    half = (counts.input_tokens or 0) // 2 + 1
    written = None if counts.cache_write_tokens is None else counts.cache_write_tokens % half
    return counts._replace(
        cache_read_tokens=None if counts.cache_read_tokens is None else counts.cache_read_tokens % half,
        cache_write_tokens=written,
        cache_write_1h_tokens=None if written is None else (counts.cache_write_1h_tokens or 0) % (written + 1),
    )


def test_random_usages_cost_what_the_library_itself_reckons():
    priced = 0
    for model, provider, at_us, counts in usages(Random(20261121), USAGES):
        expected = by_the_library(model, provider, at_us, counts)
        found = pricing.price(model=model, provider=provider, at_us=at_us, counts=counts)
        assert found == expected, (model, provider, at_us, counts)
        priced += found is not None
    assert priced > USAGES // 3, "most of them should have a price, or little was compared"


def test_what_is_kept_of_the_names_that_callers_choose_is_bounded_and_includes_what_is_nobodys():
    counts = Counts(input_tokens=1, output_tokens=1)
    for number in range(3_000):
        assert pricing.price(model=f"nobody-s-model-{number}", provider=None, at_us=0, counts=counts) is None
    kept = listed._offer.cache_info()
    assert kept.currsize == kept.maxsize < 3_000
    pricing.price(model="nobody-s-model-2999", provider=None, at_us=0, counts=counts)
    assert listed._offer.cache_info().hits == kept.hits + 1
