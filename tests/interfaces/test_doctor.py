"""doctor on a file of any size: it says what it is at, ends when it is told to, and shows what was refused lately."""

import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.processes import BOUND_SECONDS, HttpServer, Process, Refused, StdioClient, run

NOWHERE = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
ENDLESS = """
DROP VIEW usage_sums;
CREATE VIEW usage_sums AS WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number)
SELECT 'a' AS project_key, 'b' AS run_id, 'reported' AS basis, n AS reports FROM number;
"""


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A ledger whose totals take for ever to be added up, as if it were very large."""
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        client.call("core_start_run", summary="large")
        client.close_stdin()
        assert client.wait() == 0
    with closing(sqlite3.connect(database)) as connection:
        columns = [name for _, name, *_ in connection.execute("PRAGMA table_info(usage_sums)")]
        endless = "".join(f", NULL AS {name}" for name in columns[4:])
        connection.executescript(ENDLESS.replace(" FROM number;", f"{endless} FROM number;"))
    return database


def test_what_takes_long_is_told_and_ends_at_once_with_ctrl_c(endless: Path) -> None:
    with Process("--db", str(endless), "doctor") as doctor:
        doctor.wait_for("runtally: checking totals\n")
        doctor.process.send_signal(signal.SIGINT)
        assert doctor.wait(BOUND_SECONDS) == 130
        assert doctor.stderr == "runtally: checking totals\n"


def test_a_quick_look_leaves_out_what_looks_through_the_whole_file_and_says_so(endless: Path) -> None:
    ended = run("--db", str(endless), "doctor", "--quick")
    assert (ended.returncode, ended.stderr) == (0, "")
    for check in ("permissions", "disk", "write-ahead log", "schema", "journal", "write lock"):
        assert f"  ok   {check}: " in ended.stdout
    assert not re.search("ok   (integrity|references|totals)", ended.stdout)
    assert "note left out: integrity, references and totals" in ended.stdout


def test_what_was_refused_lately_is_shown_without_what_was_sent(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    assert "note recent problems: none\n" in run("--db", str(database), "doctor").stdout
    with StdioClient(database) as client:
        with pytest.raises(Refused):
            client.call("list_runs", secret_argument=1)
        client.close_stdin()
        assert client.wait() == 0
        assert client.stderr.count("\n") == 1
    with HttpServer(database, project="alpha") as server:
        ended = run("--db", str(database), "doctor", "--quick")
        assert "\n  note recent problems, newest first:\n" in ended.stdout
        server.process.terminate()
        server.wait()
    assert ended.returncode == 0
    shown = ended.stdout.partition("newest first:\n")[2].splitlines()
    assert len(shown) == 1
    assert re.fullmatch(r" {7}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z invalid list_runs \(stdio\)", shown[0])
    assert "secret_argument" not in ended.stdout


def test_the_newest_20_problems_are_shown_with_the_references_of_the_internal_ones(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    run("--db", str(database), "keys", "create", "--project", "alpha", "--role", "read")
    with closing(sqlite3.connect(database)) as connection, connection:
        for number in range(25):
            problem = (f"{number:036}", number * 1_000_000, "internal", "http", f"tool_{number}", f"ref{number}")
            connection.execute("INSERT INTO recent_problems VALUES (?, ?, ?, ?, ?, ?)", problem)
    shown = run("--db", str(database), "doctor", "--quick").stdout.partition("newest first:\n")[2].splitlines()
    assert len(shown) == 20
    assert shown[0] == "       1970-01-01T00:00:24Z internal tool_24 (http), reference ref24"
    assert shown[-1] == "       1970-01-01T00:00:05Z internal tool_5 (http), reference ref5"


def test_problems_of_a_file_that_is_damaged_are_told_to_be_out_of_reach(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    database.write_bytes(b"not a database" * 1_000)
    ended = run("--db", str(database), "doctor")
    assert ended.returncode == 7
    assert "note recent problems: they cannot be read; the database file is damaged" in ended.stdout
