"""What vendors and other recorders write of a call that used so many tokens; each by itself, without our tables."""

from collections.abc import Callable
from typing import Any

Usage = dict[str, Any]
Writer = Callable[[Usage], Usage]


def anthropic(told: Usage) -> Usage:
    written = told["cache_write_tokens"]
    return {
        "input_tokens": told["input_tokens"] - told["cache_read_tokens"] - written,
        "output_tokens": told["output_tokens"],
        "cache_read_input_tokens": told["cache_read_tokens"],
        "cache_creation_input_tokens": written,
        "cache_creation": {
            "ephemeral_1h_input_tokens": told["cache_write_1h_tokens"],
            "ephemeral_5m_input_tokens": written - told["cache_write_1h_tokens"],
        },
        "output_tokens_details": {"thinking_tokens": told["reasoning_tokens"]},
    }


def chat(told: Usage) -> Usage:
    return {
        "prompt_tokens": told["input_tokens"],
        "completion_tokens": told["output_tokens"],
        "total_tokens": told["input_tokens"] + told["output_tokens"],
        "prompt_tokens_details": {
            "cached_tokens": told["cache_read_tokens"],
            "cache_write_tokens": told["cache_write_tokens"],
        },
        "completion_tokens_details": {"reasoning_tokens": told["reasoning_tokens"]},
    }


def responses(told: Usage) -> Usage:
    return {
        "input_tokens": told["input_tokens"],
        "input_tokens_details": {
            "cached_tokens": told["cache_read_tokens"],
            "cache_write_tokens": told["cache_write_tokens"],
        },
        "output_tokens": told["output_tokens"],
        "output_tokens_details": {"reasoning_tokens": told["reasoning_tokens"]},
        "total_tokens": told["input_tokens"] + told["output_tokens"],
    }


def grok(told: Usage) -> Usage:
    beside = told["output_tokens"] - told["reasoning_tokens"]
    cached = {"cached_tokens": told["cache_read_tokens"]}
    return chat(told) | {"completion_tokens": beside, "prompt_tokens_details": cached}


def gemini(told: Usage) -> Usage:
    by_tools = told["input_tokens"] - told["cache_read_tokens"]
    return {
        "promptTokenCount": told["cache_read_tokens"],
        "toolUsePromptTokenCount": by_tools,
        "cachedContentTokenCount": told["cache_read_tokens"],
        "candidatesTokenCount": told["output_tokens"] - told["reasoning_tokens"],
        "thoughtsTokenCount": told["reasoning_tokens"],
        "totalTokenCount": told["input_tokens"] + told["output_tokens"],
    }


def converse(told: Usage) -> Usage:
    beside = told["input_tokens"] - told["cache_read_tokens"] - told["cache_write_tokens"]
    return {
        "inputTokens": beside,
        "outputTokens": told["output_tokens"],
        "totalTokens": told["input_tokens"] + told["output_tokens"],
        "cacheReadInputTokens": told["cache_read_tokens"],
        "cacheWriteInputTokens": told["cache_write_tokens"],
    }


def telemetry(told: Usage) -> Usage:
    return {
        "gen_ai.usage.input_tokens": told["input_tokens"],
        "gen_ai.usage.output_tokens": told["output_tokens"],
        "gen_ai.usage.cache_read.input_tokens": told["cache_read_tokens"],
        "gen_ai.usage.cache_creation.input_tokens": told["cache_write_tokens"],
        "gen_ai.usage.reasoning.output_tokens": told["reasoning_tokens"],
    }


def litellm(told: Usage) -> Usage:
    read, written = told["cache_read_tokens"], told["cache_write_tokens"]
    return chat(told) | {"cache_read_input_tokens": read, "cache_creation_input_tokens": written}


def codex(told: Usage) -> Usage:
    return {
        "input_tokens": told["input_tokens"],
        "cached_input_tokens": told["cache_read_tokens"],
        "cache_write_input_tokens": told["cache_write_tokens"],
        "output_tokens": told["output_tokens"],
        "reasoning_output_tokens": told["reasoning_tokens"],
        "total_tokens": told["input_tokens"] + told["output_tokens"],
    }


def vercel(told: Usage) -> Usage:
    read, written = told["cache_read_tokens"], told["cache_write_tokens"]
    return {
        "inputTokens": told["input_tokens"],
        "inputTokenDetails": {
            "noCacheTokens": told["input_tokens"] - read - written,
            "cacheReadTokens": read,
            "cacheWriteTokens": written,
        },
        "outputTokens": told["output_tokens"],
        "outputTokenDetails": {"reasoningTokens": told["reasoning_tokens"]},
    }


def deepseek(told: Usage) -> Usage:
    return {
        "prompt_cache_hit_tokens": told["cache_read_tokens"],
        "prompt_cache_miss_tokens": told["input_tokens"] - told["cache_read_tokens"],
        "completion_tokens": told["output_tokens"],
    }


def context_company(told: Usage) -> Usage:
    return {
        "prompt_uncached_tokens": told["input_tokens"] - told["cache_read_tokens"],
        "prompt_cached_tokens": told["cache_read_tokens"],
        "completion_tokens": told["output_tokens"],
    }


def warpmetrics(told: Usage) -> Usage:
    read, written = told["cache_read_tokens"], told["cache_write_tokens"]
    prompt, completion = told["input_tokens"], told["output_tokens"]
    total = prompt + completion
    return {
        "tokens": {
            "prompt": prompt, "completion": completion, "total": total, "cacheRead": read, "cacheWrite": written,
        }
    }  # fmt: skip


def claude_code(told: Usage) -> Usage:
    written, in_1h = told["cache_write_tokens"], told["cache_write_1h_tokens"]
    return {
        "input_tokens": told["input_tokens"] - told["cache_read_tokens"] - written,
        "output_tokens": told["output_tokens"],
        "cache_read_tokens": told["cache_read_tokens"],
        "cache_creation_tokens": written,
        "cache_creation_1h_tokens": in_1h,
        "cache_creation_5m_tokens": written - in_1h,
    }


def ollama(told: Usage) -> Usage:
    return {"prompt_eval_count": told["input_tokens"], "eval_count": told["output_tokens"]}


ALL = ("cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
WRITERS: dict[Writer, tuple[str, ...]] = {
    anthropic: (*ALL, "cache_write_1h_tokens"),
    chat: ALL,
    responses: ALL,
    grok: ("cache_read_tokens", "reasoning_tokens"),
    gemini: ("cache_read_tokens", "reasoning_tokens"),
    converse: ("cache_read_tokens", "cache_write_tokens"),
    telemetry: ALL,
    litellm: ALL,
    codex: ALL,
    vercel: ALL,
    deepseek: ("cache_read_tokens",),
    context_company: ("cache_read_tokens",),
    warpmetrics: ("cache_read_tokens", "cache_write_tokens"),
    claude_code: ("cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"),
    ollama: (),
}
"""How each writes what a call used, and which of the parts it tells."""
