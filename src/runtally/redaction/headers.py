"""What the headers and the forms of HTTP hold beside a secret's name: a signature, a code to be exchanged, a field."""

from typing import Final

from runtally.redaction.passages import Row

HEADERS: Final = {
    "uthorization": (
        Row(
            "authorization",
            ("uthorization",),
            r"uthorization[\"']?\W{1,6}(?:Digest|AWS4-HMAC-SHA256|OAuth|Hawk|Signature)[ \t][^\r\n]{1,1000}",
            r"\b(?:response|[sS]ignature|oauth_signature|oauth_token|mac)=\\?\"?(?P<value>[\w+/%=-]{16,})",
        ),
    ),
    "code=": (Row("token", ("code=",), r"[?&]code=(?P<value>(?=[^\s&]{0,64}\d)[\w./%~-]{16,})(?=[&\s\"'#)]|\Z)"),),
    "code_verifier": (Row("token", ("code_verifier",), r"code_verifier=(?P<value>[\w.~-]{32,})"),),
    "%5D=": (
        Row(
            "password",
            ("%5D=",),
            r"(?i:pass_?word|passwd|secret|token)(?:_\w{1,20})?%5D=(?P<value>[^&\s\"'\\]{1,400})",
        ),
    ),
}
"""The rows by what is in every text with them."""
