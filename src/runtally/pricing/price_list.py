"""What a seller charges for a model, in whole numbers: a cost is exact, and a few multiplications away."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from runtally.domain.limits import COUNT_MAX
from runtally.domain.usage import Counts

_NANO_PER_MILLIONTH: Final = 1_000


class Price(NamedTuple):
    """A computed cost and what it rests on: whose list, and the model of it that matched."""

    cost_nano_usd: int
    priced_by: str


class Rates(NamedTuple):
    """Dollars per million tokens, and per million requests. Cached tokens without a rate are plain input, writes for an
    hour without one are plain writes; without a rate for output, only what has no output has a cost.
    """

    input: Decimal
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    requests: Decimal = Decimal(0)


class PriceList:
    """The rates of a model by the size of the request, ready to be reckoned with.

    `tiers` go upwards from one that begins at -1: the rates of a tier are for every token of a request with more input
    than its number. They all have a rate for the same things.
    """

    __slots__ = (
        "_has_output",
        "_has_reads",
        "_has_writes",
        "_has_writes_1h",
        "_rows",
        "_scale",
        "is_free",
        "is_linear",
    )

    def __init__(self, tiers: Sequence[tuple[int, Rates]]) -> None:
        _, lowest = tiers[0]
        self._has_output = lowest.output is not None
        self._has_reads = lowest.cache_read is not None
        self._has_writes = lowest.cache_write is not None
        self._has_writes_1h = lowest.cache_write_1h is not None
        rows = [(above, _factors(rates)) for above, rates in reversed(tiers)]
        factors = [factor for _, row in rows for factor in row]
        self._scale = 10 ** max(_decimals(factor) for factor in factors)
        self._rows = tuple((above, tuple(int(factor * self._scale) for factor in row)) for above, row in rows)
        self.is_free = not any(factors)
        self.is_linear = len(tiers) == 1 and not lowest.requests

    def cost(self, counts: Counts, *, of_several: bool = False) -> int | None:
        """What a request costs in nano-dollars, rounded half to even; None if it cannot be told: a count that it needs
        is unknown, more is cached than there is, or it is above `COUNT_MAX`. Where nothing costs anything it is 0.

        The sum `of_several` requests costs what they do only where there are no tiers and no price of a request.
        """
        if self.is_free:
            return 0
        if of_several and not self.is_linear:
            return None
        tokens = counts.input_tokens
        if tokens is None or not self._has_every_count(counts):
            return None
        read, written = counts.cache_read_tokens or 0, counts.cache_write_tokens or 0
        written_1h = counts.cache_write_1h_tokens or 0
        if read * self._has_reads + written * self._has_writes > tokens or written_1h * self._has_writes_1h > written:
            return None
        plain, more_read, more_written, more_written_1h, output, once = self._row(tokens)
        cost = _rounded(
            plain * tokens
            + more_read * read
            + more_written * written
            + more_written_1h * written_1h
            + output * (counts.output_tokens or 0)
            + once,
            self._scale,
        )
        return cost if cost <= COUNT_MAX else None

    def _has_every_count(self, counts: Counts) -> bool:
        output = counts.output_tokens
        if (output is None) if self._has_output else output:
            return False
        return not (counts.cache_write_1h_tokens and counts.cache_write_tokens is None and self._has_writes)

    def _row(self, tokens: int) -> tuple[int, ...]:
        for above, row in self._rows:
            if tokens > above:
                return row
        raise AssertionError("the lowest tier is for any request")


def _factors(rates: Rates) -> tuple[Decimal, ...]:
    """Nano-dollars for each input token, and how many more if it is read, written, or written for an hour; then for
    each output token and for the request.
    """
    read = rates.input if rates.cache_read is None else rates.cache_read
    write = rates.input if rates.cache_write is None else rates.cache_write
    write_1h = write if rates.cache_write_1h is None else rates.cache_write_1h
    per_million = (
        rates.input,
        read - rates.input,
        write - rates.input,
        write_1h - write,
        rates.output or Decimal(0),
        rates.requests,
    )
    return tuple(rate * _NANO_PER_MILLIONTH for rate in per_million)


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "rates are finite"
    return max(0, -exponent)


def _rounded(dividend: int, divisor: int) -> int:
    whole, rest = divmod(dividend, divisor)
    return whole + (rest * 2 > divisor or (rest * 2 == divisor and whole % 2 == 1))
