"""Prices of one's own, for models that one runs or has a contract for: they count before those of genai-prices."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from runtally.domain.usage import Counts
from runtally.pricing import listed
from runtally.pricing.price_list import Price, PriceList
from runtally.pricing.sellers import plain_name, seller_id

_NAMES_KEPT: Final = 1_024
"""Callers choose the names of models, so what is kept of them is bounded."""


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

    def is_for(self, model: str, provider: str) -> bool:
        """Whether it is the price of a model, whenever."""
        own_model, own_provider = self.names
        fits = model.startswith(own_model[:-1]) if own_model.endswith("*") else model == own_model
        return fits and own_provider in ("", provider)

    @property
    def closeness(self) -> tuple[bool, int, bool, int]:
        """By which the closest of several prices is told: the whole name of a model before the beginning of one, a
        longer beginning before a shorter, a provider before any, and what holds since later.
        """
        return not self.model.endswith("*"), len(self.model), self.provider is not None, self.since_us


class OwnPrices:
    """Prices of one's own before the listed ones. Fills `domain.ports.Pricer`."""

    def __init__(self, prices: Sequence[OwnPrice]) -> None:
        self._prices = sorted(prices, key=lambda price: price.closeness, reverse=True)
        self._of_model = lru_cache(_NAMES_KEPT)(self._find)

    def __len__(self) -> int:
        return len(self._prices)

    def load(self) -> None:
        """Import the listed prices now, so that no report has to wait for them."""
        listed.load()

    def price(self, *, model: str | None, provider: str | None, at_us: int, counts: Counts) -> Price | None:
        """The cost by the closest own price that holds at `at_us`; where there is none, as `listed.price` says.

        An own price is believed: what it cannot tell, such as the cost of an unknown number of tokens, is unpriced.
        """
        for own, priced_by in self._of_model(model, provider or "") if model else ():
            if own.since_us <= at_us:
                cost = own.prices.cost(counts)
                return None if cost is None else Price(cost, priced_by)
        return listed.price(model=model, provider=provider, at_us=at_us, counts=counts)

    def _find(self, model: str, provider: str) -> tuple[tuple[OwnPrice, str], ...]:
        names = _model_name(model), _provider_name(provider)
        return tuple((one, one.priced_by) for one in self._prices if one.is_for(*names))


def _model_name(name: str) -> str:
    return name.strip().lower()


def _provider_name(name: str) -> str:
    """The seller, however its name is written. Those who run models locally are many, each with prices of its own."""
    seller = seller_id(name)
    return plain_name(name) if seller == "local" else seller
