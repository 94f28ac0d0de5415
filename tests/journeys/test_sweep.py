"""A server that nobody asks anything still closes the runs whose agents are gone."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.journeys.processes import StdioClient

ENOUGH_SECONDS = 30


def test_a_silent_run_is_interrupted_though_nobody_looks(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database, RUNTALLY_STALE_AFTER_SECONDS="1") as client:
        client.call("core_start_run", summary="an agent that dies now")
        deadline = time.monotonic() + ENOUGH_SECONDS
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as ledger:
            while _the_run(ledger) == ("running", None) and time.monotonic() < deadline:
                pass
            assert _the_run(ledger) == ("interrupted", "sweep")


def _the_run(ledger: sqlite3.Connection) -> tuple[str, str | None]:
    row: tuple[str, str | None] = ledger.execute("SELECT status, ended_by FROM runs").fetchone()
    return row
