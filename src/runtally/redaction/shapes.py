"""What a credential looks like that gives itself away wherever it stands: data for `shape_search`.

No pattern scans far and then fails, which is what keeps redaction linear on any text: a repetition that something must
follow is bounded, or begins only where a token begins.
"""

from typing import Final


def _start(prefix: str, word: str = "A-Za-z0-9") -> str:
    r"""`prefix` where a token begins: in escaped text the letter before it may belong to a `\n` or a `%3D`."""
    return rf"{prefix}(?:(?<![{word}]{prefix})|(?<=\\[nrt]{prefix})|(?<=%[0-9A-Fa-f][0-9A-Fa-f]{prefix}))"


SHAPES: Final[tuple[tuple[str, tuple[str, ...], str], ...]] = (
    # (kind, needles, pattern): tried where a needle is in the text; replaces the group `value`, or the whole match.
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
    ("password", ("ASSWORD '", "assword '", "BY '"), r"(?:(?i:password)|IDENTIFIED BY) '(?P<value>[^'\n]+)'"),
)
