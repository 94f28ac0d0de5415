"""A payload beyond its limit is cut between characters after redaction, and the size it was sent with is kept."""

import pytest

from runtally.domain import limits
from runtally.domain.requests import StartRun, TrackMcp
from runtally.domain.validation import parse
from runtally.redaction import Redactor
from runtally.service.scrub import clip


@pytest.mark.parametrize("character", ["x", "é", "修", "😀"])
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("redact", [True, False])
def test_a_payload_is_cut_between_characters_and_keeps_its_size(character, shift, redact):
    assert limits.PAYLOAD_BYTES == 64 * 1024
    text = "-" * shift + character * 70_000
    stored = clip(parse(TrackMcp, {"tool": "search", "input": text, "output": "short"}), Redactor() if redact else None)
    as_json = f'"{text}"'
    assert stored.input is not None
    assert stored.input.size_bytes == len(as_json.encode())
    assert stored.input.truncated
    kept = stored.input.json.encode()
    assert as_json.startswith(stored.input.json)
    assert limits.PAYLOAD_BYTES - len(character.encode()) < len(kept) <= limits.PAYLOAD_BYTES
    assert stored.output is not None
    assert (stored.output.json, stored.output.size_bytes, stored.output.truncated) == ('"short"', 7, False)


def test_a_payload_of_just_the_limit_is_kept_whole():
    text = "x" * (limits.PAYLOAD_BYTES - 2)
    stored = clip(parse(StartRun, {"input": text}), Redactor())
    assert stored.input is not None
    assert (stored.input.json, stored.input.truncated) == (f'"{text}"', False)


def test_a_secret_that_the_cut_goes_through_is_not_kept_by_half():
    secret = "ghp_" + "notarealtoken0notarealtoken0notarealtok"[:36]
    for overlap in range(1, len(secret)):
        text = " " * (limits.PAYLOAD_BYTES - 1 - overlap) + secret + " " * 100
        stored = clip(parse(StartRun, {"input": text}), Redactor())
        assert stored.input is not None
        assert "ghp_" not in stored.input.json
        assert len(stored.input.json.encode()) <= limits.PAYLOAD_BYTES
