"""A secret is hidden wherever a program or a header puts it, and code that only speaks of secrets is kept."""

import re

import pytest

from runtally.redaction import Redactor
from tests.unit.program_cases import KEPT, TEXTS

redact_text, redact_json = Redactor().text, Redactor().json

_MARKED = re.compile(r"«([^»]*)»")
_HIDDEN = re.compile(r"\[REDACTED:\w+\]")


@pytest.mark.parametrize("marked", TEXTS)
def test_a_secret_in_a_program_is_hidden_and_nothing_else(marked: str) -> None:
    redacted = redact_text(marked.replace("«", "").replace("»", ""))
    assert _HIDDEN.sub("◊", redacted) == _MARKED.sub("◊", marked)
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("text", KEPT)
def test_a_program_without_secrets_is_kept(text: str) -> None:
    assert redact_text(text) == text


def test_each_secret_cookie_is_hidden_on_its_own() -> None:
    header = "theme=dark; sessionid=abc123def456; lang=en; remember_me=x1y2z3x1y2z3"
    hidden = "theme=dark; sessionid=[REDACTED:cookie]; lang=en; remember_me=[REDACTED:cookie]"
    assert redact_text(f"GET / HTTP/1.1\nCookie: {header}\n") == f"GET / HTTP/1.1\nCookie: {hidden}\n"
    assert redact_json({"headers": {"Cookie": header}}) == {"headers": {"Cookie": hidden}}
    assert redact_json([{"name": "Cookie", "value": header}]) == [{"name": "Cookie", "value": hidden}]


@pytest.mark.parametrize(
    "piece",
    ['BasicAuth("a", ', "jwt.sign({", "Cookie: a=b; ", "ookie=", '"a") ?? ', "{0x1, ", "['a', ", 'set("a", forKey: '],
)
def test_a_hostile_repetition_of_code_is_finished_and_settled(piece: str) -> None:
    redacted = redact_text(piece * (16_384 // len(piece)))
    assert redact_text(redacted) == redacted
