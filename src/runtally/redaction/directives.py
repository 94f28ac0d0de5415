"""Lines of a configuration file that set a name with nothing but a space: `api_key 3f78…`, `set $token "…";`."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.allowance import NEEDLE_EFFORT, VALUE_EFFORT, Allowance
from runtally.redaction.names import BUILT_IN as NAMES
from runtally.redaction.passages import Found
from runtally.redaction.values import is_label

GATES: Final = tuple(
    f"{ending}{space}"
    for ending in (
        *("key", "KEY", "Key", "ecret", "ECRET", "oken", "OKEN", "asswd", "pass", "PASS", "assword", "ASSWORD"),
        *("assphrase", "ommunity", "OMMUNITY", "uthorization", "asscode"),
    )
    for space in (" ", "\t", '" ')
)
"""How such a name ends, with what stands behind it."""

_LINE_CHARS: Final = 120
_HEAD: Final = re.compile(
    r"[ \t+]{0,40}(?P<sets>(?:set|setenv|SetEnv|env|option|proxy_set_header|fastcgi_param|uwsgi_param|add_header"
    r"|more_set_headers|header_up|header|RequestHeader set|http-request set-header|uci set|config set)[ \t]{1,9}"
    r"(?:-[a-z][ \t]{1,4})?)?\"?(?P<name>\$?[A-Za-z_][\w.-]{2,60})",
    re.ASCII,
)
_WORDS_IN_NAME: Final = re.compile(r"[_.-]|[a-z][A-Z]|[A-Z]{2}[a-z]")
_VALUE: Final = re.compile(
    r"[ \t]{0,40}(?:(?P<quote>[\"'])(?P<quoted>[^\"'\n\\]{6,300})(?P=quote)|(?P<bare>[A-Za-z0-9+/!@#%^=_.~-]"
    r"[^\s\"'`\\()\[\]{}<>;,*]{5,300}))[ \t]{0,4};?[ \t]{0,20}(?=\r?\n|\Z|[ \t]#)",
    re.ASCII,
)
_MADE_UP: Final = re.compile(r"(?=\D{0,100}\d|[^!@#%^&+=?~]{0,100}[!@#%^&+=?~])")
_TYPE: Final = re.compile(  # of a field in a structure, or a plain number, a path, an address, a flag
    r"[a-z]{1,9}\d{0,3}(?:_t)?|[a-z]\w*(?:\.|::)[A-Z]\w*|[\d.:_-]+[smhdkMG]?|[./~][\w./-]*|\w{2,12}://[^\s@]*|-.*"
    r"|[\w.-]+\.(?:ya?ml|json|toml|conf|ini|so|py|rb|js|ts|go|c|h|md)|%.*|=.*|\w{1,12}=.*|.*[:=]"
)


def find(text: str, gates: list[str], allowance: Allowance) -> Iterator[Found]:
    """Every value that stands alone behind a secret's name on its line."""
    for gate in gates:
        at = text.find(gate)
        while at >= 0:
            if found := _found(text, at + len(gate.rstrip('" \t')), allowance):
                yield found
            at = text.find(gate, at + len(gate))


def _found(text: str, name_end: int, allowance: Allowance) -> Found | None:
    start = text.rfind("\n", max(0, name_end - _LINE_CHARS), name_end) + 1
    head = _HEAD.fullmatch(text, start, name_end) if start or name_end < _LINE_CHARS else None
    if not head or not (head["sets"] or _WORDS_IN_NAME.search(head["name"])):
        return None
    allowance.spend(NEEDLE_EFFORT)
    value = _VALUE.match(text, name_end + (text[name_end] == '"'))
    rule = NAMES.rule_for(head["name"].lstrip("$")) if value else None
    if not value or not rule:
        return None
    allowance.spend(VALUE_EFFORT)
    group = "quoted" if value["quoted"] else "bare"
    said = value[group]
    is_none = _TYPE.fullmatch(said) or not _MADE_UP.match(said) or is_label(said) or "$" in said
    return None if is_none or not rule.gives_away(said) else Found(rule.kind, *value.span(group))
