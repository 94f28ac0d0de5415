"""A disk that is full or read-only and a lock that is held are told in words one can act on, and outlived."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.journeys.journal import Journal, refused
from tests.journeys.processes import BOUND_SECONDS, StdioClient, refusal, run

if sys.platform == "linux":
    import resource

CAN_MOUNT = sys.platform == "linux" and os.geteuid() == 0


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


@contextmanager
def file_size_limit(process: int, size_bytes: int) -> Iterator[None]:
    """Any file that the process lets grow beyond the size fails to."""
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
            assert "disk" in journal.write_until_refused()
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
                assert refusal(answer.result(BOUND_SECONDS)["result"])["code"] == "unavailable"
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
            assert "read-only" in refused(client, tool, **arguments)
        mount("-o", "remount,rw", str(mounted))
        journal = Journal(client, healthy[1])
        journal.assert_can_read()
        journal.write()
        journal.assert_nothing_lost(database)


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_file_that_this_user_may_not_write_is_read_and_written_once_it_may_be(database: Path, run_id: str) -> None:
    database.chmod(0o400)
    with StdioClient(database) as client:
        journal = Journal(client, run_id)
        assert "read-only" in refused(client, "record_run", agent="a", summary="cannot be")
        journal.assert_can_read()
        # SQLite has given the log and its index, made for reading, the file's own permissions.
        database.chmod(0o600)
        journal.write()
        journal.assert_can_read()
        journal.assert_nothing_lost(database)


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_closed_ledger_in_a_folder_that_this_user_may_not_write_is_refused_until_it_may(
    database: Path, run_id: str
) -> None:
    database.parent.chmod(0o500)
    try:
        with StdioClient(database) as client:
            for tool, arguments in [("record_run", {"agent": "a", "summary": "cannot be"}), ("list_runs", {})]:
                assert "its folder" in refused(client, tool, **arguments)
            database.parent.chmod(0o700)
            journal = Journal(client, run_id)
            journal.write()
            journal.assert_can_read()
            journal.assert_nothing_lost(database)
    finally:
        database.parent.chmod(0o700)


def test_a_log_that_was_made_while_the_file_could_only_be_read_is_given_the_files_permissions(
    database: Path, run_id: str
) -> None:
    with StdioClient(database) as client:
        Journal(client, run_id).write()
        client.kill()
    companions = [database.with_name(f"ledger.db{suffix}") for suffix in ("-wal", "-shm")]
    for companion in companions:
        companion.chmod(0o400)
    checked = run("doctor", RUNTALLY_DB=str(database))
    assert "FAIL permissions: 600, but its -wal file has others" in checked.stdout
    with StdioClient(database) as client:
        client.call("record_run", agent="a", summary="goes on")
        assert [companion.stat().st_mode & 0o777 for companion in companions] == [0o600, 0o600]
