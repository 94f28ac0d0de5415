"""Usage objects as vendors and other recorders write them, in Runtally's counts.

A name is looked up folded (`spelling.folded`) and with the names around it. What a vendor's object says beside the
known names is kept; where cached or reasoning tokens stand outside of the whole, they are added to it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from runtally.domain.dialects.spelling import Path, count, folded, refuse

_COUNTS: Final = frozenset(
    {"input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens"}
    | {"cache_write_1h_tokens", "reasoning_tokens", "llm_calls"}
)
OWN: Final = _COUNTS | {"cost_usd", "model", "provider", "prompt_preview", "attributes"}
"""The fields of `token_usage`. They mean what they say, and an object that has no others is not looked at."""

_VENDORS: Final[Mapping[str, Mapping[str, str]]] = {
    # openai-python types/completion_usage.py; so too Azure, Groq, Mistral, OpenRouter, LiteLLM, Grok, vLLM.
    "OpenAI chat completions": {
        "prompt_tokens": "input_tokens",
        "completion_tokens": "output_tokens",
        "prompt_tokens_details.cached_tokens": "cache_read_tokens",
        "prompt_tokens_details.cache_write_tokens": "cache_write_tokens",
        "prompt_tokens_details.cache_creation_tokens": "cache_write_tokens",
        "completion_tokens_details.reasoning_tokens": "reasoning_tokens",
        "cost": "cost_usd",
    },
    # openai-python types/responses/response_usage.py, types/realtime; Perplexity has the last name.
    "OpenAI responses": {
        "input_tokens_details.cached_tokens": "cache_read_tokens",
        "input_tokens_details.cache_write_tokens": "cache_write_tokens",
        "input_tokens_details.cache_read_input_tokens": "cache_read_tokens",
        "output_tokens_details.reasoning_tokens": "reasoning_tokens",
        "input_token_details.cached_tokens": "cache_read_tokens",
    },
    # anthropic-sdk-python types/usage.py; camelCase in Claude Code's modelUsage.
    "Anthropic": {
        "cache_read_input_tokens": "cache_read_tokens",
        "cache_creation_input_tokens": "cache_write_tokens",
        "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
        "output_tokens_details.thinking_tokens": "reasoning_tokens",
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
    # Bedrock API reference, TokenUsage; the rest of its names are ours in camelCase.
    "Bedrock Converse": {"cache_write_input_tokens": "cache_write_tokens"},
    # codex-rs protocol TokenUsage; the Vercel AI SDK 5 has the first name too.
    "Codex": {"cached_input_tokens": "cache_read_tokens", "reasoning_output_tokens": "reasoning_tokens"},
    # vercel/ai packages/ai/src/types/usage.ts (6), packages/provider LanguageModelV3Usage.
    "Vercel AI SDK": {
        "input_token_details.no_cache_tokens": "uncached_tokens",
        "input_token_details.cache_read_tokens": "cache_read_tokens",
        "input_token_details.cache_write_tokens": "cache_write_tokens",
        "output_token_details.reasoning_tokens": "reasoning_tokens",
        "input_tokens.total": "input_tokens",
        "input_tokens.no_cache": "uncached_tokens",
        "input_tokens.cache_read": "cache_read_tokens",
        "input_tokens.cache_write": "cache_write_tokens",
        "output_tokens.total": "output_tokens",
        "output_tokens.reasoning": "reasoning_tokens",
    },
    # langchain-core messages/ai.py UsageMetadata.
    "LangChain": {
        "input_token_details.cache_read": "cache_read_tokens",
        "input_token_details.cache_creation": "cache_write_tokens",
        "input_token_details.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
        "output_token_details.reasoning": "reasoning_tokens",
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
        "llm.token_count.prompt": "input_tokens",
        "llm.token_count.completion": "output_tokens",
        "llm.token_count.total": "total_tokens",
        "llm.usage.total_tokens": "total_tokens",
    },
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
        "total_cost_usd": "cost_usd",
        "response_cost": "cost_usd",
    },
}
_SHORT: Final[Mapping[str, str]] = {
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
}
"""Names that mean tokens only inside of a usage object (Warpmetrics, Trodo, Langfuse; `requests` in agent SDKs)."""

_USAGE_OBJECTS: Final = frozenset({"usage", "usage_metadata", "usage_details", "token_usage", "tokens", "billed_units"})
"""What a usage object is called where it stands in something else."""
_OF_A_RESPONSE: Final = frozenset({"usage", "usage_metadata"})
_CONTENT: Final = frozenset({"message", "messages", "response", "context", "thinking"})
"""What Ollama answers beside its counts. Long, and no usage: not kept."""

_NAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "model": (
        "model", "gen_ai.response.model", "model_used", "response_model", "model_version", "model_name", "model_id",
        "llm.model_name", "gen_ai.request.model", "model_requested", "request_model",
    ),
    "provider": (
        "provider", "gen_ai.provider.name", "provider_name", "model_provider", "gen_ai.system", "custom_llm_provider",
    ),
}  # fmt: skip
"""The best name first: what answered, before what was asked for. Those that differ from it are kept."""

_PLACES: Final = {name: place for names in _VENDORS.values() for name, place in names.items()} | {
    name: name for name in _COUNTS | {"cost_usd"}
}
_CONTAINERS: Final = {
    name[:dot] for name in (*_PLACES, *(name for names in _NAMED.values() for name in names))
    for dot, letter in enumerate(name) if letter == "."
}  # fmt: skip
_CHOICES: Final = {name: field for field, names in _NAMED.items() for name in names}

_OUTSIDE: Final = frozenset(
    {"cache_write_input_tokens", "cache_details"} | _VENDORS["Anthropic"].keys() | _VENDORS["Claude Code's log"].keys()
) - {"output_tokens_details.thinking_tokens", "thinking_tokens"}
"""Beside these, `input_tokens` counts what was neither read from a cache nor written to one (Anthropic's prompt caching
docs: "total input tokens" is the sum of three; Bedrock Converse reports the same three).
"""
_WITHIN: Final = frozenset(
    name
    for name, place in _PLACES.items()
    if place in ("input_tokens", "cache_read_tokens", "cache_write_tokens") and name not in _OUTSIDE | OWN
)
"""Beside these, the input includes them all the same: LiteLLM adds Anthropic's names to OpenAI's, Codex counts as
OpenAI does.
"""

_DOLLARS: Final = re.compile(r"\$?[0-9]{1,12}(?:\.[0-9]{1,12})?")
_NESTED_MAX: Final = 4
_TOLD_APART_MIN, _TOLD_APART_MAX = 8, 64
"""Shorter names are one slip from too many others."""


class Understood(NamedTuple):
    """A usage object in our fields, and what it says beside them, as it was sent."""

    fields: dict[str, Any]
    rest: dict[str, Any]


class Spelled(NamedTuple):
    """A number and where it was sent."""

    path: Path
    value: int | float


def token_usage(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    """`token_usage` in our fields. What a vendor's object says beside them goes into `attributes`; of a whole response
    its usage, model and provider are read and the rest is not kept. An object without a vendor's name stays as it is.

    Raises:
        ValidationError: a count is none, is said twice with two values, or its name is one letter off.
    """
    if OWN.issuperset(sent):
        return sent
    understood = of_object(sent)
    if understood is None:
        return sent
    kept = {name: value for name, value in understood.rest.items() if folded(name) not in _CONTENT}
    if any(folded(name) in _OF_A_RESPONSE and isinstance(value, Mapping) for name, value in sent.items()):
        kept = {name: value for name, value in kept.items() if folded(name) in _USAGE_OBJECTS}
    attributes = understood.fields.get("attributes")
    if not kept or not isinstance(attributes, Mapping | None):
        return understood.fields
    for name in kept.keys() & (attributes or {}).keys():
        if (attributes or {})[name] != kept[name]:
            refuse((name,), "has one value in attributes and another beside it; send it once", "consistency")
    return understood.fields | {"attributes": {**(attributes or {}), **kept}}


def of_object(sent: Mapping[str, Any], *, inside: bool = True) -> Understood | None:
    """What the object says of usage, or None where no vendor's name is in it. `inside` of a usage object `input` and
    the like mean tokens.

    Raises:
        ValidationError: as `token_usage`.
    """
    reading = _Reading()
    for path, name, value, is_inside in _leaves(sent, inside=inside):
        reading.take(path, name, value, inside=is_inside)
    return reading.understood() if reading.met else None


class _Reading:
    """What was met of a usage object so far. `met` are the names that are a vendor's."""

    def __init__(self) -> None:
        self.met: set[str] = set()
        self._counts: dict[str, Spelled] = {}
        self._names: dict[str, tuple[Path, str]] = {}
        self._own: dict[str, Any] = {}
        self._rest: list[tuple[Path, Any]] = []

    def take(self, path: Path, name: str, value: Any, *, inside: bool) -> None:
        """Read one value: its path as it was sent, and the name to look up."""
        place = _PLACES.get(name) or (_SHORT.get(name) if inside else None)
        if place is not None:
            self._say(place, path, _cost(path, value) if place == "cost_usd" else count(path, value))
        elif name in _CHOICES and isinstance(value, str):
            self._names[name] = path, value
        elif name == "cache_details" and isinstance(value, list):
            for written, tokens in _writes_by_lifetime(path, value):
                self._say(written, path, tokens)
        elif path[0] in OWN:
            self._own[path[0]] = value
            return
        else:
            self._rest.append((path, value))
            return
        if path[0] not in OWN or len(path) > 1:
            self.met.add(name)

    def _say(self, place: str, path: Path, value: int | float) -> None:
        before = self._counts.setdefault(place, Spelled(path, value))
        if before.value != value:
            told = f"is {value:,} and {'.'.join(before.path)} is {before.value:,}, which say the same; send one of them"
            refuse(path, told, "consistency")

    def understood(self) -> Understood:
        """What it all comes to."""
        for path, _ in self._rest:
            _refuse_near_miss(path)
        counts = _counts({place: said.value for place, said in self._counts.items()}, self.met)
        names = _best_names(self._names, self._rest)
        return Understood(self._own | names | counts, _nested(self._rest))


def is_known(name: str) -> bool:
    """Whether it is the name of something that a usage object says, whoever wrote it."""
    plain = folded(name)
    return plain in OWN or plain in _PLACES or plain in _CHOICES or plain in _USAGE_OBJECTS or plain in _CONTAINERS


def _leaves(
    sent: Mapping[str, Any], *, inside: bool, path: Path = (), prefix: str = ""
) -> Iterator[tuple[Path, str, Any, bool]]:
    """Each value with the path it was sent at, the name to look up, and whether it stands in a usage object; null says
    nothing.
    """
    # Cohere bills other tokens than the model saw; what it bills is what a price goes with.
    is_billed_apart = any(folded(name) == "billed_units" for name in sent)
    for name, value in sent.items():
        full = prefix + folded(name)
        if value is None:
            continue
        if isinstance(value, Mapping) and full in _USAGE_OBJECTS and len(path) < _NESTED_MAX:
            if full != "tokens" or not is_billed_apart:
                yield from _leaves(value, inside=True, path=(*path, name))
                continue
        elif isinstance(value, Mapping) and full in _CONTAINERS:
            yield from _leaves(value, inside=False, path=(*path, name), prefix=f"{full}.")
            continue
        yield (*path, name), full, value, inside


def _cost(path: Path, value: Any) -> int | float:
    if isinstance(value, str) and _DOLLARS.fullmatch(value):
        return float(value.removeprefix("$"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(path, "is not a number", "number")
    return value


def _writes_by_lifetime(path: Path, details: list[Any]) -> Iterator[tuple[str, int]]:
    """Bedrock's `cacheDetails`: a list of `{ttl, inputTokens}`."""
    for detail in details:
        if isinstance(detail, Mapping) and detail.get("ttl") in ("1h", "5m") and "inputTokens" in detail:
            yield f"cache_write_{detail['ttl']}_tokens", count((*path, "inputTokens"), detail["inputTokens"])


def _best_names(names: Mapping[str, tuple[Path, str]], rest: list[tuple[Path, Any]]) -> dict[str, str]:
    """Model and provider by their best names; the others join the rest where they say something else."""
    found: dict[str, str] = {}
    for field, choices in _NAMED.items():
        for path, value in (names[name] for name in choices if name in names):
            if found.setdefault(field, value) != value:
                rest.append((path, value))
    return found


def _counts(told: dict[str, Any], met: set[str]) -> dict[str, Any]:
    """The counts with every part inside of its whole."""
    counts = dict(told)
    uncached, more_input = counts.pop("uncached_tokens", None), counts.pop("more_input_tokens", 0)
    of_5m, thoughts = counts.pop("cache_write_5m_tokens", None), counts.pop("more_reasoning_tokens", None)
    if of_5m is not None:
        counts.setdefault("cache_write_tokens", of_5m + counts.get("cache_write_1h_tokens", 0))
    cached = counts.get("cache_read_tokens", 0) + max(
        counts.get("cache_write_tokens", 0), counts.get("cache_write_1h_tokens", 0)
    )
    if "input_tokens" not in counts and uncached is not None:
        counts["input_tokens"] = uncached + cached
    elif "input_tokens" in counts and _cached_is_outside(counts, cached, met):
        counts["input_tokens"] += cached
    if more_input:
        counts["input_tokens"] = counts.get("input_tokens", 0) + more_input
    if thoughts is not None:
        counts["reasoning_tokens"] = thoughts
        counts["output_tokens"] = counts.get("output_tokens", 0) + thoughts
    elif _reasoning_is_outside(counts):
        counts["output_tokens"] += counts["reasoning_tokens"]
    return counts


def _cached_is_outside(counts: Mapping[str, int], cached: int, met: set[str]) -> bool:
    """By the names, unless the total told is that of an input which includes it. What is more than the whole is no part
    of it, whatever the names: the Vercel AI SDK 5 has OpenAI's name for what it read from Anthropic.
    """
    whole = counts["input_tokens"]
    if cached > whole:
        return True
    by_name = bool(met & _OUTSIDE) and not met & _WITHIN
    return by_name and counts.get("total_tokens") != whole + counts.get("output_tokens", 0)


def _reasoning_is_outside(counts: Mapping[str, int]) -> bool:
    """xAI counts it beside `completion_tokens` (docs.x.ai: "counted separately from completion_tokens, but will be
    counted in the total_tokens"), Perplexity too; the numbers show it.
    """
    reasoning, output = counts.get("reasoning_tokens", 0), counts.get("output_tokens")
    if not reasoning or output is None:
        return False
    return reasoning > output or counts.get("total_tokens") == counts.get("input_tokens", 0) + output + reasoning


def _refuse_near_miss(path: Path) -> None:
    """A count that is one slip away from a known name would vanish among what is kept."""
    name = folded(path[-1])
    near = next((_one_slip_away()[short] for short in _shortened(name) if short in _one_slip_away()), None)
    if near is not None and near != name:
        refuse(path, f"is not a known argument; did you mean {near}?", "consistency")


@cache
def _one_slip_away() -> dict[str, str]:
    """Known names by what is left of them without any one letter: two names that share that are one slip apart."""
    names = {name.rpartition(".")[2] for name in (*_PLACES, *OWN)}
    return {short: name for name in sorted(names) for short in (*_shortened(name), name)}


def _shortened(name: str) -> Iterator[str]:
    if _TOLD_APART_MIN <= len(name) <= _TOLD_APART_MAX:
        yield name
        yield from (name[:at] + name[at + 1 :] for at in range(len(name)))


def _nested(leaves: list[tuple[Path, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in leaves:
        box = found
        for name in path[:-1]:
            box = box.setdefault(name, {})
        box[path[-1]] = value
    return found
