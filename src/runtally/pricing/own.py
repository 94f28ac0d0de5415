"""Prices of one's own, for models that one runs or has a contract for: they count before those of genai-prices."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from runtally.domain.usage import Counts
from runtally.pricing import listed
from runtally.pricing.price_list import Price, PriceList
from runtally.pricing.sellers import plain_name, seller_id


class OwnPrice(NamedTuple):
    """What a model costs at a provider, or at any, since a day (UTC), or ever. A `model` that ends in `*` stands for
    all that begin so.
    """

    model: str
    provider: str | None
    since: date | None
    since_us: int
    prices: PriceList

    @property
    def priced_by(self) -> str:
        """How the ledger names it."""
        name = self.model if self.provider is None else f"{self.provider}/{self.model}"
        return f"own {name}" if self.since is None else f"own {name} from {self.since.isoformat()}"

    @property
    def names(self) -> tuple[str, str]:
        """What it is for, in the words that are compared."""
        return _model_name(self.model), _provider_name(self.provider or "")


class OwnPrices:
    """Prices of one's own before the listed ones. Fills `domain.ports.Pricer`.

    The closest of several prices counts: the whole name of a model before the beginning of one, a longer beginning
    before a shorter, a provider before any, and what holds since later. Callers choose the names of models, so what is
    found is not kept, and finding nothing takes no longer for many prices.
    """

    def __init__(self, prices: Sequence[OwnPrice]) -> None:
        self._count = len(prices)
        self._whole: _ByName = {}
        self._beginnings: dict[int, _ByName] = {}
        for price in sorted(prices, key=lambda price: price.since_us):
            model, provider = price.names
            beginning = model.removesuffix("*")
            by_name = self._whole if model == beginning else self._beginnings.setdefault(len(beginning), {})
            by_name.setdefault((beginning, provider), []).append(price)
        self._lengths = sorted(self._beginnings, reverse=True)

    def __len__(self) -> int:
        return self._count

    def load(self) -> None:
        """Import the listed prices now, so that no report has to wait for them."""
        listed.load()

    def price(
        self, *, model: str | None, provider: str | None, at_us: int, counts: Counts, of_several: bool = False
    ) -> Price | None:
        """The cost by the closest own price that holds at `at_us`; where there is none, as `listed.price` says.

        An own price is believed: what it cannot tell, such as the cost of an unknown number of tokens, is unpriced.
        """
        own = self._closest(_model_name(model), _provider_name(provider or ""), at_us) if model else None
        if own is None:
            return listed.price(model=model, provider=provider, at_us=at_us, counts=counts, of_several=of_several)
        cost = own.prices.cost(counts, of_several=of_several)
        return None if cost is None else Price(cost, own.priced_by)

    def _closest(self, model: str, provider: str, at_us: int) -> OwnPrice | None:
        for dated in self._from_close_to_far(model, provider):
            held = bisect_right(dated, at_us, key=lambda price: price.since_us)
            if held:
                return dated[held - 1]
        return None

    def _from_close_to_far(self, model: str, provider: str) -> Iterator[Sequence[OwnPrice]]:
        named = [(self._whole, model)]
        named += [(self._beginnings[length], model[:length]) for length in self._lengths if length <= len(model)]
        for by_name, name in named:
            yield by_name.get((name, provider), ())
            if provider:
                yield by_name.get((name, ""), ())


_ByName = dict[tuple[str, str], list[OwnPrice]]
"""Prices of a model, or of a beginning, at a provider (any: an empty text), from the earliest on."""


def _model_name(name: str) -> str:
    return name.strip().lower()


def _provider_name(name: str) -> str:
    """The seller, however its name is written. Those who run models locally are many, each with prices of its own."""
    seller = seller_id(name)
    return plain_name(name) if seller == "local" else seller
