"""A cursor is read with the key it was sealed with, for the question it was made for, and only in its shape."""

import base64

import pytest

from runtally.domain.errors import InvalidInput
from runtally.service import cursors

KEY, OTHER_KEY = b"k" * 32, b"K" * 32
QUESTION = ["alpha", {"status": "failed"}]


@pytest.mark.parametrize(("position", "shape"), [([7], (int,)), ([2**53 - 1, "é"], (int, str)), ([0, ""], (int, str))])
def test_a_cursor_leads_back_to_its_position(position: list[object], shape: tuple[type, ...]) -> None:
    assert cursors.read(KEY, cursors.made(KEY, position, QUESTION), shape, QUESTION) == position


def test_a_cursor_is_read_with_its_own_key_and_for_its_own_question_alone() -> None:
    cursor = cursors.made(KEY, [7], QUESTION)
    for key, question in ((OTHER_KEY, QUESTION), (KEY, ["beta", QUESTION[1]]), (KEY, [*QUESTION, None])):
        with pytest.raises(InvalidInput, match="begin again"):
            cursors.read(key, cursor, (int,), question)


@pytest.mark.parametrize("position", [[], [1, 2], [True], [1.0], [-1], [2**53], [2**70], ["1"], [None], [[1]], [{}]])
def test_a_position_of_another_shape_is_refused_though_its_seal_is_right(position: list[object]) -> None:
    with pytest.raises(InvalidInput, match="begin again"):
        cursors.read(KEY, cursors.made(KEY, position, QUESTION), (int,), QUESTION)


@pytest.mark.parametrize("seal", ["7", '"é"', "null", '["x"]', '"\\ud800"'])
def test_a_seal_that_is_none_is_refused(seal: str) -> None:
    with pytest.raises(InvalidInput, match="begin again"):
        cursors.read(KEY, base64.urlsafe_b64encode(f"[1, {seal}]".encode()).decode(), (int,), QUESTION)


def test_a_text_longer_than_any_cursor_is_not_looked_at() -> None:
    position = ["x" * 400]
    with pytest.raises(InvalidInput, match="begin again"):
        cursors.read(KEY, cursors.made(KEY, position, QUESTION), (str,), QUESTION)
