"""SQLite's own locks, seen from outside: a new SQLite that locked otherwise would be noticed here."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runtally.storage.file_lock import HeldFile, is_held, is_index_held

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has open file description locks")

HOLDS_UNTIL_TOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("SELECT * FROM sqlite_schema").fetchall()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE things (name TEXT)")
    return path


@pytest.fixture
def holder(database: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-c", HOLDS_UNTIL_TOLD, database]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        yield process
        process.kill()


def test_a_database_is_held_while_another_process_has_it_open(
    database: Path, holder: "subprocess.Popen[bytes]"
) -> None:
    index = database.with_name("ledger.db-shm")
    assert is_held(database)
    assert is_index_held(index)
    holder.kill()
    holder.wait()
    assert not is_held(database)
    assert not is_index_held(index)


def test_what_nobody_has_open_or_is_not_there_is_not_held(database: Path) -> None:
    assert not is_held(database)
    assert not is_held(database.with_name("absent"))


def test_whoever_closes_a_file_under_a_shared_lock_leaves_its_log(database: Path) -> None:
    log = database.with_name("ledger.db-wal")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("INSERT INTO things VALUES ('kept')")
        connection.commit()
        held = HeldFile(database)
        held.share()
    assert log.stat().st_size > 0
    held.close()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM things").fetchall() == [("kept",)]
    assert not log.exists()
