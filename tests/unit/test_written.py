"""Numbers, times and JSON that are written as text are read where they can mean one thing, and nowhere else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError, to_json

from runtally.domain import limits
from runtally.domain.clock import micros
from runtally.domain.written import (
    Ago,
    JsonTexts,
    Unread,
    amount,
    milliseconds,
    moment,
    moment_or_ago,
    whole_number,
)

MIDNIGHT = 1_795_219_200_000_000
"""2026-11-21T00:00:00Z."""


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("8400", 8400), ("007", 7), ("8,400", 8400), ("12,345,678", 12_345_678), ("9" * 20, int("9" * 20))],
)
def test_digits_are_a_whole_number(text, number):
    assert whole_number(text) == number


NO_NUMBERS = [
    *("", " ", "ten", "-5", "+5", " 5", "5 ", "5\n", "1e5", "1E5", "0x10", "1_000", "1 000", "8.400", "3.0", "8,40"),
    *("8400,", ",840", "1,2345", "12,34,567", "1234,567", "inf", "Infinity", "nan", "NaN", "\u0661\u0662", "5" * 21),
    *("½", "five", "true", "None", "8k", "8.4k", "\uff11\uff12"),
]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_anything_else_stays_the_text_it_is_where_a_whole_number_is_meant(text):
    assert whole_number(text) is text


@given(st.integers(min_value=0, max_value=limits.COUNT_MAX))
def test_a_whole_number_is_read_as_it_is_written_with_and_without_commas(number):
    assert whole_number(str(number)) == whole_number(f"{number:,}") == number


@pytest.mark.parametrize(
    ("text", "number"), [("0.12", 0.12), ("$0.12", 0.12), ("12", 12.0), ("$12.50", 12.5), ("0", 0.0), ("003.1", 3.1)]
)
def test_an_amount_is_digits_with_or_without_a_point_and_a_dollar_sign(text, number):
    assert amount(text) == number
    assert milliseconds(text) == (text if text[0] == "$" else number)


@pytest.mark.parametrize(
    "text",
    [text for text in NO_NUMBERS if text not in ("8.400", "3.0")]
    + ["1,234", "$1,234.50", "$", ".5", "5.", "$$1", "1$", "€1", "0.1.2", "1.5e3", "$-1", "0." + "1" * 21],
)
def test_anything_else_stays_the_text_it_is_where_an_amount_is_meant(text):
    assert amount(text) is text
    assert milliseconds(text) is text


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.integers())))
def test_what_is_no_text_is_left_to_those_who_know_what_it_should_be(value):
    assert whole_number(value) is amount(value) is milliseconds(value) is value


@pytest.mark.parametrize(
    "text",
    ["2026-11-21T00:00:00Z", "2026-11-21t00:00:00z", "2026-11-21 00:00:00Z", "2026-11-21T01:00:00.000+01:00"],
)
def test_rfc_3339_is_read_in_every_form_that_it_has(text):
    assert moment(text) == moment_or_ago(text) == MIDNIGHT


@given(
    st.datetimes(datetime(1970, 1, 2), datetime(2250, 1, 1)),  # noqa: DTZ001 - the zone is added below
    st.integers(min_value=-23 * 60, max_value=23 * 60),
)
def test_every_moment_is_read_as_it_is_written(local, offset_minutes):
    told = local.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    assert moment(told.isoformat()) == micros(told)
    assert moment(told.astimezone(UTC).isoformat(sep=" ").replace("+00:00", "z")) == micros(told)


ODD_TIMES = [
    *("2026-W47-6", "2026-W47-6T00:00:00Z", "20261121T000000Z", "20261121", "2026-325", "2026-11-21T00:00:00,5Z"),
    *(
        "2026-11-21T00:00Z",
        "2026-11-21T00Z",
        "2026-11-21T00:00:00+0100",
        "2026-11-21T00:00:00+01",
        "2026-11-21_00:00:00Z",
    ),
    *(
        "2026-11-21T24:00:01Z",
        "2026-13-01T00:00:00Z",
        "2026-11-21T00:00:00Z ",
        "\uff12026-11-21T00:00:00Z",
        "2026-11-21T24:00:00Z",
        "yesterday",
    ),
    *("now", "today", "1795219200", "2026-11-21T00:00:00+01:00:30", "26-11-21", "2026-11", "2026"),
]


@pytest.mark.parametrize("text", ODD_TIMES)
def test_no_other_form_of_a_time_is_guessed_at(text):
    for read in (moment, moment_or_ago):
        with pytest.raises(
            PydanticCustomError, match=r"is not a(n RFC 3339)? time; send one like 2026-01-31T09:30:00Z"
        ):
            read(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1_800), ("24h", 86_400), ("7d", 604_800), ("2w", 1_209_600), ("0h", 0)]
)
def test_how_long_ago_is_read_where_a_list_is_bounded(text, seconds):
    assert moment_or_ago(text) == Ago(seconds * 1_000_000)
    with pytest.raises(PydanticCustomError):
        moment(text)


@pytest.mark.parametrize("text", ["24H", "1y", "1M", "h", "24", "-24h", "24 h", "1.5h", "24h ago", "1d12h", "9999999d"])
def test_what_could_be_another_time_ago_is_not_read(text):
    with pytest.raises(PydanticCustomError, match="or how long ago, like 24h or 7d"):
        moment_or_ago(text)


def test_a_date_is_its_midnight_in_utc():
    assert moment_or_ago("2026-11-21") == MIDNIGHT
    for text in ("1969-12-31", "2300-01-01"):
        with pytest.raises(PydanticCustomError, match="lies before 1970 or after 2255"):
            moment_or_ago(text)
    with pytest.raises(PydanticCustomError, match="is not an RFC 3339 time"):
        moment_or_ago("2026-02-30")
    with pytest.raises(PydanticCustomError, match="has no offset from UTC"):
        moment_or_ago("2026-11-21T00:00:00")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_an_object_is_read_as_it_was_written(value):
    assert JsonTexts().read_object(to_json(value).decode()) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is text that is not JSON; send an object"),
        ("plan", "is text that is not JSON; send an object"),
        ("{'a': 1}", "is text that is not JSON; send an object"),
        ('{"a": NaN}', "is text that is not JSON; send an object"),
        ('{"a": 1} {}', "is text that is not JSON; send an object"),
        ("[1]", "is the JSON of something else than an object"),
        ('"{}"', "is the JSON of something else than an object"),
        ("5", "is the JSON of something else than an object"),
        ('{"a": "\ud800"}', "contains half of a surrogate pair; send whole characters"),
    ],
)
def test_text_that_is_no_object_says_so(text, why):
    assert JsonTexts().read_object(text) == Unread(why)


def test_the_text_of_an_object_is_no_longer_than_an_object_may_be():
    fits = '{"k":"' + "x" * (limits.JSON_BYTES - 8) + '"}'
    assert JsonTexts().read_object(fits) == {"k": "x" * (limits.JSON_BYTES - 8)}
    too_long = Unread("is 16,385 bytes as JSON; the limit is 16,384. Send less", too_large=True)
    assert JsonTexts().read_object(fits + " ") == too_long


def test_text_that_is_nested_for_ever_is_not_followed():
    deep = "[" * 90_000
    assert JsonTexts().read_nested(deep, list, "an array") == Unread("is nested too deeply. Flatten it", too_large=True)


def test_all_texts_of_a_call_have_together_as_many_values_as_a_message_may_have():
    most = limits.MESSAGE_CONTAINERS
    half = "[" + ",".join(["[]"] * (most // 2 - 1)) + "]"
    texts = JsonTexts()
    assert len(texts.read_nested(half, list, "an array")) == most // 2 - 1
    assert len(texts.read_nested(half, list, "an array")) == most // 2 - 1
    assert texts.read_object("{}") == Unread(
        "is JSON text that takes the call to 100,001 lists and objects; a message has at most 100,000. Send less",
        too_large=True,
    )
    numbers = "[" + "1," * (limits.MESSAGE_VALUES) + "1]"
    assert JsonTexts().read_nested(numbers, list, "an array").too_large


def test_brackets_within_the_strings_of_a_text_are_no_values():
    text = '["' + "[" * (limits.MESSAGE_CONTAINERS + 1) + '"]'
    assert JsonTexts().read_nested(text, list, "an array") == ["[" * (limits.MESSAGE_CONTAINERS + 1)]
