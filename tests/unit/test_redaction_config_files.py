"""Secrets in the files of servers, tools and package managers vanish; what stands around them stays."""

import pytest

from runtally.redaction import Redactor
from tests.unit.redaction_corpus import fake, fake_hex

redact_text = Redactor().text

PLANTED = "Gr4nite!fjord"
KEY = fake(40)
DIGEST = fake_hex(32)

HOLDS = [
    (f"proxy_set_header X-Api-Key {KEY};", KEY),
    (f'set $upstream_token "{KEY}";', KEY),
    (f"  OIDCCryptoPassphrase {PLANTED}", PLANTED),
    (f"    shared_key {PLANTED}", PLANTED),
    (f"    HTTP_Passwd  {PLANTED}", PLANTED),
    (f"    _SNMP_COMMUNITY {PLANTED}", PLANTED),
    (f"db.test:6432:shop:ann:{PLANTED}", PLANTED),
    (f'"ann" "md5{DIGEST}"', DIGEST),
    (f'servers = ["ann:{PLANTED}@tcp(127.0.0.1:3306)/"]', PLANTED),
    (f"cache_peer proxy.test parent 3128 0 login=ann:{PLANTED}", PLANTED),
    (f'{{default_pass, <<"{PLANTED}">>}}', PLANTED),
    (f"user ann on #{fake_hex(64)} ~* +@all", fake_hex(64)),
    (f"key hmac-sha256:ddns-key {KEY}=", KEY),
    (f"Private-key-format: v1.3\nAlgorithm: 8\nPrime1: {KEY}=", KEY),
    (f"$USER3$={PLANTED}", PLANTED),
    (f'BUNDLE_GEMS__EXAMPLE__COM: "ann:{PLANTED}"', PLANTED),
    (f"composer config --global github-oauth.github.com {KEY}", KEY),
    (f'mysqli_connect("db.test", "ann", "{PLANTED}", "shop")', PLANTED),
    (f'variable "db_password" {{\n  default = "{PLANTED}"\n}}', PLANTED),
    (f"untrusted comment: minisign encrypted secret key\nRWRTY0Iy{fake(200)}=", fake(200)),
]

STAYS = [
    "    ssl_certificate_key /etc/nginx/ssl/site.key;",
    "    proxy_cache_key $scheme$request_uri;",
    "security:\n  authorization: enabled",
    "define('AUTH_KEY', 'put your unique phrase here');",
    "<privateKey>${user.home}/.ssh/id_rsa</privateKey>",
    "type Session struct {\n\tPrivateKey ed25519.PrivateKey\n\tAccessToken sql.NullString\n\tSecretKey [32]byte\n}",
    "CREATE TABLE users (\n  api_key varchar(255),\n  primary_key uuid\n)",
    'variable "key_name" {\n  default = "deployer"\n}',
    "  --api-key string   the key\n  secret_key base64 text",
    "mysqli_connect($host, $user, $password);",
    "routing_key: orders.created.v1",
    "$USER1$=/usr/lib/nagios/plugins",
    'BUNDLE_BUILD__NOKOGIRI: "--use-system-libraries"',
]


@pytest.mark.parametrize(("line", "secret"), HOLDS)
def test_what_a_file_gives_away_vanishes(line: str, secret: str) -> None:
    redacted = redact_text(line)

    assert secret not in redacted
    assert "[REDACTED:" in redacted
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("text", STAYS)
def test_what_only_looks_alike_stays(text: str) -> None:
    assert redact_text(text) == text
