"""What a name says of its value: `password`, `apiKey`, `X-Auth-Token`."""

import re
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from runtally.redaction.values import is_placeholder

if TYPE_CHECKING:
    from runtally.redaction.further_search import FurtherNames

NAME_CHARS: Final = 96
"""A name is judged by its end."""
_RULE_WORDS: Final = 4
"""The most words that a row of `NAMES` speaks of, with a number behind them."""


def _opaque(length: int) -> str:
    """At least `length` characters that look generated: letters and digits without a space, or longer than a word."""
    return rf"(?=[^A-Za-z]*[A-Za-z])(?=\D*\d)[\w.~+/=:%@-]{{{length},}}|[A-Za-z]{{24,}}"


Row = tuple[str | None, str, str]
"""The kind, what a value must look like to be a secret (anything, where the name alone says so), and the last words of
the name in snake_case. No kind: the name is known and innocent.
"""

NAMES: Final[tuple[Row, ...]] = (  # the first match decides
    (None, r".*", r"(?:page|next|next_[a-z]+|starting|continuation|sync|cancel|cancellation)_?token"),
    (None, r".*", r"(?:idempotency|request|lock|change|public_key)_?token"),
    ("password", r".*", r"[a-z0-9]*(?:password|passwd|passphrase|passcode)|pwd"),
    ("password", r".*", r"(?:db|smtp|mail|user|root|admin|ftp)_?pass"),
    ("password", _opaque(6), r"pass"),
    ("private_key", r".*", r"private_?key"),
    ("api_key", r".*", r"(?:api|secret|auth|encryption|encrypt|signing|master|account|subscription|service_role)_?key"),
    ("api_key", r".*", r"access_key|secret_key_base|api_?secret_?key"),
    ("api_key", _opaque(16), r"(?:app|application|client|consumer|license|storage|deploy|service|admin)_?key"),
    ("secret", r".*", r"[a-z0-9]*secret"),
    ("token", r".*", r"(?:access|refresh|auth|id|api|bot|bearer|session|security|csrf|xsrf|oauth)_?token"),
    ("token", r".*", r"(?:personal|private|deploy)_?token"),
    ("token", _opaque(6), r"[a-z0-9]*token"),
    ("authorization", r".*", r"authorization"),
    ("cookie", r"[^=\s]{1,80}=.+", r"cookies?"),
    ("credential", _opaque(16), r"auth|credentials?|sig|(?:amz|goog|access)_?signature"),
)

NAME_ENDINGS: Final = (  # every name above ends in one of these, and so does what a `PAIR` calls its value
    *("pass", "word", "passwd", "phrase", "passcode", "pwd", "key", "key_base", "secret", "token", "authorization"),
    *("cookie", "cookies", "auth", "credential", "credentials", "sig", "signature", "value"),
)

VALUED_ENDINGS: Final = tuple(ending for ending in NAME_ENDINGS if ending != "value")

_ANYTHING: Final = re.compile(r".*", re.DOTALL)
_WORD_STARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


class Rule(NamedTuple):
    """What a name says of its value: what kind of secret it is, and what it must look like to be one."""

    kind: str
    value: re.Pattern[str]

    def gives_away(self, value: str) -> bool:
        """Whether the value under the name is a secret, and no placeholder."""
        return bool(self.value.fullmatch(value)) and not is_placeholder(value)


class Names:
    """Rows of names, ready to be looked up, and before them the `further` ones of a user."""

    def __init__(self, rows: Sequence[Row], further: "FurtherNames | None" = None) -> None:
        self.further = further
        self.gates = () if further is None else further.gates
        self._rows = tuple(
            (kind, re.compile(value, re.DOTALL), re.compile(rf"(?:.*_)?(?:{name})(?:_?\d+)?"))
            for kind, value, name in rows
        )
        self.rule_for = lru_cache(maxsize=1024)(self._rule_for)
        """The rule of a name; None where it says nothing of its value."""

    def _rule_for(self, name: str) -> Rule | None:
        if self.further is not None and "[REDACTED:" not in name:
            with suppress(KeyError):
                kind = self.further.kind_of(name)
                return Rule(kind, _ANYTHING) if kind else None
        if "[REDACTED:" in name or not name.rstrip("0123456789_-").lower().endswith(VALUED_ENDINGS):
            return None
        words = "_".join(in_snake_case(name).split("_")[-_RULE_WORDS:])
        for kind, value, pattern in self._rows:
            if pattern.fullmatch(words):
                return Rule(kind, value) if kind else None
        return None


@lru_cache(maxsize=1024)
def in_snake_case(name: str) -> str:
    """The words of a name in lower case, with `_` between them."""
    return _WORD_STARTS.sub("_", name).strip("_").lower()


BUILT_IN: Final = Names(NAMES)
