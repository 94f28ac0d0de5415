"""What a name says of its value: `password`, `apiKey`, `X-Auth-Token`, `Kennwort`."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from runtally.redaction import languages
from runtally.redaction.values import is_placeholder

if TYPE_CHECKING:
    from runtally.redaction.further_search import FurtherNames

NAME_CHARS: Final = 96
"""A name is judged by its end."""
_RULE_WORDS: Final = 6
"""The most words that a row of `NAMES` speaks of, with what may follow them."""

_NO_COUNT: Final = 1000
"""A number below it that stands under a secret's name tells how many there are."""

ANY: Final = r".*"
_ANYTHING: Final = re.compile(ANY, re.DOTALL)


def opaque(length: int) -> str:
    """At least `length` characters that look generated: letters and digits without a space, capitals in the midst of
    small letters, or longer than a word.
    """
    mixed = rf"(?=[\w+/]*[a-z][A-Z])(?=[\w+/]*[A-Z]{{2}})[\w+/]{{{max(length, 12)},}}={{0,2}}"
    return rf"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[\w.~+/=:%@-]{{{length},}}|[A-Za-z]{{24,}}|{mixed}"


def _unlike_an_id(length: int) -> str:
    """What is opaque and neither a UUID nor its digits: sessions have ids that are no secrets."""
    return rf"(?![0-9a-fA-F]{{8}}-?(?:[0-9a-fA-F]{{4}}-?){{3}}[0-9a-fA-F]{{12}}\Z)(?:{opaque(length)})"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(in_snake_case(word) for word in words)


_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


@lru_cache(maxsize=1024)
def in_snake_case(name: str) -> str:
    """The words of a name in lower case, with `_` between them, in plain letters."""
    return _WORD_STARTS.sub("_", languages.folded(name)).strip("_").lower()


Row = tuple[str | None, str, str]
"""The kind, what a value must look like to be a secret (`ANY`, where the name alone says so), and the last words of the
name in snake_case. No kind: the name is known and innocent.
"""

_LOGIN: Final = r"[^\s:/=${}]{1,64}:(?=[^\s:]*[\d!@#$%^&*+~])[^\s:/][^\s:]{3,}"
_CODE: Final = r"[A-Za-z0-9]*\d[A-Za-z0-9 -]{3,}"
_SWITCHES: Final = (
    r"has|is|are|show|hide|shows|forgot|forgotten|require|requires|required|needs|use|uses|enable|disable|allow|change"
    r"|ask|prompt|prompt_for|invalid|wrong|missing|incorrect|bad|no|without|verify|validate|generate|get|set|fetch|find"
)
_LOGINS_TO: Final = (
    r"db|database|sql|mysql|pg|postgres|postgresql|mongo|redis|rabbitmq|amqp|smtp|mail|email|e_mail|imap|pop|pop3|ftp"
    r"|sftp|ssh|user|usr|login|root|admin|adm|sudo|become|key|keystore|key_store|store|truststore|trust|cert|pfx|p12|pem"
    r"|ldap|bind|proxy|vpn|wifi|wlan|http|https|api|svc|service|auth|basic|master|require|account|acct|svn|git|registry"
    r"|docker|repo|nexus|sonar|jenkins|kafka|mqtt|zip|archive|backup|enc|encryption|xmpp|irc|nick|server|rcon|my|wp"
)
_KEYS_OF: Final = (
    r"api|secret|auth|secure_auth|logged_in|nonce|encryption|encrypt|decryption|signing|sign|master|account|subscription"
    r"|service_role|hmac|aes|fernet|cipher|crypto|cookie|jwt|shared|shared_access|pre_?shared|functions?|recovery|unseal"
    r"|storage_account|account_access|wireguard|wep|wpa|network|webhook_signing|sse_customer|validation|machine|clickhouse"
)
_KEYS_FOR: Final = (
    r"app|application|client|consumer|license|storage|deploy|service|admin|ssh|tls|ssl|write|read|ingest|sdk|integration"
    r"|instrumentation|server|site|session|symmetric|device|wallet|data|host|system|user|ingestion|insert|tenant|bot"
)
_VENDORS: Final = (
    r"openai|anthropic|claude|gemini|google|maps|stripe|sendgrid|mailgun|mailchimp|postmark|twilio|algolia|aws|azure|gcp"
    r"|github|gitlab|slack|discord|telegram|datadog|dd|newrelic|new_relic|sentry|mapbox|pinecone|cohere|mistral|groq|hf"
    r"|huggingface|replicate|together|deepseek|openrouter|perplexity|supabase|firebase|cloudflare|digitalocean|linode"
    r"|heroku|vercel|netlify|fastly|segment|amplitude|mixpanel|intercom|zendesk|hubspot|airtable|notion|linear|asana"
    r"|trello|jira|atlassian|paypal|square|plaid|coinbase|binance|kraken|infura|alchemy|etherscan|rapidapi|openweather"
    r"|youtube|spotify|steam|tmdb|serpapi|tavily|exa|brave|elevenlabs|deepgram|assemblyai|langsmith|langfuse|wandb"
)
_GRANTS_OF: Final = (
    r"access|refresh|auth|id|api|bot|bearer|session|security|csrf|xsrf|oauth2?|personal|private|deploy|identity|runner"
    r"|registration|verification|reset|login|webhook|service_account|sas|root|vault|github|gitlab|gh|npm|pypi|slack"
    r"|discord|telegram|hf|app|user|admin|push|device|invite|magic_link|confirmation|unlock|impersonation|trigger|jwt"
)

NAMES: Final[tuple[Row, ...]] = (  # the first match decides
    (None, ANY, r"(?:page|next|next_[a-z]+|starting|continuation|sync|cancel|cancellation|resume)_?token"),
    (None, ANY, r"(?:idempotency|request|lock|change|public_key|pad|eos|bos|unk|sep|cls|mask|stop|start|end)_?tokens?"),
    (None, ANY, rf"(?:{_SWITCHES})_(?:pass(?:word|phrase|code)|secret|credential)s?"),
    (None, ANY, r"image_pull_secrets|public_?keys?"),
    ("password", ANY, r"[a-z0-9]*(?:pass_?word|passwd|pass_?phrase|pass_?code)s?|[a-z0-9]*pwd|userpw"),
    (
        "password",
        ANY,
        rf"[a-z0-9]*(?:{_any_of(('passwort', 'kennwort', 'wachtwoord'))})|\w*(?:{_any_of(languages.PASSWORDS)})",
    ),
    (
        "password",
        ANY,
        rf"(?:{_LOGINS_TO})_?(?:pass|pw)|requirepass|masterauth|rediscli_auth|psk|pre_?shared_?key|wpa_psk",
    ),
    ("password", rf"{opaque(6)}|(?=[^\s/]{{0,40}}[!@#$%^&*+~-])[^\s/.]{{6,}}", r"[a-z0-9]*pass|pw"),
    ("password", r"[\w.~+/=:%@$,-]{13,}", r"(?:password|passwd|pwd)_?(?:hash|digest|crypt)"),
    ("password", r"\d{4,12}", r"pin|puk|(?:pin|alarm|door|gate|lock|unlock|entry|access|secret|disarm)_?code"),
    ("password", r"\d{3,4}", r"cvv2?|cvc2?|card_security_code|cvv_code|cvc_code"),
    (
        "password",
        rf"\d{{4,10}}|{_CODE}",
        r"[th]?otp|otp_code|(?:mfa|2fa|two_factor|one_time|verification|sms|totp)_code",
    ),
    (
        "private_key",
        ANY,
        r"(?:[a-z0-9]+_)?private_?keys?|priv_?key|private_key_(?:data|pem|bytes|hex|jwk)|client_key_data",
    ),
    ("api_key", ANY, rf"(?:{_KEYS_OF})_?keys?"),
    ("api_key", ANY, r"access_keys?|secret_?key_?base|api_?secret_?keys?|secret_?access_?keys?"),
    ("api_key", ANY, rf"\w*(?:{_any_of(languages.KEYS)})"),
    (
        "api_key",
        opaque(16),
        rf"(?:{_KEYS_FOR}|{_VENDORS})_?keys?",
    ),
    ("api_key", opaque(16), rf"key_data|honeycomb_team|{_any_of(languages.WORDS_FOR_KEY)}"),
    ("secret", r"[0-9a-f-]{36}", r"secret_id"),
    ("secret", r"(?!inherit\Z).*", rf"[a-z0-9]*secrets?|secret_text|secure_string|{_any_of(languages.SECRETS)}"),
    (
        "secret",
        ANY,
        r"(?:seed|recovery|secret|backup|wallet)_(?:phrase|words|mnemonic)|(?:recovery|backup|scratch)_?codes?",
    ),
    ("secret", r"(?:\S{1,40}\s+){5,}.*", r"mnemonic|seed"),
    ("secret", ANY, r"(?:auth|secure_auth|logged_in|nonce)_salt"),
    ("secret", r"[!-~]{8,}", r"pepper|(?:secret|password|hashids?|encryption|app|security|cookie)_salt"),
    ("secret", ANY, r"(?:snmp|ro|rw)_?community(?:_?string)?|community_?string"),
    ("secret", opaque(6), r"community"),
    (
        "token",
        r"(?!(?:read|write|none)\Z).*",
        rf"(?:{_GRANTS_OF})_?token|(?:access|refresh|api|auth|bearer|personal_access)_tokens",
    ),
    ("token", opaque(6), rf"[a-z0-9]*token|pat|bearer|{_any_of(languages.TOKENS)}"),
    ("token", opaque(16), r"[a-z0-9]*tokens|jwts?|(?:id|access)_?jwt|sas"),
    (
        "authorization",
        (
            r"(?!(?:username|realm|[cC]redential|id|oauth_\w+|keyId)=|AWS4-HMAC|OAuth\Z|(?:(?:en|dis)abled?|required"
            r"|optional|mandatory|rbac|abac|webhook|node|always|never|simple|basic|oauth2?)\Z).*"
        ),
        r"authorization|(?:authorization|auth)_header",
    ),
    ("cookie", rf"(?![^=;\s]{{1,80}}=[^=\s])(?:{opaque(16)})", r"cookies?"),
    ("cookie", _unlike_an_id(12), r"phpsessid|jsessionid|sessionid|connect_sid|asp_net_session_id|session_cookie"),
    ("cookie", _unlike_an_id(20), r"session"),
    (
        "credential",
        rf"{_LOGIN}|{opaque(8)}",
        r"basic_?auth|http_?auth|proxy_?auth|user_?pwd",
    ),
    ("credential", rf"{_LOGIN}|{opaque(12)}", r"auth|auth_?(?:string|data)"),
    ("credential", opaque(16), r"credentials?|creds?|sig|(?:amz|goog|access)_?signature"),
    # What tools call their own
    ("secret", opaque(16), r"(?:hash|ticket|derivation|cache_key|password|passwd|passwords)_?salt(?:main)?"),
    (
        "api_key",
        opaque(16),
        r"(?:des|aes|upgrade|gpr|gradle_publish|luks|rndc|tsig|ddns|omapi|sse|peer|sealing)_?keys?",
    ),
    ("api_key", r"[0-9a-f]{32}|[A-Za-z0-9]{32}", r"(?:primary|deterministic|routing)_?key"),
    ("password", r"\*[0-9A-F]{40}|\$.{20,}", r"authentication_string"),
    ("cookie", r"\S{6,}", r"erlang_?cookie"),
    ("token", opaque(16), r"(?:github|gitlab|bitbucket)_oauth"),
    ("password", opaque(6), r"file_pass"),
    ("credential", ANY, r"rpc_?auth"),
    ("secret", r"[!-~]{16}|[0-9a-f]{32}", r"local_?key"),
    ("secret", ANY, r"psk_?secret"),
)

_VARIANTS: Final = (  # what may follow the words of a row
    *("prod", "production", "dev", "development", "test", "stage", "staging", "live", "sandbox", "local", "old", "new"),
    *("previous", "current", "primary", "secondary", "value", "val", "string", "str", "plain", "plaintext", "b64"),
    *("base64", "hex", "encoded", "confirmation", "confirm", "again", "repeat"),
)

_ENDINGS: Final = (  # every name above ends in one of these, in snake_case and without a variant
    *("pass", "pw", "password", "pass_word", "passwords", "passwd", "passwds", "phrase", "phrases", "passcode", "pwd"),
    *("pass_code", "passcodes", "pass_codes", "auth", "psk", "puk", "key", "keys", "key_base", "keybase", "hash"),
    *("digest", "crypt", "pin", "code", "codes", "cvv", "cvc", "otp", "data", "pem", "bytes", "hex", "jwk", "secret"),
    *(
        "secrets",
        "secret_id",
        "text",
        "string",
        "words",
        "mnemonic",
        "seed",
        "salt",
        "saltmain",
        "_oauth",
        "_team",
        "pepper",
        "community",
        "token",
    ),
    *(
        "tokens",
        "pat",
        "jwt",
        "jwts",
        "sas",
        "bearer",
        "authorization",
        "header",
        "cookie",
        "cookies",
        "sessid",
        "sessionid",
    ),
    *("sid", "session_id", "session", "credential", "credentials", "cred", "creds", "sig", "signature"),
    *map(in_snake_case, languages.ALL),
)

NAME_ENDINGS: Final = (  # what stands before a separator in a text where a name of the rows above may end
    *("pass", "word", "words", "passwd", "phrase", "passcode", "passcodes", "phrases", "pwd", "auth", "psk", "puk"),
    *("key", "keys", "key_base", "keybase", "hash", "pin", "code", "codes", "cvv", "cvc", "otp", "key-data"),
    *(
        "key_data",
        "secret",
        "secrets",
        "secret_id",
        "mnemonic",
        "seed",
        "salt",
        "saltmain",
        "pepper",
        "community",
        "token",
    ),
    *("tokens", "pat", "jwt", "authorization", "cookie", "cookies", "sessid", "sessionid", ".sid", "session"),
    *("credential", "credentials", "cred", "creds", "sig", "signature", "wort", "senha", "clave", "mdp", "parola"),
    *("wachtwoord", "heslo", "haslo", "salasana", "contrasena", "passe", "value"),
    *(f"_{variant}" for variant in _VARIANTS if variant != "value"),
)

VALUED_ENDINGS: Final = tuple(ending for ending in (*NAME_ENDINGS, "pw", *languages.ALL) if ending != "value")

_TELLING: Final = frozenset(  # the last words of what is told of a secret beside it, and is none
    "type kind mode method provider issuer alg algorithm username name login email url uri host hostname port endpoint"  # noqa: SIM905
    " region scope scopes in at on id ids title label description comment format pattern encoding version schema status"
    " state path file filename ref refs from reference arn env environment external fingerprint expires expiry"
    " expiration ttl date time timestamp length min max enum items of kty crv kid use ops required audience tenant"
    " realm strategy placement".split()
)


class Rule(NamedTuple):
    """What a name says of its value: what kind of secret it is, and what it must look like to be one."""

    kind: str
    value: re.Pattern[str]

    def gives_away(self, value: str) -> bool:
        """Whether the value under the name is a secret, and no placeholder."""
        return bool(self.value.fullmatch(value)) and not is_placeholder(value)

    def gives_away_number(self, number: int) -> bool:
        """Whether a number under the name is a secret: tokens are counted, and so is what has few digits."""
        is_count = self.kind == "token" or (abs(number) < _NO_COUNT and self.value.fullmatch(""))
        return not is_count and self.gives_away(str(abs(number)))

    @property
    def covers_objects(self) -> bool:
        """Whether what is in an object under the name is meant too: an authorization's object tells of a right."""
        return self.kind != "authorization"


class Names:
    """Rows of names, ready to be looked up, and before them the `further` ones of a user."""

    def __init__(self, rows: Sequence[Row], further: "FurtherNames | None" = None) -> None:
        self.further = further
        self._rows = tuple(rows)
        self._rules: dict[str, Rule | None] = {}
        self.rule_for = lru_cache(maxsize=2048)(self._rule_for)
        """The rule of a name; None where it says nothing of its value."""

    @cached_property
    def _words(self) -> re.Pattern[str]:
        """The longest end of a name that a row speaks of decides, and among rows that speak of the same the first."""
        rows = "|".join(f"(?P<row{at}>{name})" for at, (_, _, name) in enumerate(self._rows))
        return re.compile(rf"(?:.*?_)??(?:{rows})(?:_?\d+)?")

    def _rule_for(self, name: str) -> Rule | None:
        if "[REDACTED:" in name or _OPERATION.match(name):
            return None
        if self.further is not None:
            with suppress(KeyError):
                kind = self.further.kind_of(name[-NAME_CHARS:])
                return Rule(kind, _ANYTHING) if kind else None
        words = in_snake_case(name[-NAME_CHARS:])
        return self._rule_of(words) or self._rule_of(_without_variant(words))

    def _rule_of(self, words: str) -> Rule | None:
        if not words.rstrip("0123456789_").endswith(_ENDINGS):
            return None
        found = self._words.fullmatch("_".join(words.split("_")[-_RULE_WORDS:]))
        return self._rule(found.lastgroup) if found and found.lastgroup else None

    def _rule(self, row: str) -> Rule | None:
        if row not in self._rules:
            kind, value, _ = self._rows[int(row.removeprefix("row"))]
            self._rules[row] = Rule(kind, re.compile(value, re.DOTALL)) if kind else None
        return self._rules[row]


_OPERATION: Final = re.compile(
    r"(?:Get|List|Create|Delete|Update|Rotate|Describe|Put|Import|Export|Revoke|Generate|Change|Reset|Verify)[A-Z][a-z]"
)
"""How the operation of an interface begins: `CreateAccessKey`."""


@lru_cache(maxsize=2048)
def tells_of_a_secret(name: str) -> bool:
    """Whether a name beside a secret tells something of it that is none: `type`, `username`, `expires_at`."""
    return in_snake_case(name[-NAME_CHARS:]).rpartition("_")[2] in _TELLING


def _without_variant(words: str) -> str:
    rest, _, last = words.rstrip("0123456789_").rpartition("_")
    return rest if last in _VARIANTS else ""


BUILT_IN: Final = Names(NAMES)
