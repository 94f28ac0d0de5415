"""Finds the secrets among the cookies of a header: `theme=dark` stays beside `sessionid=…`."""

import re
from collections.abc import Iterator
from typing import Final

from runtally.redaction.allowance import NEEDLE_EFFORT, SHAPE_EFFORT, Allowance
from runtally.redaction.marks import Mark
from runtally.redaction.names import opaque, tells_of_a_secret
from runtally.redaction.passages import Found, compiled, without

GATES: Final = ("ookie", "OOKIE")

_PAIR: Final = r"[\w!#$%&*+.^|~-]{1,80}=(?:\"[^\"\n\\]{1,999}\"|[^\s;,\"'`\\]*)"
_RUN: Final = rf"{_PAIR}(?:;[ \t]{{0,8}}(?:{_PAIR}|HttpOnly|Secure|httponly|secure))*"
_HEADER: Final = (
    r"[sS]?2?(?:\\{0,15}[\"'`])?\]?[ \t]{0,8}[:=,](?!%20)[ \t]{0,8}[\[(]?[@bfr]?(?:\\{0,15}[\"'`])?"
    rf"(?P<cookies>{_RUN})"
)
_ONE: Final = r"(?P<name>[\w!#$%&*+.^|~-]{1,80})=\"?(?P<value>[^\s;,\"'`\\]*)"
_ATTRIBUTES: Final = frozenset({"path", "domain", "expires", "max-age", "samesite", "priority", "version", "comment"})
_NAMES_SESSION: Final = re.compile(
    r"(?i)sess|sid$|sid\b|token|auth|csrf|xsrf|jwt|remember|secret|credential|logged_in|login|ticket|identity|\bsso"
    r"|saml|passw|pwd|api_?key|\bkey$|aspnet|signature|\bid_?tok|\.sig$"
)
_NAMES_NO_SECRET: Final = re.compile(
    r"(?i)_?_?(?:ga|gid|gat|fbp|fbc|utm|gcl|gads|hj|hs|pk|cf|clck|clsk|uet|ajs|optimizely|mp_|amplitude|intercom-id)"
    r"|.*(?:consent|anonymous|visitor|client_?id|device_?id|settings|prefs?|preferences?|theme|lang|locale|url|uri)"
)
_UNSET: Final = re.compile(
    r"(?i)(?:deleted?|true|false|null|none|undefined|expired|yes|no|out|logout|[\w%]{0,3}|https?(?::|%3a).*|\W.*)\Z"
)
_GENERATED: Final = re.compile(rf"(?![0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-)(?:{opaque(20)})")
_ENCODED: Final = re.compile(r"%[0-9a-fA-F]{2}")


def find(text: str, allowance: Allowance) -> Iterator[Found]:
    """Every secret cookie of a `Cookie` or `Set-Cookie` header in a text."""
    allowance.spend(sum(map(text.count, GATES)) * NEEDLE_EFFORT)
    for gate in GATES:
        if gate in text:
            for header in compiled(gate + _HEADER).finditer(text):
                yield from _among(text, *header.span("cookies"), allowance)


def is_header(value: str) -> bool:
    """Whether what stands under a cookie's name is a header's value, of which only some may be secret."""
    return compiled(_RUN).match(value) is not None


def hidden(value: str, mark: Mark, allowance: Allowance) -> str:
    """The value of a header with the secret cookies replaced by their mark."""
    return without(_among(value, 0, len(value), allowance), value, mark)


def _among(text: str, start: int, end: int, allowance: Allowance) -> Iterator[Found]:
    for one in compiled(_ONE).finditer(text, start, end):
        allowance.spend(SHAPE_EFFORT)
        if _is_secret(one["name"], one["value"]):
            yield Found("cookie", *one.span("value"))


def _is_secret(name: str, value: str) -> bool:
    if name.lower() in _ATTRIBUTES or _UNSET.match(value) or tells_of_a_secret(name):
        return False
    if _NAMES_SESSION.search(name):
        return True
    return not _NAMES_NO_SECRET.match(name) and _GENERATED.fullmatch(_ENCODED.sub("", value)) is not None
