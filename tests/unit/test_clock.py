"""Ids are UUIDs version 7 in the order of their time, and a moment survives being shown and read again."""

from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtally.domain.clock import micros, rfc3339, uuid7

AT = 1_767_225_600_123_456
"""2026-01-01T00:00:00.123456Z"""

moments = st.integers(0, micros(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)))


@given(at_us=st.integers(0, ((1 << 48) - 1) * 1000), random_bits=st.integers(0, (1 << 74) - 1))
def test_an_id_has_the_layout_of_version_7(at_us: int, random_bits: int):
    text = uuid7(at_us, random_bits)
    parsed = UUID(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, RFC_4122)
    assert parsed.int >> 80 == at_us // 1000
    assert (parsed.int >> 64 & 0xFFF) << 62 | parsed.int & (1 << 62) - 1 == random_bits


def test_an_id_reads_as_the_example_of_rfc_9562():
    # Appendix A.6: 2022-02-22T19:22:22Z, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    assert uuid7(0x017F22E279B0 * 1000, 0xCC3 << 62 | 0x18C4DC0C0C07398F) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_ids_of_later_milliseconds_sort_later():
    assert uuid7(AT, (1 << 74) - 1) < uuid7(AT + 1000, 0)


@pytest.mark.parametrize(
    ("at_us", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (AT, "2026-01-01T00:00:00.123456Z"),
        (AT - 123_456, "2026-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
    ],
)
def test_a_moment_is_shown_in_utc_to_the_microsecond(at_us, shown):
    assert rfc3339(at_us) == shown


@given(at_us=moments)
def test_a_moment_survives_being_shown_and_read(at_us: int):
    assert micros(datetime.fromisoformat(rfc3339(at_us))) == at_us


@given(at_us=moments, hours=st.integers(-14, 14))
def test_a_moment_is_the_same_told_from_any_offset(at_us: int, hours: int):
    text = rfc3339(at_us).replace("Z", f"{hours:+03d}:00")
    assert micros(datetime.fromisoformat(text)) == at_us - hours * 3_600_000_000
