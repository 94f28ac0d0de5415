"""What a user's file adds is hidden as it says, at a cost that is counted; what cannot be meant is refused by entry."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.redaction import Allowance, Redactor, further
from runtally.redaction.flat_pattern import NEEDLE_CHARS_MIN, STEPS_MAX, FlatPattern, NotFlat
from runtally.redaction.further import Further, FurtherPattern
from tests.guards.source import ROOT

DOCUMENTED = re.findall(
    r"^```toml\n(.*?)^```", (ROOT / "docs/redaction.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)[0]
KEY = b"the key of a database"


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str) -> Further:
        file = tmp_path / "redact.toml"
        file.write_text(text, encoding="utf-8")
        return further.read(file)

    return read


@pytest.fixture
def redactor(read):
    return Redactor(read(DOCUMENTED))


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("customer_number=4711-b", "customer_number=[REDACTED:customer_number]"),
        ("Customer-Number: 4711-b", "Customer-Number: [REDACTED:customer_number]"),
        ("OLD_CUSTOMER_NUMBER=4711-b", "OLD_CUSTOMER_NUMBER=[REDACTED:customer_number]"),
        ('{"customerNumber": "4711-b"}', '{"customerNumber": "[REDACTED:customer_number]"}'),
        ('{\\"customernumber\\": \\"4711-b\\"}', '{\\"customernumber\\": \\"[REDACTED:customer_number]\\"}'),
        ("customer_number_2 = 4711-b", "customer_number_2 = [REDACTED:customer_number]"),
        ("run --customer-number 4711-b", "run --customer-number [REDACTED:customer_number]"),
        ("<customerNumber>4711-b</customerNumber>", "<customerNumber>[REDACTED:customer_number]</customerNumber>"),
        ("the key ACME-ABCDEFGH1234 is ours", "the key [REDACTED:acme_key] is ours"),
        ("[ACME-ABCDEFGH1234]", "[[REDACTED:acme_key]]"),
        ("acme_live_0f", "[REDACTED:extra]"),
    ],
)
def test_the_documented_file_hides_what_it_says(redactor, text, redacted):
    assert redactor.text(text) == redacted
    assert redactor.text(redacted) == redacted
    assert Redactor().text(text) == text, "it is the file that hides it"


@pytest.mark.parametrize(
    "text",
    [
        "the customer number is told on the phone",
        "customer_number: str",
        "customer_number = get_number()",
        "customer_number=$CUSTOMER_NUMBER",
        "customer_numbers=12",
        "number=4711-b",
        "ACME-SHORT",
        "token=[REDACTED:acme_live_0f]",
        "fixture_token=abc123def456",
    ],
)
def test_the_documented_file_leaves_what_it_does_not_say(redactor, text):
    assert redactor.text(text) == text


def test_json_is_redacted_by_the_file_too(redactor):
    assert redactor.json(
        {"customerNumber": ["a 1", "b 2"], "note": "ACME-ABCDEFGH1234", "fixture_token": "abc123d4"}
    ) == {
        "customerNumber": ["[REDACTED:customer_number]", "[REDACTED:customer_number]"],
        "note": "[REDACTED:acme_key]",
        "fixture_token": "abc123d4",
    }
    assert redactor.json([{"name": "customer-number", "value": "a 1"}])[0]["value"] == "[REDACTED:customer_number]"


def test_a_name_is_redacted_by_patterns(redactor):
    name = "agent ACME-ABCDEFGH1234"
    assert redactor.is_in_name(name)
    assert re.fullmatch(r"agent \[REDACTED:acme_key:[0-9a-f]{6}\]", redactor.name(name, KEY))


def test_what_is_hidden_counts_before_what_is_known(read):
    own = Redactor(read('[[pattern]]\npattern = "ghp_[A-Za-z0-9]{36}"\nkind = "ours"\n[[name]]\nname = "password"'))
    assert own.text("ghp_" + "a1" * 18) == "[REDACTED:ours]"
    assert own.json({"password": "hunter2"}) == {"password": "[REDACTED:extra]"}


@pytest.mark.parametrize(
    "spelling", ["kunden_nummer", "kundenNummer", "Kunden-Nummer", "kunden nummer", "KUNDEN_NUMMER"]
)
def test_a_name_may_be_spelled_in_any_way_on_either_side(read, spelling):
    own = Redactor(read(f'[[name]]\nname = "{spelling}"'))
    for name in (
        "kunden_nummer",
        "kundenNummer",
        "Kunden-Nummer",
        "KUNDEN_NUMMER",
        "kundennummer",
        "alte_kunden_nummer",
    ):
        assert own.json({name: "4711 b"}) == {name: "[REDACTED:extra]"}
        assert own.text(f"{name}=4711b") == f"{name}=[REDACTED:extra]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = 1", ": name is not a list of names; begin each name with [[name]]"),
        (
            "[[names]]",
            ": 'names' stands outside of any name or keep or pattern; begin each name or keep or pattern with ",
        ),
        ("[[name]]\nnames = 'x'", ", [[name]] 1: names is no key of it; the keys are name, kind"),
        ("[[name]]", ", [[name]] 1: name is missing; "),
        ("[[keep]]\nname = 'abc'\nkind = 'x'", ", [[keep]] 1: kind is no key of it; the keys are name"),
        ("[[name]]\nname = 'abc'\n[[name]]\nname = 7", ", [[name]] 2: name is not a text of 1 to "),
        ("[[name]]\nname = 'pw'", ", [[name]] 1: name is not words of letters and digits"),
        ("[[name]]\nname = 'number1'", "that end with three letters"),
        ("[[name]]\nname = 'one_two_three_four'", "name has more than 3 words; write its last 3"),
        ("[[name]]\nname = 'abc'\nkind = 'API key'", ", [[name]] 1: kind is not 1 to 32 of a-z 0-9 _"),
        ("[[pattern]]", ", [[pattern]] 1: pattern is missing; "),
        ("[[pattern]]\npattern = 'AC[A-Z]{3}'\n", "pattern begins with fewer than 3 fixed characters"),
        ("[[pattern]]\npattern = '[A-Z]{20}'\n", "pattern begins with fewer than 3 fixed characters"),
        ("[[pattern]]\npattern = 'acme(a|b)'\n", "pattern has '(' as its character 5, which is not understood"),
        ("[[pattern]]\npattern = 'acme.'\n", "pattern has '.' as its character 5"),
        ("[[pattern]]\npattern = 'acme[^a]'\n", "pattern has a class with '^' in it"),
        ("[[pattern]]\npattern = 'acme[]'\n", "pattern has an empty class"),
        ("[[pattern]]\npattern = 'acme[a'\n", "pattern has '[' as its character 5"),
        ("[[pattern]]\npattern = 'acme[z-a]'\n", "pattern has z-a in a class"),
        ("[[pattern]]\npattern = 'acme\\s'\n", "pattern has \\s in it, which is not understood here"),
        ("[[pattern]]\npattern = 'acme\\['\n", "pattern has \\[ in it"),
        ("[[pattern]]\npattern = 'acme\\1'\n", "pattern has \\1 in it"),
        ("[[pattern]]\npattern = 'acme_[a-z]+_x'\n", "pattern has a repeat without an end before its end"),
        ("[[pattern]]\npattern = 'acme_[a-z]{5,2}'\n", "pattern has a repeat {5,2} that ends before it begins"),
        ("[[pattern]]\npattern = 'acme_[a-z]+?'\n", "pattern has '?' as its character 12"),
        ("[[pattern]]\npattern = 'acme_[a-z]{2,20}[a-z]{2,20}[a-z]{2,20}x'\n", "more than 500 steps at one place"),
        ("[[pattern]]\npattern = 'acme_[a-z]{9000}'\n", "more than 500 steps at one place"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_entry_and_key(read, text, told):
    with pytest.raises(InvalidInput) as refused:
        read(text)
    assert told in refused.value.message
    assert "redact.toml" in refused.value.message


def test_as_many_entries_as_are_read_and_one_more(read):
    one = '[[name]]\nname = "abc"\n'
    assert len(read(one * further.ENTRIES_MAX).names) == further.ENTRIES_MAX
    with pytest.raises(InvalidInput, match=r"has 201 of \[\[name\]\], and 200 are read"):
        read(one * (further.ENTRIES_MAX + 1))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="is no file; let RUNTALLY_REDACT_EXTRA name a file of names and patterns"):
        further.read(tmp_path / "absent.toml")


ATOMS = st.one_of(
    st.sampled_from(["a", "b", "0", r"\.", r"\d", r"\w", "-", "_"]),
    st.sampled_from(["[ab]", "[A-Za-z0-9_-]", "[a-f0-9]", r"[\w.]", "[abA]"]),
)
REPEATS = st.one_of(
    st.just(""), st.just("?"), st.builds("{{{}}}".format, st.integers(1, 9)),
    st.builds(lambda least, more: f"{{{least},{least + more}}}", st.integers(0, 9), st.integers(1, 20)),
)  # fmt: skip
PATTERNS = st.builds(
    lambda needle, middle, end: needle + "".join(atom + repeat for atom, repeat in middle) + end,
    st.sampled_from(["aaa", "aba", "a-a", "abc_", "REDACTED"]),
    st.lists(st.tuples(ATOMS, REPEATS), max_size=5),
    st.sampled_from(["", "x", "[ab]+", r"\w{3,}", "[a-z]*"]),
)
TEXTS = st.lists(
    st.sampled_from(["a", "b", "ab", "aba", "a-a", "0", "abc_", "[REDACTED:aaa_b]", "_", "x", " ", "]"]), max_size=30
)


def accepted(told: str) -> FlatPattern | None:
    try:
        flat = FlatPattern.parse(told)
    except NotFlat:
        return None
    return flat if len(flat.needle) >= NEEDLE_CHARS_MIN and flat.steps <= STEPS_MAX else None


@settings(max_examples=300)
@given(PATTERNS, TEXTS.map("".join))
def test_a_pattern_finds_what_it_would_as_a_regular_expression(told, text):
    flat = accepted(told)
    if flat:
        assert flat.expression == "" or re.findall(flat.expression, text) == re.findall(told, text, re.ASCII)


@settings(max_examples=300)
@given(PATTERNS, TEXTS.map("".join))
def test_whatever_a_pattern_is_redacting_twice_equals_redacting_once_and_marks_stay(told, text):
    flat = accepted(told)
    if flat:
        own = Redactor(Further((), [FurtherPattern(flat, "extra")]))
        once = own.text(text)
        assert own.text(once) == once
        assert once.count("[REDACTED:aaa_b]") == text.count("[REDACTED:aaa_b]")


@settings(max_examples=100)
@given(PATTERNS, TEXTS)
def test_what_a_pattern_costs_is_counted_and_grows_with_the_text_alone(told, pieces):
    flat = accepted(told)
    if not flat:
        return
    own = Redactor(Further((), [FurtherPattern(flat, "extra")]))
    text = "".join(pieces) or flat.needle
    short, long = (text * (chars // len(text) + 1) for chars in (2_000, 20_000))
    costs = [cost(own, short), cost(own, long)]
    assert costs == [cost(own, short), cost(own, long)]
    assert costs[1] <= 40 + 15 * costs[0]


def cost(redactor: Redactor, text: str) -> float:
    allowance = Allowance(1e9)
    redactor.text(text, allowance)
    return allowance.spent


def test_a_hostile_text_is_refused_and_not_looked_through(read):
    own = Redactor(read('[[pattern]]\npattern = "aaa[ab]{2,9}[ab]{2,9}[ab]{2}x"\n[[name]]\nname = "aaa"'))
    with pytest.raises(LimitExceeded):
        own.text("a" * 400_000, Allowance())


COSTLY = "\n".join(
    f"[[pattern]]\npattern = 'aaa[a]{{0,100}}[b]{{{number % 2 + 1}}}[A-Z]{{{number // 2 + 1}}}'"
    for number in range(100)
)


def test_names_cost_the_same_known_or_not_and_are_bounded(read):
    own = Redactor(read(COSTLY))
    spent = []
    for _ in range(2):
        allowance = Allowance(1e9)
        assert not own.is_in_name("aaa" * 10, allowance)
        spent.append(allowance.spent)
    assert spent[0] == spent[1] > 1_000
    within = Allowance()
    with pytest.raises(LimitExceeded):
        any(own.is_in_name(f"{'a' * 60} {number}", within) for number in range(1000))


def test_keys_cost_the_same_known_or_not(read):
    own = Redactor(read(COSTLY))
    value = {f"{'a' * 30}{number}": 1 for number in range(39)}
    spent = []
    for _ in range(2):
        allowance = Allowance(1e9)
        own.json(value, allowance)
        spent.append(allowance.spent)
    assert spent[0] == spent[1] > 10_000
    with pytest.raises(LimitExceeded):
        own.json(
            [{f"{'a' * 30}{number}": 1 for number in range(39 * one, 39 * one + 39)} for one in range(30)], Allowance()
        )
