"""A disk, a lock or a file that fails is told in words a person can act on, loses nothing, and needs no restart once mended."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.ledger_file import assert_sound, rows, value
from tests.journeys.processes import BOUND_SECONDS, Refused, StdioClient

DRIVER_TEXT = re.compile(
    r"sqlite3|Traceback|Error\b|PRAGMA|\b(?:SELECT|INSERT|UPDATE|BEGIN|COMMIT)\b|database is locked|disk I/O|malformed"
    r"|unable to open|readonly database|not a database|is full\b.*SQLITE|/"
)
CAN_MOUNT = sys.platform == "linux" and os.geteuid() == 0


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A ledger that was closed in good order, and a run in it that is still running."""
    database = tmp_path_factory.mktemp("healthy") / "ledger.db"
    with StdioClient(database) as client:
        run_id = client.call("core_start_run", summary="before the trouble")["run_id"]
        traces = [{"name": f"step {number}", "input": "x" * 500} for number in range(200)]
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 5}, traces=traces)
        client.close_stdin()
        assert client.wait() == 0
    assert [path.name for path in database.parent.iterdir()] == ["ledger.db"], "closed, and its log moved into the file"
    return database, run_id


@pytest.fixture
def database(healthy: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copy(healthy[0], tmp_path / "ledger.db"))


@pytest.fixture
def run_id(healthy: tuple[Path, str]) -> str:
    return healthy[1]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes, of which the test is the master."""
    if not CAN_MOUNT:
        pytest.skip("only root can mount a file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=BOUND_SECONDS)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=BOUND_SECONDS)


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
            except Refused as refusal:
                assert refusal.code == "unavailable"
                return refusal.message
        pytest.fail("the disk never filled")

    def assert_can_read(self) -> None:
        assert self.client.call("get_run", run_id=self.run_id)["run"]["totals"]["input_tokens"] == 5
        assert len(self.client.call("list_runs")["runs"]) == 1

    def assert_nothing_lost(self, database: Path) -> None:
        """Neither now, nor after another process has come and gone and this one was killed."""
        with closing(sqlite3.connect(database)) as visitor:
            assert visitor.execute("SELECT count(*) FROM runs").fetchone() is not None
        assert database.with_name("ledger.db-wal").exists(), "the server lost its lock: the visitor took the log for its own"
        self.write()
        self.client.kill()
        self.assert_stored(database)
        assert "Traceback" not in self.client.stderr

    def assert_stored(self, database: Path) -> None:
        assert_sound(database)
        stored = rows(database, "SELECT span_id FROM spans WHERE kind = 'mcp' ORDER BY rowid")
        assert [span_id for (span_id,) in stored] == self.acknowledged


@contextmanager
def file_size_limit(process: int, size_bytes: int) -> Iterator[None]:
    """Any file that the process lets grow beyond the size fails to."""
    import resource

    before = resource.prlimit(process, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))
    yield
    resource.prlimit(process, resource.RLIMIT_FSIZE, before)


def test_a_full_disk_refuses_writes_until_there_is_space_and_is_read_all_the_while(
    healthy: tuple[Path, str], mounted: Path
) -> None:
    database = Path(shutil.copy(healthy[0], mounted / "ledger.db"))
    ballast = mounted / "ballast"
    ballast.write_bytes(bytes(2**20))
    with StdioClient(database) as client:
        journal = Journal(client, healthy[1])
        journal.write()
        assert "full" in journal.write_until_refused()
        for tool, arguments in [
            ("core_start_run", {"summary": "no space", "input": "x" * 60_000}),
            ("core_report_usage", {"run_id": journal.run_id, "token_usage": {}, "traces": [{"input": "x" * 60_000}]}),
            ("core_end_run", {"run_id": journal.run_id, "status": "failed", "output": "x" * 60_000}),
        ]:
            refused(client, tool, **arguments)
        journal.assert_can_read()
        ballast.unlink()
        journal.write(payload_chars=50_000)
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


@pytest.mark.skipif(sys.platform != "linux", reason="a running process can be limited on Linux alone")
def test_a_file_that_may_not_grow_refuses_writes_until_it_may(database: Path, run_id: str) -> None:
    with StdioClient(database) as client:
        journal = Journal(client, run_id)
        journal.write()
        log_bytes = database.with_name("ledger.db-wal").stat().st_size
        with file_size_limit(client.process.pid, log_bytes + 200_000):
            message = journal.write_until_refused()
            assert "disk" in message and "Nothing was recorded" in message
            journal.assert_can_read()
        journal.write(payload_chars=50_000)
        journal.assert_nothing_lost(database)


def test_a_locked_database_is_waited_for_as_long_as_was_set_and_read_meanwhile(database: Path, run_id: str) -> None:
    with StdioClient(database, RUNTALLY_BUSY_SECONDS="1") as client:
        journal = Journal(client, run_id)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            journal.assert_can_read()
            waiting = [client.send("record_run", agent="a", summary=f"waiting {number}") for number in range(3)]
            journal.assert_can_read()
            assert "another process" in refused(client, "record_run", agent="a", summary="waits too")
            for answer in waiting:
                assert answer.result(BOUND_SECONDS)["result"]["structuredContent"]["error"]["code"] == "unavailable"
            other.execute("ROLLBACK")
        journal.write()
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


def test_a_disk_that_turns_read_only_is_read_and_written_again_once_it_may_be(
    healthy: tuple[Path, str], mounted: Path
) -> None:
    database = Path(shutil.copy(healthy[0], mounted / "ledger.db"))
    with StdioClient(database) as before:
        journal = Journal(before, healthy[1])
        journal.write()
        before.kill()
    mount("-o", "remount,ro", str(mounted))
    with StdioClient(database) as client:
        journal.client = client
        assert "read-only" in refused(client, "record_run", agent="a", summary="cannot be")
        journal.assert_can_read()
        mount("-o", "remount,rw", str(mounted))
        # SQLite has opened the index of the log read-only, and the first write that fails over it makes way.
        refused(client, "record_run", agent="a", summary="not yet")
        journal.write()
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


def test_a_closed_ledger_on_a_read_only_disk_is_refused_until_its_folder_can_be_written(
    healthy: tuple[Path, str], mounted: Path
) -> None:
    database = Path(shutil.copy(healthy[0], mounted / "ledger.db"))
    mount("-o", "remount,ro", str(mounted))
    with StdioClient(database) as client:
        for tool, arguments in [("record_run", {"agent": "a", "summary": "cannot be"}), ("list_runs", {})]:
            assert "may write there" in refused(client, tool, **arguments)
        mount("-o", "remount,rw", str(mounted))
        journal = Journal(client, healthy[1])
        journal.assert_can_read()
        journal.write()
        journal.assert_nothing_lost(database)


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_file_that_this_user_may_not_write_is_read_and_written_again_once_it_may_be(database: Path, run_id: str) -> None:
    database.chmod(0o400)
    database.parent.chmod(0o500)
    try:
        with StdioClient(database) as client:
            journal = Journal(client, run_id)
            assert "read-only" in refused(client, "record_run", agent="a", summary="cannot be")
            journal.assert_can_read()
            database.parent.chmod(0o700)
            database.chmod(0o600)
            journal.write()
            journal.assert_nothing_lost(database)
    finally:
        database.parent.chmod(0o700)


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
        (newer_schema, "upgrade Runtally"),
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
