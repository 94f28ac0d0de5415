"""Files with a grammar of their own: data for `passages`. What a name with `=` or `:` gives away is no part of it."""

from typing import Final

from runtally.redaction.passages import LINE_END, NOT_A_VALUE, QUOTE, SPACE, Row, argument

_GAP: Final = r"[ \t]{1,20}"
# A digit in front says how the secret is encrypted.
_LEVEL: Final = rf"(?:\d{_GAP}|(?!\d[ \t]))"
_FIELD: Final = r"[^\s\\\"']{1,200}"
_QUOTED_FIELD: Final = rf"(?:{QUOTE})?(?:\*|[\w.@-]{{1,80}})(?:{QUOTE})?"
_ARGUMENT: Final = argument()
_USER_AND_ARGUMENT: Final = argument(r"[^\s:\"']{1,80}:")
_PGPASS_FIELD: Final = r"(?:[^\s:\\]|\\[:\\]){1,100}"
_PGPASS_LAST: Final = r"(?P<value>(?:[^\s:\\\"']|\\[:\\]){1,200})(?=[\s\"']|\\{1,15}[nrt\"]|\Z)"
_ENDS_LINE: Final = rf"(?=[ \t]{{0,20}}(?:{LINE_END}|{QUOTE}|#|\Z))"
# What people make up has a digit, a sign or a capital in the middle; a word of prose has none.
_NOT_A_WORD: Final = r"(?=[^\s]{4})(?=[^\s\"'\\]{0,40}[\d!@#$%^&*+=~?_/]|[^\s\"'\\]{0,40}[a-z\d][A-Z])"
_SHARED_BY_ALL: Final = r"(?!(?:public|private)\b)"

FILES: Final[dict[str, tuple[Row, ...]]] = {
    "pass": (
        # .netrc
        Row(
            "password",
            ("machine", "default"),
            rf"(?:machine{SPACE}{_FIELD}|default){SPACE}(?:(?:login|account){SPACE}{_FIELD}{SPACE}){{1,2}}"
            rf"pass(?:word|wd)?{SPACE}{_ARGUMENT}",
        ),
        # A line after the one with the user's name: .msmtprc, .netrc, .fetchmailrc
        Row(
            "password",
            ("user", "login"),
            rf"(?:user(?:name)?|login){_GAP}{_FIELD}{LINE_END}[ \t]{{0,8}}"
            rf"pass(?:word|wd)?{_GAP}{_ARGUMENT}{_ENDS_LINE}",
        ),
        # A line of its own
        Row(
            "password",
            ("password ", "passphrase ", "password\t"),
            rf"pass(?:(?<=[\s\"]pass)|(?<=\\npass)|(?<![\s\S]pass))(?:word|phrase){_GAP}{_LEVEL}"
            rf"{_NOT_A_WORD}{_ARGUMENT}{_ENDS_LINE}",
        ),
        Row(
            "password",
            ("password ", "password\t"),
            (
                rf"password{_GAP}(?P<quote>{QUOTE}){NOT_A_VALUE}"
                rf"(?P<value>[^\s\"'\\,;:)][^\"'\n\\]{{2,100}})(?P=quote)"
            ),
        ),
        # Subversion's store of passwords
        Row("password", ("password",), rf"password{LINE_END}V \d{{1,3}}{LINE_END}(?P<value>[^\n\\]{{1,200}})"),
        # Debconf and preseed
        Row("password", ("password password",), rf"password password{_GAP}{_ARGUMENT}"),
        Row("password", ("requirepass",), rf"requirepass{_GAP}{_ARGUMENT}{_ENDS_LINE}"),
        Row("password", ("auth-pass",), rf"sentinel{_GAP}auth-pass{_GAP}{_FIELD}{_GAP}{_ARGUMENT}"),
        Row("password", ("-password",), rf"insecure-password{_GAP}{_ARGUMENT}"),
        Row("password", ("_pass",), rf"set{_GAP}(?:imap|smtp|pop|nntp)_pass[ \t]{{0,9}}=[ \t]{{0,9}}{_ARGUMENT}"),
        Row("password", ("_password",), rf"_password(?<![^\n:]_password)[ \t]{{0,9}}=[ \t]{{0,9}}{_ARGUMENT}"),
        Row(
            "password",
            ("auth-user-pass>",),
            (rf"<auth-user-pass>\s{{0,4}}{_FIELD}{SPACE}(?P<value>[^\s\\<]{{1,200}}){SPACE}</auth-user-pass>"),
        ),
    ),
    "pw ": (
        Row("password", ("rootpw",), rf"rootpw{_GAP}(?:--(?:plaintext|iscrypted){_GAP})?{_ARGUMENT}"),
        Row("password", ("bindpw",), rf"bindpw{_GAP}{_ARGUMENT}"),
    ),
    "BindPassword": (Row("password", ("BindPassword",), rf"AuthLDAPBindPassword{_GAP}{_ARGUMENT}"),),
    "auth": (
        Row("password", ("masterauth",), rf"masterauth{_GAP}{_ARGUMENT}{_ENDS_LINE}"),
        Row("password", ("stats auth",), rf"stats auth{_GAP}{_USER_AND_ARGUMENT}"),
        Row("token", ("_auth",), rf"_auth(?<![^\n:]_auth)(?:Token)?[ \t]{{0,9}}=[ \t]{{0,9}}{_ARGUMENT}"),
        # .docker/config.json
        Row(
            "token",
            ("identitytoken", 'auth"', 'auth\\"'),
            rf"(?:identitytoken|auth){QUOTE}\s{{0,9}}:\s{{0,9}}{QUOTE}(?=[a-z]*[A-Z])(?=[A-Za-z]*\d)"
            rf"(?P<value>[A-Za-z0-9+/=_.-]{{12,}}){QUOTE}",
        ),
        # OpenVPN
        Row("private_key", ("tls-auth>",), r"<tls-auth>(?P<value>[\s\\nr]{0,8}[0-9a-f][^<]{20,4000})</tls-auth>"),
        Row(
            "secret",
            ("authentication-key",),
            (rf"authentication-key{_GAP}(?:\d{{1,5}}{_GAP})?(?:md5{_GAP})?{_LEVEL}{_ARGUMENT}"),
        ),
    ),
    "ommunity": (
        Row("secret", ("community",), rf"(?:ro|rw|trap)community6?{_GAP}{_SHARED_BY_ALL}{_ARGUMENT}"),
        Row("secret", ("community",), rf"snmp-server community{_GAP}{_SHARED_BY_ALL}{_ARGUMENT}"),
        Row("secret", ("com2sec",), rf"com2sec6?{_GAP}{_FIELD}{_GAP}{_FIELD}{_GAP}{_SHARED_BY_ALL}{_ARGUMENT}"),
    ),
    "createUser": (
        Row(
            "password",
            ("createUser ",),
            r"createUser [^\n]{1,300}",
            rf"(?:MD5|SHA(?:-?\d{{3}})?|DES|AES(?:-?\d{{3}})?){_GAP}{_ARGUMENT}",
        ),
    ),
    "ecret": (
        # Cisco and others
        Row("secret", ("enable ",), rf"enable{_GAP}(?:secret|password){_GAP}{_LEVEL}{_NOT_A_WORD}{_ARGUMENT}"),
        Row(
            "secret",
            ("username ",),
            (rf"username{_GAP}{_FIELD}{_GAP}(?:privilege{_GAP}\d{{1,2}}{_GAP})?secret{_GAP}{_LEVEL}{_ARGUMENT}"),
        ),
        Row(
            "secret",
            ('secret "', 'secret \\"'),
            rf"secret{_GAP}(?P<quote>{QUOTE})(?P<value>[^\s\"'\\]{{6,200}})(?P=quote);?",
        ),
        # chap-secrets and pap-secrets: client, server, secret, addresses
        Row(
            "secret",
            ("chap-secrets", "pap-secrets", "CHAP", "# client"),
            rf"\n[ \t]{{0,8}}{_QUOTED_FIELD}{_GAP}{_QUOTED_FIELD}{_GAP}{_ARGUMENT}(?:{QUOTE})?{_GAP}"
            rf"(?:\*|\d{{1,3}}(?:\.\d{{1,3}}){{3}}){_ENDS_LINE}",
        ),
        Row("secret", ("secretbox:", "aescbc:", "aesgcm:"), rf"secret:{_GAP}(?P<value>[A-Za-z0-9+/]{{20,}}=*)"),
    ),
    "user": (
        Row(
            "password",
            ("password ",),
            (
                rf"(?:user(?:name)?|login){_GAP}{_FIELD}{_GAP}(?:privilege{_GAP}\d{{1,2}}{_GAP})?password{_GAP}{_LEVEL}"
                rf"{_NOT_A_WORD}{_ARGUMENT}"
            ),
        ),
    ),
    "key": (
        Row("secret", (" key ",), rf"crypto isakmp key{_GAP}{_LEVEL}{_ARGUMENT}"),
        Row(
            "secret",
            ("pre-shared-key ",),
            rf"pre-shared-key{_GAP}(?:ascii-text{_GAP}|hexadecimal{_GAP})?{_NOT_A_WORD}{_ARGUMENT}",
        ),
        Row(
            "secret",
            (" key ",),
            rf"(?:tacacs|radius)-server{_GAP}(?:host{_GAP}{_FIELD}{_GAP})?key{_GAP}{_LEVEL}{_ARGUMENT}",
        ),
        Row(
            "private_key",
            ("client-key-data",),
            rf"client-key-data(?:{QUOTE})?:\s{{0,9}}(?:{QUOTE})?(?P<value>[\w+/=]{{16,}})",
        ),
        Row("secret", ("master.key",), r"master\.key(?:\W|\\n){1,12}(?P<value>[0-9a-f]{32})(?!\w)"),
    ),
    ": PSK": (
        # ipsec.secrets
        Row("secret", (": PSK ",), rf": PSK{_GAP}{_ARGUMENT}"),
    ),
    "PASS ": (
        # POP3 and FTP, with the server's answer between the two
        Row(
            "password",
            ("USER ",),
            rf"USER {_FIELD}{LINE_END}(?:[^\n]{{0,200}}\n)?[^\n]{{0,20}}PASS {_ARGUMENT}{_ENDS_LINE}",
        ),
    ),
    "AUTH ": (
        Row(
            "password",
            ("AUTH ",),
            r"AUTH (?:PLAIN|LOGIN|XOAUTH2) (?=[A-Za-z+/]{0,60}[\d=])(?P<value>[A-Za-z0-9+/]{8,}={0,2})",
        ),
    ),
    "<Pass ": (Row("password", ("<Pass ",), r"<Pass encoding=\\{0,15}\"base64\\{0,15}\">(?P<value>[^<\s]{1,400})<"),),
    "{PLAIN}": (Row("password", ("{PLAIN}",), r"\{PLAIN\}(?P<value>[^\s:\"\\]{1,200})"),),
    ": RSA": (Row("password", (": RSA ",), rf": RSA{_GAP}{_FIELD}{_GAP}(?={QUOTE}){_ARGUMENT}"),),
    ": EAP": (Row("password", (": EAP ",), rf": EAP{_GAP}{_ARGUMENT}"),),
    ": XAUTH": (Row("password", (": XAUTH ",), rf": XAUTH{_GAP}{_ARGUMENT}"),),
    "haredKey": (
        Row("secret", ("haredKey",), r"Pre[sS]haredKey[ \t]{0,9}[:=][ \t]{0,9}(?P<value>[A-Za-z0-9+/]{42,44}={0,2})"),
    ),
    "MAGIC-COOKIE": (Row("cookie", ("MAGIC-COOKIE-1",), r"MIT-MAGIC-COOKIE-1[ \t]{1,20}(?P<value>[0-9a-f]{32})"),),
    "{AQAAAB": (Row("password", ("{AQAAAB",), r"(?P<value>\{AQAAAB[A-Za-z0-9+/]{8,}={0,2}\})"),),
    "define(": (
        # WordPress' salts
        Row(
            "secret",
            ("define(",),
            (
                r"define\( {0,4}'(?:(?:SECURE_)?AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)', {0,8}'"
                r"(?!put your)(?P<value>[^'\n]{8,200})'"
            ),
        ),
    ),
    " on >": (
        # Redis' users: `user ann on >password ~*`
        Row("password", (" on >",), rf"(?:user|SETUSER|setuser){_GAP}{_FIELD} on >{_ARGUMENT}"),
    ),
    ":587": (
        # Postfix' sasl_passwd: `[host]:587 user:password`
        Row("password", (":587",), rf":587{_GAP}[^\s:]{{1,80}}:{_ARGUMENT}{_ENDS_LINE}"),
    ),
    ":*:": (
        # .pgpass: `host:port:database:user:password`
        Row("password", (":*:",), rf":\*:(?:(?<=[\d*]:\*:)|{_PGPASS_FIELD}:){_PGPASS_FIELD}:{_PGPASS_LAST}"),
    ),
    ":5432:": (Row("password", (":5432:",), rf":5432:{_PGPASS_FIELD}:{_PGPASS_FIELD}:{_PGPASS_LAST}"),),
    "$": (
        # Hashes of passwords: htpasswd, shadow, LDAP, web frameworks
        Row(
            "password_hash",
            ("$",),
            (
                r"(?P<value>\$(?:apr1|1|2[abxy]?|[5-9]|g?y|sha1|argon2(?:id|i|d)|scrypt)\$[\w./$,=+-]{20,}"
                r"|\$[PH]\$[\w./]{31}(?![\w./]))"
            ),
        ),
        Row(
            "password_hash",
            ("pbkdf2", "scrypt:", "SCRAM-SHA"),
            (
                r"(?:pbkdf2[_:]sha\d{1,3}[$:]\d{1,8}\$|scrypt:\d{1,7}:\d{1,3}:\d{1,3}\$|SCRAM-SHA-256\$\d{1,7}:)"
                r"(?P<value>[\w+/=.$:]{20,})"
            ),
        ),
    ),
    "{S": (Row("password_hash", ("{SHA", "{SSHA"), r"\{SS?HA(?:\d{3})?\}(?P<value>[A-Za-z0-9+/]{20,}={0,2})"),),
    ":::": (Row("password_hash", (":::",), r":(?P<value>[0-9a-fA-F]{32}:[0-9a-fA-F]{32}):::"),),
}
