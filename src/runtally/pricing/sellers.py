"""Who sells a model that was reported, by the names that people and programs use.

The `provider`, or else a prefix of the model name, names the seller, and a seller is believed: what it does not list is
unpriced, and so is a model run locally. Where the seller is missing or unknown (a proxy), a model whose maker keeps the
weights costs its maker's list price; a model anyone may serve is unpriced, because every server has its own price.
"""

import re
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

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


@cache
def _sellers() -> "dict[str, Provider]":
    # The bundled list, not the library's snapshot: the program around us may refresh that, and `priced_by` would lie.
    from genai_prices.data import providers  # noqa: PLC0415 - slow, and 1.6 MB

    return {seller_id(provider.id): provider for provider in providers}


def seller_id(name: str) -> str:
    """One word for a seller, by whichever of its names it is called."""
    plain = plain_name(name)
    return _ALIASES.get(plain, plain)


def plain_name(name: str) -> str:
    """A name in letters and digits only, so that it does not matter how it is written."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def sold_by(model: str, provider: str) -> "tuple[Provider, ModelInfo] | None":
    """The seller that a report means and the model in its list; None if it is nobody's, or a local one's."""
    ref = _BEDROCK_ID.sub("aws/", _GOOGLE_RESOURCE.sub("google/", model.strip().lower()))
    seller = seller_id(provider)
    while not (found := _listed_by(seller, ref)) and seller != "local":
        unknown = seller not in _sellers() or seller in _PROTOCOLS
        head, slash, rest = ref.partition("/")
        named = seller_id(head)
        if not slash or not (named in _sellers() or named == "local") or (unknown and head in _ORGANISATIONS):
            makers = _KNOWN_BY_MODEL if unknown else ()
            return next(filter(None, (_listed_by(maker, ref, by_name=True) for maker in makers)), None)
        ref, seller = rest, named if unknown else seller
    return found


def _listed_by(seller_id: str, ref: str, *, by_name: bool = False) -> "tuple[Provider, ModelInfo] | None":
    seller = _sellers().get(seller_id)
    if seller is None or (by_name and not (seller.model_match and seller.model_match.is_match(ref))):
        return None
    info = seller.find_model(ref, all_providers=[_sellers()[maker] for maker in _KNOWN_BY_MODEL])
    return (seller, info) if info and not _GIVEN_AWAY.match(f"{seller_id}/{info.id}") else None
