"""Private keys in every form, and keys of vendors that are told by their shape, are found; their public halves stay."""

import base64
import random
import string

import pytest

from runtally.redaction import Redactor

redacted = Redactor().text
chance = random.Random(7)

LETTERS = string.ascii_letters + string.digits


def mixed(length: int) -> str:
    return "aB3" + "".join(chance.choices(LETTERS, k=length - 3))


def hexadecimal(length: int) -> str:
    return "".join(chance.choices("0123456789abcdef", k=length))


def base32(length: int) -> str:
    return "4" + "".join(chance.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=length - 1))


def base58(length: int) -> str:
    return "aB3" + "".join(chance.choices("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz", k=length - 3))


def base64_of(octets: int) -> str:
    return base64.b64encode(chance.randbytes(octets)).decode()


SECRETS = {
    "a PKCS#8 key": ("paste {} here", "MIIEvgIBADANBgkqhkiG9w0BAQEFAASC" + base64_of(600)),
    "a PKCS#1 key": ("paste {} here", "MIIEpAIBAAKCAQEA" + base64_of(600)),
    "an EC key": ("paste {} here", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0w" + base64_of(70)),
    "an Ed25519 key": ("paste {} here", "MC4CAQAwBQYDK2VwBCIEI" + base64_of(32)),
    "a PKCS#12 store": ("p12: {}", "MIIKPAIBAzCCCfYGCSqGSIb3DQEHAaCC" + base64_of(300)),
    "a JKS store": ("echo {} | base64 -d", "/u3+7QAAAAIAAAABAAAAAQAF" + base64_of(300)),
    "a keytab": ("keytab: {}", "BQIAAABFAAIA" + base64_of(60)),
    "a WIF key": ("import {} there", "Kx" + base58(50)),
    "a Stellar seed": ("use {} there", "SB" + base32(54)),
    "a NATS seed": ("use {} there", "SUA" + base32(55)),
    "WireGuard, piped": ("echo {} | wg pubkey", base64_of(32)),
    "a Tor service": ("ADD_ONION ED25519-V3:{} Port=80", base64_of(64)),
    "a Tor client": ("a" * 56 + ":descriptor:x25519:{}", base32(52)),
    "a Vault share": ("Unseal Key 1: {}", base64_of(33)),
    "a one-time password": ("oathtool --totp -b {}", base32(16)),
    "bytes": ("key = bytes.fromhex('{}')", hexadecimal(64)),
    "Modal": ("modal {} now", "as-" + mixed(22)),
    "Nomic": ("use {} now", "nk-" + mixed(43)),
    "LlamaCloud": ("use {} now", "llx-" + mixed(48)),
    "Google's newer keys": ("use {} now", "AQ.Ab8RN6" + mixed(45)),
    "Baidu": ("use {} now", f"bce-v3/ALTAK-{mixed(21)}/{hexadecimal(40)}"),
    "Runway": ("use {} now", "key_" + hexadecimal(128)),
    "Octopus": ("use {} now", "API-7" + "ABCDEFGH2345JKLMNPQRSTUVW"),
    "ClickUp": ("use {} now", "pk_12345678_" + "A1B2C3D4E5F6G7H8" * 2),
    "Oracle": ("jdbc:oracle:thin:scott/{}@//h:1521/s", "tiger77x"),
    "Trojan": ("trojan://{}@h:443?sni=x", "zebra7xq"),
    "a connection in Python": ('pymssql.connect("h", "sa", "{}", "d")', "zebra7xq"),
}


@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_the_secret_is_hidden_and_nothing_around_it(text, secret):
    before, after = text.split("{}")
    found = redacted(text.format(secret))
    assert found.startswith(before + "[REDACTED:")
    assert found.endswith("]" + after)


INNOCENT = (
    "cert MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQsw" + base64_of(400),
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + base64_of(256),
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE" + base64_of(64),
    "GA" + base32(54),
    "12D3KooW" + base58(44),
    "as-soon-as-possible-please-x",
    "ck-editor5-build-classic",
    "pl_core_news_lg and rc_channel_values and hb_font_get_glyph_h_advances_func",
    "inference-endpoint-for-the-large-model",
    "MySQLdb.connect(host, user, passwd, db) and pymssql.connect(server, user, password, name)",
    "jdbc:oracle:thin:@h:1521:orcl",
    "wg pubkey < privatekey > publickey",
    "https://example.org:8443/path/@scope/pkg and https://dl.cloudsmith.io/public/acme/repo",
    "bytes.fromhex('deadbeef')",
)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_looks_alike_stays(text):
    assert redacted(text) == text
