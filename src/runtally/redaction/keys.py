"""Private keys in every armour: data for `passages`. Certificates, public keys and requests for them are none."""

from base64 import b64encode
from typing import Final

from runtally.redaction.passages import LINE_END, QUOTE, Row

# A line of a key's body, or of its headers, that may be quoted, indented or a part of a diff.
_MARGIN: Final = r"[ \t>|+*\"',-]{0,24}"
_LABEL: Final = (
    r"-----BEGIN (?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?|OpenVPN Static key V1"
    r"|OpenVPN tls-crypt-v2 (?:client|server) key)-----"
)
_BASE64_LINE: Final = rf"{_MARGIN}[\w+/=]{{1,512}}[\"',]{{0,3}}(?:{LINE_END}|\Z)"

_BODY_FOLLOWS: Final = (
    r"(?=(?:\s|[>|+*\"',-]|\\{1,15}[nr]){0,24}(?:[A-Z][\w-]{2,20}: |[\w+/=]{24}|[\w+/=]{1,24}(?:[\r\n\\\"']|\Z)))"
)

_IN_BASE64: Final = tuple(
    b64encode(f"-----BEGIN {of}PRIVATE KEY".encode()).decode().rstrip("=")[:-1]
    for of in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")
)

KEYS: Final[dict[str, tuple[Row, ...]]] = {
    "----": (
        # To the END line; where that was cut off, to the end of the text (or of the JSON string that it stands in), if
        # a key's body follows and not prose.
        Row(
            "private_key",
            (" PRIVATE KEY", "-BEGIN OpenVPN "),
            rf"(?P<value>{_LABEL}{_BODY_FOLLOWS}(?:(?:[^-\[]|-(?!----BEGIN )|\[REDACTED:)*?"
            rf"-----END (?:[\w ]|-(?!-)){{0,60}}-----"
            r"|(?:[^\"\\]|\\(?!\\{0,15}\"))*))",
        ),
        # Its beginning was cut off.
        Row(
            "private_key",
            ("PRIVATE KEY-----", "PRIVATE KEY BLOCK-----"),
            rf"(?:(?<![\s\S])|(?<=[^\w+/=\r]\n)|(?<=[^\w+/=]\\n))(?P<value>{_MARGIN}[A-Za-z0-9+/]{{64,76}}(?:{LINE_END}{_MARGIN}[A-Za-z0-9+/]{{64,76}})"
            rf"{{0,80}}(?:{LINE_END}{_MARGIN}[A-Za-z0-9+/]{{1,76}}={{0,2}})?"
            rf"{LINE_END}{_MARGIN}-----END [A-Z0-9 ]{{0,40}}PRIVATE KEY(?: BLOCK)?-----)",
        ),
        Row(
            "private_key",
            ("- BEGIN SSH2 ",),
            r"(?P<value>---- BEGIN SSH2 [A-Z ]{0,20}PRIVATE KEY ----[^\[]{0,20000}?"
            r"---- END SSH2 [A-Z ]{0,20}PRIVATE KEY ----)",
        ),
    ),
    # The same in Base64, as a whole
    "LS0tLS1CRUdJTi": (
        Row("private_key", ("LS0tLS1CRUdJTi",), rf"(?P<value>(?:{'|'.join(_IN_BASE64)})[\w+/-]{{16,}}={{0,2}})"),
    ),
    "Private-": (
        Row(
            "private_key",
            ("Private-Lines:",),
            rf"Private-Lines:[ \t]*\d{{1,4}}[ \t]*{LINE_END}(?P<value>{_BASE64_LINE}(?:{_BASE64_LINE}){{0,400}})",
        ),
        Row("private_key", ("Private-MAC:",), r"Private-MAC:[ \t]*(?P<value>[0-9a-f]{40,64})"),
    ),
    "kty": (
        Row(
            "private_key",
            ('"kty', '"kty\\', "'kty"),
            rf"{QUOTE}(?:[dpqk]|d[pq]|qi){QUOTE}\s{{0,4}}:\s{{0,4}}{QUOTE}(?P<value>[\w+/=-]{{16,}})",
        ),
    ),
}
