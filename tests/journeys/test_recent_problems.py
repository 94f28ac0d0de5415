"""A refusal is in the database a few seconds after it was given, whichever door it was given at."""

import sqlite3
import sys
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.processes import BOUND_SECONDS, HttpServer, Refused, StdioClient, http_call, run
from tests.journeys.test_sweep import writes_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells when a file in a folder is written")


def refused_over_stdio(database: Path, wait_until_stored: Callable[[], None]) -> None:
    with StdioClient(database) as client:
        client.call("core_start_run")
        with pytest.raises(Refused):
            client.call("list_runs", wrong=1)
        wait_until_stored()


def refused_over_http(database: Path, wait_until_stored: Callable[[], None]) -> None:
    with HttpServer(database, project="alpha") as server:
        for tool, arguments in (("core_start_run", {}), ("list_runs", {"wrong": 1})):
            headers, body = http_call(tool, arguments)
            request = urllib.request.Request(server.url, body, headers)
            with urllib.request.urlopen(request, timeout=BOUND_SECONDS) as answer:
                assert answer.status == 200
        wait_until_stored()


@pytest.mark.parametrize(("refuse", "door"), [(refused_over_stdio, "stdio"), (refused_over_http, "http")])
def test_a_refusal_is_stored_behind_and_outlives_a_server_that_is_killed(refuse, door: str, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"

    def wait_until_stored() -> None:
        with closing(sqlite3.connect(database, isolation_level=None, timeout=BOUND_SECONDS)) as ledger:
            problems = lambda: ledger.execute("SELECT code, tool, door FROM recent_problems").fetchall()  # noqa: E731
            with writes_in(tmp_path) as wait_for_a_write:
                while not problems():  # the log may be moved into the file first
                    wait_for_a_write()
            # Whoever writes has the lock until it is done.
            ledger.execute("BEGIN IMMEDIATE")
            assert problems() == [("invalid", "list_runs", door)]

    refuse(database, wait_until_stored)
    assert f"invalid list_runs ({door})\n" in run("--db", str(database), "doctor", "--quick").stdout
