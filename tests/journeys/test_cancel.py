"""A request that is given up in the middle of a write leaves nothing half-written and no transaction behind."""

import http.client
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.ledger_file import assert_sound, value
from tests.journeys.processes import BOUND_SECONDS, ERAS, Gone, HttpServer, Pending, StdioClient, http_call

AT_ONCE_SECONDS = 5.0
"""Less than the ten seconds for which a server waits for a lock; the rest is for a loaded machine."""
SPANS = 3


@contextmanager
def write_lock(database: Path) -> Iterator[None]:
    """Hold the lock that every writer needs."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=BOUND_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def report(run_id: str, name: str) -> dict[str, Any]:
    traces = [{"name": name, "span_id": f"{name} {number}"} for number in range(SPANS)]
    return {"run_id": run_id, "token_usage": {"input_tokens": 7}, "traces": traces}


def is_recorded(database: Path, name: str) -> bool:
    """Whether a report was recorded: as a whole, or not at all."""
    assert_sound(database)
    spans = value(database, "SELECT count(*) FROM spans WHERE name = ?", name)
    assert spans in (0, SPANS)
    return bool(spans)


@pytest.mark.parametrize("era", ERAS)
def test_a_cancelled_write_is_stored_whole_or_not_at_all_and_its_neighbour_is_stored(tmp_path: Path, era: str) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database, era=era) as client:
        run_id = client.call("core_start_run", summary="work")["run_id"]
        client.call("core_report_usage", **report(run_id, "first"))
        with write_lock(database):
            under_way = client.send("core_report_usage", **report(run_id, "under way"))
            # The answer to a later request shows that the earlier one has reached the database; it waits for no lock.
            assert client.call_within(AT_ONCE_SECONDS, "get_run", run_id=run_id)["run"]["totals"]["reports"] == 1
            waiting = client.send("core_report_usage", **report(run_id, "waiting"))
            neighbour = client.send("core_report_usage", **report(run_id, "neighbour"))
            for given_up in (under_way, waiting):
                client.notify("notifications/cancelled", {"requestId": given_up.request_id, "reason": "tired"})
            client.call("get_run", run_id=run_id)
            assert not neighbour.done()
        recorded = client.call_within(AT_ONCE_SECONDS, "core_record_failure", run_id=run_id, summary="gone on")
        assert recorded["status"] == "running"
        assert neighbour.result(AT_ONCE_SECONDS)["result"]["isError"] is False

        stored = [name for name in ("first", "under way", "waiting", "neighbour") if is_recorded(database, name)]
        assert (stored[0], stored[-1]) == ("first", "neighbour")
        assert client.call("get_run", run_id=run_id)["run"]["totals"]["reports"] == len(stored)
        # What is sent again after a cancellation counts once.
        assert client.call("core_report_usage", **report(run_id, "under way"))["totals"]["reports"] >= 3
        assert is_recorded(database, "under way")


@pytest.mark.parametrize("era", ERAS)
def test_a_client_that_vanishes_in_the_middle_of_a_request_leaves_a_whole_run_and_a_living_server(
    tmp_path: Path, era: str
) -> None:
    database = tmp_path / "ledger.db"
    with HttpServer(database, project="demo") as server:
        address = urlsplit(server.url).netloc

        def send(tool: str, arguments: dict[str, Any], seconds: float = BOUND_SECONDS) -> http.client.HTTPConnection:
            headers, body = http_call(tool, arguments, era)
            connection = http.client.HTTPConnection(address, timeout=seconds)
            connection.request("POST", "/mcp", body, headers)
            return connection

        def call(tool: str, arguments: dict[str, Any], seconds: float = BOUND_SECONDS) -> dict[str, Any]:
            with closing(send(tool, arguments, seconds)) as connection:
                answer = json.load(connection.getresponse())["result"]
            assert answer["isError"] is False, answer
            content: dict[str, Any] = answer["structuredContent"]
            return content

        run_id = call("core_start_run", {"summary": "work"})["run_id"]
        call("core_report_usage", report(run_id, "first"))
        with write_lock(database):
            vanishing = [send("core_report_usage", report(run_id, name)) for name in ("one", "two", "three")]
            assert call("get_run", {"run_id": run_id})["run"]["totals"]["reports"] == 1
            for connection in vanishing:
                connection.close()
            assert call("get_run", {"run_id": run_id})["run"]["totals"]["reports"] == 1
        failure = {"run_id": run_id, "summary": "gone on"}
        assert call("core_record_failure", failure, AT_ONCE_SECONDS)["status"] == "running"
        stored = [name for name in ("first", "one", "two", "three") if is_recorded(database, name)]
        assert call("get_run", {"run_id": run_id})["run"]["totals"]["reports"] == len(stored)
        assert "Traceback" not in server.stderr


def test_the_end_of_input_in_the_middle_of_a_write_ends_the_server_soon_and_leaves_a_whole_run(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client, StdioClient(database) as other:
        run_id = client.call("core_start_run", summary="work")["run_id"]
        client.call("core_report_usage", **report(run_id, "first"))
        other.call("list_runs")
        with write_lock(database):
            unanswered: list[Pending] = [
                client.send("core_report_usage", **report(run_id, name)) for name in ("one", "two", "three")
            ]
            client.call("get_run", run_id=run_id)
            client.close_stdin()
            assert client.wait(AT_ONCE_SECONDS) == 0
        for answer in unanswered:
            error = answer.exception(BOUND_SECONDS)
            assert isinstance(error, Gone) or "error" in answer.result()
        assert other.call("core_record_failure", run_id=run_id, summary="gone on")["status"] == "running"
        stored = [name for name in ("first", "one", "two", "three") if is_recorded(database, name)]
        assert other.call("get_run", run_id=run_id)["run"]["totals"]["reports"] == len(stored)
        assert "Traceback" not in client.stderr
