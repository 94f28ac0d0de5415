"""What a name gives away is found in every manner of writing, to its end; what only looks so is kept."""

import re

import pytest

from runtally.redaction import Redactor
from tests.unit.assignment_cases import KEPT, TEXTS

redact_text = Redactor().text

_MARKED = re.compile(r"«([^»]*)»")
_HIDDEN = re.compile(r"\[REDACTED:\w+\]")


def _plain(marked: str) -> str:
    return marked.replace("«", "").replace("»", "")


@pytest.mark.parametrize("marked", TEXTS)
def test_what_a_name_gives_away_is_hidden_to_its_end_and_nothing_else(marked: str) -> None:
    redacted = redact_text(_plain(marked))
    assert _HIDDEN.sub("◊", redacted) == _MARKED.sub("◊", marked)
    assert redact_text(redacted) == redacted


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_is_kept(text: str) -> None:
    assert redact_text(text) == text


@pytest.mark.parametrize("marked", TEXTS)
def test_a_value_is_hidden_in_the_midst_of_other_lines(marked: str) -> None:
    text = f"The first line says nothing.\n\n{_plain(marked)}\n\nNeither does the last."
    redacted = redact_text(text)
    assert [secret for secret in _MARKED.findall(marked) if secret in redacted] == []
    assert redacted.startswith("The first line says nothing.\n")
    assert redacted.endswith("\nNeither does the last.")


@pytest.mark.parametrize("value", ["ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)", "{cipher}6829b4a1f0"])
def test_an_encrypted_value_is_hidden_as_it_may_be_broken_at_leisure(value: str) -> None:
    assert value not in redact_text(f"db.password={value}")


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "password%3D",
            "password,b\n",
            "|password|b\n",
            "| password | b |\n",
            "a,b\n",
            "<password>",
            "&lt;password&gt;",
        ),
        *(
            '"password", ',
            'password("',
            'setPassword("',
            "password: |\n",
            "password:\n ",
            "passwords:\n- ",
            "password=<<A\n",
        ),
        *("the password for a is ", "with password a1 ", "ENV DB_PASSWORD ", "密码是", "password '", "IDENTIFIED BY "),
        *(";password=a", 'password="""', "password = a b\n", "password: «", "key=password value=", "password\\\n"),
    ],
)
def test_a_hostile_repetition_is_finished_and_settled(piece: str) -> None:
    redacted = redact_text(piece * (16_384 // len(piece)))
    assert redact_text(redacted) == redacted
