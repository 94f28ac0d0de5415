"""What makes redaction quick changes nothing of what it finds, nor of what it counts."""

from pathlib import Path

import pytest

from runtally.redaction import (
    Allowance,
    Redactor,
    assignments,
    first_look,
    formats,
    marks,
    seed_phrases,
    shape_search,
    shapes,
    spoken,
)
from runtally.redaction.extents import value_at
from runtally.redaction.needles import Needles
from runtally.redaction.passages import places

CORPORA = Path(__file__).parents[1] / "redaction" / "corpora"
PROSE = "The agent read the file and then explained, step by step, why four of the tests failed. "
NEEDLES = {"formats": formats._GATES, "spoken": spoken._NEEDLES, "in any language": spoken._ALL_NEEDLES}


def all_of(needles: Needles) -> list[str]:
    return [needle for _, group in needles._by_char for needle in group]


@pytest.mark.parametrize("needles", NEEDLES.values(), ids=NEEDLES)
@pytest.mark.parametrize("around", ["", "x" * 2_000, PROSE * 20], ids=["alone", "in a long word", "in prose"])
def test_each_needle_is_told_wherever_it_stands(needles, around):
    for needle in all_of(needles):
        for text in (f"{needle}{around}", f"{around}{needle}", f"{around}{needle}{around}"):
            assert needles.within(text) == [one for one in all_of(needles) if one in text]


def test_a_text_without_needles_holds_none():
    needles = Needles(("password", "pwd", "pin", "key"))
    assert needles.within("") == needles.within("a" * 2_000) == needles.within("p" * 2_000) == []


@pytest.mark.parametrize(
    ("text", "is_innocent"),
    [
        ("the bearer token is missing and the password is wrong", True),
        ("password: see https://docs.example.com/reset and ask", True),
        ("password=hunter2", False),
    ],
)
def test_what_is_known_by_heart_is_charged_as_before_and_no_secret_is_kept(text, is_innocent):
    redactor = Redactor()
    charged = []
    for _ in range(3):
        allowance = Allowance()
        before = allowance.spent
        redacted = redactor.text(text, allowance)
        assert (redacted == text) is is_innocent
        charged.append(allowance.spent - before)
    assert charged[0] == charged[1] == charged[2] > 0
    assert (text in redactor._innocent) is is_innocent


def test_no_more_texts_are_known_by_heart_than_are_worth_it():
    redactor = Redactor()
    for number in range(5_000):
        redactor.text(f"name {number}")
    assert 0 < len(redactor._innocent) <= 4_096


@pytest.mark.parametrize(
    ("value", "end"),
    [
        ("a" * 300, 128),
        ("a.b" * 10, 30),
        ("swordfish, and more", 9),
        ("abc[REDACTED:token]def next", 22),
        ("abc]d) next", 5),
    ],
)
def test_a_bare_value_ends_where_it_did(value, end):
    extent = value_at(f"={value}", 1)
    assert extent is not None
    assert (extent.start, extent.end) == (1, 1 + end)


@pytest.mark.parametrize(
    ("text", "count"),
    [("mysql -pX", 1), ("def f() -> int:", 0), ("a - b", 0), ("ls --all", 1), ("openssl passwd -1", 1)],
)
def test_only_the_dash_of_an_option_is_one(text, count):
    assert len(places([" -"], text, Allowance())) == count


@pytest.mark.parametrize(
    ("text", "is_hidden"),
    [
        ('env.set("password", "swordf1sh")', True),
        ('(\n    "password", "swordf1sh"\n)', True),
        ('pairs = ["password", "swordf1sh"]', True),
        ('names = "user", "password", "swordf1sh"', False),
    ],
)
def test_a_comma_parts_a_name_from_its_value_only_in_brackets(text, is_hidden):
    assert ("swordf1sh" not in Redactor().text(text)) is is_hidden
    assert bool([*assignments._named_in(text)]) is is_hidden


TOKENS_IN_A_ROW = ["YCP-", "YCM-", "AQVN-", "YCAJE-", f"YCP{'b' * 35}-", f"sq0atp-{'b4' * 12}-", f"md-A1{'b' * 19}-"]


@pytest.mark.parametrize("token", TOKENS_IN_A_ROW)
def test_tokens_in_a_row_are_hidden_in_the_first_pass(token):
    once = shape_search.BUILT_IN.hidden(token * 100, marks.of_kind, Allowance())
    assert "[REDACTED:" in once
    assert shape_search.BUILT_IN.hidden(once, marks.of_kind, Allowance()) == once


NEEDLES_OF_SHAPES = [needle for _, needles, _ in shapes.SHAPES for needle in needles]


@pytest.mark.parametrize(
    "needle", sorted({*formats.GATES, *spoken.NEEDLES, *seed_phrases.TOLD_BY, *NEEDLES_OF_SHAPES} - {"://"})
)
def test_a_text_with_what_leads_to_a_secret_is_not_innocent(needle):
    assert not first_look.is_innocent(f"the {needle} of ann")


def test_no_shape_of_an_address_is_without_an_at_sign():
    assert all("@" in pattern for _, needles, pattern in shapes.SHAPES if "://" in needles)


@pytest.mark.parametrize(
    ("text", "is_innocent"),
    [
        ("Fix the flaky test of the sweeper, and explain why it failed", True),
        ("/home/ann/app/src/service/runs.py:12", True),
        ("https://docs.example.com/en/5.0/topics/default/", True),
        ("0190b3c4-0000-7000-8000-000000000000", True),
        ("DB_PASSWD: tr0ub4dor", False),
        ("wachtwoord: tr0ub4dor", False),
        ("phpsessid: abcdefghij0123456789", False),
        ("run it with --sig tr0ub4dor", False),
        ("contraseña tr0ub4dor", False),
        ("legal winner thank year wave sausage worth useful legal winner thank yellow", False),
        ("ann | tr0ub4dor", False),
    ],
)
def test_what_is_innocent_is_told_at_a_glance(text, is_innocent):
    assert first_look.is_innocent(text) is is_innocent


def test_what_is_innocent_at_a_glance_is_so_at_a_closer_look():
    lines = {line for path in CORPORA.rglob("*.txt") for line in path.read_text().splitlines()}
    innocent = [line for line in lines if first_look.is_innocent(line)]
    assert len(innocent) > len(lines) // 20
    for line in innocent:
        assert [*assignments._named_in(line)] == []
        assert formats.hidden(line, marks.of_kind, Allowance()) == line
        shape = shape_search.BUILT_IN
        assert shape.hidden(line, marks.of_kind, Allowance()) == shape.hidden_in_runs(line, marks.of_kind, Allowance())
