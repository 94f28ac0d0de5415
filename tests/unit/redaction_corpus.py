"""Invented secrets in every shape that is recognised, and look-alikes that must be left alone.

Credentials are put together from filler, so that this file holds none that a scanner would take for real.
"""

import base64
import itertools
from typing import NamedTuple


class Secret(NamedTuple):
    """A text with a secret in it: `hidden` must vanish, `kept` must stay; `ends_line` where prose may not follow it."""

    kind: str
    text: str
    hidden: str
    kept: str = ""
    ends_line: bool = False


def fake(length: int) -> str:
    return "".join(itertools.islice(itertools.cycle("FAKE0invented1Sample2Only3"), length))


def fake_hex(length: int) -> str:
    return "".join(itertools.islice(itertools.cycle("fa4e0fa4e1bad2facade"), length))


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


JWT = ".".join((encoded('{"alg":"HS256","typ":"JWT"}'), encoded('{"sub":"invented","n":1}'), fake(43)))
BODY = f"MIIEvQ{fake(58)}\n{fake(64)}\n{fake(40)}=="
AWS_ID = "AKIA" + "FAKEINVENTED0000"
AWS_SECRET = "in/ven+ted" + fake(30)


def _pem(label: str, body: str = BODY) -> str:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----"


def _bare(kind: str, secret: str) -> Secret:
    return Secret(kind, f"I pasted {secret} by mistake", secret, "by mistake")


PROVIDERS = [
    _bare("anthropic_key", f"sk-ant-api03-{fake(60)}-{fake(30)}AA"),
    _bare("anthropic_key", f"sk-ant-oat01-{fake(80)}"),
    _bare("openai_key", f"sk-proj-{fake(40)}_{fake(40)}-{fake(20)}"),
    _bare("openai_key", f"sk-svcacct-{fake(60)}"),
    _bare("openai_key", f"sk-admin-{fake(60)}"),
    _bare("api_key", f"sk-{fake(48)}"),
    _bare("api_key", f"sk-{fake_hex(32)}"),
    _bare("api_key", "sk-lf-fa4e0fa4-e1ba-4d2f-8cad-efa4e0fa4e1b"),
    _bare("openrouter_key", f"sk-or-v1-{fake_hex(64)}"),
    _bare("google_key", f"AIza{fake(35)}"),
    _bare("google_token", f"ya29.{fake(60)}"),
    _bare("google_token", f"GOCSPX-{fake(28)}"),
    _bare("huggingface_token", f"hf_{fake(34)}"),
    _bare("groq_key", f"gsk_{fake(52)}"),
    _bare("xai_key", f"xai-{fake(80)}"),
    _bare("perplexity_key", f"pplx-{fake(48)}"),
    _bare("replicate_token", f"r8_{fake(37)}"),
    _bare("stripe_key", f"sk_live_{fake(24)}"),
    _bare("stripe_key", f"rk_live_{fake(24)}"),
    _bare("stripe_key", f"sk_test_{fake(24)}"),
    _bare("webhook_secret", f"whsec_{fake(32)}"),
    _bare("github_token", f"ghp_{fake(36)}"),
    _bare("github_token", f"gho_{fake(36)}"),
    _bare("github_token", f"ghu_{fake(36)}"),
    _bare("github_token", f"ghs_{fake(36)}"),
    _bare("github_token", f"ghr_{fake(76)}"),
    _bare("github_token", f"github_pat_{fake(22)}_{fake(59)}"),
    _bare("gitlab_token", f"glpat-{fake(20)}"),
    _bare("gitlab_token", f"glpat-{fake(27)}.01.{fake(9)}"),
    _bare("slack_token", f"xoxb-123456789012-{fake(24)}"),
    _bare("slack_token", f"xoxp-123456789012-{fake(32)}"),
    _bare("slack_token", f"xoxe.xoxp-1-{fake(60)}"),
    _bare("slack_token", f"xapp-1-A0FAKE-123456789012-{fake_hex(64)}"),
    _bare("sendgrid_key", f"SG.{fake(22)}.{fake(43)}"),
    _bare("twilio_key", f"SK{fake_hex(32)}"),
    _bare("npm_token", f"npm_{fake(36)}"),
    _bare("pypi_token", f"pypi-AgEIcHlwaS5vcmc{fake(80)}"),
    _bare("digitalocean_token", f"dop_v1_{fake_hex(64)}"),
    _bare("databricks_token", f"dapi{fake_hex(32)}"),
    _bare("linear_key", f"lin_api_{fake(40)}"),
    _bare("notion_token", f"secret_{fake(43)}"),
    _bare("notion_token", f"ntn_{fake(46)}"),
    _bare("mailgun_key", f"key-{fake_hex(32)}"),
    _bare("shopify_token", f"shpat_{fake_hex(32)}"),
    _bare("age_key", f"AGE-SECRET-KEY-1{fake(58).upper()}"),
    _bare("sentry_token", f"sntrys_{fake(60)}="),
    _bare("runtally_key", f"rtk_{fake(30)}-_{fake(11)}"),
    _bare("api_key", f"lsv2_pt_{fake_hex(32)}_{fake_hex(10)}"),
    _bare("api_key", f"tvly-{fake(32)}"),
    _bare("api_key", f"nvapi-{fake(64)}"),
    _bare("jwt", JWT),
    _bare("jwt", JWT.rpartition(".")[0]),
    _bare("aws_key_id", AWS_ID),
    _bare("aws_key_id", "ASIA" + "FAKEINVENTED0001"),
    Secret("telegram_token", f"https://api.telegram.org/bot123456789:AA{fake(33)}/getMe", f"AA{fake(33)}", "/getMe"),
    Secret("twilio_key", f"curl AC{fake_hex(32)}:{fake_hex(31)}0 now", f"{fake_hex(31)}0", "now"),
    Secret("slack_webhook", f"https://hooks.slack.com/services/T0FAKE/B0FAKE/{fake(24)}", fake(24), "hooks.slack.com"),
    Secret(
        "discord_webhook", f"https://discord.com/api/webhooks/123456789012345678/{fake(68)}", fake(68), "discord.com"
    ),
    Secret("url_token", f"SENTRY https://{fake_hex(32)}@o1.ingest.sentry.io/2", fake_hex(32), "@o1.ingest.sentry.io/2"),
]

CREDENTIALS = [
    Secret("bearer_token", f"Authorization: Bearer {fake(32)}", fake(32), "Authorization: Bearer "),
    Secret("bearer_token", f"curl -H 'authorization: bearer {fake(20)}' https://x.test", fake(20), "https://x.test"),
    Secret("jwt", f"sent Bearer {JWT} and got 401", JWT, "and got 401"),
    Secret("bearer_token", f"Bearer {'abcdefghijklmnopqrstuvwxyz'}", "abcdefghijklmnopqrstuvwxyz", "Bearer "),
    Secret("basic_credentials", f"Authorization: Basic {encoded('ann:fake')}", encoded("ann:fake"), "Basic "),
    Secret("basic_credentials", f"Proxy-Authorization: Basic {encoded('ann:fakefake1')}", encoded("ann:fakefake1")),
    Secret("authorization", f"Authorization: {fake(12)}", fake(12), "Authorization: "),
    Secret("authorization", f"Authorization: Token {fake(12)}", fake(12), "Authorization: Token "),
    Secret("authorization", f'"Authorization": "ApiKey {fake(12)}"', fake(12), '"Authorization": "'),
    Secret("cookie", "Cookie: session=invented1; theme=dark", "invented1", "Cookie: "),
    Secret("cookie", "Set-Cookie: sid=invented2; Path=/; HttpOnly", "invented2", "Set-Cookie: "),
    Secret("cookie", 'document.cookie = "sid=invented3"', "invented3", "document.cookie"),
    Secret("api_key", f"X-Api-Key: {fake(16)}", fake(16), "X-Api-Key: "),
    Secret("api_key", f"x-goog-api-key: {fake(16)}", fake(16), "x-goog-api-key: "),
    Secret("token", f"PRIVATE-TOKEN: {fake(12)}", fake(12), "PRIVATE-TOKEN: "),
    Secret("private_key", _pem("PRIVATE KEY"), fake(64)),
    Secret("private_key", _pem("RSA PRIVATE KEY"), fake(64)),
    Secret("private_key", _pem("EC PRIVATE KEY"), fake(64)),
    Secret("private_key", _pem("ENCRYPTED PRIVATE KEY"), fake(64)),
    Secret("private_key", _pem("OPENSSH PRIVATE KEY"), fake(64)),
    Secret("private_key", _pem("PGP PRIVATE KEY BLOCK", f"Version: Fake 1\n\n{BODY}"), fake(64)),
    Secret("private_key", f"key.pem:\n-----BEGIN RSA PRIVATE KEY-----\n{BODY}", fake(64), "key.pem:"),
    Secret("private_key", f"-----BEGIN PRIVATE KEY-----\nMIIEvQ{fake(9)}", fake(9), ends_line=True),
    Secret("private_key", f"-----BEGIN PRIVATE KEY----- {BODY.replace(chr(10), ' ')}", fake(40)),
    Secret(
        "private_key", '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + fake(64) + "\\n", fake(64), "private_key"
    ),
    Secret(
        "private_key",
        '{"type": "service_account", "private_key": "'
        + _pem("PRIVATE KEY").replace("\n", "\\n")
        + '", "client_id": "7"}',
        fake(64),
        '"client_id": "7"',
    ),
    Secret("url_password", "postgres://ann:invented@db.test:5432/shop", "invented", "postgres://ann:"),
    Secret("url_password", "https://ann:inv%40ented@host.test/a?b=c", "inv%40ented", "@host.test/a?b=c"),
    Secret("url_password", "redis://:invented@cache.test:6379/0", "invented", "@cache.test:6379/0"),
    Secret("url_password", "mongodb+srv://ann:inv@ented1@c0.test/db", "inv@ented1", "@c0.test/db"),
    Secret("url_password", "postgres://ann:inv/ented@db.test:5432/shop", "inv/ented", "@db.test:5432/shop"),
    Secret("url_password", "amqp://ann:12345678@mq.test", "12345678", "@mq.test"),
    Secret("aws_secret_key", f"{AWS_ID} {AWS_SECRET}", AWS_SECRET),
    Secret("aws_secret_key", f"id {AWS_ID}, and the other half is {AWS_SECRET}", AWS_SECRET, "and the other half is"),
    Secret("api_key", f"AWS_SECRET_ACCESS_KEY={AWS_SECRET}", AWS_SECRET, "AWS_SECRET_ACCESS_KEY="),
    Secret("api_key", f"AccountName=x;AccountKey={fake(86)}==;EndpointSuffix=y", fake(86), ";EndpointSuffix=y"),
    Secret("api_key", f"Endpoint=sb://x.test/;SharedAccessKey={fake(43)}=", fake(43), "Endpoint=sb://x.test/"),
    Secret("credential", f"https://x.blob.test/c?sv=2024-01-01&sig={fake(40)}%3D&se=2030", fake(40), "&se=2030"),
    Secret(
        "credential", f"https://b.test/o?X-Amz-Signature={fake_hex(64)}&X-Amz-Date=1", fake_hex(64), "&X-Amz-Date=1"
    ),
]

ASSIGNMENTS = [
    Secret("password", "password=hunter2", "hunter2", "password="),
    Secret("password", "password: hunter2.", "hunter2", "password: "),
    Secret("password", "Password: swordfish", "swordfish", "Password: ", ends_line=True),
    Secret("password", "password=12345678", "12345678", "password="),
    Secret("password", "DB_PASSWORD = 'correct horse battery'", "correct horse battery", "DB_PASSWORD = '"),
    Secret("password", 'password="she said \\"hi\\" twice"', "twice", 'password="'),
    Secret("password", 'password = f"inv3nted"', "inv3nted", 'password = f"'),
    Secret("password", "--password hunter2 --user ann", "hunter2", "--user ann"),
    Secret("password", "--db-password=hunter2 --user ann", "hunter2", "--user ann"),
    Secret("password", "PGPASSWORD=inv3nted psql -h db", "inv3nted", "psql -h db"),
    Secret("password", "Server=db;User Id=sa;Password=inv,3nted!;Database=x", "inv,3nted!", ";Database=x"),
    Secret("password", "Server=db;Uid=sa;Pwd=inv3nted;", "inv3nted", "Uid=sa;"),
    Secret("password", "<password>inv3nted</password>", "inv3nted", "</password>"),
    Secret("password", '{\\"user\\": \\"ann\\", \\"password\\": \\"inv3nted\\"}', "inv3nted", "ann"),
    Secret("password", "smtp_pass: inv3nted", "inv3nted", "smtp_pass: "),
    Secret("password", "my password is hunter2, please keep it", "hunter2", "please keep it"),
    Secret("password", "CREATE ROLE ann WITH PASSWORD 'invented'", "invented", "CREATE ROLE ann"),
    Secret("password", "curl -s -u ann:invented https://x.test", "invented", "https://x.test"),
    Secret("password", "mysql -u root -pinv3nted shop", "inv3nted", "mysql -u root -p"),
    Secret("password", "docker login -u ann -p inv3nted r.test", "inv3nted", "r.test"),
    Secret("password", "- name: DB_PASSWORD\n  value: invented\n- name: MODEL", "invented", "- name: MODEL"),
    Secret("password", '{"name": "DB_PASSWORD", "value": "inv ented"}', "inv ented", '"value": "'),
    Secret("password", '<add key="password" value="inv3nted"/>', "inv3nted", '"/>'),
    Secret("password", "passphrase => 'inv ented'", "inv ented", "passphrase"),
    Secret("password", 'if password == "inv3nted":', "inv3nted", "if password == "),
    Secret("password", "login(user=ann, password=inv3nted)", "inv3nted", "login(user=ann, "),
    Secret("password", "password=größe-ñ1", "größe-ñ1", "password="),
    Secret("api_key", '{"api_key": "invented key", "model": "x"}', "invented key", '"model": "x"'),
    Secret("api_key", '{"apiKey":"inv3nted"}', "inv3nted", '"apiKey"'),
    Secret("api_key", "my API key: inv3nted4me", "inv3nted4me", "my API key: "),
    Secret("api_key", 'os.environ["OPENAI_API_KEY"] = "inv3nted"', "inv3nted", "OPENAI_API_KEY"),
    Secret("api_key", "export STRIPE_API_KEY_2=inv3nted", "inv3nted", "export STRIPE_API_KEY_2="),
    Secret("api_key", "SECRET_KEY_BASE=inv3nted", "inv3nted", "SECRET_KEY_BASE="),
    Secret("api_key", "--api-key inv3nted --model x", "inv3nted", "--model x"),
    Secret("secret", "client_secret=inv3nted&grant_type=x", "inv3nted", "&grant_type=x"),
    Secret("secret", "clientSecret: 'inv ented'", "inv ented", "clientSecret: '"),
    Secret("secret", "WEBHOOK_SECRET: inv3nted", "inv3nted", "WEBHOOK_SECRET: "),
    Secret("token", "https://x.test/cb?access_token=invented&state=1", "invented", "&state=1"),
    Secret("token", "refresh_token: inv3nted-4-me", "inv3nted-4-me", "refresh_token: "),
    Secret("token", "GITHUB_TOKEN=inv3nted4me", "inv3nted4me", "GITHUB_TOKEN="),
    Secret("token", '"token": "inv3nted4me"', "inv3nted4me", '"token": "'),
    Secret("token", "//registry.test/:_authToken=fa4e0fa4-e1ba-4d2f", "fa4e0fa4-e1ba-4d2f", "//registry.test/"),
    Secret("token", "AWS_SESSION_TOKEN=inv/ented+1==", "inv/ented+1==", "AWS_SESSION_TOKEN="),
]

SECRETS = [*PROVIDERS, *CREDENTIALS, *ASSIGNMENTS]

IDENTIFIERS = [
    "018f6b1e-7c2a-7d43-9b1f-3c5d7e9f1a2b",
    "commit 3f786850e387550fdab836ed7e6dc881de23001b",
    "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "python@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "docker://alpine:3.19@sha256:2c26b46b68ffc68ff99b453c1d304134",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "2024-08-06T12:34:56.789Z",
    "claude-opus-4",
    "claude-3-5-sonnet-20241022",
    "gpt-4o-2024-08-06",
    "task-0123456789abcdef0123456789abcdef",
    "sk-learn and sk-learn-contrib",
    "risk-adjusted, disk-backed, ask-me-anything-about-0123456789",
    "shelf_0123456789abcdef0123456789",
    "rtk_query_generated_hooks_for_the_user_endpoint_list",
    "npm_config_registry=https://registry.test npm_lifecycle_event=build",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
    "eyJhIjoxfQ== is base64 of a small object",
    "arn:aws:iam::123456789012:role/deploy",
    "cache-key-0123456789abcdef0123456789abcdef",
    "idempotency_key: 018f6b1e-7c2a-7d43-9b1f-3c5d7e9f1a2b",
    "SKU-12345, AC power, BASIC plan, AKIA is a prefix",
    "session_id=018f6b1e7c2a7d439b1f3c5d7e9f1a2b",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-a1b2c3",
    "httpvoqozuhfet5kzxoxg-a-response-1",
    '"IdempotencyToken": "527c5358-2a1a-4b9e-b1b9-7293b0ddff42"',
]

TOKEN_COUNTS = [
    "token_usage",
    "max_tokens=4096",
    "input_tokens: 8400",
    '{"prompt_tokens": 12, "completion_tokens": "34", "total_tokens": 46}',
    "tokens: 8400 in, 1200 out",
    "token count: 512; tokenizer: cl100k_base",
    "token_count=77 tokens_per_second=41.5",
    "token: 512",
    "max_token: 4096",
    "cost_per_token: 0.000015",
    '{"token": "Hello", "logprob": -0.31, "bytes": [72]}',
    '{"token": " the", "top_logprobs": []}',
    'pad_token: "<extra_id_0>", eos_token: "</s>", bos_token=<s>',
    "stop token: <|im_end|>",
    "next_page_token=CAESBQ12345abcdef",
    '{"nextToken": "eyJhIjoxfQ12345"}',
    "Unexpected token: '<' at line 3",
    "SyntaxError: Unexpected token } in JSON at position 42",
    "token budget: 200k, token limit: 8k",
    "The tokenizer splits secret into one token",
]

PROSE = [
    "the password field is empty",
    "Password: must be at least 8 characters",
    "password: 8 characters minimum",
    "Invalid password: incorrect",
    "The secret: never give up.",
    "Secret: persistence.",
    "secret_santa: Ann draws Bob",
    "Use a Bearer token in the Authorization header",
    "Bearer authentication is required",
    'WWW-Authenticate: Bearer realm="api2"',
    "Basic authentication over HTTPS; basic architecture; Basic DynamoDB",
    "Authorization: required",
    "The API key: rotate it every month",
    "Note: the key: value pair is stored once",
    "keyboard: qwerty, monkey: see, turkey: cold",
    "my password is wrong and the token is missing",
    "pass: 12, fail: 0",
    "Run with --password to be asked; --token and --secret work too",
    "the --password flag is required",
    "the --username and --password options of the basic OpenApi client; Basic Operations",
    "Cookie: none was sent; the cookie consent: accepted",
    "Please reset your password: follow the link below",
    "mail ann@example.test or bob+token@example.test",
    "ratio 3:1, time 10:30, note: a = b, x => y",
    "compass: north, bypass: off, password-less login: on",
    "-----BEGIN CERTIFICATE-----\nMIIBfakefakefakefakefakefake\n-----END CERTIFICATE-----",
    "Expected a -----BEGIN PRIVATE KEY----- line but found none",
]

PLACEHOLDERS = [
    "password=None",
    "password=",
    'password=""',
    "password=$PASSWORD",
    "password=${DB_PASSWORD}",
    "password={{ db_password }}",
    "password=<your password>",
    'password="<password>"',
    "password=********",
    "password: null",
    "password: [hidden]",
    "api_key=YOUR_API_KEY",
    "api_key: your-api-key-here",
    "API_KEY=xxxxxxxx",
    "secret: true",
    "Authorization: Bearer $TOKEN",
    "Authorization: Bearer <token>",
    '"Authorization": f"Bearer {token}"',
    "Authorization: Bearer ${{ secrets.GITHUB_TOKEN }}",
    "postgres://ann:${PASSWORD}@db.test/shop",
    "postgres://ann:<password>@db.test/shop",
    "PASSWORD_FILE=/run/secrets/db",
    "password=/run/secrets/db_password",
    "op://vault/item/password and password: op://vault/item/field",
    "secrets: inherit",
    "PWD=/srv/app OLDPWD=/srv",
    "password=[REDACTED:password]",
]

CODE = [
    'api_key=os.environ["X"]',
    "session_key = derive()",
    "def get_token(self) -> str:",
    "def login(user: str, password: str, token: Optional[str] = None) -> bool:",
    "password = config.password",
    "connect(host, password=password, token=token)",
    "password=db_password, secret=self._secret",
    'password = getpass.getpass("Password: ")',
    'print("password:", password)',
    'logger.info("token: %s", token)',
    "const { password } = req.body;",
    "apiKey: process.env.OPENAI_API_KEY,",
    "password: string;",
    "secret: SecretStr | None = None",
    "let secret = Secret::new(value);",
    "token = tokens[i]",
    "token = next(stream)",
    "token_type = 'Bearer'",
    'type="password" autocomplete="current-password"',
    "primary_key = True, foreign_key=None, sort_key: id",
    "cookie = parse(header); cookies: dict[str, str]",
    "for key, value in entries.items(): print(key, value)",
    "if token == other: return",
    'credentials: "same-origin"',
    'password_field = "login-form"',
    "GET /reset?token_type=email HTTP/1.1",
    "fetch(url, { credentials: 'include' })",
    "def export(self, private_key: bool = True, password: t.Any = None) -> bytes:",
    "private_key = rsa.generate_private_key(\n    65537, 2048)",
    "password: _PasswordType | None",
    "secret = self.manager.create_secret(",
    "boto3_creds.access_key == crt_creds.access_key_id",
    'expect the "password:" prompt and then send a line',
    "aws cognito-idp create --generate-secret \\\n  --name x",
    '"utf_8_sig": "UTF-8-SIG"',
    'publicKeyToken="1fc8b3b9a1e18e3b"',
    "docker run -p 3306:3306 mysql -p",
    "- name: MODEL\n  value: gpt-4o\n- name: MAX_TOKENS\n  value: 4096",
]

PLACES = [
    "Error: connect ETIMEDOUT 10.0.0.5:5432",
    '  File "/srv/app/auth/token.py", line 42, in refresh\n    raise TokenError(token)',
    "    at Auth.getToken (/srv/app/src/auth.ts:12:34)",
    "git@github.com:org/repo",
    "ssh://git@github.com:22/org/repo.git",
    "http://host:8080/path@2x.png",
    "https://medium.test/@ann/post:1",
    "postgres://localhost:5432/db",
    "postgres://ann@localhost:5432/db",
    "mongodb://h1:27017,h2:27017/db?replicaSet=x@y",
    "redis://cache:6379/0",
    "/etc/ssl/private/server.key",
    r"C:\Users\ann\secrets\token.txt",
    "https://x.test/a?page=2&sort=key&limit=10",
    "https://hooks.slack.com/ is the host",
    "s3://bucket/secret/key.json",
    "::1 and fe80::1%eth0",
]

INNOCENTS = [*IDENTIFIERS, *TOKEN_COUNTS, *PROSE, *PLACEHOLDERS, *CODE, *PLACES]
