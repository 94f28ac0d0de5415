"""What one usage report costs, computed from the prices bundled with genai-prices; never over the network.

The `provider`, or else a prefix of the model name, names the seller, and a seller is believed: what it does not list is
unpriced, and so is a model run locally. Where the seller is missing or unknown (a proxy), a model whose maker keeps the
weights costs its maker's list price; a model anyone may serve is unpriced, because every server has its own price.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from runtally.domain.limits import COUNT_MAX
from runtally.domain.usage import Counts

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

_PRICED: Final = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SELLER_NAMES: Final = {
    "aws": "amazon amazonbedrock awsbedrock bedrock bedrockconverse",
    "azure": "azaiinference azaiopenai azureai azureaiinference azureaiopenai azureopenai",
    "fireworks": "fireworksai",
    "githubcopilot": "copilot",
    "google": "gcpgemini gcpgenai gcpvertexai gemini googleaistudio googlegenai googlegla googlevertex vertex vertexai",
    "local": "hostedvllm jan koboldcpp llamacpp llamafile lmstudio localai localhost mlx ollama ollamachat sglang vllm",
    "mistral": "mistralai",
    "moonshotai": "moonshot",
    "openai": "openaichat openairesponses",
    "perplexity": "perplexityai",
    "together": "togetherai",
    "voyageai": "voyage",
    "xai": "grok",
}
"""Other names of a seller (OpenTelemetry, LiteLLM, frameworks), in letters and digits only."""
_ALIASES: Final = {alias: seller for seller, aliases in _SELLER_NAMES.items() for alias in aliases.split()}
_PROTOCOLS: Final = frozenset({"anthropic", "openai"})
"""Also reported for any endpoint that speaks their protocol, so a model they lack came from an unknown seller."""
_KNOWN_BY_MODEL: Final = ("anthropic", "openai", "google", "xai", "voyageai", "cloudflare", "databricks", "fireworks")
"""Makers that keep their weights, and platforms that put their name into the model's."""
_GIVEN_AWAY: Final = re.compile(r"^(?:(?:azure|openai)/gpt-oss|google/gemma)")
"""Open weights that the library lists under their maker, at another seller's price."""
_ORGANISATIONS: Final = frozenset({"mistralai", "moonshotai"})
"""As a prefix, who published the weights on a model hub: not a seller."""
_GOOGLE_RESOURCE: Final = re.compile(r"^(?:(?:.*/)?publishers/[^/]+/)?models/")
_BEDROCK_ID: Final = re.compile(r"^arn:aws[^/]*:bedrock:[^/]*/|^(?=(?:[a-z-]+\.)?[a-z][a-z0-9]+\.[a-z])")
"""An ARN, or `vendor.model` with or without a region."""


@dataclass(frozen=True, slots=True)
class Price:
    """A computed cost and what it rests on: the library's version, the seller and the model that matched."""

    cost_nano_usd: int
    priced_by: str


def load() -> None:
    """Import the price data now (slow, and some megabytes), so that no report has to wait for it."""
    price(model="gpt-4o", provider="openai", at_us=0, counts=Counts(input_tokens=0, output_tokens=0))


def price(*, model: str | None, provider: str | None, at_us: int, counts: Counts) -> Price | None:
    """The cost of one request at `at_us` (microseconds, UTC), rounded half to even; None if it is unpriced.

    `input_tokens` includes `cache_read_tokens` and `cache_write_tokens` (OpenTelemetry GenAI); an unknown cached part
    is billed as plain input, a cache write at the seller's default lifetime unless it is one of the
    `cache_write_1h_tokens`. Tokens are taken as text at the standard
    service tier, and one report as one request: long-context tiers and per-request fees apply to its totals. Searches
    and other tools are not in the cost.

    A cost that lacks one of its parts would be a lower bound that looks like a cost. So None also means: input or
    output tokens unknown (a model without an output price, such as an embedding model, needs only its input, but is
    unpriced once it reports output), a model billed in other units or with several output prices (images, audio,
    reasoning apart), cached tokens beyond the input, or a cost above `COUNT_MAX`.
    """
    found = _resolve(model, provider or "") if model and counts.input_tokens is not None else None
    if found is None:
        return None
    from genai_prices import Usage, __version__  # noqa: PLC0415 - `_resolve` has paid for it

    seller, info = found
    prices = info.get_prices(_EPOCH + timedelta(microseconds=at_us))
    if not _prices_every_token(info, prices, counts.output_tokens):
        return None
    usage = Usage(**{name: getattr(counts, name) for name in _PRICED})
    try:
        cost_nano_usd = round(prices.calc_price(usage)["total_price"].scaleb(9))
    except ValueError:
        return None
    priced_by = f"genai-prices {__version__} {seller.id}/{info.id}"
    return Price(cost_nano_usd, priced_by) if cost_nano_usd <= COUNT_MAX else None


def _prices_every_token(info: "ModelInfo", prices: "ModelPrice", output_tokens: int | None) -> bool:
    if prices.input_mtok is None:
        return info.id.endswith(":free")  # an empty price list means free or unknown: only the name says which
    if prices.output_mtok is None:
        return not output_tokens
    output_prices = [key for key, value in vars(prices).items() if key.startswith("output_") and value is not None]
    return output_tokens is not None and output_prices == ["output_mtok"]


@cache
def _sellers() -> "dict[str, Provider]":
    # The bundled list, not the library's snapshot: the program around us may refresh that, and `priced_by` would lie.
    from genai_prices.data import providers  # noqa: PLC0415 - slow, and 1.6 MB

    return {_seller_id(provider.id): provider for provider in providers}


def _seller_id(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return _ALIASES.get(plain, plain)


@lru_cache(maxsize=1024)
def _resolve(model: str, provider: str) -> "tuple[Provider, ModelInfo] | None":
    ref = _BEDROCK_ID.sub("aws/", _GOOGLE_RESOURCE.sub("google/", model.strip().lower()))
    seller = _seller_id(provider)
    while not (found := _sold_by(seller, ref)) and seller != "local":
        unknown = seller not in _sellers() or seller in _PROTOCOLS
        head, slash, rest = ref.partition("/")
        named = _seller_id(head)
        if not slash or not (named in _sellers() or named == "local") or (unknown and head in _ORGANISATIONS):
            makers = _KNOWN_BY_MODEL if unknown else ()
            return next(filter(None, (_sold_by(maker, ref, by_name=True) for maker in makers)), None)
        ref, seller = rest, named if unknown else seller
    return found


def _sold_by(seller_id: str, ref: str, *, by_name: bool = False) -> "tuple[Provider, ModelInfo] | None":
    seller = _sellers().get(seller_id)
    if seller is None or (by_name and not (seller.model_match and seller.model_match.is_match(ref))):
        return None
    info = seller.find_model(ref, all_providers=[_sellers()[maker] for maker in _KNOWN_BY_MODEL])
    return (seller, info) if info and not _GIVEN_AWAY.match(f"{seller_id}/{info.id}") else None
