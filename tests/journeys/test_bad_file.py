"""A file that is not the ledger is refused untouched, and the ledger is taken up once it is back, with no restart."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.journal import Journal, refused
from tests.journeys.ledger_file import rows, value
from tests.journeys.processes import StdioClient


def garbage_header(database: Path) -> None:
    with database.open("r+b") as file:
        file.write(b"\x7fnot what it was" * 8)


def damaged_pages(database: Path) -> None:
    roots = "SELECT rootpage FROM sqlite_schema WHERE tbl_name IN ('runs', 'spans', 'receipts') AND rootpage > 0"
    pages = [page for (page,) in rows(database, roots)]
    page_bytes = value(database, "PRAGMA page_size")
    with database.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * page_bytes)
            file.write(b"\xa5" * page_bytes)


def newer_schema(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA user_version = 4000")


def another_program(database: Path) -> None:
    database.unlink()
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE runs (song TEXT)")
        connection.execute("INSERT INTO runs VALUES ('theirs')")
        connection.commit()


def a_directory(database: Path) -> None:
    database.unlink()
    database.mkdir()


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        (garbage_header, "backup"),
        (damaged_pages, "backup"),
        (newer_schema, "Upgrade Runtally"),
        (another_program, "another program"),
        (a_directory, "RUNTALLY_DB"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_cannot_be_used_is_refused_untouched_and_the_right_one_is_taken_up(
    database: Path, run_id: str, spoil: Callable[[Path], None], advice: str
) -> None:
    good = database.with_name("good")
    shutil.copy(database, good)
    spoil(database)
    spoiled = b"" if database.is_dir() else database.read_bytes()
    with StdioClient(database) as client:
        journal = Journal(client, run_id)
        for _ in range(2):
            for tool, arguments in [
                ("track_mcp", {"tool": "query"}),
                ("core_report_usage", {"run_id": run_id, "token_usage": {"input_tokens": 1}}),
                ("core_end_run", {"run_id": run_id, "status": "completed"}),
                ("get_run", {"run_id": run_id}),
                ("list_runs", {}),
            ]:
                assert advice in refused(client, tool, **arguments)
        assert database.is_dir() or database.read_bytes() == spoiled
        database.rename(database.with_name("spoiled"))
        good.rename(database)
        journal.write()
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


def test_a_file_that_is_moved_away_while_it_is_in_use_is_waited_for(database: Path, run_id: str) -> None:
    aside = database.with_name("aside.db")
    with StdioClient(database) as client, StdioClient(database) as other:
        journal = Journal(client, run_id)
        journal.write()
        database.rename(aside)
        for asked in (client, other):
            assert "Put the file back" in refused(asked, "record_run", agent="a", summary="where to?")
            assert "Put the file back" in refused(asked, "get_run", run_id=run_id)
        assert not database.exists(), "the log of the file that was moved would have been thrown away"
        aside.rename(database)
        journal.write()
        journal.assert_can_read()
        assert other.call("get_run", run_id=run_id)["run"]["totals"]["input_tokens"] == 5
        journal.assert_nothing_lost(database)


def test_a_file_that_is_replaced_while_it_is_in_use_is_not_mixed_with_the_log_of_the_first(
    database: Path, run_id: str
) -> None:
    first, backup = database.with_name("first.db"), database.with_name("backup.db")
    shutil.copy(database, backup)
    with StdioClient(database) as client:
        journal = Journal(client, run_id)
        journal.write()
        os.link(database, first)
        backup.replace(database)
        unmixed = database.read_bytes()
        for tool, arguments in [("get_run", {"run_id": run_id}), ("record_run", {"agent": "a", "summary": "which?"})]:
            assert "Put the file back" in refused(client, tool, **arguments)
        assert database.read_bytes() == unmixed
        database.rename(backup)
        first.rename(database)
        journal.write()
        journal.assert_stored(database)

        # Or else the log follows its file, and the backup is what counts from now on.
        for suffix in ("", "-wal", "-shm"):
            database.with_name(f"ledger.db{suffix}").rename(database.with_name(f"first.db{suffix}"))
        backup.rename(database)
        assert value(first, "SELECT count(*) FROM spans WHERE kind = 'mcp'") == len(journal.acknowledged)
        journal.acknowledged.clear()
        journal.write()
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


def test_a_deleted_ledger_is_begun_anew_only_when_nothing_of_it_is_left(database: Path, run_id: str) -> None:
    with StdioClient(database) as client:
        journal = Journal(client, run_id)
        journal.write()
        database.unlink()
        refused(client, "list_runs")
        assert "move its -wal and -shm files away" in refused(client, "record_run", agent="a", summary="where to?")
        with StdioClient(database) as fresh:
            for tool, arguments in [("list_runs", {}), ("record_run", {"agent": "a", "summary": "where to?"})]:
                assert "Put the file back" in refused(fresh, tool, **arguments)
        for suffix in ("-wal", "-shm"):
            database.with_name(f"ledger.db{suffix}").unlink()
        assert client.call("list_runs")["runs"] == []
        journal.acknowledged.clear()
        journal.write()
        journal.assert_nothing_lost(database)
