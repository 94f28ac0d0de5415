"""Secrets in JSON go with the name they stand under, in whatever form it is given, and what is beside them stays."""

import json
import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtally.redaction import Allowance, Redactor
from tests.unit.redaction_corpus import fake, fake_hex

redact_text, redact_json = Redactor().text, Redactor().json

HIDDEN = "inv3nted-4-me"
UUID = "018f6b1e-7c2a-7d43-9b1f-3c5d7e9f1a2b"

UNDER_A_NAME = {
    "a number": {"password": 1234567},
    "a list": {"passwords": [HIDDEN, {"x": HIDDEN}, [HIDDEN]]},
    "an object": {"secrets": {"db": HIDDEN, "cache": {"first": HIDDEN}}},
    "the object of a value": {"db_password": {"value": HIDDEN, "sensitive": True}},
    "credentials": {"credentials": {"type": "oauth", "username": "ann", "x": f"{HIDDEN}-{fake(9)}"}},
    "a JSON Web Key": {"key": {"kty": "RSA", "kid": "k1", "n": "public", "e": "AQAB", "d": HIDDEN, "dp": HIDDEN}},
    "tokens": {"tokens": {"input": 4096, "access": f"{HIDDEN}-{fake(9)}"}},
    "words of a seed": {"seed_words": [HIDDEN, HIDDEN]},
    "codes": {"recovery_codes": [HIDDEN, 12345678]},
    "the bytes of a key": {"network_key": list(range(1, 17)), "api": {"key": HIDDEN}},
    "a PIN": {"pin": 4711, "cvv": "123"},
    "a login": {"auth": f"bob:{HIDDEN}"},
}
KEPT_UNDER_A_NAME = ["ann", "oauth", "k1", "public", "AQAB", "4096", "true"]

PAIRS = {
    "name and value": {"name": "X_API_KEY", "value": HIDDEN},
    "value and name": {"value": HIDDEN, "name": "DB_PASSWORD"},
    "key and value": {"Key": "DB_PASSWORD", "Value": HIDDEN},
    "header and value": {"header": "X-Api-Key", "value": HIDDEN},
    "header and values": {"name": "X-Api-Key", "values": [HIDDEN]},
    "id and val": {"id": "password", "val": HIDDEN},
    "k and v": {"k": "client_secret", "v": HIDDEN},
    "parameter": {"ParameterKey": "DBPassword", "ParameterValue": HIDDEN},
    "label and content": {"label": "Password", "content": HIDDEN},
    "a question": {"question": "What is the password?", "answer": HIDDEN},
    "an option": {"option_name": "smtp_password", "option_value": HIDDEN},
    "a described value": {"db_password": {"type": "string", "description": "of the database", "value": HIDDEN}},
    "a default": {"name": "password", "type": "string", "default": HIDDEN},
    "a secret's string": {"Name": "prod/db", "SecretString": HIDDEN},
    "a parameter store": {"Name": "/shop/db", "Type": "SecureString", "Value": HIDDEN},
    "an input": {"type": "password", "value": HIDDEN},
    "said to be sensitive": {"sensitive": True, "type": "string", "value": HIDDEN},
    "a masked variable": {"key": "DEPLOY", "value": HIDDEN, "masked": True},
    "a cookie": {"name": "visitor", "value": HIDDEN, "domain": "x.test", "httpOnly": True},
    "a cookie of Go": {"Name": "visitor", "Value": HIDDEN, "Path": "/", "Secure": False},
    "a cookie of a HAR": {"cookies": [{"name": "visitor", "value": HIDDEN}]},
    "Postman": {"auth": {"type": "bearer", "bearer": [{"key": "token", "value": HIDDEN, "type": "string"}]}},
    "pairs": [["user", "ann"], ["password", HIDDEN]],
    "raw headers": ["Host", "x.test", "X-Api-Key", HIDDEN],
    "an API key of Postman": {"apikey": [{"key": "key", "value": "X-Key"}, {"key": "value", "value": HIDDEN}]},
    "the lines of a key": {"lines": ["-----BEGIN PRIVATE KEY-----", HIDDEN, HIDDEN, "-----END PRIVATE KEY-----", "x"]},
    "a table": {"columns": ["user", "password"], "rows": [["ann", HIDDEN], ["bob", HIDDEN]]},
    "a field in a page": {"action": "fill", "selector": "input[type=password]", "text": HIDDEN},
    "a field that is described": {"element": "Password field", "ref": "e12", "text": HIDDEN},
    "a Kubernetes Secret": {"kind": "Secret", "data": {"x": HIDDEN}, "stringData": {"url": HIDDEN}},
}

COMMANDS = {
    "an option": ["deploy", "--password", HIDDEN],
    "an option with blanks": ["deploy", "--password", f"{HIDDEN} {HIDDEN}", "--dry-run"],
    "one word": ["deploy", f"--token={HIDDEN}"],
    "mysql": ["mysql", "-u", "root", f"-p{HIDDEN}", "shop"],
    "sshpass": ["sshpass", "-p", HIDDEN, "ssh", "host"],
    "curl": ["curl", "-s", "-u", f"ann:{HIDDEN}", "https://x.test"],
    "a header": ["curl", "-H", f"Authorization: Bearer {HIDDEN}", "https://x.test"],
    "a program apart": {"command": "sshpass", "args": ["-p", HIDDEN, "ssh", "host"]},
    "a host of servers": {"command": "npx", "args": ["-y", "server", "--api-key", HIDDEN], "env": {"X_KEY": "a"}},
}


@pytest.mark.parametrize("value", UNDER_A_NAME.values(), ids=UNDER_A_NAME)
def test_what_stands_under_the_name_of_a_secret_goes_whole(value):
    before, after = json.dumps(value), json.dumps(redact_json(value))
    assert "inv3nted" not in after
    assert not {"1234567", "12345678", "4711", '"123"'} & set(after.replace("}", " ").replace(",", " ").split())
    assert [word for word in KEPT_UNDER_A_NAME if word in before and word not in after] == []


@pytest.mark.parametrize("value", PAIRS.values(), ids=PAIRS)
def test_a_name_beside_a_value_names_it(value):
    after = json.dumps(redact_json(value))
    assert "inv3nted" not in after
    assert after.replace("[REDACTED:", "").count("]") == json.dumps(value).count("]") + after.count("[REDACTED:")


@pytest.mark.parametrize("value", COMMANDS.values(), ids=COMMANDS)
def test_a_list_of_the_words_of_a_command_is_read_as_its_line(value):
    after = redact_json(value)
    assert "inv3nted" not in json.dumps(after)
    assert len(after) == len(value)
    assert redact_json(after) == after


@pytest.mark.parametrize(
    "value",
    [
        {"max_tokens": 4096, "token_usage": {"input": 8400}, "tokens": {"input": 8400, "output": "1200"}},
        {"content": [{"token": " secret", "logprob": -0.5}, {"token": "Hello", "logprob": -1.0}]},
        {"tokens": ["Hello", " world", "secret"], "token_ids": [15496, 995]},
        {"has_password": True, "password_policy": {"min": "8"}, "password_min_length": 8, "is_secret": "yes"},
        {"secret_name": "prod/db", "key": "x1y2z3", "primary_key": "a1b2c3", "public_key": "ssh-ed25519 AAAA1"},
        {"api_key_id": "ak1234567890", "private_key_id": fake_hex(40), "session_id": UUID, "session": UUID},
        {"password": True, "secret": None, "api_key": "", "passwords": [], "credentials": {}},
        {"password": "<your password>", "api_key": "$API_KEY", "secrets": ["${X}", "***"]},
        {"secrets": ["db_password", "api_key"], "imagePullSecrets": [{"name": "regcred"}]},
        {"secrets": {"db_password": {"file": "./db_password.txt"}}, "required": ["username", "password"]},
        {"credentials": {"type": "oauth", "username": "ann", "url": "https://x.test", "expires_in": 3600}},
        {"properties": {"password": {"type": "string", "title": "Password", "minLength": 8, "format": "password"}}},
        {"password": {"valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}},
        {"authorization": {"action": "read", "scope": "/subscriptions/1"}, "auth": {"strategy": "jwt"}},
        {"name": "MODEL", "value": "gpt-4o"},
        {"name": "MAX_TOKENS", "value": 4096},
        {"role": "tool", "name": "get_password_policy", "content": "At least 8 characters"},
        {"label": "How to choose a good password", "content": "Take four words"},
        {"secrets": [{"name": "username", "value": "ann"}]},
        ["Content-Type", "Authorization", "X-Api-Key", "Accept"],
        ["docker", "run", "-p", "80:80", "-e", "X=1", "nginx"],
        ["ssh", "-p", "22", "host"],
        ["mysql", "-p", "-u", "root"],
        {"kind": "ConfigMap", "data": {"x": "inv3nted"}},
        {"cookies": {"theme": "dark"}, "name": "theme", "value": "dark"},
        {"passwords": 12, "secret": 0.5},
        {"errors": {"password": ["This field is required.", "It must have at least 8 characters"]}},
        {"members": {"apiKey": {"shape": "SensitiveString", "documentation": "<p>An API key.</p>", "location": "uri"}}},
        {"operations": {"CreateAccessKey": {"input": {"x": "CreateAccessKeyRequest"}}}},
        {"packages": {"node_modules/cookie": {"version": "1.0.2", "engines": {"node": ">=18"}}}},
        {"modules": {"shop.access_keys": [["shop", "limits", 12, "from shop import limits"]]}},
        {"security": [{"shop_auth": ["write:pets", "read:pets"]}]},
        {"parameters": {"oauth_token": {"type": "string", "location": "query"}}},
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_what_only_looks_like_one_stays(value):
    assert redact_json(value) == value
    assert redact_text(json.dumps(value, indent=2)) == json.dumps(value, indent=2)


@pytest.mark.parametrize(
    "written",
    [
        json.dumps,
        lambda value: json.dumps(value, separators=(",", ":")),
        lambda value: json.dumps(value, indent=2),
        lambda value: json.dumps(value, indent="\t") + "\n",
        lambda value: json.dumps(value, ensure_ascii=False),
    ],
)
@pytest.mark.parametrize("levels", [1, 2, 4])
def test_json_in_a_string_is_redacted_as_json_and_written_as_it_was(written, levels):
    def nested(secret: str) -> str:
        text = written({"password": {"value": secret}, "größe": ["a", 1.5, None], "n": {}})
        for _ in range(levels):
            text = written({"arguments": text})
        return text

    assert redact_text(nested("horse staple")) == nested("[REDACTED:password]")
    assert redact_json({"arguments": nested("horse staple")}) == {"arguments": nested("[REDACTED:password]")}
    assert redact_text(nested("")) == nested("")


def test_every_other_byte_of_json_in_a_string_stays():
    text = ' [ 1.50e0,1e999 ,{"password":{ "x" :"horse staple"}, "\\u00fc\\/": "\\ud800"},NaN, "é\\u0041" ]\r\n'
    assert redact_text(text) == text.replace("horse staple", "[REDACTED:password]")


@pytest.mark.parametrize(
    "text",
    [
        '{"password": "horse staple", "password": "battery"}',
        '{"password": "horse staple", "n": ' + "9" * 5000 + "}",
        '{"password": "horse staple", "a": ' + "[" * 5000 + "]" * 5000 + "}",
        '[{"password": "horse staple"}, ]',
        '{"password": "horse staple"} {"x": 1}',
    ],
    ids=lambda text: text[:60],
)
def test_json_that_is_none_or_has_a_key_twice_is_redacted_as_text(text):
    redacted = redact_text(text)
    assert redacted == text.replace("horse staple", "[REDACTED:password]").replace("battery", "[REDACTED:password]")
    assert redact_text(redacted) == redacted


KEYS = st.sampled_from(["x", "a_list", "größe", "n1", "other"])
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(1000, 10**12).map(lambda n: n * 7919 + 123_456_789),
    st.integers(0, 10**9).map(lambda n: f"leaf{n}!"),
)
UNDER = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def _leaves(value):
    if isinstance(value, dict):
        return [leaf for child in value.values() for leaf in _leaves(child)]
    if isinstance(value, list):
        return [leaf for child in value for leaf in _leaves(child)]
    return [value]


def _keys(value):
    if isinstance(value, dict):
        return [(key, _keys(child)) for key, child in value.items()]
    return [_keys(child) for child in value] if isinstance(value, list) else None


@settings(max_examples=200, deadline=None)
@given(UNDER)
def test_no_leaf_under_a_password_is_left_and_every_key_is_in_its_place(value):
    once = redact_json({"password": value, "usage": value})
    assert all(leaf in (None, True, False, "[REDACTED:password]") for leaf in _leaves(once["password"]))
    assert _keys(once["password"]) == _keys(value)
    assert once["usage"] == value
    assert redact_json(once) == once
    text = json.dumps({"password": value})
    assert json.loads(redact_text(text)) == {"password": once["password"]}


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["max_tokens", "tokens", "total_tokens", "token", "token_count"]), LEAVES))
def test_counts_of_tokens_are_kept(counts):
    counts = {name: count for name, count in counts.items() if not isinstance(count, str)}
    assert redact_json({"usage": counts, "tokens": counts}) == {"usage": counts, "tokens": counts}


words = st.lists(
    st.sampled_from(["-p", "--password", "x y", "it's", '"', "\\", "a=b", "$X", "--token=abc1234", "mysql", "", "-"]),
    max_size=8,
)


@settings(max_examples=200, deadline=None)
@given(words)
def test_the_words_of_any_command_stay_as_many_and_settle(items):
    once = redact_json(items)
    assert len(once) == len(items)
    assert redact_json(once) == once
    assert all("[REDACTED:" in new for old, new in zip(items, once, strict=True) if old != new)
    assert shlex.join(items) or not items


def test_an_object_seen_before_is_counted_as_before():
    value = [{"password": HIDDEN, "n": 1}] * 50
    spent = []
    for _ in range(2):
        redactor = Redactor()
        for _ in range(2):
            allowance = Allowance(10_000)
            redactor.json(value, allowance)
            spent.append(allowance.spent)
    assert len(set(spent)) == 1


TELLING_KEYS = [
    "name",
    "value",
    "key",
    "password",
    "secrets",
    "tokens",
    "token",
    "cookies",
    "auth",
    "kind",
    "data",
    "type",
    "command",
    "args",
    "columns",
    "rows",
    "x",
    "username",
    "kty",
    "d",
    "sensitive",
    "domain",
    "path",
    "httpOnly",
    "api",
    "credentials",
    "label",
    "text",
    "selector",
    "description",
    "default",
    "header",
    "session",
    "pin",
]
TELLING_TEXTS = [
    *("password", HIDDEN, "X-Api-Key", "Secret", "true", "$X", f"password={HIDDEN}", f"ann:{HIDDEN}", "db_password"),
    *("it must have at least 8", '{"password":["a b"]}', '[["token","abc123def"]]', "--password", "-p", "mysql"),
    *("sid=abc; theme=x", "-----BEGIN PRIVATE KEY-----", f"sk-proj-{fake(90)}:id=1", f"Bearer {fake(20)}", "it's \\ x"),
]
telling_json = st.recursive(
    st.one_of(st.sampled_from(TELLING_TEXTS), st.sampled_from([1234567, 12, True, None, 0.5])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(TELLING_KEYS), inner, max_size=5)
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(telling_json)
def test_what_tells_of_a_secret_in_any_combination_settles_at_once_as_a_value_and_as_a_text(value):
    once = redact_json(value)
    assert redact_json(once) == once
    assert _keys(once) == _keys(value)
    if isinstance(value, dict):
        assert json.loads(redact_text(json.dumps({"x": value}))) == redact_json({"x": value})


def test_what_is_said_of_a_key_in_a_list_is_no_part_of_it():
    said = ["How do I parse a -----BEGIN RSA PRIVATE KEY----- header?", "Use the cryptography package.", "Thanks!"]
    assert Redactor().json({"messages": said}) == {"messages": said}
    lines = ["-----BEGIN RSA PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED", "", "MIIBOgIBAAJBAKj34Gkx", "-----END"]
    hidden = Redactor().json([*lines[:4], "That is it."])
    assert hidden[3:] == ["[REDACTED:private_key]", "That is it."]


def test_a_value_that_its_name_gives_away_is_not_kept_in_memory():
    redactor = Redactor()
    assert redactor.json({"password": "swordfish-Zq9", "note": "a plain note"})["password"] == "[REDACTED:password]"
    assert "swordfish-Zq9" not in redactor._innocent


def test_the_session_of_a_cookie_is_hidden_however_short():
    cookie = {"name": "session", "value": "Xk29fjWq8Lz1", "domain": "x.org", "httpOnly": True}
    assert Redactor().json([cookie]) == [cookie | {"value": "[REDACTED:cookie]"}]
