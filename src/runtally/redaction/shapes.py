"""What a credential looks like that gives itself away by what stands in it or around it: data for `shape_search`.

What begins with a prefix and goes on as one token is in `tokens`. A row is (kind, needles, pattern): tried where a
needle is in the text; replaces the group `value`, or the whole match. No pattern scans far and then fails, which keeps
redaction linear on any text: a repetition that something must follow is bounded, or begins only where a token begins.
"""

from typing import Final

Row = tuple[str, tuple[str, ...], str]
"""The kind, the needles one of which is in every text with such a secret, and the pattern."""

IN_RUNS: Final[tuple[Row, ...]] = (  # the needles are looked for in `runs.long_runs` alone
    # What is common and like nothing else is found where other characters are glued to it, too.
    ("github_token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[opusr]_(?!x{6})(?:(?!gh[opusr]_)[A-Za-z0-9]){20,}"),
    ("github_token", ("github_pat_",), r"github_pat_(?!x{6})\w{20,}"),
    ("gitlab_token", ("glpat-",), r"glpat-(?!x{6})[\w-]{20,}(?:\.\w+)*"),
    ("stripe_key", ("k_live_",), r"[sr]k_live_(?!x{6})(?:(?![sr]k_live_)[A-Za-z0-9]){10,}"),
    # The secret half has no shape: the first forty characters after the id that are no hexadecimal digest.
    (
        "aws_secret_key",
        ("AKIA", "ASIA"),
        (
            r"A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])[\s\S]{0,120}?(?:(?<![\w+/])|(?<=\\[nrt]))(?![0-9a-f]{40})"
            r"(?P<value>[\w+/]{40})(?![\w+/=])"
        ),
    ),
    ("discord_webhook", ("/webhooks/",), r"/webhooks/\d{6,20}/(?P<value>[\w-]{20,})"),
    (
        "webhook",
        ("/hooks/", "/with/key/", "/bot/v2/hook/", "/webhook", "/integration/", "/ical/"),
        (
            r"(?:/hooks/catch/\d{4,12}/|/with/key/|/bot/v2/hook/|/integration/(?=[0-9a-f]{32}/)|/hooks/(?=[a-z0-9]{26}(?!\w))"
            r"|/webhook(?:b2|-test)?/(?=[0-9a-f]{8}-)|/ical/[\w.@%-]{1,99}/private-)"
            r"(?P<value>(?=[\w@/-]{0,99}\d)[\w-]{7,}(?:[@/][\w-]{8,}){0,4})"
        ),
    ),
    (
        "token",
        ("/reset", "/invit", "/confirm", "/verify", "/activate", "/magic", "/accept"),
        (
            r"/(?:reset|invit|confirm|verify|activate|magic|accept)[\w-]{0,20}/"
            r"(?P<value>(?=[\w-]{0,64}\d)(?=[\w-]{0,64}[A-Z])[\w-]{20,}|[0-9a-f]{32,})(?![\w-])"
        ),
    ),
    (
        "api_key",
        ("infura.io/", "alchemy.com/v2/", "quiknode.pro/"),
        r"(?:infura\.io/(?:ws/)?v3|alchemy\.com/v2|quiknode\.pro)/(?P<value>[\w-]{20,})",
    ),
    ("twilio_key", ("AC",), r"AC[0-9a-f]{32}:(?P<value>[0-9a-f]{32,})"),
    ("azure_client_secret", ("Q~",), r"(?<![\w~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![\w~-])"),
    # Microsoft's keys carry a signature of their product near the end.
    (
        "azure_key",
        ("JQQJ9", "AZDO", "+ASt", "+ACDb", "AzFu", "AzSe", "APIM", "AzCa", "+AEh", "+ARm", "+ABa"),
        (
            r"(?<![\w+/])(?:[A-Za-z0-9]{52}JQQJ9[9D][A-Za-z0-9]{25,26}|[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"
            r"|[A-Za-z0-9+/]{76}\+(?:ASt|ABa)[A-Za-z0-9+/]{6}==|[A-Za-z0-9+/]{76}(?:\+ACDb|AzFu)[A-Za-z0-9+/]{2,5}=="
            r"|[A-Za-z0-9+/]{33}(?:\+(?:AEh|ARm)|AzCa|AIoT)[A-Za-z0-9+/]{5,6}=|[A-Za-z0-9+/]{42}(?:AzSe|APIM)\w{6})(?![\w+/])"
        ),
    ),
    ("firebase_key", ("APA91b",), r"AAAA[\w-]{7}:APA91b[\w-]{100,}"),
    ("terraform_token", (".atlasv1.",), r"(?<![A-Za-z0-9])[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}"),
    ("maxmind_key", ("_mmk",), r"(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk(?![A-Za-z0-9])"),
    ("mailchimp_key", ("-us",), r"(?<![A-Za-z0-9])[0-9a-f]{32}-us\d{1,2}(?![\w-])"),
    ("newrelic_key", ("NRAL",), r"(?<![A-Za-z0-9])[0-9a-f]{36}NRAL(?![A-Za-z0-9])"),
)

SHAPES: Final[tuple[Row, ...]] = (
    ("braintree_token", ("access_token$",), r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    ("telegram_token", (":A",), r"(?<!\d)\d{6,10}:A[\w-]{30,}"),
    ("wallet_key", ("0x",), r"(?:Wallet\(|accounts\W{1,8})[\"'](?P<value>0x[0-9a-fA-F]{64})"),
    ("salesforce_session", ("00D",), r"(?<![A-Za-z0-9])00D[A-Za-z0-9]{12,15}![\w.-]{60,}"),
    ("credential", ("ignature=",), r"[?&;](?i:signature)=(?P<value>[\w%~+/-]{20,}={0,2})"),
    (
        "token",
        ("code=", "key=", "appid="),
        (
            r"[?&](?:code|key|appid)=(?P<value>(?<=appid=)[0-9a-f]{32}|(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Z])"
            r"(?=[\w-]{0,60}[a-z])[\w-]{20,200})(?=[&#\s\"'`\\)>,]|\Z)"
        ),
    ),
    # Without a digit, only what is longer than a word; `realm=…` belongs to a challenge, not to a credential.
    (
        "bearer_token",
        ("earer ",),
        r"(?i:bearer)[ \t]+(?!\w{1,40}=[\"\w])(?P<value>(?=[\w.~+/-]{0,99}\d)[\w.~+/=-]{8,}|[\w.~+/=-]{24,})",
    ),
    ("basic_credentials", ("asic ",), r"(?i:basic)[ \t]+(?P<value>[A-Za-z0-9+/]{6,}={0,2})"),
    ("cookie", ("_gitlab_session=",), r"_gitlab_session=(?P<value>[0-9a-z]{32})"),
    # A port is no password and a digest no host; a slash is in a password only where a host and a path follow it.
    (
        "url_password",
        ("://",),
        (
            r"://(?!user(?:name)?:(?:password|passwd|pass|pwd|secret)@)[^\s/?#:@\"'`<>\\\[]{0,128}:(?!\d{1,5}(?:[/?#,]|\Z))"
            r"(?P<value>[^\s/\"'`<>\\]+(?=@(?!sha\d+:))"
            r"|[^\s@:\"'`<>\\]{1,128}(?=@[\w.-]{1,255}(?::\d+)?/))"
        ),
    ),
    # A Sentry DSN, or a token in the place of the user's name.
    ("url_token", ("://",), r"://(?P<value>[A-Za-z0-9_-]{32,})(?=@)"),
    # Nothing but a password is before the host.
    (
        "url_password",
        ("nats://", "trojan://", "hysteria", "hy2://", "ss://"),
        (r"(?:(?<!\w)(?:nats|trojan|hysteria2?|hy2|ss)://(?P<value>(?=[^\s@/]{0,99}\d)[\w.~%+=-]{6,200})(?=@[\w.-]))"),
    ),
    (
        "url_token",
        ("fury.io", "packagecloud.io"),
        r"://(?P<value>[\w-]{16,64})(?=:?@[\w.-]{0,20}(?:fury|packagecloud)\.io)",
    ),
    ("proxy_link", ("vmess://",), r"vmess://(?P<value>[A-Za-z0-9+/]{40,}={0,2})"),
    ("api_key", ("dl.cloudsmith.io/",), r"dl\.cloudsmith\.io/(?P<value>(?=[A-Za-z]{0,15}\d)[A-Za-z0-9]{16})/"),
    (
        "youtrack_token",
        ("perm:", "perm-"),
        r"(?<!\w)perm[:-][A-Za-z0-9+/]{4,60}={0,2}\.[A-Za-z0-9+/-]{4,60}={0,2}\.[A-Za-z0-9]{30}(?!\w)",
    ),
)
