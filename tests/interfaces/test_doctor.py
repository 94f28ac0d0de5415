"""doctor on a file of any size: it says what it is at, ends when it is told to, and shows what was refused lately."""

import os
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
    assert not re.search("ok   (runs|integrity|references|totals)", ended.stdout)
    assert "note left out: runs, integrity, references and totals" in ended.stdout


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


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of 1,234 runs that nobody has open."""
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        run_id = client.call("record_run", agent="a", summary="first")["run_id"]
        client.close_stdin()
        assert client.wait() == 0
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = ", ".join(name for _, name, *_ in connection.execute("PRAGMA table_info(runs)"))
        values = columns.replace("run_id", "substr(run_id, 1, 31) || (10000 + n)", 1).replace("started_at", "0", 1)
        many = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1233)"
        connection.execute(
            f"{many} INSERT INTO runs ({columns}) SELECT {values} FROM runs, number WHERE run_id = ?", (run_id,)
        )
    return database


def test_how_many_runs_there_are_is_told_and_when_the_newest_was_started(ledger: Path) -> None:
    told = run("--db", str(ledger), "doctor").stdout
    assert re.search(r"\n  ok   runs: 1,234, the newest of \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z\n", told), told
    assert "1970" not in told


@pytest.mark.parametrize("content", [b"", None], ids=["0 bytes", "no table"])
def test_an_empty_file_is_told_to_hold_no_ledger_and_fails_where_it_was_named(
    content: bytes | None, tmp_path: Path
) -> None:
    database = tmp_path / "empty.db"
    if content is None:
        with closing(sqlite3.connect(database)) as connection:
            connection.executescript("CREATE TABLE t (x); DROP TABLE t; VACUUM; PRAGMA user_version = 0;")
        assert database.stat().st_size
        with database.open("r+b") as file:
            file.seek(40)
            file.write(bytes(4))  # the schema was never changed
    else:
        database.write_bytes(content)
    database.chmod(0o600)
    named, meant = run("doctor", "--db", str(database)), run("doctor", RUNTALLY_DB=str(database))
    told = "schema: none, it is an empty file without a ledger; the first call makes it"
    assert (named.returncode, meant.returncode) == (7, 0), named.stdout
    assert f"  FAIL {told}. Is it the file that you mean?\n" in named.stdout
    assert f"  ok   {told}\n" in meant.stdout


def test_a_file_that_is_not_there_fails_where_it_was_named(tmp_path: Path) -> None:
    database = str(tmp_path / "ledger.db")
    named, meant = run("--db", database, "doctor"), run("doctor", RUNTALLY_DB=database)
    assert (named.returncode, meant.returncode) == (7, 0)
    assert "  FAIL file: not there; name the file that you mean" in named.stdout
    assert "  ok   file: not there yet; it is made when the first call comes\n" in meant.stdout


def test_a_copy_that_is_in_no_journal_mode_of_ours_yet_is_well(ledger: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    copy.chmod(0o600)
    ended = run("doctor", "--db", str(copy))
    assert "  ok   journal: delete; the next server that opens it makes it wal\n" in ended.stdout
    assert ended.returncode == 0, ended.stdout


def test_what_a_damaged_file_cannot_tell_is_not_looked_at(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'runs_newest'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with ledger.open("r+b") as file:
        file.seek((root - 1) * size + size // 2)
        file.write(b"\xa5" * (size // 2))
    ended = run("--db", str(ledger), "doctor")
    assert ended.returncode == 7
    assert re.search(r"FAIL integrity: .*\.recover \| sqlite3 NEW.*built without it.*the number of runs", ended.stdout)
    for check in ("references", "totals"):
        assert f"  note {check}: not looked at, the file is damaged\n" in ended.stdout


def test_a_write_lock_that_is_held_is_told_with_how_to_find_its_holder(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = run("--db", str(ledger), "doctor", "--quick")
    assert ended.returncode == 7
    (line,) = [line for line in ended.stdout.splitlines() if "FAIL" in line]
    assert line.startswith("  FAIL write lock: held by another process for 1 s.")
    assert "`fuser FILE` or `lsof FILE`" in line
    assert "doctor" not in line


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_file_that_this_user_may_not_read_is_told_as_such(ledger: Path) -> None:
    ledger.chmod(0)
    ended = run("--db", str(ledger), "doctor")
    assert ended.returncode == 7
    assert "FAIL permissions: 0: this user may not read it; run doctor as the user who runs Runtally\n" in ended.stdout
    assert "opens" not in ended.stdout
