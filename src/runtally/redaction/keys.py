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

IN_BASE64: Final = tuple(
    b64encode(f"-----BEGIN {of}PRIVATE KEY".encode()).decode().rstrip("=")[:-1]
    for of in ("", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP ")
)
"""How the armour of a private key begins where all of it was encoded once more."""

_WIF: Final = r"(?<!\w)(?P<value>[KLc5][1-9A-HJ-NP-Za-km-z]{50,51})(?!\w)"

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
            r"(?P<value>---- BEGIN SSH2 [A-Z ]{0,20}PRIVATE KEY ----(?:[^\[-]|-(?!--- (?:BEGIN|END) SSH2 )){0,20000}+"
            r"---- END SSH2 [A-Z ]{0,20}PRIVATE KEY ----)",
        ),
    ),
    # The same in Base64, as a whole
    "LS0tLS1CRUdJTi": (
        Row("private_key", ("LS0tLS1CRUdJTi",), rf"(?P<value>(?:{'|'.join(IN_BASE64)})[\w+/-]{{16,}}={{0,2}})"),
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
    # What BIND keeps: `Private-key-format: v1.3`
    "rivate-key-format": (
        Row(
            "private_key",
            ("rivate-key-format",),
            r"(?:Key|PrivateExponent|Prime[12]|Exponent[12]|Coefficient):[ \t]{1,4}(?P<value>[A-Za-z0-9+/]{16,}={0,2})",
        ),
    ),
    "hmac-": (
        # nsupdate and dig: `-y hmac-sha256:name:key`, `key hmac-sha256:name key`
        Row(
            "secret",
            ("hmac-",),
            r"hmac-(?:md5|sha\d{1,3})(?::[\w.-]{1,100}[ \t:]{1,4})(?P<value>[A-Za-z0-9+/]{20,}={0,2})",
        ),
    ),
    # Development chains print theirs.
    "Private Keys": (
        Row(
            "private_key",
            ("Private Keys",),
            r"Private Keys\s{1,4}[=-]{3,60}[^=]{1,4000}",
            r"(?P<value>(?:0x)?[0-9a-f]{64})(?!\w)",
        ),
    ),
    "_hmac": (
        Row("secret", ("_hmac",), r"(?:aes\d{3}|rc4)_hmac(?:_nt)?[ \t:=]{1,20}(?P<value>[0-9a-f]{32,64})(?!\w)"),
    ),
    "(hex)": (Row("secret", ("Key for ",), r"Key for [^\s]{1,100} \(hex\): {0,4}(?P<value>[0-9a-f]{16,64})(?!\w)"),),
    # What `openssl enc -P` prints
    "iv": (Row("secret", ("\niv",), r"key {0,2}= {0,2}(?P<value>[0-9A-Fa-f]{32,64})\r?\n {0,4}iv {0,2}="),),
    "BORG_KEY": (
        Row(
            "private_key",
            ("BORG_KEY ",),
            r"BORG_KEY [0-9a-f]{64}\s{1,4}(?P<value>[A-Za-z0-9+/]{40,100}(?:\s{1,2}[A-Za-z0-9+/=]{1,100}){0,20})",
        ),
    ),
    # Bitcoin's wallet import format
    "rivkey": (Row("private_key", ("privkey",), _WIF),),
    "WIF": (Row("private_key", ("WIF",), _WIF),),
    # ESPHome and Zigbee
    "encryption:": (
        Row(
            "secret",
            ("encryption:",),
            rf"encryption:[ \t]{{0,4}}{LINE_END}[ \t]{{1,20}}key:[ \t]{{1,4}}(?:{QUOTE})?(?P<value>[A-Za-z0-9+/]{{43}}=)",  # noqa: E501
        ),
    ),
    "network_key": (
        Row("secret", ("network_key",), r"network_key(?:\\?[\"'])?:\s{0,4}\[(?P<value>[\dxXA-Fa-f, ]{30,200})\]"),
    ),
    # An Ethereum keystore
    '"kdf': (Row("private_key", ('ciphertext"',), r"ciphertext\"\s{0,4}:\s{0,4}\"(?P<value>[0-9a-f]{64,200})\""),),
    "option key": (
        Row("password", ("option key ",), r"option key (?P<quote>['\"])(?P<value>[^'\"\n]{5,64})(?P=quote)"),
    ),
    # The secret numbers of a GnuPG key
    "private-key (": (
        Row("private_key", ("private-key (",), r"\((?:[dpqu]|protected) [^#]{0,200}#(?P<value>[0-9A-F]{32,8192})#"),
        Row("private_key", ("protected-private-key",), r"\)[ ]{1,4}#(?P<value>[0-9A-F]{64,8192})#\)"),
    ),
    "ED25519-V3:": (Row("private_key", ("ED25519-V3:",), r"ED25519-V3:(?P<value>[A-Za-z0-9+/]{80,90}={0,2})"),),
    ":descriptor:x25519:": (
        Row("private_key", (":descriptor:x25519:",), r"(?<!\w)[a-z2-7]{56}:descriptor:x25519:(?P<value>[A-Z2-7]{52})"),
    ),
    # Matrix' signing key is a file of one line
    "ed25519 a_": (Row("private_key", ("ed25519 a_",), r"ed25519 a_\w{4,8} (?P<value>[A-Za-z0-9+/]{43})(?![\w+/=])"),),
    "wg ": (
        Row("private_key", ("wg pubkey", "wg set"), r"echo [\"']?(?P<value>[A-Za-z0-9+/]{43}=)"),
        Row("private_key", ("wg genkey", "wg genpsk"), r"wg gen(?:key|psk)\r?\n(?P<value>[A-Za-z0-9+/]{43}=)"),
        Row(
            "private_key",
            ("dump",),
            r"(?:\bwg\d{1,3}[ \t]|dump\r?\n)(?P<value>[A-Za-z0-9+/]{43}=)[ \t][A-Za-z0-9+/]{43}=",
        ),
    ),
    "Unseal Key ": (
        Row("secret", ("Unseal Key ",), r"Unseal Key \d{1,2}(?: \(will be hidden\))?: (?P<value>[\w+/=]{40,70})"),
    ),
    "fromSecret": (
        Row("private_key", ("fromSecretKey(",), r"fromSecretKey\([^\n\[]{0,40}\[(?P<value>[\d, ]{120,400})\]"),
        Row("private_key", ("fromSecretKey(",), r"fromSecretKey\([\w.]{1,30}\([\"'](?P<value>\w{80,90})[\"']"),
    ),
    "solana/id.json": (
        Row("private_key", ("solana/id.json",), r"solana/id\.json\s{1,4}\[(?P<value>[\d, \n]{120,500})\]"),
    ),
    ".fromSeed(": (Row("private_key", (".fromSeed(",), r"\.fromSeed\([\"'](?P<value>s\w{25,35})[\"']"),),
    "bytes.fromhex(": (
        Row(
            "secret",
            ("bytes.fromhex(",),
            r"(?:key|Key|KEY|SecretBox|AES\.new|HMAC|secret)[ ]{0,2}[=(][ ]{0,2}bytes\.fromhex\([\"'](?P<value>[0-9a-fA-F]{32,128})[\"']\)",  # noqa: E501
        ),
    ),
    "TOTP": (
        Row("otp_secret", ("TOTP(",), r"TOTP\([\"'](?P<value>[A-Z2-7]{16,64})[\"']"),
        Row(
            "otp_secret",
            ("TOTP ",),
            r"TOTP (?:secret|key|seed)[:=]? {0,2}(?P<value>(?:[A-Za-z2-7]{4} ){3,12}[A-Za-z2-7]{4})(?!\w)",
        ),
        Row("otp_secret", ('" TOTP_AUTH',), r"(?P<value>(?<!\w)[A-Z2-7]{16,64})\n\" "),
    ),
    "oathtool ": (
        Row("otp_secret", ("oathtool ",), r"oathtool [^\n|;]{0,60}?(?<![\w-])(?P<value>[A-Z2-7]{16,64})(?!\w)"),
    ),
    " /ipk ": (Row("license_key", (" /ipk ",), r" /ipk (?P<value>[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4})"),),
    "ssss-split": (
        Row("secret", ("ssss-split",), r"ssss-split[^#]{1,8000}", r"(?<!\w)\d{1,2}-(?P<value>[0-9a-f]{32,512})(?!\w)"),
    ),
    "SigningKeyShelley": (
        Row("private_key", ("SigningKeyShelley",), r"cborHex\"\s{0,4}:\s{0,4}\"(?P<value>5820[0-9a-f]{64})\""),
    ),
}
