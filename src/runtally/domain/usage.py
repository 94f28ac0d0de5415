"""Tokens and cost: what an agent reports, and the rules that keep the numbers believable."""

from decimal import Decimal
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from runtally.domain.dialects import usage as dialects
from runtally.domain.fields import CostUsd, Count, Identifier, JsonObject, Prose
from runtally.domain.limits import COUNT_MAX

CountT = TypeVar("CountT", bound=int)


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


class TokenCounts(BaseModel, Generic[CountT]):
    """Token counts in the sense of the OpenTelemetry GenAI conventions: `input_tokens` includes the cached ones and
    `output_tokens` the reasoning; `cache_write_1h_tokens` is a part of `cache_write_tokens`. What is missing is
    unknown, not zero. Sent, a count is a `Count`; in an answer it is a number of our own.
    """

    input_tokens: CountT | None = None
    output_tokens: CountT | None = None
    total_tokens: CountT | None = None
    cache_read_tokens: CountT | None = None
    cache_write_tokens: CountT | None = None
    cache_write_1h_tokens: CountT | None = None
    reasoning_tokens: CountT | None = None


class Tokens(TokenCounts[Count]):
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
        cached = (self.cache_read_tokens or 0) + max(self.cache_write_tokens or 0, self.cache_write_1h_tokens or 0)
        if self.input_tokens is not None and cached > self.input_tokens:
            raise PydanticCustomError(
                "consistency",
                f"counts {cached:,} cached tokens within {self.input_tokens:,} input_tokens; input_tokens includes "
                f"cached tokens, so send {self.input_tokens + cached:,} if yours left them out",
            )
        if (self.input_tokens or 0) + (self.output_tokens or 0) > COUNT_MAX:
            raise PydanticCustomError(
                "too_many_tokens",
                f"counts more than {COUNT_MAX:,} tokens in all, beyond which numbers are not exact. Check the counts",
            )
        if self.output_tokens is not None and (self.reasoning_tokens or 0) > self.output_tokens:
            raise PydanticCustomError(
                "consistency",
                f"counts {self.reasoning_tokens:,} reasoning_tokens within {self.output_tokens:,} output_tokens; "
                "output_tokens includes reasoning, so send the sum if yours left it out",
            )
        return self

    @property
    def counts(self) -> Counts:
        """The counts as told; the total and the cache writes are at least what their parts come to."""
        values = vars(self)
        told = Counts(*[values.get(name) for name in COUNTS])
        if told.cache_write_tokens is None and told.cache_write_1h_tokens is not None:
            told = told._replace(cache_write_tokens=told.cache_write_1h_tokens)
        total = told.covered_total
        return told if total == told.total_tokens else told._replace(total_tokens=total)

    @property
    def reported_nano_usd(self) -> int | None:
        """The reported cost in nano-dollars."""
        return None if self.cost_usd is None else nano_usd(self.cost_usd)


class TokenUsage(Tokens):
    """What a batch of LLM calls used (`token_usage` of `core_report_usage` and `core_end_run`).

    A vendor's usage object is understood as it is; what it says that has no field here is kept in `attributes`, which
    a caller may also send.
    """

    llm_calls: Count | None = None
    prompt_preview: Prose | None = None
    attributes: Annotated[JsonObject | None, SkipJsonSchema()] = None

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, sent: Any) -> Any:
        return dialects.token_usage(sent) if isinstance(sent, dict) else sent

    @model_validator(mode="after")
    def _says_what_was_used(self) -> "TokenUsage":
        if self.attributes is not None and self.is_empty:
            told = "has attributes and nothing that was used; send a count, a cost or the model, or leave it out"
            raise PydanticCustomError("consistency", told)
        return self

    @property
    def is_empty(self) -> bool:
        """Whether nothing is told of what was used."""
        return all(value is None for name, value in vars(self).items() if name != "attributes")
