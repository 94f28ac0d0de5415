"""Every row of data finds what it describes, wherever that stands, and no row goes through a text again and again."""

import json
import random
import re

import pytest

from runtally.redaction import Allowance, Redactor, gitleaks, marks, shapes
from runtally.redaction.allowance import UNLIMITED
from runtally.redaction.runs import RUN_CHARS, long_runs
from runtally.redaction.shape_search import BUILT_IN, Shapes, built_in
from runtally.redaction.token_search import entropy
from runtally.redaction.tokens import TOKENS
from runtally.redaction.vendors import MORE
from tests.unit.pattern_cost import scans_in_vain
from tests.unit.pattern_samples import sample
from tests.unit.redaction_corpus import AWS_ID, fake, fake_hex

redact_text = Redactor().text

ROWS = [
    *((kind, tuple(prefixes), pattern) for kind, prefixes, pattern in TOKENS),
    *((row["kind"], tuple(row["prefixes"]), row["pattern"]) for row in gitleaks.rules()["tokens"]),
]
IDS = [f"{kind}-{prefixes[0]}" for kind, prefixes, _ in ROWS]


def hidden(text: str, kind: str = "") -> str:
    return BUILT_IN.hidden(text, marks.of_kind, UNLIMITED)


def token_of(prefixes: tuple[str, ...], pattern: str, seed: int = 0) -> str:
    """One that the row matches and that is no sample of a manual, of which there are some by chance."""
    chance = random.Random(f"{seed}{pattern}")
    prefix = chance.choice(prefixes)
    for _ in range(500):
        made = prefix + sample(pattern, chance)[len(prefix) :]
        if re.fullmatch(pattern, made, re.ASCII) and hidden(made) != made:
            return made
    raise AssertionError(f"no token was made that begins with {prefix} and matches {pattern}")


BEFORE = ("", "key=", '"', "(", ": ", "é ", "\\n", "\\t", "%3D", "%22", "\\u003d", "\\x1b[32m", "my_", "x-", "/")


@pytest.mark.parametrize(("kind", "prefixes", "pattern"), ROWS, ids=IDS)
def test_a_token_is_found_behind_whatever_stands_before_it(kind, prefixes, pattern):
    token = token_of(prefixes, pattern)
    is_anywhere = "(?<!" not in pattern  # some may as well stand inside of something else
    for before in BEFORE if is_anywhere else BEFORE[:8]:
        text = f"see {before}{token} there"
        assert hidden(text).startswith(f"see {before}"), text
        assert token[-20:] not in hidden(text), text


@pytest.mark.parametrize(("kind", "prefixes", "pattern"), ROWS, ids=IDS)
def test_a_token_is_found_in_json_within_json(kind, prefixes, pattern):
    token = token_of(prefixes, pattern, 1)
    text = f"first\n{token}\nlast"
    for _ in range(3):
        text = json.dumps({"log": text})
        assert token[-20:] not in hidden(text), text


def test_every_token_is_in_a_run_that_is_looked_at_and_begins_with_a_prefix():
    for _, prefixes, pattern in ROWS:
        token = token_of(prefixes, pattern, 2)
        start, end = long_runs(token)[0]
        assert start == 0, f"{pattern}: the run begins behind the prefix"
        assert end >= RUN_CHARS


@pytest.mark.parametrize(("kind", "needles", "pattern"), [*ROWS, *shapes.IN_RUNS, *shapes.SHAPES])
def test_no_row_scans_far_and_then_fails_from_each_of_its_needles(kind, needles, pattern):
    assert not scans_in_vain(pattern, needles)


@pytest.mark.parametrize(
    ("pattern", "is_in_vain"),
    [
        (r"sk-[\w-]+", False),
        (r"sk-[\w-]{2,99}!", False),
        (r"sk-\w+!", False),
        (r"sk-[a-z]+(?:-\d+)*", False),
        (r"sk-[\w-]+!", True),
        (r"sk-[\w-]+(?!!)", True),
        (r"sk-(?:a|[^!]+)?!", True),
        (r"sk-(?=[^!]*\d)x", True),
        (r"sk-(?:\w+-)+!", True),
    ],
)
def test_a_pattern_that_scans_far_and_then_fails_is_told(pattern, is_in_vain):
    assert bool(scans_in_vain(pattern, ["sk-"])) is is_in_vain


@pytest.mark.parametrize(
    "piece", ["seed abandon ", "abandon ", "seed abc ", "the seed of the ", "sentry=a1a1a1a1a1a1a1a1 "]
)
def test_twice_as_many_look_alikes_take_twice_the_effort(piece):
    once, twice = effort_of(piece * 1_000), effort_of(piece * 2_000)
    assert twice <= 2.1 * once


def effort_of(text: str) -> float:
    allowance = Allowance()
    before = allowance.spent
    BUILT_IN.hidden(text, marks.of_kind, allowance)
    return allowance.spent - before


def test_the_rules_of_gitleaks_are_well_formed():
    rules = gitleaks.rules()
    assert re.fullmatch(r"the rules of gitleaks \(MIT License, .*\) as in [\w-]+ \d+\.\d+\.\d+", rules["source"])
    assert len(rules["tokens"]) >= 30
    assert len(rules["vendors"]) >= 60
    for row in (*rules["tokens"], *rules["vendors"]):
        assert re.fullmatch(r"[a-z0-9_]+", row["kind"])
        assert re.compile(row["pattern"], re.ASCII)
        assert 0 <= row["entropy"] < 5
    for vendor in rules["vendors"]:
        assert all(re.fullmatch(r"[a-z0-9]+", word) for word in vendor["words"])


@pytest.mark.parametrize("vendor", [*gitleaks.rules()["vendors"], MORE], ids=lambda row: row["kind"])
def test_a_vendors_value_is_found_under_its_word_and_under_no_other(vendor):
    chance = random.Random(vendor["pattern"])
    value = next(
        made
        for _ in range(500)
        if entropy(made := sample(vendor["pattern"], chance).replace("=", "a")) > vendor["entropy"]
        and re.search(r"\d", made)
        and hidden(made) == made
    )
    word = vendor["words"][0]
    for text in (f'{word} = "{value}"', f"{word.upper()}_AUTH={value}", f'{{"{word}": "{value}"}}', f"{word}: {value}"):
        assert value not in hidden(text), text
    for text in (f"{word} {value}", f"{word}_commit={value}", f"{word}_id: {value}", f"name = {value}"):
        assert hidden(text) == text


PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "my wallet: {}.",
        "Recovery phrase:\n{}\nKeep it.",
        "the seed words are {} and then the rest",
    ],
)
def test_a_seed_phrase_goes_and_what_stands_around_it_stays(text):
    assert redact_text(text.format(PHRASE)) == text.format("[REDACTED:seed_phrase]")
    assert redact_text(text.format(PHRASE.replace(" ", "\n"))) == text.format("[REDACTED:seed_phrase]")


@pytest.mark.parametrize("text", ['mnemonic="{}"', '{{"seed": "{}"}}'])
def test_a_seed_phrase_under_its_name_goes(text):
    assert redact_text(text.format(PHRASE)) in (text.format("[REDACTED:seed_phrase]"), text.format("[REDACTED:secret]"))


def test_a_numbered_seed_phrase_goes():
    numbered = "\n".join(f"{number}. {word}" for number, word in enumerate(PHRASE.split(), 1))
    assert redact_text(f"The seed:\n{numbered}\n") == "The seed:\n1. [REDACTED:seed_phrase]\n"


@pytest.mark.parametrize(
    "text",
    [
        "set the random seed when you test the code that will use it again and then call it once more",
        "abandon ability able about above absent absorb abstract absurd abuse access accident",
        "legal winner thank year wave sausage worth useful legal winner thank thank",  # the checksum is wrong
        "the seed of the work is that you must use the code we have and then add what they said about it",
    ],
)
def test_words_that_are_no_seed_phrase_stay(text):
    assert redact_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"ghp_{'x' * 36}",
        "sk-ant-your-api-key-goes-here",
        "pk.eyJ1IjoiYWNtZSIsImEiOiJjbDAifQ.abcdefghijklmnopqrstuv",
        "sk-" + "x" * 48,
        "path_to_the_pattern_of_lines.py",
        "key_of_a_dictionary_entry",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        f"heroku_app_id: {fake_hex(8)}-fa4e-4fa4-8bad-{fake_hex(12)}",
    ],
)
def test_samples_and_ordinary_names_stay(text):
    assert redact_text(text) == text


@pytest.mark.parametrize(
    ("kind", "text", "secret"),
    [
        ("azure_client_secret", f"secret abc8Q~{fake(34)} is mine", f"abc8Q~{fake(34)}"),
        ("mailchimp_key", f"key {fake_hex(32)}-us12, old", f"{fake_hex(32)}-us12"),
        ("newrelic_key", f"license {fake_hex(36)}NRAL here", fake_hex(36)),
        ("terraform_token", f"token {fake(14)}.atlasv1.{fake(67)} here", fake(67)),
        ("maxmind_key", f"key {fake(6)}_{fake(29)}_mmk here", fake(29)),
        ("firebase_key", f"key AAAA{fake(7)}:APA91b{fake(134)} here", fake(134)),
        ("braintree_token", f"access_token$production${fake_hex(16)}${fake_hex(32)}", fake_hex(32)),
        ("salesforce_session", f"session 00D{fake(12)}!AQ{fake(80)} here", fake(80)),
        ("credential", f"https://b.test/o?Expires=1&Signature={fake(40)}%3D&x=1", fake(40)),
        ("webhook", f"https://hooks.zapier.com/hooks/catch/1234567/{fake(7)}/", fake(7)),
        ("webhook", f"https://maker.ifttt.com/trigger/door/with/key/{fake(22)}", fake(22)),
        ("webhook", f"https://chat.test/hooks/{fake_hex(26)} now", fake_hex(26)),
        ("token", f"https://app.test/reset-password/{fake(40)}", fake(40)),
        ("api_key", f"wss://mainnet.infura.io/ws/v3/{fake_hex(32)}", fake_hex(32)),
        ("private_key", f"KEY_B64=LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{fake(80)}==", fake(80)),
    ],
)
def test_a_secret_goes_that_what_stands_in_it_or_around_it_gives_away(kind, text, secret):
    redacted = redact_text(text)
    assert secret not in redacted
    assert f"[REDACTED:{kind}]" in redacted


def test_rows_of_ones_own_are_found_with_those_built_in():
    own = built_in([("acme_key", ("acme",), r"acme-[0-9]{6}")])
    assert own.hidden(f"acme-123456 {AWS_ID}", marks.of_kind, UNLIMITED) == "[REDACTED:acme_key] [REDACTED:aws_key_id]"
    alone = Shapes([("acme_key", ("acme",), r"acme-(?P<value>[0-9]{6})")])
    assert alone.hidden(f"acme-123456 {AWS_ID}", marks.of_kind, Allowance()) == f"acme-[REDACTED:acme_key] {AWS_ID}"


@pytest.mark.parametrize("prefix", ["ghp_", "sk_live_", "glpat-", "github_pat_"])
def test_tokens_that_are_glued_together_all_go(prefix: str) -> None:
    token = prefix + "notarealtoken0notarealtoken0a1B2c3d4"
    redacted = hidden(token * 3)
    assert "notareal" not in redacted
