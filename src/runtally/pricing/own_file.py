"""The file of own prices: TOML with a `[[price]]` for each. What cannot be meant is refused, by entry and key."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Final

from runtally.domain.clock import micros
from runtally.domain.errors import InvalidInput
from runtally.domain.limits import COUNT_MAX
from runtally.domain.toml_tables import LINE_CHARS_MAX, Entry, TomlTables
from runtally.pricing.own import OwnPrice, OwnPrices
from runtally.pricing.price_list import PriceList, Rates
from runtally.pricing.sellers import plain_name

_RATES: Final = {
    "input_usd_per_million": "input",
    "cached_input_usd_per_million": "cache_read",
    "cache_write_usd_per_million": "cache_write",
    "cache_write_1h_usd_per_million": "cache_write_1h",
    "output_usd_per_million": "output",
}
_KEYS: Final = ("model", "provider", "from", *_RATES, "above")
_KEYS_ABOVE: Final = ("input_tokens", *_RATES)
_INPUT: Final = "input_usd_per_million"
_USD_MAX: Final = 1_000_000
_DECIMALS_MAX: Final = 12
_FILE_BYTES_MAX: Final = 1024 * 1024
_PRICES_MAX: Final = 10_000
_EXACT: Final = Context(prec=LINE_CHARS_MAX)


def read(path: Path) -> OwnPrices:
    """The prices in the file.

    Raises:
        InvalidInput: there is no such file, or something in it cannot be meant.
    """
    entries = TomlTables(path, "RUNTALLY_PRICES", "prices", _FILE_BYTES_MAX).tables("price")["price"]
    if len(entries) > _PRICES_MAX:
        raise InvalidInput(
            f"{path} has {len(entries):,} prices, and {_PRICES_MAX:,} are read; let one with a * stand for many"
        )
    prices = [
        _own_price(_Entry(f"{path}, [[price]] {number}", entry, _KEYS)) for number, entry in enumerate(entries, 1)
    ]
    _refuse_doubles(path, prices)
    return OwnPrices(prices)


class _Entry(Entry):
    """A table of prices."""

    def day(self, key: str) -> date | None:
        value = self.told.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime) or not 1970 <= value.year < 2255:
            raise self.refusal(key, "is not a day from 1970 to 2254; write one like 2026-01-31, without quotes")
        return value

    def count(self, key: str) -> int:
        value = self.told.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= COUNT_MAX:
            raise self.refusal(key, "is not a number of tokens from 1; write one like 200000")
        return value

    def rates(self) -> dict[str, Decimal]:
        return {key: self._usd(key) for key in _RATES if key in self.told}

    def _usd(self, key: str) -> Decimal:
        value = self.told[key]
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.refusal(key, "is not a number; write one like 0.20, without quotes")
        usd = Decimal(value)
        if not usd.is_finite() or not 0 <= usd <= _USD_MAX:
            raise self.refusal(key, f"is not from 0 to {_USD_MAX:,} dollars per million tokens")
        usd = usd.normalize(_EXACT)
        exponent = usd.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -_DECIMALS_MAX:
            raise self.refusal(key, f"has more than {_DECIMALS_MAX} digits after the point; round it")
        return usd

    def above(self) -> list["_Entry"]:
        value = self.told.get("above", [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.refusal("above", "is not a list of tables; begin each with [[price.above]]")
        return [
            _Entry(f"{self.place}, [[price.above]] {number}", one, _KEYS_ABOVE) for number, one in enumerate(value, 1)
        ]


def _own_price(entry: _Entry) -> OwnPrice:
    model = entry.text("model")
    if model is None:
        raise entry.refusal("model", 'is missing; write the name that agents report, such as "llama-3.3-70b"')
    if "*" in model[:-1]:
        raise entry.refusal("model", "has a * that is not its end; only the end of a name can be left open")
    provider = entry.text("provider")
    if provider is not None and not plain_name(provider):
        raise entry.refusal("provider", "has no letter from a to z and no digit in it; leave it out for any provider")
    since = entry.day("from")
    since_us = 0 if since is None else micros(datetime(since.year, since.month, since.day, tzinfo=UTC))
    return OwnPrice(model, provider, since, since_us, PriceList(_tiers(entry)))


def _tiers(entry: _Entry) -> list[tuple[int, Rates]]:
    rates = entry.rates()
    if _INPUT not in rates:
        raise entry.refusal(_INPUT, "is missing; write dollars per million tokens, 0 for what is free")
    tiers = [(-1, _of(rates))]
    for more in entry.above():
        start = more.count("input_tokens")
        if start <= tiers[-1][0]:
            raise more.refusal("input_tokens", "is not more than in the one before; let them grow")
        changed = more.rates()
        if lacking := [key for key in changed if key not in rates]:
            raise more.refusal(lacking[0], "is not in the [[price]]; give that one too")
        rates = rates | changed
        tiers.append((start, _of(rates)))
    return tiers


def _of(rates: Mapping[str, Decimal]) -> Rates:
    told = {_RATES[key]: usd for key, usd in rates.items()}
    if "cache_write_1h" in told:
        told.setdefault("cache_write", told["input"])
    return Rates(**told)


def _refuse_doubles(path: Path, prices: Sequence[OwnPrice]) -> None:
    seen: dict[tuple[tuple[str, str], int], int] = {}
    for number, price in enumerate(prices, 1):
        first = seen.setdefault((price.names, price.since_us), number)
        if first != number:
            raise InvalidInput(
                f"{path}, [[price]] {number}: model has a price of that provider and day in [[price]] "
                f"{first}; change one of them"
            )
