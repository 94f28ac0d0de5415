"""Tokens and cost: what an agent reports, and the rules that keep the numbers believable."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from runtally.domain.fields import CostUsd, Count, Identifier, Prose

COUNTS: Final = (
    "llm_calls",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
TOKENS: Final = COUNTS[1:]


def nano_usd(cost_usd: float) -> int:
    """Dollars as the caller wrote them, in whole nano-dollars (rounded half to even)."""
    return round(Decimal(repr(cost_usd)) * 1_000_000_000)


class Tokens(BaseModel):
    """Token counts in the sense of the OpenTelemetry GenAI conventions: `input_tokens` includes the cached ones and
    `output_tokens` the reasoning. What is missing is unknown, not zero.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cache_read_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    reasoning_tokens: Count | None = None
    cost_usd: CostUsd | None = None
    model: Identifier | None = None
    provider: Identifier | None = None

    @model_validator(mode="after")
    def _parts_fit_their_whole(self) -> "Tokens":
        cached = (self.cache_read_tokens or 0) + (self.cache_write_tokens or 0)
        if self.input_tokens is not None and cached > self.input_tokens:
            raise PydanticCustomError(
                "consistency",
                f"counts {cached:,} cached tokens within {self.input_tokens:,} input_tokens; input_tokens includes "
                f"cached tokens, so send {self.input_tokens + cached:,} if yours left them out",
            )
        if self.output_tokens is not None and (self.reasoning_tokens or 0) > self.output_tokens:
            raise PydanticCustomError(
                "consistency",
                f"counts {self.reasoning_tokens:,} reasoning_tokens within {self.output_tokens:,} output_tokens; "
                "output_tokens includes reasoning, so send the sum if yours left it out",
            )
        return self

    @property
    def has_tokens(self) -> bool:
        """Whether any token count is known."""
        return any(getattr(self, field) is not None for field in TOKENS)

    @property
    def known_total(self) -> int | None:
        """The total as reported, else input plus output where both are known."""
        if self.total_tokens is not None or self.input_tokens is None or self.output_tokens is None:
            return self.total_tokens
        return self.input_tokens + self.output_tokens

    @property
    def reported_nano_usd(self) -> int | None:
        """The reported cost in nano-dollars."""
        return None if self.cost_usd is None else nano_usd(self.cost_usd)


class TokenUsage(Tokens):
    """What a batch of LLM calls used (`token_usage` of `core_report_usage` and `core_end_run`)."""

    llm_calls: Count | None = None
    prompt_preview: Prose | None = None


def sum_known(values: Mapping[str, int | None], more: Mapping[str, int | None]) -> dict[str, int | None]:
    """Field by field sums in which unknown plus known is known."""
    return {field: _plus(values.get(field), more.get(field)) for field in COUNTS}


def _plus(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def known_counts(usage: Tokens) -> dict[str, Any]:
    """The counts of a report by field, with the total derived where it can be."""
    counts = {field: getattr(usage, field, None) for field in COUNTS}
    counts["total_tokens"] = usage.known_total
    return counts
