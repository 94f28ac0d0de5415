"""The file of own prices: TOML with a `[[price]]` for each. What cannot be meant is refused, by entry and key."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, Final

from runtally.domain.clock import micros
from runtally.domain.errors import InvalidInput
from runtally.domain.limits import COUNT_MAX, IDENTIFIER_CHARS
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
_LINE_CHARS_MAX: Final = 2_000
_PARTS_MAX: Final = 16
_MANY_PARTS: Final = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]+[ \t]*\.[ \t]*){{{_PARTS_MAX}}}[\w\"'-]")
"""A key of more parts: the parser compares each with all that came before it."""
_KEY_SHOWN_CHARS: Final = 64
_EXACT: Final = Context(prec=_LINE_CHARS_MAX)
_PLACE: Final = re.compile(r"at (line \d+, column \d+|end of document)")


def read(path: Path) -> OwnPrices:
    """The prices in the file.

    Raises:
        InvalidInput: there is no such file, or something in it cannot be meant.
    """
    told = _parsed(path)
    if unknown := [key for key in told if key != "price"]:
        raise InvalidInput(
            f"{path}: '{_shown(unknown[0])}' stands outside of any price; begin each price with [[price]]"
        )
    entries = told.get("price", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidInput(f"{path}: price is not a list of prices; begin each price with [[price]]")
    if len(entries) > _PRICES_MAX:
        raise InvalidInput(
            f"{path} has {len(entries):,} prices, and {_PRICES_MAX:,} are read; let one with a * stand for many"
        )
    prices = [_own_price(_Entry(f"{path}, [[price]] {number}", entry)) for number, entry in enumerate(entries, 1)]
    _refuse_doubles(path, prices)
    return OwnPrices(prices)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        text = _bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not UTF-8 text; save it as UTF-8") from None
    except OSError:
        raise InvalidInput(f"{path} cannot be read by this user; change its permissions, or name another") from None
    _refuse_what_takes_long(path, text)
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError, ArithmeticError) as error:
        place = _PLACE.search(str(error))
        where = f" at {'its end' if place[1].startswith('end') else place[1]}" if place else ""
        raise InvalidInput(f"{path} is not TOML{where}; mend it there, or leave RUNTALLY_PRICES unset") from None


def _bytes_of(path: Path) -> bytes:
    # What never ends, such as a device, is not opened; and what the system makes up has no size to go by.
    content = None
    if path.is_file():
        with path.open("rb") as file:
            content = file.read(_FILE_BYTES_MAX + 1)
    if content is not None and len(content) <= _FILE_BYTES_MAX:
        return content
    told = "is no file" if content is None else f"is larger than the {_FILE_BYTES_MAX:,} bytes that are read of prices"
    raise InvalidInput(f"{path} {told}; let RUNTALLY_PRICES name a file of prices, or leave it unset")


def _refuse_what_takes_long(path: Path, text: str) -> None:
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > _LINE_CHARS_MAX:
            raise InvalidInput(f"{path}: line {number} is longer than {_LINE_CHARS_MAX:,} characters; break it")
        if _MANY_PARTS.search(line):
            raise InvalidInput(f"{path}: line {number} has more than {_PARTS_MAX} names joined by dots; mend it there")


def _shown(key: str) -> str:
    """A key as a terminal may show it."""
    shown = key if key.isprintable() else repr(key)[1:-1]
    return shown if len(shown) <= _KEY_SHOWN_CHARS else f"{shown[:_KEY_SHOWN_CHARS]}…"


class _Entry:
    """A table of the file, which is asked for its keys; a refusal names the table and the key."""

    def __init__(self, place: str, told: Mapping[str, Any], known: Sequence[str] = _KEYS) -> None:
        self._place = place
        self._told = told
        if unknown := [key for key in told if key not in known]:
            raise self.refusal(_shown(unknown[0]), f"is no key of it; the keys are {', '.join(known)}")

    def refusal(self, key: str, told: str) -> InvalidInput:
        return InvalidInput(f"{self._place}: {key} {told}")

    def text(self, key: str) -> str | None:
        value = self._told.get(key)
        if value is not None and not (isinstance(value, str) and 0 < len(value.strip()) <= IDENTIFIER_CHARS):
            raise self.refusal(key, f"is not a text of 1 to {IDENTIFIER_CHARS} characters; write it in quotes")
        if value is not None and not value.strip().isprintable():
            raise self.refusal(key, "has characters in it that cannot be printed; remove them")
        return None if value is None else value.strip()

    def day(self, key: str) -> date | None:
        value = self._told.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime) or not 1970 <= value.year < 2255:
            raise self.refusal(key, "is not a day from 1970 to 2254; write one like 2026-01-31, without quotes")
        return value

    def count(self, key: str) -> int:
        value = self._told.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= COUNT_MAX:
            raise self.refusal(key, "is not a number of tokens from 1; write one like 200000")
        return value

    def rates(self) -> dict[str, Decimal]:
        return {key: self._usd(key) for key in _RATES if key in self._told}

    def _usd(self, key: str) -> Decimal:
        value = self._told[key]
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
        value = self._told.get("above", [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.refusal("above", "is not a list of tables; begin each with [[price.above]]")
        return [
            _Entry(f"{self._place}, [[price.above]] {number}", one, _KEYS_ABOVE) for number, one in enumerate(value, 1)
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
