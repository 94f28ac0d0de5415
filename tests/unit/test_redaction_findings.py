"""What would be hidden in a document is found where it stands, and nothing of it is in what is shown."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.redaction import Redactor
from runtally.redaction.changes import Finding, pieces
from runtally.redaction.findings import find
from tests.unit.redaction_corpus import INNOCENTS, SECRETS, fake

REDACTOR = Redactor()
TOKEN = f"ghp_{fake(36)}"


def shown(text: str) -> str:
    return "".join(part for part, _ in pieces(text, find(text, REDACTOR)))


def stretches(text: str) -> list[str]:
    return [text[one.start : one.end] for one in find(text, REDACTOR)]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret.text[:40])
def test_a_known_secret_is_found_where_it_stands(secret):
    text = f"first line\n{secret.text}\nlast line\n"
    assert any(secret.hidden in stretch for stretch in stretches(text))
    assert secret.hidden not in shown(text)


def test_what_would_be_shown_is_what_redaction_makes_of_a_text():
    texts = [secret.text for secret in SECRETS] + INNOCENTS
    text = "\n\n".join(text for text in texts if text[:1] + text[-1:] not in ("{}", "[]"))
    assert shown(text) == REDACTOR.text(text)


def test_a_mark_that_is_there_is_no_finding():
    text = f"[REDACTED:token] and token=[REDACTED:token] and {TOKEN} [REDACTED:token]"
    assert find(text, REDACTOR) == [Finding(48, 48 + len(TOKEN), "[REDACTED:github_token]")]
    assert find(text, REDACTOR)[0].kinds == ["github_token"]


def test_json_is_looked_at_as_a_value_and_keeps_its_layout():
    text = '{\n  "X-Api-Key" : ["a\\"\\u20ac b", 7],\n  "list": [{"value": "plain words", "name": "API_KEY"}]\n}\n'
    assert stretches(text) == ['a\\"\\u20ac b', "plain words"]
    assert shown(text) == text.replace('a\\"\\u20ac b', "[REDACTED:api_key]").replace(
        "plain words", "[REDACTED:api_key]"
    )


def test_each_line_that_is_json_is_looked_at_as_a_value():
    line = json.dumps({"headers": [{"name": "X-Api-Key", "value": "plain words"}]})
    text = f"started\n{line}\n{line}\n{{not json}}\n"
    assert stretches(text) == ["plain words", "plain words"]


def test_a_place_in_a_string_is_told_whatever_is_escaped_before_it():
    text = json.dumps({"log": f'é "quoted" 🙂\n{TOKEN} and \t{TOKEN}'})
    assert stretches(text) == [TOKEN, TOKEN]
    assert json.loads(shown(text)) == {"log": 'é "quoted" 🙂\n[REDACTED:github_token] and \t[REDACTED:github_token]'}


def test_keys_that_become_the_same_are_both_shown():
    text = json.dumps({TOKEN: 1, TOKEN[:-1]: 2})
    assert json.loads(shown(text)) == {"[REDACTED:github_token]": 1, "[REDACTED:github_token]#2": 2}


@pytest.mark.parametrize(
    "text", ['{"password": "a b", "password": "c d"}', "[" * 100_000, '{"a": ' * 5_000 + "1" + "}" * 5_000]
)
def test_json_that_cannot_be_taken_as_a_value_is_a_text(text):
    assert shown(text) == REDACTOR.text(text)


WORDS = st.sampled_from(
    [
        "password",
        "token",
        "name",
        "value",
        "API_KEY",
        "hunter2",
        TOKEN,
        "[REDACTED:token]",
        f"key={TOKEN}",
        "a b",
        "\n",
        '"',
    ]
)
ANY_TEXT = st.one_of(st.text(max_size=20), st.lists(WORDS, max_size=4).map("".join))
ANY_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), ANY_TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(ANY_TEXT, inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=150)
@given(ANY_JSON, st.sampled_from([None, 2]), st.booleans())
def test_any_json_is_shown_as_json_that_redaction_leaves_alone(value, indent, ascii_only):
    text = json.dumps([value], indent=indent, ensure_ascii=ascii_only)
    redacted = json.loads(shown(text))
    assert REDACTOR.json(redacted) == redacted


@settings(max_examples=150)
@given(
    st.lists(st.sampled_from([*(secret.text for secret in SECRETS), *INNOCENTS, "\n", " ", "-----END "]), max_size=8)
)
def test_findings_are_in_order_and_apart_and_no_two_touch_the_same_text(parts):
    text = "x" + "\n".join(parts)
    found = find(text, REDACTOR)
    assert all(one.start < one.end <= len(text) for one in found)
    assert all(first.end <= second.start for first, second in pairwise(found))
