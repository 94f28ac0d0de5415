"""Twenty servers that begin with one missing database file lose nothing they acknowledged, and add up exactly."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from runtally.bootstrap import open_ledger
from runtally.domain.caller import Caller
from runtally.domain.requests import RecordRun
from runtally.service.runs import record_run
from runtally.settings import Settings
from tests.journeys.ledger_file import assert_sound, rows, value
from tests.journeys.processes import BOUND_SECONDS, ERAS, StdioClient, environment

PROCESSES = 20
REPORTS = 6
USAGE = {"input_tokens": 1_000, "output_tokens": 10, "cost_usd": 0.001, "llm_calls": 1}

Answers = dict[str, list[dict[str, Any]]]


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[list[StdioClient]]:
    folder = tmp_path / "new"
    # Whoever looks for stale runs before all have started must not find a place for the file yet.
    folder.touch()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(StdioClient(folder / "ledger.db", era=ERAS[number % 2], RUNTALLY_BUSY_SECONDS="30"))
            for number in range(PROCESSES)
        ]
        for client in clients:
            client.ask("tools/list")
        folder.unlink()
        yield clients


def play(client: StdioClient, number: int, together: threading.Barrier) -> Answers:
    """Every writing tool, from one agent; all agents begin at the same moment."""
    together.wait(BOUND_SECONDS)
    started = client.call("core_start_run", agent_id=f"agent-{number}", summary="work")
    run_id = started["run_id"]
    reports = [client.send("core_report_usage", run_id=run_id, token_usage=USAGE) for _ in range(REPORTS)]
    traces = [{"name": "search", "tool_name": "search", "duration_ms": 5, "span_id": f"{number}-traced"}]
    answers = {
        "core_report_usage": [report.result(BOUND_SECONDS)["result"]["structuredContent"] for report in reports],
        "core_record_failure": [client.call("core_record_failure", run_id=run_id, summary="no", error="E: 1")],
        "track_mcp": [client.call("track_mcp", tool="query", span_id=f"{number}-tracked", input={"x": number})],
        "record_run": [client.call("record_run", agent=f"agent-{number}", summary="logged")],
    }
    final = {"input_tokens": 1_000 * REPORTS + number, "output_tokens": 10 * REPORTS}
    ended = client.call("core_end_run", run_id=run_id, status="completed", token_usage=final, traces=traces)
    return answers | {"core_start_run": [started], "core_end_run": [ended]}


def test_twenty_servers_on_a_file_that_does_not_exist_store_every_write_exactly_once(
    clients: list[StdioClient], tmp_path: Path
) -> None:
    together = threading.Barrier(PROCESSES)
    with ThreadPoolExecutor(PROCESSES) as threads:
        played = [threads.submit(play, client, number, together) for number, client in enumerate(clients)]
        answers = [future.result(BOUND_SECONDS) for future in played]

    database = tmp_path / "new" / "ledger.db"
    assert_sound(database)
    told = {tool: [answer for one in answers for answer in one[tool]] for tool in answers[0]}
    stored = {
        ("core_start_run", "run_id"): "SELECT run_id FROM runs WHERE ended_by = 'agent'",
        ("core_report_usage", "report_id"): "SELECT report_id FROM usage_reports WHERE source = 'report'",
        ("core_record_failure", "failure_id"): "SELECT failure_id FROM failures",
        ("track_mcp", "span_id"): "SELECT span_id FROM spans WHERE kind = 'mcp'",
        ("record_run", "run_id"): "SELECT run_id FROM runs WHERE ended_by = 'record'",
    }
    for (tool, name), sql in stored.items():
        assert sorted(answer[name] for answer in told[tool]) == sorted(found for (found,) in rows(database, sql)), tool
    # The first failure is new and each other one has seen all before it, whichever process recorded it.
    assert sorted(answer["seen"] for answer in told["core_record_failure"]) == list(range(1, PROCESSES + 1))
    for number, ended in enumerate(told["core_end_run"]):
        assert ended.get("adjustment", {}).get("input_tokens", 0) == number
        assert ended["totals"] == {
            "reports": REPORTS + (number > 0),
            "llm_calls": REPORTS,
            "input_tokens": 1_000 * REPORTS + number,
            "output_tokens": 10 * REPORTS,
            "total_tokens": 1_010 * REPORTS + number,
            "cost_usd": pytest.approx(0.001 * REPORTS, abs=1e-12),
        } | ({"unpriced_calls": 1} if number else {})
    count = REPORTS * PROCESSES
    everything = (1_000 * count + sum(range(PROCESSES)), 10 * count, count * 10**6)
    for table in ("runs", "usage_reports"):
        sums = f"SELECT sum(input_tokens), sum(output_tokens), sum(cost_nano_usd) FROM {table}"
        assert rows(database, sums) == [everything]
    assert value(database, "SELECT count(*) FROM schema_migrations") == value(database, "PRAGMA user_version")
    assert database.stat().st_mode & 0o077 == 0
    assert [client.stderr for client in clients if "Traceback" in client.stderr] == []


FOLLOWER = """
import sys, time
from pathlib import Path
from runtally.storage import sqlite
for number in range(FILES):
    database = Path(sys.argv[1]) / f"{number}.db"
    sqlite.writer(database, 30, lambda: time.time_ns() // 1000).close()
    sqlite.reader(database, 30).close()
"""


def test_a_file_that_several_processes_begin_at_once_is_begun_by_one(tmp_path: Path) -> None:
    # Whoever makes a file is slower than who finds it made, so that all soon arrive at each file together.
    files = 40
    with ExitStack() as stack:
        script = FOLLOWER.replace("FILES", str(files))
        arguments = [sys.executable, "-W", "error", "-c", script, str(tmp_path)]
        followers = [
            stack.enter_context(subprocess.Popen(arguments, stderr=subprocess.PIPE, env=environment()))
            for _ in range(6)
        ]
        for follower in followers:
            stack.callback(follower.kill)
        for follower in followers:
            _, said = follower.communicate(timeout=BOUND_SECONDS)
            assert (follower.returncode, said) == (0, b"")
    for number in range(files):
        database = tmp_path / f"{number}.db"
        assert value(database, "SELECT count(*) FROM schema_migrations") == value(database, "PRAGMA user_version")


def test_a_second_ledger_in_a_process_does_not_undo_the_locks_of_the_first(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    entry = RecordRun(agent="a", summary="logged")

    async def record_in_both() -> None:
        first, second = (open_ledger(Settings(database)) for _ in range(2))
        for ledger in (first, second):
            await ledger.write(record_run, Caller(("demo",), "demo"), entry)
        # POSIX drops a process's locks on a file when it closes the file anywhere: then a visitor, believing itself
        # alone, would take the log away when it leaves.
        visit = f"import sqlite3; c = sqlite3.connect({str(database)!r}); c.execute('SELECT * FROM runs'); c.close()"
        await anyio.run_process([sys.executable, "-c", visit])
        await first.write(record_run, Caller(("demo",), "demo"), entry)
        assert database.with_name("ledger.db-wal").exists()
        assert value(database, "SELECT count(*) FROM runs") == 3
        await first.close()
        await second.close()

    anyio.run(record_in_both)
