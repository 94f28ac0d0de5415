"""A server that nobody asks anything still closes the runs whose agents are gone."""

import os
import select
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.journeys.processes import BOUND_SECONDS, StdioClient

if sys.platform == "linux":
    import fcntl


@contextmanager
def writes_in(folder: Path) -> Iterator[Callable[[], None]]:
    """What waits for somebody to write to a file in the folder."""
    ours, signals = socket.socketpair()
    ours.setblocking(False)
    signals.setblocking(False)
    watched = os.open(folder, os.O_RDONLY)
    handler = signal.signal(signal.SIGIO, lambda *_: None)
    wakeup = signal.set_wakeup_fd(signals.fileno())
    fcntl.fcntl(watched, fcntl.F_NOTIFY, fcntl.DN_MODIFY | fcntl.DN_MULTISHOT)

    def wait() -> None:
        assert select.select([ours], [], [], BOUND_SECONDS)[0], "nobody has written"
        ours.recv(4096)

    try:
        yield wait
    finally:
        os.close(watched)
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGIO, handler)
        ours.close()
        signals.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells when a file in a folder is written")
def test_a_silent_run_is_interrupted_though_nobody_looks(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database, RUNTALLY_STALE_AFTER_SECONDS="1") as client:
        client.call("core_start_run", summary="an agent that dies now")
        with closing(sqlite3.connect(database, isolation_level=None, timeout=BOUND_SECONDS)) as ledger:
            with writes_in(tmp_path) as wait_for_a_write:
                while _the_runs(ledger) == [("running", None)]:
                    wait_for_a_write()
            # Whoever writes has the lock until it is done.
            ledger.execute("BEGIN IMMEDIATE")
            assert _the_runs(ledger) == [("interrupted", "sweep")]


def _the_runs(ledger: sqlite3.Connection) -> list[tuple[str, str | None]]:
    return ledger.execute("SELECT status, ended_by FROM runs").fetchall()
