"""The prices bundled with genai-prices: each list compiled when it is first needed, and kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from runtally.domain.usage import Counts
from runtally.pricing.price_list import Price, PriceList, Rates
from runtally.pricing.sellers import sold_by

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES_KEPT: Final = 1_024
"""Callers choose the names of models, so what is kept of them is bounded."""
_THOUSANDS_IN_A_MILLION: Final = 1_000
"""The library has the price of a thousand requests."""
_FREE: Final = PriceList([(-1, Rates(Decimal(0)))])


def load() -> None:
    """Import the price data now (slow, and some megabytes), so that no report has to wait for it."""
    price(model="gpt-4o", provider="openai", at_us=0, counts=Counts(input_tokens=0, output_tokens=0))


def price(
    *, model: str | None, provider: str | None, at_us: int, counts: Counts, of_several: bool = False
) -> Price | None:
    """The cost of one request at `at_us` (microseconds, UTC), rounded half to even; None if it is unpriced.

    `input_tokens` includes `cache_read_tokens` and `cache_write_tokens` (OpenTelemetry GenAI); an unknown cached part
    is billed as plain input, a cache write at the seller's default lifetime unless it is one of the
    `cache_write_1h_tokens`. Tokens are taken as text at the standard
    service tier, and one report as one request: long-context tiers and per-request fees apply to its totals. Searches
    and other tools are not in the cost. The sum `of_several` requests is unpriced where there are such tiers or fees.

    A cost that lacks one of its parts would be a lower bound that looks like a cost. So None also means: input or
    output tokens unknown (a model without an output price, such as an embedding model, needs only its input, but is
    unpriced once it reports output), a model billed in other units or with several output prices (images, audio,
    reasoning apart), cached tokens beyond the input, or a cost above `COUNT_MAX`.
    """
    offer = _offer(model, provider or "") if model and counts.input_tokens is not None else None
    prices = None if offer is None else offer.at(at_us)
    cost = None if prices is None else prices.cost(counts, of_several=of_several)
    return None if cost is None or offer is None else Price(cost, offer.priced_by)


class _Offer:
    """A model as one seller sells it, with the lists of prices that held for it so far asked."""

    __slots__ = ("_compiled", "_info", "_only", "priced_by")

    def __init__(self, seller: "Provider", info: "ModelInfo") -> None:
        from genai_prices import __version__  # noqa: PLC0415 - finding the seller has paid for it

        self.priced_by = f"genai-prices {__version__} {seller.id}/{info.id}"
        self._info = info
        self._compiled: dict[int, PriceList | None] = {}
        self._only = None if isinstance(info.prices, list) else _compiled(info, info.prices)

    def at(self, at_us: int) -> PriceList | None:
        """The prices of a moment; None where tokens alone do not make a cost."""
        if not isinstance(self._info.prices, list):
            return self._only
        prices = self._info.get_prices(_EPOCH + timedelta(microseconds=at_us))
        key = id(prices)  # one of a few, which live as long as the process
        if key not in self._compiled:
            self._compiled[key] = _compiled(self._info, prices)
        return self._compiled[key]


@lru_cache(maxsize=_NAMES_KEPT)
def _offer(model: str, provider: str) -> _Offer | None:
    found = sold_by(model, provider)
    return None if found is None else _Offer(*found)


def _compiled(info: "ModelInfo", prices: "ModelPrice") -> PriceList | None:
    if prices.input_mtok is None:
        return _FREE if info.id.endswith(":free") else None  # an empty list means free or unknown
    if prices.output_mtok is not None:
        several = [key for key, value in vars(prices).items() if key.startswith("output_") and value is not None]
        if several != ["output_mtok"]:
            return None
    starts = {tier.start for value in vars(prices).values() for tier in getattr(value, "tiers", ())}
    return PriceList([(start, _rates(prices, start)) for start in sorted({-1} | starts)])


def _rates(prices: "ModelPrice", above: int) -> Rates:
    """The rates for a request with just more input than that."""
    return Rates(
        input=_rate(prices.input_mtok, above) or Decimal(0),
        output=_rate(prices.output_mtok, above),
        cache_read=_rate(prices.cache_read_mtok, above),
        cache_write=_rate(prices.cache_write_mtok, above),
        cache_write_1h=_rate(prices.cache_write_1h_mtok, above),
        requests=(_rate(prices.requests_kcount, above) or Decimal(0)) * _THOUSANDS_IN_A_MILLION,
    )


def _rate(price: "Decimal | TieredPrices | None", above: int) -> Decimal | None:
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tier.start <= above]
    return reached[-1] if reached else price.base
