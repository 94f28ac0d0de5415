"""However a host ends its stdio server, the process ends by itself, soon, with nothing half-written."""

import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import tty
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.journeys.ledger_file import assert_sound, rows
from tests.journeys.processes import LEGACY, Gone, Pending, Process, StdioClient, command, environment
from tests.journeys.test_cancel import SPANS, report, write_lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

EXIT_SECONDS = 10.0
"""The promise is a second; the rest is for a loaded machine."""


def end_of_input(server: Process) -> None:
    server.close_stdin()


def interrupt(server: Process) -> None:
    """As Claude Code does it: stdin stays open."""
    server.process.send_signal(signal.SIGINT)


def terminate(server: Process) -> None:
    server.process.send_signal(signal.SIGTERM)


def end_of_input_and_terminate(server: Process) -> None:
    """As Codex does it."""
    server.close_stdin()
    server.process.send_signal(signal.SIGTERM)


def interrupt_twice(server: Process) -> None:
    server.process.send_signal(signal.SIGINT)
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGINT)


End = Callable[[Process], None]
ENDS: dict[End, set[int]] = {
    end_of_input: {0},
    interrupt: {130},
    terminate: {143},
    end_of_input_and_terminate: {0, 143},  # by what was heard first
    interrupt_twice: {130, 143},  # signals have no order
}

each_end = pytest.mark.parametrize(("end", "codes"), ENDS.items(), ids=[end.__name__ for end in ENDS])


def started(client: StdioClient) -> str:
    run_id: str = client.call("core_start_run", summary="work")["run_id"]
    client.call("core_report_usage", **report(run_id, "first"))
    return run_id


def assert_closed(database: Path) -> None:
    """The log is folded into a sound file, and the lock is free."""
    assert not database.with_name(database.name + "-wal").exists()
    with sqlite3.connect(database, timeout=0) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    connection.close()
    assert_sound(database)


def stored_names(database: Path) -> set[str]:
    """The reports that were stored, each of them whole."""
    counts = rows(database, "SELECT name, count(*) FROM spans GROUP BY name")
    assert {count for _, count in counts} == {SPANS}
    (reports,) = rows(database, "SELECT count(*) FROM usage_reports")
    assert reports == (len(counts),)
    return {name for name, _ in counts}


def acknowledged(answer: Pending) -> bool:
    """Whether an answer says that the call is stored. The others are errors, or were never written."""
    try:
        told = answer.result(EXIT_SECONDS)
    except Gone:
        return False
    return "result" in told and not told["result"]["isError"]


def test_no_signal_cuts_the_end_short(tmp_path: Path) -> None:
    """They come until the process is gone, so one of them comes while the interpreter ends."""
    with StdioClient(tmp_path / "ledger.db") as client:
        started(client)
        client.close_stdin()
        for _ in range(10_000):
            client.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                client.process.wait(0.001)
                break
        assert client.wait(EXIT_SECONDS) in {0, 143}
    assert "Traceback" not in client.stderr


@each_end
def test_an_idle_server_ends_and_closes_its_database(tmp_path: Path, end: End, codes: set[int]) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        started(client)
        end(client)
        assert client.wait(EXIT_SECONDS) in codes
    assert "Traceback" not in client.stderr
    assert_closed(database)
    assert stored_names(database) == {"first"}


@each_end
def test_what_was_acknowledged_is_stored_and_what_was_not_is_whole(tmp_path: Path, end: End, codes: set[int]) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        run_id = started(client)
        names = [f"report {number}" for number in range(200)]
        answers = {name: client.send("core_report_usage", **report(run_id, name)) for name in names}
        answers[names[0]].result(EXIT_SECONDS)
        end(client)
        assert client.wait(EXIT_SECONDS) in codes
        kept = {name for name, answer in answers.items() if acknowledged(answer)}
    assert "Traceback" not in client.stderr
    assert_closed(database)
    assert kept | {"first"} <= stored_names(database)


@each_end
def test_a_write_that_waits_for_another_process_is_given_up(tmp_path: Path, end: End, codes: set[int]) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        run_id = started(client)
        with write_lock(database):
            waiting = [client.send("core_report_usage", **report(run_id, name)) for name in ("one", "two", "three")]
            # The answer to a later request shows that the earlier ones wait; it waits for no lock.
            client.call("get_run", run_id=run_id)
            end(client)
            assert client.wait(EXIT_SECONDS) in codes
        assert not any(acknowledged(answer) for answer in waiting)
    assert "Traceback" not in client.stderr
    assert_sound(database)
    assert stored_names(database) == {"first"}


@each_end
def test_a_large_call_that_is_being_redacted_is_given_up(tmp_path: Path, end: End, codes: set[int]) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database, era=LEGACY) as client:
        run_id = started(client)
        steps = [{"name": "large", "output": "token_count=4 name: x, rows=[1, 2] # fine " * 1_400} for _ in range(60)]
        large = client.send("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1}, traces=steps)
        client.ask("ping")
        end(client)
        assert client.wait(EXIT_SECONDS) in codes
        kept = acknowledged(large)
    assert "Traceback" not in client.stderr
    assert_closed(database)
    assert rows(database, "SELECT count(*) FROM spans WHERE name = 'large'") in ([(60,)], [(0,)])
    assert not kept or rows(database, "SELECT count(*) FROM usage_reports") == [(2,)]


@each_end
def test_a_client_that_does_not_read_does_not_keep_the_server(tmp_path: Path, end: End, codes: set[int]) -> None:
    database = tmp_path / "ledger.db"
    with Process("--db", str(database), RUNTALLY_PROJECT_KEY="demo") as server:
        hello = b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
        server.stdin.write(hello + b'"capabilities":{},"clientInfo":{"name":"deaf","version":"1"}}}\n')
        for number in range(1, 20):
            server.stdin.write(b'{"jsonrpc":"2.0","id":%d,"method":"tools/list"}\n' % number)
        server.stdin.flush()
        assert server.process.stdout is not None
        os.read(server.process.stdout.fileno(), 1)
        end(server)
        assert server.wait(EXIT_SECONDS) in codes
    assert "Traceback" not in server.stderr


@each_end
def test_a_file_that_another_process_does_not_let_be_opened_keeps_nobody(
    tmp_path: Path, end: End, codes: set[int]
) -> None:
    database = tmp_path / "ledger.db"
    with (
        closing(sqlite3.connect(database, isolation_level=None)) as holder,
        StdioClient(database, RUNTALLY_BUSY_SECONDS="600") as server,
    ):
        holder.execute("BEGIN EXCLUSIVE")
        server.ask("server/discover")
        server.send("core_start_run", summary="waits")
        server.ask("server/discover")
        end(server)
        assert server.wait(EXIT_SECONDS) in codes
        assert database.stat().st_size == 0


def test_a_terminal_that_somebody_made_one_that_does_not_block_is_waited_for(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    os.set_blocking(theirs, False)
    process = subprocess.Popen(
        command("--db", str(tmp_path / "ledger.db")), stdin=theirs, stdout=subprocess.PIPE, env=environment()
    )
    try:
        assert process.stdout is not None
        for number in (1, 2):
            os.write(ours, b'{"jsonrpc":"2.0","id":%d,"method":"server/discover"}\n' % number)
            assert json.loads(process.stdout.readline())["id"] == number
        process.send_signal(signal.SIGTERM)
        assert process.wait(EXIT_SECONDS) == 143
        process.stdout.close()
    finally:
        process.kill()
        process.wait(EXIT_SECONDS)
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_terminal_that_says_no_more_does_not_keep_the_server(tmp_path: Path, number: int) -> None:
    """A thread is left in a read that never ends."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    process = subprocess.Popen(
        command("--db", str(tmp_path / "ledger.db")), stdin=theirs, stdout=subprocess.PIPE, env=environment()
    )
    try:
        assert process.stdout is not None
        os.write(ours, b'{"jsonrpc":"2.0","id":1,"method":"server/discover"}\n{"jsonrpc":"2.0","id":2,')
        assert json.loads(process.stdout.readline())["id"] == 1
        process.send_signal(number)
        assert process.wait(EXIT_SECONDS) == 128 + number
        assert process.stdout.read() == b""
        process.stdout.close()
    finally:
        process.kill()
        process.wait(EXIT_SECONDS)
        os.close(ours)
        os.close(theirs)
