"""What vendors and other recorders call what they count, and which of our counts it is. Nothing here but names."""

from collections.abc import Mapping
from typing import Final

COUNTS: Final = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens"}
    | {"cache_write_1h_tokens", "reasoning_tokens", "llm_calls"}
)
OWN: Final = COUNTS | {"cost_usd", "model", "provider", "prompt_preview", "attributes"}
"""The fields of `token_usage`. They mean what they say, and an object that has no others is not looked at."""

_VENDORS: Final[Mapping[str, Mapping[str, str]]] = {
    # openai-python types/completion_usage.py; so too Azure, Groq, Mistral, OpenRouter, LiteLLM, Grok, vLLM.
    "OpenAI chat completions": {
        "prompt_tokens": "input_tokens",
        "completion_tokens": "output_tokens",
        "num_cached_tokens": "cache_read_tokens",
        "cost": "cost_usd",
    },
    # anthropic-sdk-python types/usage.py; camelCase in Claude Code's modelUsage.
    "Anthropic": {
        "cache_read_input_tokens": "cache_read_tokens",
        "cache_creation_input_tokens": "cache_write_tokens",
        "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
        "uncached_input_tokens": "uncached_tokens",
        "ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        "ephemeral_5m_input_tokens": "cache_write_5m_tokens",
        "thinking_tokens": "reasoning_tokens",
    },
    # Claude Code's monitoring docs, event api_request; its `cache_read_tokens` has our name and stands outside.
    "Claude Code's log": {
        "cache_creation_tokens": "cache_write_tokens",
        "cache_creation_1h_tokens": "cache_write_1h_tokens",
        "cache_creation_5m_tokens": "cache_write_5m_tokens",
    },
    # ai.google.dev/api GenerateContentResponse.UsageMetadata: thoughts and tool use stand outside of the other two.
    "Gemini": {
        "prompt_token_count": "input_tokens",
        "tool_use_prompt_token_count": "more_input_tokens",
        "candidates_token_count": "output_tokens",
        "response_token_count": "output_tokens",
        "thoughts_token_count": "more_reasoning_tokens",
        "cached_content_token_count": "cache_read_tokens",
        "total_token_count": "total_tokens",
    },
    # Microsoft.Extensions.AI UsageDetails; Bedrock's invocation metrics have the first two.
    "Microsoft.Extensions.AI": {
        "input_token_count": "input_tokens",
        "output_token_count": "output_tokens",
        "cached_input_token_count": "cache_read_tokens",
        "reasoning_token_count": "reasoning_tokens",
    },
    "Llama on Bedrock": {"generation_token_count": "output_tokens"},
    # xai-org/xai-sdk-python SamplingUsage; CrewAI UsageMetrics.
    "xAI SDK": {"cached_prompt_text_tokens": "cache_read_tokens"},
    "CrewAI": {"cached_prompt_tokens": "cache_read_tokens", "successful_requests": "llm_calls"},
    # js-genai Interactions.Usage: the same parts.
    "Gemini interactions": {
        "total_input_tokens": "input_tokens",
        "total_tool_use_tokens": "more_input_tokens",
        "total_output_tokens": "output_tokens",
        "total_thought_tokens": "more_reasoning_tokens",
        "total_cached_tokens": "cache_read_tokens",
    },
    # Bedrock API reference, TokenUsage, and what two of its names were before; the others are ours in camelCase.
    "Bedrock Converse": {
        "cache_write_input_tokens": "cache_write_tokens",
        "cache_read_input_token_count": "cache_read_tokens",
        "cache_write_input_token_count": "cache_write_tokens",
    },
    # codex-rs protocol TokenUsage; the Vercel AI SDK 5 has the first name too.
    "Codex": {"cached_input_tokens": "cache_read_tokens", "reasoning_output_tokens": "reasoning_tokens"},
    # vercel/ai packages/ai/src/types/usage.ts (6), packages/provider LanguageModelV3Usage.
    "Vercel AI SDK": {
        "input_tokens.total": "input_tokens",
        "input_tokens.no_cache": "uncached_tokens",
        "input_tokens.cache_read": "cache_read_tokens",
        "input_tokens.cache_write": "cache_write_tokens",
        "output_tokens.total": "output_tokens",
        "output_tokens.reasoning": "reasoning_tokens",
    },
    # opentelemetry semantic-conventions-genai, with the names they had before; OpenInference; OpenLLMetry.
    "OpenTelemetry": {
        "gen_ai.usage.input_tokens": "input_tokens",
        "gen_ai.usage.prompt_tokens": "input_tokens",
        "gen_ai.usage.output_tokens": "output_tokens",
        "gen_ai.usage.completion_tokens": "output_tokens",
        "gen_ai.usage.total_tokens": "total_tokens",
        "gen_ai.usage.cache_read.input_tokens": "cache_read_tokens",
        "gen_ai.usage.cache_read_input_tokens": "cache_read_tokens",
        "gen_ai.usage.cache_write.input_tokens": "cache_write_tokens",
        "gen_ai.usage.cache_creation.input_tokens": "cache_write_tokens",
        "gen_ai.usage.cache_creation_input_tokens": "cache_write_tokens",
        "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
        # Pydantic AI RequestUsage.opentelemetry_attributes.
        "gen_ai.usage.details.cache_read_tokens": "cache_read_tokens",
        "gen_ai.usage.details.cache_write_tokens": "cache_write_tokens",
        "gen_ai.usage.details.reasoning_tokens": "reasoning_tokens",
        "llm.token_count.prompt": "input_tokens",
        "llm.token_count.completion": "output_tokens",
        "llm.token_count.total": "total_tokens",
        "llm.token_count.prompt_details.cache_read": "cache_read_tokens",
        "llm.token_count.prompt_details.cache_write": "cache_write_tokens",
        "llm.token_count.completion_details.reasoning": "reasoning_tokens",
        "llm.usage.total_tokens": "total_tokens",
    },
    "Moonshot": {"cached_tokens": "cache_read_tokens"},
    "DeepSeek": {"prompt_cache_hit_tokens": "cache_read_tokens", "prompt_cache_miss_tokens": "uncached_tokens"},
    "Ollama": {"prompt_eval_count": "input_tokens", "eval_count": "output_tokens"},
    "The Context Company": {
        "prompt_uncached_tokens": "uncached_tokens",
        "prompt_cached_tokens": "cache_read_tokens",
        "real_total_cost": "cost_usd",
    },
    "Trodo": {"total_tokens_in": "input_tokens", "total_tokens_out": "output_tokens", "total_cost": "cost_usd"},
    "what else they are called": {
        "tokens_in": "input_tokens",
        "tokens_out": "output_tokens",
        "tokens": "total_tokens",
        "prompt_cache_creation_tokens": "cache_write_tokens",
        "cache_write_1h_input_tokens": "cache_write_1h_tokens",
        "cache_write_5m_input_tokens": "cache_write_5m_tokens",
        "total_cost_usd": "cost_usd",
        "response_cost": "cost_usd",
        "cost.total_cost": "cost_usd",
    },
}
_OF_INPUT: Final[Mapping[str, str]] = {
    "cached_tokens": "cache_read_tokens",
    "num_cached_tokens": "cache_read_tokens",
    "cache_read_tokens": "cache_read_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write_tokens": "cache_write_tokens",
    "cache_creation_tokens": "cache_write_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
    "cache_write": "cache_write_tokens",
    "cache_creation": "cache_write_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "ephemeral_1h_input_tokens": "cache_write_1h_tokens",
    # langsmith-sdk js/src/utils/usage.ts.
    "ephemeral_1hr_input_tokens": "cache_write_1h_tokens",
    "ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "no_cache_tokens": "uncached_tokens",
}
_OF_OUTPUT: Final[Mapping[str, str]] = {
    "reasoning_tokens": "reasoning_tokens",
    "thinking_tokens": "reasoning_tokens",
    "reasoning": "reasoning_tokens",
}
_DETAILS: Final[Mapping[str, Mapping[str, str]]] = {
    # openai-python types/completion_usage.py; types/responses/response_usage.py, which Anthropic's thinking joined;
    # types/realtime, langchain-core messages/ai.py UsageMetadata and vercel/ai packages/ai/src/types/usage.ts (6).
    "prompt_tokens_details": _OF_INPUT,
    "completion_tokens_details": _OF_OUTPUT,
    "input_tokens_details": _OF_INPUT,
    "output_tokens_details": _OF_OUTPUT,
    "input_token_details": _OF_INPUT,
    "output_token_details": _OF_OUTPUT,
    "prompt_token_details": _OF_INPUT,
    "completion_token_details": _OF_OUTPUT,
}
"""What parts of a whole are called in the object of them: any vendor's name in any vendor's object."""

SHORT: Final[Mapping[str, str]] = {
    "input": "input_tokens",
    "output": "output_tokens",
    "total": "total_tokens",
    "reasoning": "reasoning_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "cached_input": "cache_read_tokens",
    "prompt": "input_tokens",
    "completion": "output_tokens",
    "prompt_uncached": "uncached_tokens",
    "prompt_cached": "cache_read_tokens",
    "requests": "llm_calls",
    "uncached": "uncached_tokens",
    # opencode's message.tokens, beside its input; Gemini CLI's.
    "cache.read": "cache_read_tokens",
    "cache.write": "cache_write_tokens",
    "candidates": "output_tokens",
    "cached": "cache_read_tokens",
    "thoughts": "more_reasoning_tokens",
    "tool": "more_input_tokens",
}
"""Names that mean tokens only inside of a usage object (Warpmetrics, Trodo, Langfuse; `requests` in agent SDKs), and
only where they are numbers.
"""
SHORT_CONTAINERS: Final = frozenset({"cache"})

USAGE_OBJECTS: Final = frozenset(
    {"usage", "usage_metadata", "usage_details", "token_usage", "tokens", "billed_units", "last_token_usage"}
)
"""What a usage object is called where it stands in something else."""
SESSION_SO_FAR: Final = "total_token_usage"
"""Codex tells with each call what all calls so far used."""
BESIDE_COUNTS: Final = frozenset(
    {"service_tier", "server_tool_use", "inference_geo", "speed", "iterations", "cost_details", "is_byok"}
    | {"traffic_type", "num_sources_used", "cost_in_usd_ticks", "search_context_size", "num_search_queries"}
    | {"server_side_tools_used", "additional_counts", "cache_details"}
)
"""What vendors put beside counts that may be named as ours are. It is kept."""
NUMBER_OR_OBJECT: Final = frozenset({"tokens", "cost"})
"""A sum, or an object of parts, of which some are known elsewhere."""
OF_A_RESPONSE: Final = frozenset({"usage", "usage_metadata"})
CONTENT: Final = frozenset(
    {"choices", "content", "contents", "candidates", "message", "messages", "text", "output_text", "response", "data"}
    | {"input", "output", "outputs", "prompt", "completion", "context", "thinking", "reasoning_content", "instructions"}
    | {"tools", "tool_calls", "embedding", "embeddings", "results", "images", "audio", "citations", "search_results"}
)
"""What was asked and answered, in a response: long, and no usage, so not kept. A number is never that."""

NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "model": (
        "model", "gen_ai.response.model", "model_used", "response_model", "model_version", "model_name", "model_id",
        "llm.model_name", "gen_ai.request.model", "model_requested", "request_model",
    ),
    "provider": (
        "provider", "gen_ai.provider.name", "provider_name", "model_provider", "gen_ai.system", "custom_llm_provider",
    ),
}  # fmt: skip
"""The best name first: what answered, before what was asked for. Those that differ from it are kept."""
REQUESTED: Final = frozenset({"gen_ai.request.model", "model_requested", "request_model"})

PLACES: Final = (
    {name: place for names in _VENDORS.values() for name, place in names.items()}
    | {f"{box}.{part}": place for box, parts in _DETAILS.items() for part, place in parts.items()}
    | {name: name for name in COUNTS | {"cost_usd"}}
)
CONTAINERS: Final = {
    name[:dot] for name in (*PLACES, *(name for names in NAMED.values() for name in names))
    for dot, letter in enumerate(name) if letter == "."
}  # fmt: skip
CHOICES: Final = {name: field for field, names in NAMED.items() for name in names}

OPENCODE: Final = frozenset({"cache.read", "cache.write"})
CLAUDE_CODE: Final = frozenset(_VENDORS["Claude Code's log"])
OUTSIDE: Final = frozenset(
    {"cache_details"} | OPENCODE | _VENDORS["Anthropic"].keys() | _VENDORS["Bedrock Converse"].keys() | CLAUDE_CODE
) - {"thinking_tokens", "uncached_input_tokens"}
"""Beside these, `input_tokens` counts what was neither read from a cache nor written to one (Anthropic's prompt caching
docs: "total input tokens" is the sum of three; Bedrock Converse reports the same three).
"""
WITHIN: Final = frozenset(
    name
    for name, place in PLACES.items()
    if place in ("input_tokens", "cache_read_tokens", "cache_write_tokens")
    and name not in OUTSIDE | OWN | {"input_token_count"}
)
"""Beside these, the input includes them all the same: LiteLLM adds Anthropic's names to OpenAI's, Codex counts as
OpenAI does.
"""
BESIDE_IF_MORE: Final = frozenset(
    name for name in (*PLACES, *SHORT)
    if (PLACES.get(name) or SHORT[name]).startswith("cache_")
    and name not in OWN | {"cached_tokens", "num_cached_tokens", "input_token_details.cached_tokens"}
    and not name.startswith(("prompt_tokens_details.", "prompt_token_details.", "input_tokens_details."))
    and not name.startswith("cached_prompt")
)  # fmt: skip
"""Told by one of these, more cached tokens than input stood beside it (the Vercel AI SDK 5 has Codex' name for what it
read from Anthropic). OpenAI's and our own are parts of the input: more of them is a mistake.
"""
