"""The secrets in SQL that no name with `=` or `:` gives away: data for `passages`.

`PASSWORD 'X'` and `IDENTIFIED BY 'X'` are found in `spoken`, the rows of an INSERT in `inserts`.
"""

from typing import Final

from runtally.redaction.passages import QUOTE, Row

_STRING: Final = rf"N?(?P<quote>{QUOTE})(?![:@$%?{{<])(?P<value>(?:(?!(?P=quote))[^\n\\]){{1,200}})(?P=quote)"
_NEXT: Final = r"\s{0,20},\s{0,20}"
_ANY_STRING: Final = rf"N?{QUOTE}[^\n\"'\\]{{0,200}}{QUOTE}"
_ARGUMENT: Final = rf"(?:{_ANY_STRING}(?:::\w{{1,20}})?|(?i:null)|[\w.:@\"]{{1,80}}(?:\([^()\n]{{0,80}}\))?)"
_WORD: Final = r"[^\s\"'\\/;]{1,80}"
_COLUMN: Final = r"pass(?:w(?:or)?d)?\w{0,12}[\"'`\]]?[ \t]{0,4}=>?"
_HASHES: Final = (
    r"(?i:b?crypt|md5|sha\d{0,3}|password|digest|hashbytes|hash::make|password_hash"
    r"|(?:make|hash|generate)_password(?:_hash)?)"
)
_CALLS: Final = rf"(?:\w{{1,24}}\(){{0,2}}{_HASHES}\((?:N?{QUOTE}(?i:sha\w{{1,6}}|md5){QUOTE},[ \t]{{0,4}})?"


def _in_both_cases(*gates: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(case for gate in gates for case in (gate, gate.upper(), gate.lower())))


def _gated(needles: tuple[str, ...], *patterns: str) -> dict[str, tuple[Row, ...]]:
    return {needle: tuple(Row("password", (needle,), pattern) for pattern in patterns) for needle in needles}


SQL: Final[dict[str, tuple[Row, ...]]] = {
    **_gated(
        ("SET PASSWORD", "SET password", "set password"),
        rf"(?i:set password)(?:\s(?i:for)\s[^\n=;]{{1,160}}?)?\s{{0,9}}=\s{{0,9}}(?:\w{{1,20}}\()?{_STRING}",
        rf"(?i:set password from)\s{_STRING}",
        rf"(?i:set password from)\s{_ANY_STRING}\s(?i:to)\s{_STRING}",
    ),
    **_gated(
        (
            *_in_both_cases("md5('", "sha1('", "sha2('", "digest('", "password('", "hashbytes('", 'md5("'),
            *("crypt('", "CRYPT('", 'crypt("', "crypt(\\", "ake('", 'ake("', "_password('", '_password("'),
        ),
        rf"(?i:{_COLUMN})[ \t]{{0,4}}{_CALLS}{_STRING}",
        rf"(?i:crypt)\({_STRING}{_NEXT}(?i:gen_salt)",
        rf"(?i:authentication_string)\s{{0,9}}=\s{{0,9}}(?:\w{{1,20}}\()?{_STRING}",
    ),
    **_gated(
        _in_both_cases("pgp_sym_"), rf"(?i:pgp_sym_(?:en|de)crypt(?:_bytea)?)\(\s{{0,9}}{_ARGUMENT}{_NEXT}{_STRING}"
    ),
    **_gated(
        _in_both_cases("aes_encrypt(", "aes_decrypt("), rf"(?i:aes_..crypt)\(\s{{0,9}}{_ARGUMENT}{_NEXT}{_STRING}"
    ),
    **_gated(("bypassphrase(", "BYPASSPHRASE(", "ByPassPhrase("), rf"(?i:bypassphrase)\(\s{{0,9}}{_STRING}"),
    **_gated(
        ("encrypt('", "ENCRYPT('", "decrypt(", "DECRYPT("),
        rf"(?i:\b[ed][en]crypt)\({_ARGUMENT}{_NEXT}{_STRING}{_NEXT}'(?:aes|bf|des|3des)",
    ),
    **_gated(("hmac(", "HMAC("), rf"(?i:hmac)\({_ARGUMENT}{_NEXT}{_STRING}{_NEXT}'(?:sha|md5)"),
    **_gated(
        ("sp_",),
        rf"sp_(?:addlogin|addapprole|setapprole)\s{{1,9}}{_ARGUMENT}{_NEXT}{_STRING}",
        rf"sp_password\s{{1,9}}{_STRING}",
        rf"sp_password\s{{1,9}}{_ARGUMENT}{_NEXT}{_STRING}",
        rf"sp_addlinkedsrvlogin\s{{1,9}}(?:{_ARGUMENT}{_NEXT}){{4}}{_STRING}",
    ),
    **_gated(
        _in_both_cases("create_credential(", "update_credential("),
        rf"(?i:_credential)\(\s{{0,20}}{_ANY_STRING}{_NEXT}{_ANY_STRING}{_NEXT}{_STRING}",
    ),
    **_gated(_in_both_cases("set_wallet("), rf"(?i:set_wallet)\(\s{{0,9}}{_ANY_STRING}{_NEXT}{_STRING}"),
    **_gated(
        ("remote(", "remoteSecure(", "mysql(", "postgresql(", "MySQL(", "PostgreSQL(", "mongodb(", "MongoDB("),
        rf"(?:remote|Secure|mysql|postgresql|SQL|mongodb|MongoDB)\(\s{{0,9}}(?:{_ANY_STRING}{_NEXT}){{4}}{_STRING}",
    ),
    **_gated(
        ("OPENROWSET(", "openrowset("),
        rf"(?i:openrowset)\(\s{{0,9}}{_ANY_STRING}{_NEXT}{_ANY_STRING};{_ANY_STRING};{_STRING}",
    ),
    **_gated(
        ("RAGMA ", "ragma "),
        rf"(?i:ragma\s(?:\w{{1,40}}\.)?(?:hex|text)?(?:re)?key)\s{{0,9}}[=(]\s{{0,9}}{_STRING}",
        r"(?i:ragma\s(?:re)?key)\s{0,9}=\s{0,9}\\{0,15}\"x'(?P<value>[0-9A-Fa-f]{32,96})'",
    ),
    **_gated(
        (" KEY '", " key '"),
        rf"(?i:attach)\s(?:(?i:database)\s)?[^\n;]{{1,200}}?\s(?i:as)\s\S{{1,80}}\s(?i:key)\s{_STRING}",
    ),
    **_gated(
        (" REPLACE ", " replace "),
        rf"(?i:identified\sby)\s(?:{_ANY_STRING}|\S{{1,80}})\s(?i:replace)\s{_STRING}",
        r"(?i:identified\sby)\s[^\s\"']{1,80}\s(?i:replace)\s(?P<value>[^\s\"';]{1,80})",
    ),
    **_gated(
        ("IDENTIFIED VIA ", "identified via "),
        rf"(?i:identified\svia)\s\w{{1,40}}\s(?i:using|as)\s(?:(?i:password)\()?{_STRING}",
    ),
    **_gated(
        ("CONNECT ", "connect ", "CONN ", "conn "),
        # Oracle's clients: `CONNECT scott/tiger@orcl`; a word with a slash in a sentence names no host.
        r"(?i:conn(?:ect)?)[ \t]{1,4}[\w$#]{1,40}/(?P<value>[^\s@\"'/\\;]{1,80})"
        r"(?=@[\w/.:-]|[ \t]{1,4}(?i:as sys)|(?<=\d);?[ \t]{0,9}(?:\s|[`\"'\\]|&&|\Z))",
        rf"(?i:connect to {_WORD} user {_WORD} using)[ \t]{{1,4}}(?:{QUOTE})?(?P<value>[^\s\"'\\;]{{1,80}})",
    ),
    **_gated((".LOGON ", ".logon "), rf"\.(?i:logon)[ \t]{{1,4}}(?:{_WORD}/)?{_WORD}?,(?P<value>[^\s,;\"'\\]{{1,80}})"),
    **_gated(("LOGIN ",), rf"(?<!\w)LOGIN [\w.-]{{1,64}} {_STRING}"),
    **_gated(
        (".auth(", "changeUserPassword("),
        rf"(?:\.auth|changeUserPassword)\(\s{{0,9}}{_ANY_STRING}{_NEXT}{_STRING}\s{{0,9}}\)",
    ),
    # The hash of MySQL
    **_gated(("'*", "| *", '"*'), r"(?P<value>\*[0-9A-F]{40})(?![0-9A-Za-z])"),
    **_gated(
        ("> AUTH ", "> auth "),
        r"> (?i:auth) (?:[\w.-]{1,64} )?\\{0,15}[\"']?(?P<value>[^\s\"'\\]{1,200})\\{0,15}[\"']?(?=\s|\\n|\Z)",
    ),
}
