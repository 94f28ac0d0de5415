"""A secret counts as found only if nothing of it is left to speak of, and what else is hidden is counted too."""

from pathlib import Path

import pytest

from tests.redaction import measure
from tests.redaction.alignment import hidden_in
from tests.redaction.corpus import Case, Family, marked, strings_of


def answered(template: str, left: str) -> measure.Judged:
    one = marked(template)
    return next(measure.judge(Case("a case", one.text, (one,)), lambda _: left))


@pytest.mark.parametrize(
    ("left", "missed"),
    [
        ("pw=[REDACTED:password] x", ()),
        ("pw=correct-horse x", ("correct-horse",)),
        ("pw=[REDACTED]horse x", ()),
        ("pw=[REDACTED:a]ct-horse x", ("correct-horse",)),
        ("pw=corr[REDACTED:a]rse x", ()),
        ("pw=[REDACTED:[REDACTED:a] x", ()),
    ],
)
def test_a_secret_is_found_if_less_than_eight_characters_of_it_are_left(left, missed):
    assert answered("pw=⟪correct-horse⟫ x", left).missed == missed


@pytest.mark.parametrize(("left", "missed"), [("[REDACTED:a]er", ()), ("[REDACTED:a]ter", ("hunter",))])
def test_of_a_short_secret_less_than_half_may_be_left(left, missed):
    assert answered("⟪hunter⟫", left).missed == missed


def test_what_is_hidden_beside_a_secret_or_with_a_piece_that_must_stay_is_wrong():
    assert answered("a ⟪secret⟫ b", "[REDACTED:x] [REDACTED:y] b").wrong == ("a",)
    assert answered("⟪secret⟫ on ⟨host⟩", "[REDACTED:x]").wrong == ("secret on host",)
    assert answered("nothing here", "nothing [REDACTED:x]").wrong == ("here",)


def test_a_kept_piece_that_fits_in_several_places_is_taken_to_hide_the_secrets():
    one = marked("KEY ⟪ab\ncd\nef⟫\nKEY ⟪gh⟫\nend")
    hidden = hidden_in(one, "[REDACTED:key]\n[REDACTED:key]\nend")
    assert hidden is not None
    assert [one.text[slice(*span)] for span in hidden] == ["KEY ab\ncd\nef", "KEY gh"]


def test_an_answer_that_is_not_the_text_with_parts_replaced_is_an_error():
    for left in ("other text", "a [REDACTED:x] c d", "b [REDACTED:x]"):
        with pytest.raises(ValueError, match="not itself with parts replaced"):
            answered("a b c", left)


def test_strings_of_json_are_judged_one_by_one_with_their_keys():
    strings = tuple(marked(one) for one in ("name", "⟪anna-pw⟫", "list", "⟨kept⟩"))
    value = {"name": "anna-pw", "list": ["kept", 1, None]}
    judged = measure.judge(
        Case("a case", value, strings), lambda _: {"name": "[REDACTED:x]", "list": ["kept", 1, None]}
    )
    assert [(one.text, one.missed, one.wrong) for one in judged] == [(text, (), ()) for text in strings_of(value)]


def test_the_table_sums_up_a_family_and_stands_between_the_markers_of_a_page(tmp_path):
    body = "=== text: one\npw ⟪hunter2⟫ of ⟨anna⟩\n=== text: two\npw ⟪hunter3⟫\n"
    family = Family("one", "a title", "a source", held_out=True, body=body)
    rows = measure.table([family], redact=lambda text: text.replace("hunter2", "[REDACTED:password]"))
    assert rows == [measure.Row("one", True, "a source", 2, 28, secrets=2, found=1, wrongly_hidden=0)]
    assert (rows[0].recall, measure.recall(rows), measure.precision(rows)) == (0.5, 0.5, 1.0)
    page = tmp_path / "page.md"
    page.write_text(f"before\n{measure.START}\nold\n{measure.END}\nafter\n")
    measure.write(page, rows)
    text = page.read_text()
    assert "| one | held out | 2 | 1 | 0.500 | 0 |" in text
    assert (text.startswith("before\n"), text.endswith("\nafter\n"), "old" in text) == (True, True, False)
    page.write_text("no markers")
    with pytest.raises(ValueError, match="needs the lines"):
        measure.write(page, rows)


def test_what_was_missed_is_not_shown_of_a_held_out_family(capsys):
    with pytest.raises(SystemExit):
        measure.main(["--missed", "--family", "kubernetes"])
    assert "held out" in capsys.readouterr().err
    assert measure.main(["--family", "kubernetes"]) == 0
    assert "| kubernetes | held out |" in capsys.readouterr().out


def test_the_page_on_redaction_tells_what_is_measured():
    rows = measure.table()
    page = (Path(__file__).parents[2] / "docs" / "redaction.md").read_text(encoding="utf-8")
    told = "write it anew: python -m tests.redaction.measure --write docs/redaction.md"
    assert measure.rendered(rows) in page, told
    assert measure.recall(rows) > 0.94
    assert measure.precision(rows) > 0.98
