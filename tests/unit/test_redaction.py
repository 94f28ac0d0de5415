"""Secrets vanish before anything is stored, and what only looks like one is kept byte for byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.redaction import Redactor
from runtally.redaction.names import NAMES
from runtally.redaction.shapes import IN_RUNS, SHAPES
from runtally.redaction.tokens import TOKENS
from tests.unit.redaction_corpus import AWS_ID, BODY, INNOCENTS, SECRETS, Secret, fake

redact_text, redact_json = Redactor().text, Redactor().json

PROSE = "The agent read the file and then explained, step by step, why four of the tests failed. " * 8

PLACES = {
    "at the start of prose": "{}. " + PROSE,
    "in the middle of prose": PROSE + "{} " + PROSE,
    "at the end of prose": PROSE + "{}",
    "in parentheses": PROSE + "({}) " + PROSE,
    "on a line of its own": PROSE + "\n{}\n" + PROSE,
    "on a Windows line": PROSE + "\r\n{}\r\n" + PROSE,
}


def _is_gone(secret: Secret, text: str) -> bool:
    return secret.hidden not in text and f"[REDACTED:{secret.kind}]" in text


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.text[:40])
def test_a_known_secret_is_replaced_by_its_kind_and_its_surroundings_stay(secret):
    redacted = redact_text(secret.text)
    assert _is_gone(secret, redacted)
    assert secret.kept in redacted


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_secret_is_found_wherever_it_stands(place):
    own_line = "\n{}" in place or place.endswith("{}")
    texts = {secret: place.replace("{}", secret.text) for secret in SECRETS if own_line or not secret.ends_line}
    assert [secret.text for secret, text in texts.items() if not _is_gone(secret, redact_text(text))] == []


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_secret_is_found_inside_json_text_inside_a_string(levels):
    missed = []
    for secret in SECRETS:
        text = f"{PROSE}\n{secret.text}\n"
        for _ in range(levels):
            text = json.dumps({"log": text}, ensure_ascii=False)
        hidden = json.dumps(secret.hidden, ensure_ascii=False)[1:-1]
        redacted = redact_text(text)
        if hidden in redacted or f"[REDACTED:{secret.kind}]" not in redacted or not json.loads(redacted)["log"]:
            missed.append(secret.text)
    assert missed == []


@pytest.mark.parametrize("innocent", INNOCENTS, ids=lambda text: text[:40])
def test_a_look_alike_is_kept_byte_for_byte(innocent):
    assert redact_text(innocent) == innocent
    assert redact_text(f"{PROSE}\n{innocent}\n{PROSE}") == f"{PROSE}\n{innocent}\n{PROSE}"


def test_the_corpus_is_redacted_with_full_recall_and_precision(capsys):
    found = sum(_is_gone(secret, redact_text(secret.text)) for secret in SECRETS)
    alarms = sum(redact_text(innocent) != innocent for innocent in INNOCENTS)
    recall, precision = found / len(SECRETS), found / (found + alarms)
    with capsys.disabled():
        print(
            f"\nredaction corpus: recall {100 * recall:.1f} % ({found} of {len(SECRETS)}), "
            f"precision {100 * precision:.1f} % ({alarms} of {len(INNOCENTS)} look-alikes touched)"
        )
    assert recall == precision == 1.0
    assert len(SECRETS) >= 80
    assert len(INNOCENTS) >= 80


def test_every_kind_that_a_name_gives_away_has_a_secret_in_the_corpus():
    assert {kind for kind, _, _ in NAMES if kind} <= {secret.kind for secret in SECRETS}


def test_a_key_that_was_cut_before_its_end_line_goes_to_the_end_of_the_text():
    cut = f"before\n-----BEGIN RSA PRIVATE KEY-----\n{BODY}\nProbablyMoreOfIt"
    assert redact_text(cut) == "before\n[REDACTED:private_key]"


def test_two_keys_one_after_the_other_leave_the_text_between_them():
    key = f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----"
    assert redact_text(f"{key} and {key}.") == "[REDACTED:private_key] and [REDACTED:private_key]."


def test_a_git_sha_beside_an_aws_key_id_is_no_secret_key():
    sha = "3f786850e387550fdab836ed7e6dc881de23001b"
    assert redact_text(f"{AWS_ID} at {sha}") == f"[REDACTED:aws_key_id] at {sha}"


# Pieces that meet at every seam where one redaction can uncover another.
PIECES = [
    *(secret.text for secret in SECRETS),
    *(secret.hidden for secret in SECRETS),
    *INNOCENTS,
    *(needle for _, needles, _ in (*IN_RUNS, *SHAPES, *TOKENS) for needle in needles[:3]),
    *("password", "api_key", "API key", "token", "Authorization", "cookie", "sig", "secret", "value", "name"),
    *(
        "=",
        ": ",
        ":",
        "=>",
        '": "',
        '\\": \\"',
        '"',
        "'",
        "`",
        "\\",
        "\\n",
        "\n",
        " ",
        "&",
        "?",
        ",",
        ";",
        ")",
        "]",
        "}",
    ),
    *("[REDACTED:token]", "[REDACTED:", "]", "<", "</", ">", "@", "://", "/", ".", "-", "--", "_", "é", "0", "a", "A"),
]
pieced_text = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
any_text = st.one_of(st.text(max_size=200), pieced_text)
names = st.one_of(st.sampled_from(["password", "token", "apiKey", "cookie", "name", "value", "input_tokens"]), any_text)
any_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), any_text),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(any_text)
def test_redacting_a_text_twice_equals_redacting_it_once(text):
    once = redact_text(text)
    assert redact_text(once) == once


@settings(max_examples=150, deadline=None)
@given(any_json)
def test_redacting_json_twice_equals_redacting_it_once(value):
    once = redact_json(value)
    assert redact_json(once) == once


def _shape(value):
    if isinstance(value, dict):
        return {index: _shape(child) for index, child in enumerate(value.values())}
    if isinstance(value, list):
        return [_shape(child) for child in value]
    return "leaf" if type(value) in (str, int) else (type(value), value)


@settings(max_examples=150, deadline=None)
@given(any_json)
def test_json_keeps_its_shape_and_every_leaf_that_is_neither_a_string_nor_an_integer(value):
    before = json.dumps(value)
    assert _shape(redact_json(value)) == _shape(value)
    assert json.dumps(value) == before, "the caller's own value is not touched"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "password"),
        ("dbPassword", "password"),
        ("PGPASSWORD", "password"),
        ("user-passwd", "password"),
        ("passphrase", "password"),
        ("secret", "secret"),
        ("client_secret", "secret"),
        ("clientSecret", "secret"),
        ("api_key", "api_key"),
        ("apiKey", "api_key"),
        ("APIKEY", "api_key"),
        ("X-Api-Key", "api_key"),
        ("openAIApiKey", "api_key"),
        ("api_key_2", "api_key"),
        ("aws_secret_access_key", "api_key"),
        ("encryptionKey", "api_key"),
        ("private_key", "private_key"),
        ("access_token", "token"),
        ("refreshToken", "token"),
        ("Authorization", "authorization"),
        ("proxy-authorization", "authorization"),
    ],
)
def test_a_string_under_a_secret_name_goes_whatever_its_shape(name, kind):
    marker = f"[REDACTED:{kind}]"
    assert redact_json({name: "plain words"}) == {name: marker}
    assert redact_json({"headers": [{name: ["plain words", 7, "more"]}]}) == {"headers": [{name: [marker, 7, marker]}]}
    assert redact_json([{"name": name, "value": "plain words"}]) == [{"name": name, "value": marker}]


@pytest.mark.parametrize("value", ["", " ", "true", "None", "null", "***", "$PASSWORD", "<your password>", "${X}"])
def test_an_empty_or_placeholder_value_under_a_secret_name_is_kept(value):
    assert redact_json({"password": value}) == {"password": value}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "input_tokens",
            "output_tokens",
            "max_tokens",
            "maxTokens",
            "token_count",
            "tokenizer",
            "tokens",
            "token_type",
        ),
        *("secret_santa", "password_policy", "key", "keyboard", "primary_key", "public_key", "sort_key", "monkey"),
        *("author", "session_id", "cookie_banner", "compass", "keyword", "idempotency_key", "next_page_token"),
    ],
)
def test_a_string_under_an_innocent_name_is_kept(name):
    assert redact_json({name: "plain words 4096"}) == {name: "plain words 4096"}


@pytest.mark.parametrize("value", [12, 0.5, True, None])
def test_counts_fractions_booleans_and_null_are_kept_under_any_name(value):
    assert redact_json({"token": value, "password": value}) == {"token": value, "password": value}


def test_a_bare_token_name_hides_generated_values_and_keeps_the_words_of_a_model():
    logprobs = {"content": [{"token": " secret", "logprob": -0.5}, {"token": "Hello", "logprob": -1.0}]}
    assert redact_json(logprobs) == logprobs
    assert redact_json({"token": fake(20)}) == {"token": "[REDACTED:token]"}


def test_a_value_that_looks_secret_only_once_its_neighbour_is_redacted_settles_at_once():
    cookie = {"cookie": f"sk-proj-{fake(90)}:id=1"}
    assert redact_json(cookie) == redact_json(redact_json(cookie)) == {"cookie": "[REDACTED:cookie]"}


def test_a_secret_in_a_key_is_redacted_and_no_entry_is_lost_when_keys_become_the_same():
    first, second = f"ghp_{fake(36)}", f"ghp_{fake(37)}"
    assert redact_json({first: 1, "x": 2, second: 3}) == {
        "[REDACTED:github_token]": 1,
        "x": 2,
        "[REDACTED:github_token]#2": 3,
    }
    taken = {"[REDACTED:github_token]#2": 0, first: 1, second: 3}
    assert sorted(redact_json(taken).values()) == [0, 1, 3]
    assert list(redact_json({f"password={first}": 1, f"password={second}": 2}).values()) == [1, 2]


@pytest.mark.parametrize("depth", [200, 5_000])
def test_deep_nesting_is_redacted_to_the_bottom(depth):
    value = "password=hunter2"
    for level in range(depth):
        value = [value] if level % 2 else {"inner": value}
    redacted = redact_json(value)
    for level in reversed(range(depth)):
        redacted = redacted[0] if level % 2 else redacted["inner"]
    assert redacted == "password=[REDACTED:password]"


@pytest.mark.parametrize(
    "piece",
    [
        *("a", "0", "-", "=", ":", " ", "\n", "\\", '"', "'", '\\"', "://", "://a:", "@", "{", "(", "é"),
        *(
            "sk-sk-sk-",
            "sk-a1",
            "eyJeyJ",
            "\\neyJ",
            "eyJaaaaaaaaaa-",
            "AKIA",
            f"{AWS_ID} ",
            "SG.",
            "rtk_",
            "xoxb-",
            "1:A",
        ),
        *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n", "-----END PRIVATE KEY-----"),
        *(
            "password=",
            "password='",
            "password: ",
            "token=",
            "token=a.",
            "token=f(",
            "api key: ",
            '"password": "',
            "a=",
        ),
        *(
            "Bearer ",
            "Basic ",
            "cookie: a=",
            "curl -u a:",
            "--password ",
            "password is ",
            "<password>",
            "name: a\nvalue:",
        ),
        *(
            "[REDACTED:token]",
            "password=[REDACTED:token]",
            "password=a&",
            "password=a,b=",
            'password="$pass',
            "mysql -p",
        ),
    ],
)
def test_a_hostile_repetition_is_finished_and_settled(piece):
    redacted = redact_text(piece * (16_384 // len(piece)))
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("kind", ["github_token", "password", "api_key", "secret", "token"])
@pytest.mark.parametrize(
    "place", ["{}", "the run of {} failed", "password: {}", "key={} x", '"{}"', "INSERT INTO runs VALUES('{}','done');"]
)
def test_a_mark_of_a_name_is_never_changed(kind, place):
    text = place.format(f"[REDACTED:{kind}:930ea6]")
    assert redact_text(text) == text


def test_how_many_secrets_there_are_is_no_secret():
    table = "| family | secrets |\n|---|---:|\n| bob | 49 |\n"
    assert redact_text(table) == table
