"""Counts of a vendor's usage object, where parts stand beside their whole or in it, as ours: every part in it."""

from collections.abc import Mapping
from typing import Any

from runtally.domain.dialects.usage_names import BESIDE_IF_MORE, OUTSIDE, WITHIN


def with_parts_inside(told: dict[str, Any], met: set[str]) -> dict[str, Any]:
    """The counts with every part inside of its whole."""
    counts = dict(told)
    uncached, more_input = counts.pop("uncached_tokens", None), counts.pop("more_input_tokens", 0)
    of_5m, thoughts = counts.pop("cache_write_5m_tokens", None), counts.pop("more_reasoning_tokens", None)
    if of_5m is not None or "cache_write_tokens" in counts:
        # LangChain tells the sum as 0 where it tells the two.
        by_lifetime = (of_5m or 0) + counts.get("cache_write_1h_tokens", 0)
        counts["cache_write_tokens"] = counts.get("cache_write_tokens") or by_lifetime
    cached = counts.get("cache_read_tokens", 0) + max(
        counts.get("cache_write_tokens", 0), counts.get("cache_write_1h_tokens", 0)
    )
    if "input_tokens" not in counts and uncached is not None:
        counts["input_tokens"] = uncached + cached
    elif "input_tokens" in counts and _cached_is_outside(counts, cached, met, is_gemini=bool(more_input or thoughts)):
        counts["input_tokens"] += cached
    if more_input:
        counts["input_tokens"] = counts.get("input_tokens", 0) + more_input
    if thoughts is not None:
        counts["reasoning_tokens"] = thoughts
        counts["output_tokens"] = counts.get("output_tokens", 0) + thoughts
    elif _reasoning_is_outside(counts):
        counts["output_tokens"] += counts["reasoning_tokens"]
    return counts


def _cached_is_outside(counts: Mapping[str, int], cached: int, met: set[str], *, is_gemini: bool) -> bool:
    """By the total where it is that of an input with or without the cached tokens and could be of nothing else, else
    by the names.
    """
    whole, total = counts["input_tokens"], counts.get("total_tokens")
    beside_cached = whole + counts.get("output_tokens", 0)
    includes_others = is_gemini or cached == counts.get("reasoning_tokens")
    if total == beside_cached + cached and total != beside_cached and not includes_others:
        return True
    if cached > whole:
        return bool(met & BESIDE_IF_MORE)
    return bool(met & OUTSIDE) and not met & WITHIN and total != beside_cached


def _reasoning_is_outside(counts: Mapping[str, int]) -> bool:
    """xAI counts it beside `completion_tokens` (docs.x.ai: "counted separately from completion_tokens, but will be
    counted in the total_tokens"), Perplexity too; the numbers show it.
    """
    reasoning, output = counts.get("reasoning_tokens", 0), counts.get("output_tokens")
    if not reasoning or output is None:
        return False
    return reasoning > output or counts.get("total_tokens") == counts.get("input_tokens", 0) + output + reasoning
