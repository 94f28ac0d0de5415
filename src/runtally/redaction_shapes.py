"""What secrets look like: the data that `runtally.redaction` reads.

No pattern scans far and then fails, which is what keeps redaction linear on any text: a repetition that something must
follow is bounded, or begins only where a token begins.
"""

import re
from typing import Final

JUDGED_CHARS: Final = 128
"""A value is judged by its beginning, so that a text of nothing but refused values costs no more than its length."""
NAME_CHARS: Final = 96
SECRET_CHARS: Final = 5
"""No text that is shorter holds a secret and what gives it away: `pwd=x`."""

MARKER: Final = r"\[REDACTED:[a-z_]+\]"


def _start(prefix: str, word: str = "A-Za-z0-9") -> str:
    r"""`prefix` where a token begins: in escaped text the letter before it may belong to a `\n` or a `%3D`."""
    return rf"{prefix}(?:(?<![{word}]{prefix})|(?<=\\[nrt]{prefix})|(?<=%[0-9A-Fa-f][0-9A-Fa-f]{prefix}))"


SHAPES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    # (kind, needles, pattern): tried where a needle is in the text; replaces the group `value`, or the whole match.
    # To the END line; where that was cut off, to the end of the text (or of the JSON string that it stands in), if a
    # key's body follows and not prose.
    (
        "private_key",
        ("-----BEGIN ",),
        (
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-\[]|-(?!----BEGIN ))*?"
            r"-----END [A-Z0-9 ]{0,40}KEY(?: BLOCK)?-----|(?=(?:\s|\\{1,15}[nr]){0,8}(?:[A-Z][\w-]{2,20}: |[\w+/=]{24}"
            r"|[\w+/=]{1,24}(?:[\r\n\\\"']|\Z)))(?:[^\"\\]|\\(?!\\{0,15}\"))*)"
        ),
    ),
    ("age_key", ("AGE-SECRET-KEY-",), r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}"),
    # The secret half has no shape: the first forty characters after the id that are no hexadecimal digest.
    (
        "aws_secret_key",
        ("AKIA", "ASIA"),
        (
            r"A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])[\s\S]{0,120}?(?:(?<![\w+/])|(?<=\\[nrt]))(?![0-9a-f]{40})"
            r"(?P<value>[\w+/]{40})(?![\w+/=])"
        ),
    ),
    ("aws_key_id", ("AKIA", "ASIA"), _start("A[KS]IA") + r"[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("anthropic_key", ("sk-",), r"sk-ant-[\w-]{10,}"),
    ("openrouter_key", ("sk-",), r"sk-or-[\w-]{20,}"),
    ("openai_key", ("sk-",), r"sk-(?:proj|svcacct|admin)-[\w-]{20,}"),
    # OpenAI's first shape, which others use too; all in lower case it may be hyphenated words.
    (
        "api_key",
        ("sk-",),
        _start("sk-")
        + r"(?:(?=[\w-]{0,48}[A-Z\d])(?:[a-z]{2,12}-){0,2}(?:[\da-f]{8}-[\da-f-]{27}|\w{20})[\w-]*|[a-z]{32,})",
    ),
    ("google_key", ("AIza",), _start("AIza") + r"[\w-]{30,}"),
    ("google_token", ("ya29.", "GOCSPX-", "1//0"), r"(?:ya29\.|GOCSPX-|1//0)[\w-]{20,}"),
    ("huggingface_token", ("hf_",), _start("hf_") + r"[A-Za-z0-9]{20,}"),
    ("groq_key", ("gsk_",), r"gsk_[A-Za-z0-9]{20,}"),
    ("xai_key", ("xai-",), r"xai-[A-Za-z0-9]{20,}"),
    ("perplexity_key", ("pplx-",), r"pplx-[A-Za-z0-9]{20,}"),
    ("replicate_token", ("r8_",), _start("r8_") + r"[A-Za-z0-9]{20,}"),
    ("stripe_key", ("k_live_", "k_test_"), r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("webhook_secret", ("whsec_",), r"whsec_[A-Za-z0-9+/=]{16,}"),
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[opusr]_[A-Za-z0-9]{20,}"),
    ("github_token", ("github_pat_",), r"github_pat_\w{20,}"),
    ("gitlab_token", ("glpat-", "gldt-", "glrt-", "glptt-"), r"gl(?:pat|dt|rt|ptt)-[\w-]{20,}(?:\.\w+)*"),
    ("slack_token", ("xox",), _start("xox") + r"[a-z](?:\.xox[a-z])?-(?=[\w-]{0,40}\d)[\w-]{10,}"),
    ("slack_token", ("xapp-",), r"xapp-\d-[\w-]{10,}"),
    ("slack_webhook", ("hooks.slack.com/",), r"slack\.com/(?:services|workflows|triggers)/(?P<value>[\w/]{20,})"),
    ("discord_webhook", ("/webhooks/",), r"/webhooks/\d{6,20}/(?P<value>[\w-]{20,})"),
    ("sendgrid_key", ("SG.",), r"SG\.[\w-]{16,64}\.[\w-]{16,}"),
    ("twilio_key", ("SK",), _start("SK") + r"[0-9a-f]{32}(?![A-Za-z0-9])"),
    ("twilio_key", ("AC",), r"AC[0-9a-f]{32}:(?P<value>[0-9a-f]{32,})"),
    ("npm_token", ("npm_",), _start("npm_") + r"[A-Za-z0-9]{30,}"),
    ("pypi_token", ("pypi-Ag",), r"pypi-Ag[\w-]{20,}"),
    ("digitalocean_token", ("_v1_",), r"do[opr]_v1_[A-Za-z0-9]{20,}"),
    ("databricks_token", ("dapi",), r"dapi[0-9a-f]{32}[\w-]*"),
    ("linear_key", ("lin_api_", "lin_oauth_"), r"lin_(?:api|oauth)_[A-Za-z0-9]{20,}"),
    ("notion_token", ("secret_",), _start("secret_") + r"[A-Za-z0-9]{40,}"),
    ("notion_token", ("ntn_",), _start("ntn_") + r"[A-Za-z0-9]{30,}"),
    ("telegram_token", (":A",), r"(?<!\d)\d{6,10}:(?P<value>A[\w-]{30,})"),
    ("mailgun_key", ("key-",), _start("key-", r"\w-") + r"[0-9a-z]{32}(?![\w-])"),
    ("shopify_token", ("shpat_", "shpca_", "shppa_", "shpss_"), r"shp(?:at|ca|pa|ss)_[A-Za-z0-9]{20,}"),
    ("sentry_token", ("sntrys_", "sntryu_"), r"sntry[su]_[\w+/=-]{20,}"),
    # A snake_case name that begins like it has underscores and no capital.
    ("runtally_key", ("rtk_",), r"rtk_(?:(?=[\w-]{0,42}[A-Z])[\w-]{43,}|[A-Za-z0-9-]{43,})"),
    (
        "api_key",
        ("nvapi-", "tvly-", "lsv2_", "pcsk_", "dckr_pat_", "tskey-", "ATATT3", "PMAK-", "NRAK-", "glsa_"),
        r"(?:nvapi-|tvly-|lsv2_|pcsk_|dckr_pat_|tskey-|ATATT3|PMAK-|NRAK-|glsa_)[\w-]{20,}=*",
    ),
    ("jwt", ("eyJ",), _start("eyJ", r"\w-") + r"[\w-]{8,}\.[\w.-]{10,}"),
    # Without a digit, only what is longer than a word; `realm=…` belongs to a challenge, not to a credential.
    (
        "bearer_token",
        ("earer ",),
        r"(?i:bearer)[ \t]+(?!\w{1,40}=[\"\w])(?P<value>(?=[\w.~+/-]{0,99}\d)[\w.~+/=-]{8,}|[\w.~+/=-]{24,})",
    ),
    ("basic_credentials", ("asic ",), r"(?i:basic)[ \t]+(?P<value>[A-Za-z0-9+/]{6,}={0,2})"),
    (
        "cookie",
        ("ookie:", "ookie=", "ookie =", 'ookie"', "ookie'", "ookie\\"),
        (
            r"(?i:cookie)(?:\\{0,15}[\"'`])?\]?[ \t]*[:=][ \t]*(?:\\{0,15}[\"'`])?(?P<value>[\w!#$%&*+.^|~-]{1,80}="
            r"(?:[^\s;,\"'`\\]+|\"[^\"\n]{1,999}\"?)(?:;[ \t]*(?:[\w-]{1,80}=[^\s;,\"'`\\]*|HttpOnly|Secure))*)"
        ),
    ),
    # A port is no password and a digest no host; a slash is in a password only where a host and a path follow it.
    (
        "url_password",
        ("://",),
        (
            r"://[^\s/?#:@\"'`<>\\\[]{0,128}:(?!\d{1,5}(?:[/?#,]|\Z))(?P<value>[^\s/\"'`<>\\]+(?=@(?!sha\d+:))"
            r"|[^\s@:\"'`<>\\]{1,128}(?=@[\w.-]{1,255}(?::\d+)?/))"
        ),
    ),
    # A Sentry DSN, or a token in the place of the user's name.
    ("url_token", ("://",), r"://(?P<value>[A-Za-z0-9_-]{32,})(?=@)"),
    (
        "password",
        (" -u", " --user"),
        r"curl\b[^\n]{0,200}?\s(?:-u[ =]?|--user[ =])[\"']?[^\s:\"']{1,80}:(?P<value>[^\s\"']+)",
    ),
    (
        "password",
        (" -p",),
        (
            r"(?:sshpass[ \t]+-p[ \t]*|docker[ \t]+login\b[^\n]{0,120}?\s-p[ =]?|mysql(?:dump|admin)?\b[^\n]{0,120}?"
            r"\s-p)[\"']?(?P<value>[^\s\"']+)"
        ),
    ),
    ("password", ("ASSWORD '", "assword '", "BY '"), r"(?:(?i:password)|IDENTIFIED BY) '(?P<value>[^'\n]+)'"),
)


def _opaque(length: int) -> str:
    """At least `length` characters that look generated: letters and digits without a space, or longer than a word."""
    return rf"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[\w.~+/=:%@-]{{{length},}}|[A-Za-z]{{24,}}"


NAMES: Final[tuple[tuple[str | None, str, str], ...]] = (
    # (kind, value, last words of a name in snake_case): the first match decides. `value` is what the value must look
    # like to be a secret: anything, where the name alone says so. No kind: the name is known and innocent.
    (None, r".*", r"(?:page|next|next_[a-z]+|starting|continuation|sync|cancel|cancellation)_?token"),
    (None, r".*", r"(?:idempotency|request|lock|change|public_key)_?token"),
    ("password", r".*", r"[a-z0-9]*(?:password|passwd|passphrase|passcode)|pwd"),
    ("password", r".*", r"(?:db|smtp|mail|user|root|admin|ftp)_?pass"),
    ("password", _opaque(6), r"pass"),
    ("private_key", r".*", r"private_?key"),
    ("api_key", r".*", r"(?:api|secret|auth|encryption|encrypt|signing|master|account|subscription|service_role)_?key"),
    ("api_key", r".*", r"access_key|secret_key_base|api_?secret_?key"),
    ("api_key", _opaque(16), r"(?:app|application|client|consumer|license|storage|deploy|service|admin)_?key"),
    ("secret", r".*", r"[a-z0-9]*secret"),
    ("token", r".*", r"(?:access|refresh|auth|id|api|bot|bearer|session|security|csrf|xsrf|oauth)_?token"),
    ("token", r".*", r"(?:personal|private|deploy)_?token"),
    ("token", _opaque(6), r"[a-z0-9]*token"),
    ("authorization", r".*", r"authorization"),
    ("cookie", r"[^=\s]{1,80}=.+", r"cookies?"),
    ("credential", _opaque(16), r"auth|credentials?|sig|(?:amz|goog|access)_?signature"),
)

NAME_ENDINGS: Final = (  # every name above ends in one of these, and so does what a `PAIR` calls its value
    *("pass", "word", "passwd", "phrase", "passcode", "pwd", "key", "key_base", "secret", "token", "authorization"),
    *("cookie", "cookies", "auth", "credential", "credentials", "sig", "signature", "value"),
)

SCHEME: Final = r"(?i:Bearer|Basic|Token|Bot|Negotiate|NTLM|Digest|Api-?Key|SSWS)"

PLACEHOLDER: Final = "|".join(  # what stands where a secret would: nothing, a mask, a template, a reference
    (
        r"[\s*.•…·●_#?<>|=)\],;:}-]*",
        rf"(?:{MARKER})+",
        r"\$\{[^}]*\}?|\$\([^)]*\)?|\{\{?[ \w.\-\[\]()$]*\}?\}|<[^<>]*>|(?:%[sdv]\W?)+|%\(\w+\)s|%\w+%|\[[ \w]*\]",
        r"\$(?:\d|env:\w+|(?-i:[A-Z_][A-Z0-9_]*)|\w*(?:pass|pwd|secret|token|key|auth|cred)\w*)",
        r"(?-i:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|PWD))",
        r"true|false|yes|no|on|off|none|null|nil|undefined|nan|n/?a|unset|string|str",
        r"\W*(?:redacted|hidden|masked|filtered|removed)\W*|x{3,}|your[_ -].*|.*[_-]here|change[_-]?me|replace[_-]?me",
        r"placeholder|todo|tbd|(?:op|vault|secretref|file)://.*|arn:aws:.*",
        r"(?-i:(?:/[a-z][a-z0-9_.-]*)+/?)|(?:/Users|~|\.|[A-Z]:)[\\/].*",
        r"\s*[,)\]};:+%|.]\s.*",  # the quote before it closed a string, as in `"password:", value)`
    )
)

CODE: Final = (  # a value that is computed: a call, an item, an attribute of what holds secrets without being one
    r"(?:await |new )?[A-Za-z_$][\w$]*(?:(?:\.|->|::|\?\.)\w+)*[(\[](?:[^\n]{0,200}[)\]]|[ \t]*(?:\\?[\n]|\\n|\Z))"
    r"|(?:self|this|os|process|env|environ|config|cfg|conf|settings|options|opts|args|params|props|req|request|ctx|context"
    r"|user|account|var|local|module|kwargs|data)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
    r"|[A-Za-z_]\w*(?:(?:\.|->|::|\?\.)\w+){0,8}?(?:\.|->|::|\?\.)\w*(?i:key|token|secret|pass|auth|cred)[\w.]*"
    r"|(?i:secrets?|credentials|creds|auth)(?:(?:\.|->|::|\?\.)[A-Za-z_]\w*)+"
)

SENSITIVE_WORDS: Final = frozenset(
    {"pass", "passwd", "password", "secret", "key", "token", "auth", "credential", "cred"}
)

WORDS: Final = frozenset(  # what prose and type annotations say after `password:`
    "a an and any are argument as authentication bad basic be bearer bool boolean by bytes can cannot char correct"  # noqa: SIM905
    " credentials default denied did does empty enter error example expired failed failure field flag for from"
    " generated has hash hashed if in incorrect inherit int integer invalid is it key length login longer may missing"
    " must needed never new not number object ok option options optional or parameter please prompt provided rejected"
    " required reset secret see set should shown stdin success text that the this to token too unavailable unknown"
    " unsupported use user valid value varchar weak when which will with work works wrong you".split()
)

# An assignment is found by its separator, which is rare, behind what may end a name; from there the name is read back.
_LETTERS: Final = ["".join(sorted({ending[at] for ending in NAME_ENDINGS})) for at in (-3, -2, -1)]
_ENDS_NAME: Final = "".join(f"[{letters}{letters.upper()}]" for letters in _LETTERS)
_CLOSES_NAME: Final = r"[\"'`\]\s\\\d_-]"
AFTER_NAME: Final = rf"(?:(?<={_ENDS_NAME}.)|(?<={_ENDS_NAME}{_CLOSES_NAME}.)|(?<={_CLOSES_NAME}{_CLOSES_NAME}.))"
SEPARATOR: Final = re.compile(rf"[:=>]{AFTER_NAME}(?:(?<!>)(?!:|//)|(?<=\w>)(?=[^<>\s]{{1,256}}</))", re.DOTALL)
NAME_BACKWARDS: Final = re.compile(
    r"(?!terces:)[ \t]{0,4}(?!\][a-z_]{1,40}:DETCADER\[)\]?(?P<quote>[\"'`]\\{0,15})?"
    r"(?P<name>[\w.-]{2,64}(?: [A-Za-z]{2,12})?)"
)
ESCAPED_BREAK: Final = re.compile(r"\\[nrt]")
FLAG: Final = re.compile(r"--(?:(?<![\w-]--)|(?<=\\[nrt]--))([A-Za-z][\w-]{1,64})[ \t]+(?=[^\s-])")
PAIR: Final = re.compile(  # a name and its value side by side, as in a container's environment
    r"(?:name|key)\\{0,15}[\"']?\s{0,4}[:=]\s{0,4}\\{0,15}[\"']?([A-Za-z][\w.-]{1,64})\\{0,15}[\"']?,?"
    r"(?:\s|\\[nrt]){1,40}\\{0,15}[\"']?value\\{0,15}[\"']?\s{0,4}[:=]"
)
SAID: Final = re.compile(r"((?i:password|passphrase)) is:? ")

# No possessive quantifier stands here: the Python 3.11.2 of Debian 12 matches too much with one around a group.
# A quoted value ends at its quote; any other goes on over a bracket, a comma or an ampersand if it does not end there.
_ESCAPE: Final = r"\\(?!\\{0,15}[nrt\"'`]|\s|\Z)"
_REST: Final = (
    rf"(?:{MARKER}|[^\s\"'`\\<>:;&,.)\]}}]|&(?![\w.%\[\]-]{{1,64}}=)|,(?=\w)(?![\w.-]{{1,64}}[=:])"
    rf"|[.)\]}}<>](?=[\w!@#$%^*+=.-])|:(?!\s|\Z)|{_ESCAPE})"
)
VALUE: Final = re.compile(
    r"[=>]{0,2}[ \t]{0,8}(?:(?:[bBrRuUfF]{1,2}(?=\\{0,15}[\"']))?"
    r"(?P<quote>(?P<escaped>\\{1,15})?[\"'`])(?P<quoted>(?:(?!(?<!\\)(?:(?P=quote)|(?(escaped)\"|(?P=quote))))[^\n])+)"
    rf"|(?P<scheme>{SCHEME}[ \t]+)?"
    rf"(?P<bare>(?:{MARKER}|{_ESCAPE}|[^\s\"'`\\<>;&,()\[\]{{}}|]){_REST}{{0,{JUDGED_CHARS - 1}}}))"
)
VALUE_GOES_ON: Final = re.compile(rf"{_REST}*")
WORDLIKE: Final = re.compile(r"[A-Za-z]+(?:[-.][A-Za-z]+)*[!?]?|\d+")
SENTENCE_GOES_ON: Final = re.compile(r"[ \t]+(?![\w.-]{1,64}[:=])[A-Za-z(|=]|\.(?:\s|\Z)")
TYPE_NAME: Final = re.compile(r"(?:[A-Z][a-z]+){2,}")
IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w.]*")
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
