"""What a vendor's object counts, put together: every part inside of its whole, and nothing that contradicts itself."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from runtally.domain.dialects.spelling import Path, refuse
from runtally.domain.dialects.usage_names import BESIDE_IF_MORE, CLAUDE_CODE, OPENCODE, OUTSIDE, OWN, WITHIN

_OUR_CACHE: Final = frozenset({"cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens"})
_WRITES_OF_LANGCHAIN: Final = "input_token_details.cache_creation"
_PARTS_OF_CACHED: Final = ("cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens")
_WRITES_BY_LIFETIME: Final = ("cache_write_5m_tokens", "cache_write_1h_tokens")


class Spelled(NamedTuple):
    """A number, where it was sent and the name that was looked up."""

    path: Path
    name: str
    value: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} is {self.value:,}"


class Sellers(NamedTuple):
    """What an object says of who answered."""

    model: str = ""
    provider: str = ""


def settled(said: Mapping[str, Spelled], met: Mapping[str, Path], sellers: Sellers) -> dict[str, Any]:
    """The counts with every part inside of its whole. `met` are the names that were read and where.

    Raises:
        ValidationError: parts say more than their whole, two counts cannot both be so, or it is unclear whether the
            cached tokens are in the input.
    """
    counts = {place: one.value for place, one in said.items()}
    _settle_writes(counts, said)
    _settle_input(counts, said, met, sellers)
    _settle_output(counts, said, met)
    return counts


def _settle_writes(counts: dict[str, Any], said: Mapping[str, Spelled]) -> None:
    parts = [said[place] for place in _WRITES_BY_LIFETIME if place in said]
    in_5m = counts.pop("cache_write_5m_tokens", None)
    if all(part.name in OWN for part in parts):
        return
    in_parts, whole = sum(part.value for part in parts), said.get("cache_write_tokens")
    # LangChain says 0 of the whole where it tells the parts.
    if whole is not None and whole.name == _WRITES_OF_LANGCHAIN and whole.value == 0:
        counts["cache_write_tokens"] = in_parts
    elif whole is None:
        counts.update({"cache_write_tokens": in_parts} if in_5m is not None else {})
    elif in_parts > whole.value:
        told = f"is {whole.value:,}, and of it {' and '.join(map(str, parts))}; check which of them is right"
        refuse(whole.path, told, "consistency")


def _settle_input(
    counts: dict[str, Any], said: Mapping[str, Spelled], met: Mapping[str, Path], sellers: Sellers
) -> None:
    uncached, more = counts.pop("uncached_tokens", None), counts.pop("more_input_tokens", 0)
    cached = _cached(counts)
    whole = counts.get("input_tokens")
    if whole is None and uncached is not None:
        counts["input_tokens"] = uncached + cached
    elif whole is not None:
        _refuse_two_senses(counts, met, cached)
        if _cached_is_outside(counts, met, sellers, has_more=bool(more)):
            counts["input_tokens"] += cached
        if uncached is not None and uncached + cached > counts["input_tokens"]:
            parts = [said[place] for place in _PARTS_OF_CACHED if place in said and said[place].value]
            beside = "".join(f" and {part}" for part in parts)
            told = f"is {uncached:,}{beside}, together more than {said['input_tokens']}; check which of them is right"
            refuse(said["uncached_tokens"].path, told, "consistency")
    if more:
        counts["input_tokens"] = counts.get("input_tokens", 0) + more


def _cached(counts: Mapping[str, int]) -> int:
    written = max(counts.get("cache_write_tokens", 0), counts.get("cache_write_1h_tokens", 0))
    return counts.get("cache_read_tokens", 0) + written


def _refuse_two_senses(counts: Mapping[str, int], met: Mapping[str, Path], cached: int) -> None:
    """Our cached tokens are within the input, and those of some vendors are beside it: an object that has both names
    may mean either, unless its total tells.
    """
    ours, theirs = met.keys() & _OUR_CACHE, met.keys() & (OUTSIDE - CLAUDE_CODE)
    if not ours or not theirs or met.keys() & (CLAUDE_CODE | WITHIN):
        return
    whole, total = counts["input_tokens"], counts.get("total_tokens")
    without = whole + counts.get("output_tokens", 0)
    if 0 < cached <= whole and total not in (without, without + cached):
        our, their = ".".join(met[min(ours)]), ".".join(met[min(theirs)])
        told = (
            f"is a part of input_tokens and {their} stands beside it, so input_tokens could mean two things; "
            "send both in one vendor's names, or in ours with an input_tokens that includes them"
        )
        refuse(our.split("."), told, "consistency")


def _cached_is_outside(counts: Mapping[str, int], met: Mapping[str, Path], sellers: Sellers, *, has_more: bool) -> bool:
    """By the total where it is that of an input with or without the cached tokens and could be of nothing else, else
    by the names. `has_more`: other input is told beside this one.
    """
    whole, cached, total = counts["input_tokens"], _cached(counts), counts.get("total_tokens")
    without = whole + counts.get("output_tokens", 0)
    includes_others = has_more or counts.get("more_reasoning_tokens") or cached == counts.get("reasoning_tokens")
    if total == without + cached and total != without and not includes_others:
        return True
    if cached > whole:
        return bool(met.keys() & (BESIDE_IF_MORE | OUTSIDE))
    if _is_vercel_5_of_claude(met, sellers, has_total=total is not None):
        return True
    return bool(met.keys() & OUTSIDE) and not met.keys() & WITHIN and total != without


def _is_vercel_5_of_claude(met: Mapping[str, Path], sellers: Sellers, *, has_total: bool) -> bool:
    """The Vercel AI SDK 5 has OpenAI's name for what it read from Anthropic, beside Anthropic's input (vercel/ai 9921).
    Its total never has it, so that only where another provider sells Claude a total would show that it is within.
    """
    of_openai = met.keys() & WITHIN
    if of_openai != {"cached_input_tokens"} or met["cached_input_tokens"][-1] != "cachedInputTokens":
        return False
    model, provider = sellers.model.lower(), sellers.provider.lower()
    return "anthropic" in provider or (not has_total and ("claude" in model or "anthropic" in model))


def _settle_output(counts: dict[str, Any], said: Mapping[str, Spelled], met: Mapping[str, Path]) -> None:
    thoughts = counts.pop("more_reasoning_tokens", None)
    if thoughts is None:
        if _reasoning_is_outside(counts, met):
            counts["output_tokens"] += counts["reasoning_tokens"]
        return
    if counts.setdefault("reasoning_tokens", thoughts) != thoughts:
        reasoning = said["reasoning_tokens"]
        told = f"is {reasoning.value:,} and {said['more_reasoning_tokens']}, which say the same; send one of them"
        refuse(reasoning.path, told, "consistency")
    output = counts.get("output_tokens", 0)
    # Most count their thoughts beside the candidates; where the total has no room for them, they are in them.
    has_them = thoughts <= output and counts.get("total_tokens") == counts.get("input_tokens", 0) + output
    counts["output_tokens"] = output if has_them else output + thoughts


def _reasoning_is_outside(counts: Mapping[str, int], met: Mapping[str, Path]) -> bool:
    """xAI counts it beside `completion_tokens` (docs.x.ai: "counted separately from completion_tokens, but will be
    counted in the total_tokens"), Perplexity too; the numbers show it. opencode takes it out of the output.
    """
    reasoning, output = counts.get("reasoning_tokens", 0), counts.get("output_tokens")
    if not reasoning or output is None:
        return False
    total, without = counts.get("total_tokens"), counts.get("input_tokens", 0) + output
    return reasoning > output or total == without + reasoning or (bool(met.keys() & OPENCODE) and total != without)
