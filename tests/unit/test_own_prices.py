"""Prices of one's own count before the listed ones, exactly; a file that cannot be meant is refused by key."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from runtally import pricing
from runtally.domain.errors import InvalidInput
from runtally.domain.usage import Counts
from runtally.pricing import own_file
from runtally.pricing.own import OwnPrices
from runtally.pricing.price_list import Price
from tests.guards.source import ROOT

ONE = 'model = "m"\ninput_usd_per_million = 1'


def at_us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


NOW = at_us("2026-03-01T12:00:00")


@pytest.fixture
def prices(tmp_path: Path):
    def read(text: str) -> OwnPrices:
        file = tmp_path / "prices.toml"
        file.write_text(text, encoding="utf-8")
        return own_file.read(file)

    return read


def cost(
    prices: OwnPrices, model: str | None, provider: str | None = None, at: int = NOW, **counts: int
) -> Price | None:
    return prices.price(model=model, provider=provider, at_us=at, counts=Counts(**counts))


DOCUMENTED = re.findall(
    r"^```toml\n(.*?)^```", (ROOT / "docs/prices.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)[0]
OPUS = {"input_tokens": 1_000, "output_tokens": 10, "cache_read_tokens": 100, "cache_write_tokens": 200}


@pytest.mark.parametrize(
    ("model", "provider", "at", "counts", "nano_usd", "priced_by"),
    [
        (
            "claude-opus-4-1",
            "anthropic",
            "2026-06-30T23:59:59",
            OPUS | {"cache_write_1h_tokens": 50},
            700 * 12_000 + 100 * 1_200 + 150 * 15_000 + 50 * 24_000 + 10 * 60_000,
            "own anthropic/claude-opus-4*",
        ),
        (
            "Claude-Opus-4 ",
            "Anthropic",
            "2026-07-01T00:00:00",
            OPUS,
            700 * 10_000 + 100 * 1_000 + 200 * 12_500 + 10 * 50_000,
            "own anthropic/claude-opus-4* from 2026-07-01",
        ),
        (
            "llama-3.3-70b",
            "anything",
            "2026-01-01",
            {"input_tokens": 3, "output_tokens": 1},
            1_200,
            "own llama-3.3-70b",
        ),
        (
            "LLAMA-3.3-70B",
            None,
            "2026-01-01",
            {"input_tokens": 128_000, "output_tokens": 0},
            25_600_000,
            "own llama-3.3-70b",
        ),
        (
            "llama-3.3-70b",
            None,
            "2026-01-01",
            {"input_tokens": 128_001, "output_tokens": 10},
            128_001 * 350 + 10 * 600,
            "own llama-3.3-70b",
        ),
        ("qwen3:8b", "Ollama", "2026-01-01", {"input_tokens": 5, "output_tokens": 5}, 0, "own ollama/*"),
        ("qwen3:8b", "ollama", "2026-01-01", {"total_tokens": 5}, 0, "own ollama/*"),
        ("qwen3:8b", "vllm", "2026-01-01", {"input_tokens": 5, "output_tokens": 5}, None, None),
        ("llama-3.3-70b-instruct", None, "2026-01-01", {"input_tokens": 5, "output_tokens": 5}, None, None),
        (None, "vllm", "2026-01-01", {"input_tokens": 5, "output_tokens": 5}, None, None),
    ],
)
def test_the_documented_file_prices_what_it_says(prices, model, provider, at, counts, nano_usd, priced_by):
    found = cost(prices(DOCUMENTED), model, provider, at_us(at), **counts)
    assert found == (None if nano_usd is None else (nano_usd, priced_by))


def test_what_has_no_own_price_costs_what_the_list_says(prices):
    counts = {"input_tokens": 1_000, "output_tokens": 10}
    listed = pricing.price(model="claude-opus-4", provider=None, at_us=NOW, counts=Counts(**counts))
    assert listed is not None
    assert cost(prices(DOCUMENTED), "claude-opus-4", None, **counts) == listed
    assert cost(prices(""), "claude-opus-4", None, **counts) == listed


def test_a_price_holds_from_its_day_and_before_it_the_list_does(prices):
    own = prices(
        '[[price]]\nmodel = "gpt-4o"\nfrom = 2026-03-01\ninput_usd_per_million = 1\noutput_usd_per_million = 1'
    )
    counts = {"input_tokens": 1_000, "output_tokens": 0}
    assert cost(own, "gpt-4o", "openai", at_us("2026-03-01T00:00:00"), **counts) == (
        1_000_000,
        "own gpt-4o from 2026-03-01",
    )
    before = cost(own, "gpt-4o", "openai", at_us("2026-03-01T00:00:00") - 1, **counts)
    assert before is not None
    assert before.priced_by.startswith("genai-prices ")


def test_the_closest_price_counts(prices):
    names = [
        ("*", None),
        ("llama*", None),
        ("llama-3*", None),
        ("llama-3*", "groq"),
        ("llama-3.3", None),
        ("llama-3.3", "aws"),
    ]
    own = prices(
        "".join(
            f'[[price]]\nmodel = "{model}"\ninput_usd_per_million = {number}\n'
            + (f'provider = "{provider}"\n' if provider else "")
            for number, (model, provider) in enumerate(names, 1)
        )
    )
    reported = [("x", None), ("llama", None), ("llama-3.2", "x"), ("llama-3.2", "groq"), ("llama-3.3", "groq")]
    reported.append(("llama-3.3", "aws.bedrock"))
    assert [cost(own, *name, input_tokens=1_000) for name in reported] == [
        (number * 1_000_000, f"own {provider + '/' if provider else ''}{model}")
        for number, (model, provider) in enumerate(names, 1)
    ]


def test_money_is_exact_and_half_a_nano_dollar_rounds_to_even(prices):
    own = prices(
        '[[price]]\nmodel = "m"\ninput_usd_per_million = 0.0375\n[[price]]\nmodel = "n"\ninput_usd_per_million = 1e-12'
    )
    assert [cost(own, "m", input_tokens=tokens).cost_nano_usd for tokens in (1, 2, 3, 5)] == [38, 75, 112, 188]
    assert cost(own, "n", input_tokens=2 * 10**15).cost_nano_usd == 2_000_000


def test_an_own_price_is_believed_where_it_cannot_tell(prices):
    own = prices('[[price]]\nmodel = "gpt-4o"\ninput_usd_per_million = 1')
    assert cost(own, "gpt-4o", "openai", input_tokens=5, output_tokens=5) is None, "it says that there is no output"
    assert cost(own, "gpt-4o", "openai", output_tokens=0) is None


def test_an_hour_is_priced_where_other_writes_are_not(prices):
    own = prices('[[price]]\nmodel = "m"\ninput_usd_per_million = 1\ncache_write_1h_usd_per_million = 3')
    found = cost(own, "m", input_tokens=100, cache_write_tokens=50, cache_write_1h_tokens=10)
    assert found == (90 * 1_000 + 10 * 3_000, "own m")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[price]\n", " is not TOML at line 1, column 8; mend it there, or leave RUNTALLY_PRICES unset"),
        ('[[price]]\nmodel = "', " is not TOML at its end; mend it there, or leave RUNTALLY_PRICES unset"),
        ("x = " + "[\n" * 5_000, " is not TOML"),
        (f"x = {'9' * 5_000}", ": line 1 is longer than 2,000 characters; break it"),
        ('model = "m"', ": 'model' stands outside of any price; begin each price with [[price]]"),
        ('"\\u001b[2Jx" = 1', r": '\x1b[2Jx' stands outside of any price; begin each price with [[price]]"),
        (f'[[price]]\n{ONE}\n"\\u001b[2Jx" = 1', r", [[price]] 1: \x1b[2Jx is no key of it; the keys are model, "),
        (f"[[price]]\n{ONE}\n{'k' * 100} = 1", f", [[price]] 1: {'k' * 64}… is no key of it; the keys are model, "),
        (f"\n{'a.' * 900}a = 1", ": line 2 has more than 16 names joined by dots; mend it there"),
        (f"\n[{' a . ' * 900}a]", ": line 2 is longer than 2,000 characters; break it"),
        (f"# {'a' * 2_000}", ": line 1 is longer than 2,000 characters; break it"),
        ("[[price]]\n" * 10_001, " has 10,001 prices, and 10,000 are read; let one with a * stand for many"),
        ("#\n" * 600_000, " is larger than the 1,048,576 bytes that are read of prices; let RUNTALLY_PRICES name "),
        ("[price]\n" + ONE, ": price is not a list of prices; begin each price with [[price]]"),
        ("price = [1]", ": price is not a list of prices; begin each price with [[price]]"),
        ("[[price]]", ', [[price]] 1: model is missing; write the name that agents report, such as "llama-3.3-70b"'),
        ("[[price]]\nmodel = 4", ", [[price]] 1: model is not a text of 1 to 256 characters; write it in quotes"),
        ('[[price]]\nmodel = " "', ", [[price]] 1: model is not a text of 1 to 256 characters; write it in quotes"),
        (
            '[[price]]\nmodel = "a\\u001b[31m"',
            ", [[price]] 1: model has characters in it that cannot be printed; remove them",
        ),
        (
            '[[price]]\nmodel = "a*b"',
            ", [[price]] 1: model has a * that is not its end; only the end of a name can be left open",
        ),
        (
            f'[[price]]\n{ONE}\nprovider = "--"',
            ", [[price]] 1: provider has no letter from a to z and no digit in it; leave it out for any provider",
        ),
        (
            '[[price]]\nmodel = "m"',
            ", [[price]] 1: input_usd_per_million is missing; write dollars per million tokens, 0 for what is free",
        ),
        (
            f'[[price]]\n{ONE}\n[[price]]\nmodel = "n"\ninput = 1',
            ", [[price]] 2: input is no key of it; the keys are model, provider, from, input_usd_per_million, cached_",
        ),
        *(
            (
                f'[[price]]\nmodel = "m"\ninput_usd_per_million = {value}',
                ", [[price]] 1: input_usd_per_million is not a number; write one like 0.20, without quotes",
            )
            for value in ("true", '"0.20"', "[1]", "2026-01-01")
        ),
        *(
            (
                f'[[price]]\nmodel = "m"\ninput_usd_per_million = {value}',
                ", [[price]] 1: input_usd_per_million is not from 0 to 1,000,000 dollars per million tokens",
            )
            for value in ("-0.1", "inf", "nan", "1e7", "1e999999")
        ),
        (
            f"[[price]]\n{ONE}\noutput_usd_per_million = 1e-99999",
            ", [[price]] 1: output_usd_per_million has more than 12 digits after the point; round it",
        ),
        *(
            (
                f"[[price]]\n{ONE}\nfrom = {value}",
                ", [[price]] 1: from is not a day from 1970 to 2254; write one like 2026-01-31, without quotes",
            )
            for value in ('"2026-01-31"', "2026-01-31T00:00:00Z", "1969-12-31", "9999-01-01", "1")
        ),
        (
            f"[[price]]\n{ONE}\nabove = 1",
            ", [[price]] 1: above is not a list of tables; begin each with [[price.above]]",
        ),
        (
            f"[[price]]\n{ONE}\n[[price.above]]\ninput_tokens = 0",
            ", [[price]] 1, [[price.above]] 1: input_tokens is not a number of tokens from 1; write one like 200000",
        ),
        (
            f"[[price]]\n{ONE}\n[[price.above]]\ninput_tokens = 5\n[[price.above]]\ninput_tokens = 5",
            ", [[price]] 1, [[price.above]] 2: input_tokens is not more than in the one before; let them grow",
        ),
        (
            f"[[price]]\n{ONE}\n[[price.above]]\ninput_tokens = 5\noutput_usd_per_million = 2",
            ", [[price]] 1, [[price.above]] 1: output_usd_per_million is not in the [[price]]; give that one too",
        ),
        (
            f"[[price]]\n{ONE}\n[[price.above]]\ninput_tokens = 5\nmodel = 'n'",
            ", [[price]] 1, [[price.above]] 1: model is no key of it; the keys are input_tokens, ",
        ),
        (
            f'[[price]]\n{ONE}\nprovider = "aws"\n[[price]]\n{ONE}\nprovider = "bedrock"',
            ", [[price]] 2: model has a price of that provider and day in [[price]] 1; change one of them",
        ),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_entry_and_key(prices, tmp_path, text, told):
    with pytest.raises(InvalidInput) as refused:
        prices(text)
    assert refused.value.message.startswith(f"{tmp_path / 'prices.toml'}{told}")


def test_a_file_may_begin_with_a_mark_and_write_zeros_that_say_nothing(prices):
    own = prices(f"\ufeff[[price]]\nmodel = 'm'\ninput_usd_per_million = 0.2{'0' * 40}\n# {'.' * 40} 1.1 and so on")
    assert cost(own, "m", input_tokens=5) == (1_000, "own m")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files")
def test_what_is_no_regular_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", Path("/dev/zero"), tmp_path):
        with pytest.raises(InvalidInput, match=" is no file; "):
            own_file.read(path)


def test_of_many_prices_of_one_name_the_one_that_holds_is_found(prices):
    days = [date(2020, 1, 1) + timedelta(days=day) for day in range(1_000)]
    own = prices(
        "".join(
            f'[[price]]\nmodel = "{name}"\nfrom = {day}\ninput_usd_per_million = {number}\n'
            for name in ("m*", "mine")
            for number, day in enumerate(days)
        )
        + "[[price]]\nmodel = 'm*'\nprovider = 'x'\ninput_usd_per_million = 5000"
    )
    at = at_us(f"{days[600]}T12:00:00")
    assert cost(own, "mine", "x", at, input_tokens=1) == (600_000, f"own mine from {days[600]}")
    assert cost(own, "mint", None, at, input_tokens=1) == (600_000, f"own m* from {days[600]}")
    assert cost(own, "mint", "x", at, input_tokens=1) == (5_000_000, "own x/m*")
    assert cost(own, "mine", "x", at_us("2019-12-31T00:00:00"), input_tokens=1) == (5_000_000, "own x/m*")


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    for name, told in (
        ("absent.toml", "is no file; let RUNTALLY_PRICES name a file of prices, or leave it unset"),
        (".", "is no file; let RUNTALLY_PRICES name a file of prices, or leave it unset"),
        ("latin.toml", "is not UTF-8 text; save it as UTF-8"),
    ):
        with pytest.raises(InvalidInput) as refused:
            own_file.read(tmp_path / name)
        assert refused.value.message == f"{tmp_path / name} {told}"
