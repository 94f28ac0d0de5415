"""Tokens and cost: what an agent reports, and the rules that keep the numbers believable."""

from decimal import Decimal
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from runtally.domain.fields import CostUsd, Count, Identifier, Prose


class Counts(NamedTuple):
    """What is counted, as numbers to reckon with. None is unknown, which is not zero."""

    llm_calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None

    def plus(self, more: "Counts") -> "Counts":
        """Count by count sums, in which unknown plus known is known."""
        return Counts(*map(known_sum, self, more))

    @property
    def covered_total(self) -> int | None:
        """The total as told, or what its parts come to where that is more; None where nothing of it is known.

        An unknown part counts as nothing: so a total is never below its input and output.
        """
        if self.total_tokens is None and self.input_tokens is None and self.output_tokens is None:
            return None
        return max(self.total_tokens or 0, (self.input_tokens or 0) + (self.output_tokens or 0))

    @property
    def has_tokens(self) -> bool:
        """Whether any token count is known."""
        return any(count is not None for count in self[1:])


COUNTS: Final = Counts._fields
TOKENS: Final = COUNTS[1:]


def known_sum(left: int | None, right: int | None) -> int | None:
    """The sum, in which unknown plus known is known."""
    if left is None or right is None:
        return right if left is None else left
    return left + right


def nano_usd(cost_usd: float) -> int:
    """Dollars as the caller wrote them, in whole nano-dollars (rounded half to even)."""
    return round(Decimal(repr(cost_usd)) * 1_000_000_000)


class TokenCounts(BaseModel):
    """Token counts in the sense of the OpenTelemetry GenAI conventions: `input_tokens` includes the cached ones and
    `output_tokens` the reasoning; `cache_write_1h_tokens` is a part of `cache_write_tokens`. What is missing is
    unknown, not zero.
    """

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None
    cache_read_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_write_1h_tokens: Count | None = None
    reasoning_tokens: Count | None = None


class Tokens(TokenCounts):
    """What one step or one call used, as it is told."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    cost_usd: CostUsd | None = None
    model: Identifier | None = None
    provider: Identifier | None = None

    @model_validator(mode="after")
    def _parts_fit_their_whole(self) -> "Tokens":
        if (self.cache_write_1h_tokens or 0) > (self.cache_write_tokens or 0) and self.cache_write_tokens is not None:
            raise PydanticCustomError(
                "consistency",
                f"counts {self.cache_write_1h_tokens:,} cache_write_1h_tokens within {self.cache_write_tokens:,} "
                "cache_write_tokens; the one-hour writes are a part of cache_write_tokens, so send all writes there",
            )
        cached = (self.cache_read_tokens or 0) + (self.known_cache_write_tokens or 0)
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
    def known_cache_write_tokens(self) -> int | None:
        """All cache writes, which are at least the one-hour ones."""
        return self.cache_write_1h_tokens if self.cache_write_tokens is None else self.cache_write_tokens

    @property
    def counts(self) -> Counts:
        """The counts as told, with the total and the cache writes that follow from their parts."""
        told = Counts(**{name: getattr(self, name) for name in TOKENS})
        return told._replace(total_tokens=told.covered_total, cache_write_tokens=self.known_cache_write_tokens)

    @property
    def reported_nano_usd(self) -> int | None:
        """The reported cost in nano-dollars."""
        return None if self.cost_usd is None else nano_usd(self.cost_usd)


class TokenUsage(Tokens):
    """What a batch of LLM calls used (`token_usage` of `core_report_usage` and `core_end_run`)."""

    llm_calls: Count | None = None
    prompt_preview: Prose | None = None

    @property
    def counts(self) -> Counts:
        """As of `Tokens`, with the calls."""
        return super().counts._replace(llm_calls=self.llm_calls)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is told."""
        return all(value is None for value in vars(self).values())
