"""The corpora say what they mean: every secret is marked wherever it stands, and no file holds a live one."""

import pytest

from tests.redaction.corpus import Family, families, is_held_out, marked, strings_of
from tests.redaction.corpus_values import expanded

EVERY = pytest.mark.parametrize("family", families(), ids=lambda family: family.name)


def test_a_mark_is_taken_out_and_its_place_kept():
    text, secrets, stays = (one := marked("a ⟪bc⟫ ⟨d⟩")).text, one.secrets, one.stays
    assert text == "a bc d"
    assert [text[slice(*span)] for span in secrets] == ["bc"]
    assert [text[slice(*span)] for span in stays] == ["d"]


def test_the_same_seed_gives_the_same_values():
    template = "⟦base62:20⟧ ⟦uuid⟧ ⟦jwt⟧ ⟦pem:2⟧"
    assert expanded(template, "a") == expanded(template, "a") != expanded(template, "b")
    assert expanded("⟦b64!anna:pw⟧", "a") == "YW5uYTpwdw=="
    with pytest.raises(ValueError, match="no kind of value"):
        expanded("⟦vase:20⟧", "a")


@EVERY
def test_a_family_is_large_enough_or_holds_no_secret_at_all(family: Family):
    secrets = [case.secrets for case in family.cases]
    if family.name.startswith("clean-"):
        assert secrets
        assert not any(secrets)
    else:
        assert sum(secrets) >= 10


@EVERY
def test_a_secret_is_marked_wherever_it_stands_and_no_mark_is_left(family: Family):
    for case in family.cases:
        assert [one.text for one in case.strings] == list(strings_of(case.value))
        for text, secrets, _ in ((one.text, one.secrets, one.stays) for one in case.strings):
            assert not set("⟪⟫⟦⟧") & set(text), case.title
            for secret in {text[slice(*span)] for span in secrets}:
                marked_times = sum(text[slice(*span)].count(secret) for span in secrets)
                assert (len(secret) >= 5, text.count(secret)) == (True, marked_times), f"{case.title}: {secret}"


def test_about_half_of_the_families_are_held_out_and_by_their_name_alone():
    held_out = [family.name for family in families() if family.held_out]
    assert all(is_held_out(name) for name in held_out)
    assert len(families()) * 0.35 < len(held_out) < len(families()) * 0.65
