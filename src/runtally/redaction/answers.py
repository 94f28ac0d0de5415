"""Finds what only its own word tells: the code on a card, a list of recovery codes, a maiden name, `u: p:`."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from runtally.redaction.allowance import NAME_EFFORT, Allowance
from runtally.redaction.found import Found


class _Row(NamedTuple):
    """`pattern` begins with `needle`, which is in lower case, and its group `value` is the secret."""

    name: str
    needle: str
    pattern: re.Pattern[str]


_IS: Final = (
    r"(?:[ \t](?:code|number|is|was|ist|war|lautet|est|es|é|è|to|je|er|är|это|no\.?)){0,3}[ \t]?[:=#-]?[ \t]{0,2}"
)
_OPENS: Final = r"[\"'`*_«„“]{0,3}"
_CODES: Final = r"(?=[a-z-]{0,7}\d)[a-z0-9]{4,10}(?:[ -][a-z0-9]{4,10})?"
_NAMES_A_CODE: Final = (
    *("recovery codes", "backup codes", "backup-codes", "scratch codes", "rescue codes", "emergency codes"),
    *("recovery-codes", "wiederherstellungscodes", "herstelcodes", "codes de secours", "códigos de recuperación"),
    *("códigos de respaldo", "códigos de recuperação", "codici di backup", "codici di recupero", "kody zapasowe"),
    *("záložní kódy", "резервные коды", "коды восстановления", "резервні коди", "резервни кодове", "reservkoder"),
)
_NAMES_AN_ANSWER: Final = (
    *("maiden name", "security answer", "secret answer", "answer to the security question", "mädchenname"),
    *("sicherheitsantwort", "nom de jeune fille", "apellido de soltera", "nazwisko panieńskie", "девичья фамилия"),
    *("cognome da nubile", "nome de solteira", "meisjesnaam", "дівоче прізвище"),
)
_CARD_CODE: Final = rf"2?{_IS}{_OPENS}(?P<value>\d{{3,4}})(?![\w.:-])"
_LISTED: Final = (
    r"(?:[ ]?:|[ ](?:are|sind|zijn|sont|son|são|sono|to|är))?\s{1,3}"
    rf"(?P<value>(?:[-*•\d.)]{{0,3}}[ ]{{0,2}}{_CODES}[,;\n ]{{1,3}}){{0,15}}[-*•]?[ ]{{0,2}}{_CODES})(?!\w)"
)
_ANSWER: Final = (
    rf"(?i:[ ](?:is|was|ist|est|es|to|é|è))?:?[ ]{{1,2}}{_OPENS}(?P<value>[A-ZÀ-ÞА-Я][\w'-]{{2,24}})"
    r"(?=[.,!;\"'`*]|[ ]*(?:\n|\Z))"
)
_USER_AND_P: Final = r"(?i:u): [\w.@+-]{2,64}(?:[ ]?[,;/|\n][ ]{0,2}|[ ])(?i:p|pw): (?P<value>[^\s\"'`,;]{5,64})"
_ROWS: Final = (
    *(_Row("cvv", word, re.compile(rf"(?<!\w)(?i:{word}){_CARD_CODE}")) for word in ("cvv", "cvc")),
    *(_Row("recovery_codes", word, re.compile(word + _LISTED, re.IGNORECASE)) for word in _NAMES_A_CODE),
    *(_Row("secret", word, re.compile(rf"(?i:{word}){_ANSWER}")) for word in _NAMES_AN_ANSWER),
    _Row("password", "u: ", re.compile(rf"(?<!\w){_USER_AND_P}")),
)
NEEDLES: Final = tuple(row.needle for row in _ROWS)
_CODE: Final = re.compile(rf"{_CODES}(?!\w)", re.IGNORECASE)
_BY_NEEDLE: Final = {row.needle: row for row in _ROWS}


def told(text: str, lower: str, needle: str, allowance: Allowance) -> Iterator[Found]:
    """What stands behind each `needle` of `lower`, which is `text` in lower case."""
    row = _BY_NEEDLE[needle]
    at = lower.find(needle)
    while at >= 0:
        allowance.spend(NAME_EFFORT)
        if found := row.pattern.match(text, at):
            if row.name == "recovery_codes":
                for code in _CODE.finditer(text, *found.span("value")):
                    yield Found(row.name, code.start(), "said", end=code.end())
            else:
                yield Found(row.name, found.start("value"), "said", end=found.end("value"))
        at = lower.find(needle, at + 1)
