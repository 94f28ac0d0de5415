"""Whoever removes the -wal or the -shm file under running servers takes nothing away that was acknowledged."""

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from runtally.domain.errors import Unavailable
from runtally.storage import sqlite
from runtally.storage.file_connection import FileConnection
from runtally.storage.open_file import OpenFile
from tests.door import START
from tests.journeys.journal import refused
from tests.journeys.ledger_file import assert_sound, rows
from tests.journeys.processes import BOUND_SECONDS, Refused, StdioClient, run

WAL, SHM = "-wal", "-shm"
REMOVED = [(WAL,), (SHM,), (WAL, SHM)]
SAVED = "what it held is saved"
WRITES_AND_DIES = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE visitors AS SELECT 'theirs' AS name")
os._exit(0)
"""


class Writing:
    """A server, and what it acknowledged."""

    def __init__(self, database: Path, name: str, servers: ExitStack) -> None:
        self.client = servers.enter_context(StdioClient(database))
        self.name = name
        self.sent = 0
        self.acknowledged: set[str] = set()

    def write(self) -> None:
        self.sent += 1
        span_id = f"{self.name} {self.sent}"
        self.client.call("track_mcp", tool="query", span_id=span_id)
        self.acknowledged.add(span_id)

    def write_or_be_refused(self) -> None:
        try:
            self.write()
        except Refused as refusal:
            if refusal.code != "unavailable":
                raise

    def write_until_taken(self) -> None:
        """Who is refused while another has yet to save the log is taken again soon; each refusal takes a while."""
        before = len(self.acknowledged)
        for _ in range(20):
            self.write_or_be_refused()
            if len(self.acknowledged) > before:
                return
        pytest.fail("the server refuses every write")


def remove(database: Path, suffixes: Sequence[str]) -> None:
    for suffix in suffixes:
        database.with_name(f"{database.name}{suffix}").unlink()


def assert_stored(database: Path, *servers: Writing) -> None:
    for server in servers:
        server.client.kill()
    assert_sound(database)
    stored = {span_id for (span_id,) in rows(database, "SELECT span_id FROM spans WHERE kind = 'mcp'")}
    assert stored >= set().union(*(server.acknowledged for server in servers))


@pytest.mark.parametrize("suffixes", REMOVED)
def test_what_was_acknowledged_is_saved_before_a_call_is_refused(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        assert "was removed" in refused(one.client, "record_run", agent="a", summary="where to?")
        assert_stored(database, one)


@pytest.mark.parametrize("suffixes", REMOVED)
def test_servers_that_share_the_file_go_on_after_it(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one, other = Writing(database, "one", servers), Writing(database, "other", servers)
        one.write()
        other.write()
        remove(database, suffixes)
        for _ in range(3):
            one.write_or_be_refused()
            other.write_or_be_refused()
        one.write_until_taken()
        other.write_until_taken()
        assert_stored(database, one, other)


@pytest.mark.parametrize("suffixes", REMOVED)
def test_a_server_that_comes_later_does_not_begin_a_second_log(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        later = Writing(database, "later", servers)
        later.write_or_be_refused()
        one.write_until_taken()
        later.write_until_taken()
        assert_stored(database, one, later)


@pytest.mark.parametrize("suffixes", REMOVED)
def test_another_program_that_looks_into_the_file_meanwhile_takes_nothing_away(
    database: Path, suffixes: Sequence[str]
) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        with closing(sqlite3.connect(database)) as visitor:
            try:
                visitor.execute("SELECT count(*) FROM runs").fetchone()
            except sqlite3.OperationalError as error:
                assert "I/O" in str(error)  # noqa: PT017 - SQLite's word for an index without its log
        one.write_or_be_refused()
        one.write_until_taken()
        assert_stored(database, one)


@pytest.mark.parametrize("suffixes", [(WAL, SHM)])
def test_while_another_program_has_the_file_open_nothing_is_given_up(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        with closing(sqlite3.connect(database, isolation_level=None)) as visitor:
            visitor.execute("BEGIN")
            visitor.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            for _ in range(3):
                assert "was removed" in refused(one.client, "record_run", agent="a", summary="where to?")
        one.write_until_taken()
        assert_stored(database, one)


def test_doctor_says_it_and_begins_no_log(database: Path) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        one.client.process.send_signal(signal.SIGSTOP)  # or it would have saved everything by then
        remove(database, (WAL, SHM))
        checked = run("doctor", RUNTALLY_DB=str(database))
        assert checked.returncode == 7
        assert "FAIL opens: the -wal or -shm file of the database was removed" in checked.stdout
        assert [path.name for path in database.parent.iterdir()] == [database.name]
        one.client.process.send_signal(signal.SIGCONT)
        one.write_until_taken()
        assert_stored(database, one)


@pytest.mark.parametrize("suffixes", REMOVED)
def test_a_server_that_nobody_calls_saves_what_it_holds_by_itself(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        one.client.wait_for(SAVED)
        assert_stored(database, one)


@pytest.mark.parametrize("suffixes", REMOVED)
def test_a_server_that_ends_saves_what_it_holds(database: Path, suffixes: Sequence[str]) -> None:
    with ExitStack() as servers:
        one = Writing(database, "one", servers)
        one.write()
        remove(database, suffixes)
        one.client.close_stdin()
        assert one.client.wait() == 0
        assert_stored(database, one)


def test_a_log_that_another_program_began_meanwhile_is_left_alone(database: Path) -> None:
    with ExitStack() as servers:
        idle = Writing(database, "idle", servers)
        idle.write()
        remove(database, (WAL, SHM))
        subprocess.run([sys.executable, "-c", WRITES_AND_DIES, database], check=True, timeout=BOUND_SECONDS)
        assert "another process has begun new ones" in refused(
            idle.client, "record_run", agent="a", summary="where to?"
        )
        idle.client.close_stdin()
        assert idle.client.wait() == 0
    assert rows(database, "SELECT * FROM visitors") == [("theirs",)]
    assert_sound(database)


def test_nobody_opens_the_file_while_another_process_is_opening_it(database: Path) -> None:
    """Or else both could begin a log, and the first one take the second's for its own."""
    opened, may_go_on = threading.Event(), threading.Event()
    told: list[str] = []

    def connect(busy_seconds: float) -> sqlite3.Connection:
        connection = sqlite.writer(database, busy_seconds, lambda: START)
        opened.set()
        may_go_on.wait(BOUND_SECONDS)
        return connection

    def open_slowly() -> None:
        try:
            FileConnection(OpenFile(database), connect, "BEGIN IMMEDIATE").ready(BOUND_SECONDS)
        except Unavailable as refusal:
            told.append(refusal.message)

    opening = threading.Thread(target=open_slowly)
    opening.start()
    try:
        assert opened.wait(BOUND_SECONDS)
        remove(database, (SHM,))
        with StdioClient(database, RUNTALLY_BUSY_SECONDS="1") as other:
            assert "another process" in refused(other, "record_run", agent="a", summary="waits")
            may_go_on.set()
            opening.join(BOUND_SECONDS)
            assert "was removed" in told[0]
            other.call("record_run", agent="a", summary="goes on")
            other.kill()
    finally:
        may_go_on.set()
    assert_sound(database)
    assert rows(database, "SELECT summary FROM runs WHERE agent = 'a'") == [("goes on",)]
