"""What games, homes, proxies and settings call their secrets, each in words of its own: data for `passages`."""

from typing import Final

from runtally.redaction.passages import LINE_END, NOT_A_VALUE, QUOTE, Row, argument

_SECRET: Final = argument()
_SAYS: Final = rf"(?:{QUOTE})?[ \t]{{0,4}}(?:is|ist|[:=])?[ \t]{{1,4}}(?:{QUOTE}|`|\*\*)?"
_CODE: Final = (
    r"(?P<value>[A-Z0-9]{4,5}(?:-[A-Z0-9]{4,5}){2,5}"
    r"|(?=[A-Za-z-]{0,12}\d)[A-Za-z0-9]{3,40}(?:[ -][A-Z0-9]{2,8}){0,8})(?!\w)"
)
_NAME: Final = r"[\w.-]{0,40}(?i:password|passwd|passphrase|secret|token|api_?key|secret_?key|_pass|_pwd)"
_QUOTED: Final = r"(?P<quote>[\"'])(?![:@$%?{<])(?P<value>[^\"'\n\\]{3,200})(?P=quote)"
_ENDS_LINE: Final = rf"(?=[ \t]{{0,9}}(?:{LINE_END}|\Z))"


def _rows(kind: str, pattern: str, *needles: str) -> dict[str, tuple[Row, ...]]:
    return {needle: (Row(kind, (needle,), pattern),) for needle in needles}


TOLD: Final[dict[str, tuple[Row, ...]]] = {
    **_rows(
        "secret",
        rf"(?i:(?:install|setup|pairing|homekit|gift|guard|redeem)[ -]code){_SAYS}{_CODE}",
        *("nstall code", "etup code", "airing code", "omeKit code", "ift code", "uard code", "edeem code"),
    ),
    **_rows(
        "secret",
        rf"(?:[uU]nseal|[rR]ecovery) [kK]ey \d{{1,2}}{_SAYS}(?P<value>[\w+/=-]{{20,100}})",
        *("nseal Key ", "nseal key ", "ecovery Key ", "ecovery key "),
    ),
    **_rows(
        "secret", rf"(?:OTP|otp) seed{_SAYS}(?P<value>[A-Za-z2-7]{{16,128}}={{0,6}})(?!\w)", "OTP seed", "otp seed"
    ),
    **_rows(
        "password",
        rf"(?:WLAN|WiFi|Wifi|WPA)-?(?:Schl\u00fcssel|Key){_SAYS}(?P<value>[^\s\"'`\\]{{8,63}})",
        *(
            "AN-Schl\u00fcssel",
            "WLANSchl\u00fcssel",
            "iFi-Schl\u00fcssel",
            "ifi-Schl\u00fcssel",
            "WPA-Schl\u00fcssel",
            "WLAN-Key",
        ),
    ),
    **_rows("cookie", r"ROBLOSECURITY[\"']?[:=][ \t]{0,4}[\"']?(?P<value>[^\s\"'\\;]{8,4000})", "ROBLOSECURITY"),
    **_rows("api_key", r"\+sv_setsteamaccount[ \t]{1,4}(?P<value>[0-9A-Fa-f]{16,64})(?!\w)", "sv_setsteamaccount"),
    **_rows(
        "password",
        rf"/(?:login|register)(?:(?<=[\n>]/login)|(?<=[\n>]/register)|(?<=> /login)"
        r"|(?<=> /register)|(?<![\s\S]/login)(?<![\s\S]/register)"
        rf") (?P<value>(?![/-])[^\s/\"'\\]{{4,64}})(?: (?P=value))?{_ENDS_LINE}",
        *("/login ", "/register "),
    ),
    # Proxies: all that stands before the host, or all there is
    **_rows("url_password", r"(?<![a-z])ssr?://(?P<value>[\w+/-]{8,400}={0,2})(?=@|[#\s\"']|\Z)", "ss://", "ssr://"),
    **_rows("url_password", r"vmess://(?P<value>[\w+/-]{20,4000}={0,2})", "vmess://"),
    **_rows(
        "url_password",
        rf"(?:trojan|hysteria2?|hy2|anytls)://{NOT_A_VALUE}(?P<value>[^\s@:/\"'\\\[]{{3,200}})@",
        *("trojan://", "hysteria", "hy2://", "anytls://"),
    ),
    # A mail server asks for the password in Base64.
    **_rows("password", rf"334 UGFzc3dvcmQ6{LINE_END}(?:[C>]:? ?)?(?P<value>[\w+/]{{4,200}}={{0,2}})", "UGFzc3dvcmQ6"),
    # What is given to a program's standard input, or put into a file
    **_rows("password", rf"-?stdin[^\n<|;]{{0,160}}<<<[ \t]{{0,4}}{_SECRET}", "stdin"),
    **_rows(
        "password",
        r"(?:echo -e|printf)[ \t]{1,4}(?P<quote>[\"'])[\w.@-]{1,64}\\n(?!%s)"
        r"(?P<value>[^\s\"'\\$]{3,100})(?:\\n)?(?P=quote)"
        r"[ \t]{0,4}>{1,2}[ \t]{0,4}[^\s]{0,80}(?:auth|cred|pass|login|secret)",
        "echo -e ",
        "printf ",
    ),
    # Settings
    **_rows(
        "secret",
        rf"name=\"{_NAME}\"[^<>\n]{{0,80}}>\s{{0,40}}<value>{NOT_A_VALUE}(?P<value>[^<>\n]{{4,400}})</value>",
        "<value>",
    ),
    **_rows(
        "password",
        rf"(?:INTO|into)\s[\w.`\"\[\]]{{1,80}}\s{{0,4}}(?:\([^()]{{0,200}}\))?\s{{0,9}}(?i:values)\s{{0,9}}\("
        rf"(?:[^()';]{{0,40}},\s{{0,4}})?'{_NAME}',\s{{0,4}}(?='[^'\s]{{1,200}}'){_QUOTED}\s{{0,4}}[,)]",
        *("VALUES", "values"),
    ),
}
