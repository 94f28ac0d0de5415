"""The log of a server cannot be flooded through its libraries, and keeps every line of its own."""

import logging
from collections.abc import Callable

import pytest

from runtally.cli.logs import EVERY_SECONDS, FloodFilter

Say = Callable[..., str | None]


@pytest.fixture
def say() -> Say:
    """What is written of a line that is logged at a time."""
    log = FloodFilter()

    def say(name: str, at: float, text: str = "out of %s", line: int = 1, error: Exception | None = None) -> str | None:
        raised = error and (type(error), error, None)
        record = logging.LogRecord(name, logging.ERROR, "a.py", line, text, ("files",), raised)
        record.created = at
        return record.getMessage() if log.filter(record) else None

    return say


def test_what_a_library_repeats_is_said_once_in_a_minute_with_how_often(say: Say) -> None:
    said = [say("asyncio", at) for at in (0, 1, EVERY_SECONDS - 1, EVERY_SECONDS, EVERY_SECONDS * 3)]
    assert said == ["out of files", None, None, "out of files (and 2 times since it was last said)", "out of files"]


def test_what_differs_is_said(say: Say) -> None:
    assert say("asyncio", 0, error=OSError()) == "out of files"
    assert say("asyncio", 0, error=RuntimeError()) == "out of files"
    assert say("asyncio", 0, line=2) == "out of files"
    assert say("uvicorn.error", 0) == "out of files"
    assert say("uvicorn.error", 0, text="another %s from the same place") is None


def test_a_line_that_goes_two_ways_is_decided_once() -> None:
    log = FloodFilter()
    records = [logging.LogRecord("asyncio", logging.ERROR, "a.py", 1, "again", (), None) for _ in range(3)]
    for at, record in zip((0, 1, EVERY_SECONDS), records, strict=True):
        record.created = at
    assert [[log.filter(record) for _ in range(2)] for record in records] == [[True] * 2, [False] * 2, [True] * 2]
    assert records[2].getMessage() == "again (and 1 times since it was last said)"


def test_our_own_lines_all_pass(say: Say) -> None:
    for name in ("runtally", "runtally.mcp_server.errors"):
        assert [say(name, 0) for _ in range(3)] == ["out of files"] * 3
