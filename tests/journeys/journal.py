"""What a client writes while something is wrong, so that nothing of it can be lost unseen."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.ledger_file import assert_sound, rows
from tests.journeys.processes import Refused, StdioClient

DRIVER_TEXT = re.compile(
    r"sqlite3|Traceback|Error\b|PRAGMA|\b(?:SELECT|INSERT|UPDATE|BEGIN|COMMIT)\b|database is locked|disk I/O|malformed"
    r"|unable to open|readonly database|not a database|is full\b.*SQLITE|/"
)


def refused(client: StdioClient, tool: str, /, **arguments: Any) -> str:
    """The message of a tool that cannot work now, fit for a person's eyes."""
    with pytest.raises(Refused) as refusal:
        client.call(tool, **arguments)
    assert refusal.value.code == "unavailable", refusal.value
    message = refusal.value.message
    assert not DRIVER_TEXT.search(message), message
    assert "Nothing was recorded" in message or "upgrade" in message or "another file" in message, message
    return message


class Journal:
    """Writes calls that can be recognised in the file, and remembers which were acknowledged."""

    def __init__(self, client: StdioClient, run_id: str) -> None:
        self.client = client
        self.run_id = run_id
        self.acknowledged: list[str] = []

    def write(self, payload_chars: int = 10) -> None:
        name = f"span {len(self.acknowledged)}"
        arguments = {"tool": "query", "span_id": name, "input": "x" * payload_chars}
        # The same id again after a refusal: what was refused was not recorded.
        assert "duplicate" not in self.client.call("track_mcp", **arguments)
        self.acknowledged.append(name)

    def write_until_refused(self) -> str:
        for _ in range(400):
            try:
                self.write(payload_chars=50_000)
            except Refused:
                # It stays so; what the refusal says is looked at in the next one.
                name = f"span {len(self.acknowledged)}"
                return refused(self.client, "track_mcp", tool="query", span_id=name, input="x" * 50_000)
        pytest.fail("the disk never filled")

    def assert_can_read(self) -> None:
        assert self.client.call("get_run", run_id=self.run_id)["run"]["totals"]["input_tokens"] == 5
        assert len(self.client.call("list_runs")["runs"]) == 1

    def assert_nothing_lost(self, database: Path) -> None:
        """Neither now, nor after another process has come and gone and this one was killed."""
        with closing(sqlite3.connect(database)) as visitor:
            assert visitor.execute("SELECT count(*) FROM runs").fetchone() is not None
        assert database.with_name("ledger.db-wal").exists(), "the server lost its lock: the visitor took the log away"
        self.write()
        self.client.kill()
        self.assert_stored(database)
        assert "Traceback" not in self.client.stderr

    def assert_stored(self, database: Path) -> None:
        assert_sound(database)
        stored = rows(database, "SELECT span_id FROM spans WHERE kind = 'mcp' ORDER BY rowid")
        assert [span_id for (span_id,) in stored] == self.acknowledged
