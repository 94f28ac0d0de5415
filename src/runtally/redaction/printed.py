"""What a command prints that is asked for a secret: the value alone on the line after it. Data for `passages`."""

import re
from typing import Final

from runtally.redaction.passages import LINE_END, Row

_CHAR: Final = r"(?:[^\n\\>]|\\(?!n))"
"""Of the command; what it writes to a file it does not print."""
_VALUE: Final = (
    r"(?![\[{<#*/~.-]|https?:|(?:null|None|none|error|Error|ERROR|usage|Usage|done|true|false|exit|fi|esac|else)\b)"
    r"(?P<value>[^\s\"'`\\]{4,2000})"
)
_MADE_UP: Final = r"(?=[^\s\"'`\\]{0,100}[\d!@#$%^&*+=~?])"
_ENDS: Final = rf"(?=[\"'`]?[ \t]{{0,4}}(?:{LINE_END}|\\{{0,15}}[\"']|\Z))"
_PRINTS: Final = rf"(?:`[^\n`\\]{{0,40}}:)?[ \t]{{0,4}}{LINE_END}(?:```\w{{0,9}}{LINE_END})?[\"']?"
_SIGNS: Final = r"[$#%>+~❯λ»✗✔]"  # noqa: RUF001 - what prompts end with
_NO_DOCUMENT: Final = r"(?![^\s]{0,80}\.(?:py|js|ts|go|rs|c|h|md|ya?ml|json|toml|html?|css|java|rb|php|sh|lock|pub))"


def _row(needle: str, rest: str = "") -> Row:
    """The line begins with the needle, or a prompt stands before it; without one the value must look made up."""
    said = re.escape(needle)
    begins = (
        rf"(?:(?P<prompt>(?<={_SIGNS} {said})|(?<=[`(]{said})|(?<=sudo {said}))"
        rf"|(?<=[\n]{said})|(?<=\\n{said})|(?<![\s\S]{said}))"
    )
    return Row(
        "secret", (needle,), rf"{said}{begins}{rest}{_CHAR}{{0,240}}{_PRINTS}(?(prompt)|{_MADE_UP}){_VALUE}{_ENDS}"
    )


def _with(option: str) -> str:
    return rf"(?={_CHAR}{{0,160}}(?:{option}))"


_NAME: Final = r"\w{0,40}(?i:key|token|secret|pass|passwd|password|pwd|psk|credentials?)\w{0,9}"
_SHOWN: Final = {  # by how a command begins: what else must be in it
    "vault kv get ": _with("-field"),
    "vault read ": _with("-field"),
    "vault token create": _with("-field"),
    "vault print token": "",
    "op read ": "",
    "op item get ": _with("-(?:fields|otp)"),
    "bw get ": "(?:password|totp|notes)",
    "rbw get ": "",
    "pass show ": "",
    "pass ": r"(?=[\w.-]{1,40}/[\w./@-]{1,80}[ \t]{0,4}(?:`|\r?\n|\\))",
    "gopass show ": "",
    "lpass show ": _with("-(?:password|p|field|notes)"),
    "keepassxc-cli show ": _with("-(?:s|a)"),
    "keyring get ": "",
    "chamber read ": _with("-q"),
    "credstash get ": "",
    "aws secretsmanager get-secret-value ": _with("--query"),
    "aws ssm get-parameter ": _with("--with-decryption"),
    "aws ecr get-login-password": "",
    "aws configure get ": r"(?=\S{0,60}(?:secret|token))",
    "gcloud secrets versions access ": "",
    "gcloud auth ": r"(?:application-default )?print-(?:access|identity)-token",
    "az keyvault secret show ": _with("--query"),
    "az account get-access-token": _with("--query"),
    "az acr credential show ": _with("--query"),
    "az storage account keys list ": _with("--query"),
    "kubectl get secret": _with("base64 (?:-d|-D|--decode)|go-template"),
    "kubectl create token ": "",
    "oc whoami -t": "",
    "argocd admin initial-password": "",
    "kubeadm token create": "",
    "docker swarm join-token -q ": "",
    "terraform output -raw ": rf"(?={_NAME})",
    "terraform output ": rf"(?={_NAME})",
    "tofu output -raw ": rf"(?={_NAME})",
    "pulumi config get ": rf"(?={_NAME})",
    "pulumi stack output ": _with("--show-secrets"),
    "heroku config:get ": rf"(?={_NAME})",
    "heroku auth:token": "",
    "doppler secrets get ": _with("--plain"),
    "infisical secrets get ": _with("--(?:plain|raw)"),
    "fly auth token": "",
    "gh auth token": "",
    "npm config get ": r"(?=\S{0,100}_(?:authToken|auth|password))",
    "git config ": r"(?=(?:--\S{1,20} ){0,3}(?:--get )?[\w.-]{0,40}\.(?:\w{0,20}token|password|apikey))",
    "consul kv get ": rf"(?=[\w./-]{{0,80}}{_NAME})",
    "security find-generic-password ": _with("-\\w{0,3}w"),
    "security find-internet-password ": _with("-\\w{0,3}w"),
    "secret-tool lookup ": "",
    "openssl rand ": "",
    "pwgen ": "",
    "head -c ": _with("/dev/u?random"),
    "wg genkey": "",
    "wg genpsk": "",
    "printenv ": rf"(?={_NAME})",
    "echo $": rf"(?=\{{?(?:env:)?{_NAME}\}}?[ \t]{{0,4}}(?:\r?\n|\\n))",
    'echo "$': rf"(?=\{{?(?:env:)?{_NAME}\}}?\")",
    "echo %": rf"(?={_NAME}%)",
    "cat ": rf"{_NO_DOCUMENT}(?=[^\s|;&]{{0,100}}(?:token|passw|secret|credential|api_?key|Password|\.key|\.psk))",
}


_OF_REDIS: Final = Row(
    "password",
    ("requirepass", "masterauth"),
    rf"(?:requirepass|masterauth)\"?{LINE_END}(?:2\) )?\"?(?P<value>[^\s\"'\\]{{4,200}})\"?(?=\s|\\n|\Z)",
)
_STEMS: Final = ("ecret", "pass", "auth", "vault ", "oken", "get ", "echo ", "output ", "wg gen", "read ")
"""What many of these have in common: a text without it need not be asked for each."""


def _rows() -> dict[str, tuple[Row, ...]]:
    rows: dict[str, tuple[Row, ...]] = {"requirepass": (_OF_REDIS,)}
    for needle, rest in _SHOWN.items():
        gate = next((stem for stem in _STEMS if stem in needle), needle)
        rows[gate] = (*rows.get(gate, ()), _row(needle, rest))
    return rows


PRINTED: Final = _rows()
"""The rows by a piece of their needles."""
