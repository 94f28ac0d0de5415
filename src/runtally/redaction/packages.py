"""What package managers and Terraform keep: data for `passages`."""

from typing import Final

from runtally.redaction.passages import NOT_A_VALUE, QUOTE, Row

_VALUE: Final = rf"{NOT_A_VALUE}(?P<value>[^\s\"'\\]{{4,300}})"
_QUOTED: Final = rf"\"{NOT_A_VALUE}(?P<value>(?!\$\{{)[^\"\n]{{4,500}})\""
_SECRETIVE: Final = r"(?:password|passwd|passphrase|secret|token|api_?key|access_key|private_key|pwd)"
_BLOCK: Final = r"[^{}]{0,500}?"

PACKAGES: Final[dict[str, tuple[Row, ...]]] = {
    "AuthIdent": (
        Row(
            "credential", ("AuthIdent",), rf"AuthIdent(?:{QUOTE})?[:= ]{{1,3}}(?:{QUOTE})?(?:[\w.@-]{{1,80}}:)?{_VALUE}"
        ),
    ),
    "BUNDLE_": (
        Row(
            "credential",
            ("BUNDLE_",),
            r"BUNDLE_(?!BUILD__|LOCAL__|MIRROR__|DISABLE)[A-Z0-9_]{1,60}__(?:COM|ORG|NET|IO|DEV|CLOUD|APP|CO|DE|INFO)"
            rf"\"?[:=][ \t]{{0,4}}\"?(?:[\w.@-]{{1,60}}:(?!x-oauth))?(?![/-]){NOT_A_VALUE}(?P<value>[^\s\":\[\]]{{4,200}})(?=[\s\"]|:x-oauth|\Z)",  # noqa: E501
        ),
    ),
    "bundle config": (
        Row(
            "credential",
            ("bundle config",),
            r"bundle config (?:set )?(?:--\w{1,10} )?(?:https://)?[\w-]{1,60}(?:\.[\w-]{1,40}){1,4}/? "
            rf"(?:(?![0-9a-f]{{8}}:)[\w.@-]{{1,60}}:)?(?![/-]|https?:|true|false){_VALUE}",
        ),
    ),
    # Composer
    **{
        gate: (
            Row(
                "token",
                (gate,),
                rf"{gate}(?:(?:{QUOTE})?\s{{0,4}}:\s{{0,20}}\{{\s{{0,40}}{QUOTE}[\w.-]{{1,80}}{QUOTE}\s{{0,4}}:\s{{0,4}}{QUOTE}"
                r"|\.[\w.-]{1,80} )(?P<value>[\w-]{16,})",
            ),
        )
        for gate in ("github-oauth", "gitlab-oauth", "gitlab-token")
    },
    "http-basic.": (
        Row("credential", ("http-basic.",), r"http-basic\.[\w.-]{1,80} (?P<value>[0-9a-f]{32}) (?=[0-9a-f]{32})"),
    ),
    "pypi-token.": (Row("token", ("pypi-token.",), rf"pypi-token\.[\w-]{{1,60}} {_VALUE}"),),
    "<master>": (Row("password", ("<master>",), r"<master>(?P<value>\{?[A-Za-z0-9+/]{20,}={0,2}\}?)</master>"),),
    "dockerconfigjson": (
        Row(
            "secret",
            ("dockerconfigjson",),
            rf"dockerconfigjson(?:{QUOTE})?\s{{0,4}}:\s{{0,9}}(?:{QUOTE})?(?P<value>[A-Za-z0-9+/]{{40,}}={{0,2}})",
        ),
    ),
    "conda": (Row("token", ("/t/",), r"/t/(?P<value>[a-z]{2}-[0-9a-f]{8}-[0-9a-f-]{27})(?=/|\s|\Z)"),),
    # Terraform
    'variable "': (
        Row(
            "secret",
            ("default",),
            rf"variable \"[\w-]{{0,60}}(?:{_SECRETIVE}|_pass)\""
            rf"\s{{0,4}}\{{{_BLOCK}\sdefault\s{{1,20}}=\s{{0,4}}{_QUOTED}",
        ),
    ),
    'resource "': (
        Row(
            "secret",
            ("ecret",),
            r"resource \"\w{0,60}_secret(?:_version|_v1)?\"[ \t]{1,4}\"[\w-]{1,80}\"\s{0,4}\{"
            rf"{_BLOCK}\s(?:value|plaintext_value|secret_data|secret_value|secret_string)\s{{1,20}}=\s{{0,4}}{_QUOTED}",
        ),
        Row(
            "secret",
            ("SecureString",),
            rf"resource \"aws_ssm_parameter\"[ \t]{{1,4}}\"[\w-]{{1,80}}\"\s{{0,4}}\{{{_BLOCK}\bSecureString\b"
            rf"{_BLOCK}\svalue\s{{1,20}}=\s{{0,4}}{_QUOTED}",
        ),
    ),
    '" -> "': (Row("secret", ('" -> "',), rf"{_SECRETIVE}\"?\s{{1,60}}=\s{{1,4}}\"[^\"\n]{{0,300}}\" -> {_QUOTED}"),),
}
