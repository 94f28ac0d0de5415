"""`kill -9` at any moment loses nothing that was acknowledged and doubles nothing that is sent again."""

import itertools
import random
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.journeys.ledger_file import assert_sound, rows
from tests.journeys.processes import BOUND_SECONDS, Gone, StdioClient, outcome

KILLS = 16
AGENTS = 6
ANSWERS_BEFORE_KILL_MAX = 60
FINAL_EXTRA_TOKENS = 1_000
MARKED = {
    "core_start_run": "SELECT intent FROM runs WHERE coalesce(ended_by, '') <> 'record'",
    "core_report_usage": "SELECT input_tokens FROM usage_reports WHERE source = 'report'",
    "core_record_failure": "SELECT summary FROM failures",
    "track_mcp": "SELECT span_id FROM spans WHERE kind = 'mcp'",
    "record_run": "SELECT summary FROM runs WHERE ended_by = 'record'",
    "core_end_run": "SELECT summary FROM runs WHERE ended_by = 'agent'",
}
"""For each tool the column that holds the mark of a write, which no two writes share."""


@dataclass
class Write:
    """One call that can be sent again, and what it was answered."""

    tool: str
    mark: Any
    arguments: dict[str, Any]
    answer: dict[str, Any] | None = None


class Agents:
    """Play scripts against a server from several threads, and count the answers."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._answered = threading.Condition()
        self._answers = 0
        self.scripts: list[list[Write]] = []

    def write_scripts(self, count: int) -> list[list[Write]]:
        scripts = [self._script() for _ in range(count)]
        self.scripts += scripts
        return scripts

    def _script(self) -> list[Write]:
        run_id = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        name = f"run {next(self._numbers)}"
        own_key = {"idempotency_key": run_id} if self._random.random() < 0.5 else {}
        reports = list(itertools.islice(self._numbers, self._random.randint(1, 4)))
        number = next(self._numbers)
        final = {"input_tokens": sum(reports) + FINAL_EXTRA_TOKENS, "output_tokens": len(reports)}
        end = {"run_id": run_id, "status": "completed", "summary": f"end {name}", "token_usage": final}
        failure = {"run_id": run_id, "summary": f"failure {number}", "error": "E: 1", "idempotency_key": f"f{number}"}
        record = {"agent": "a", "summary": f"record {number}", "idempotency_key": f"r{number}"}
        track = {"tool": "query", "span_id": f"tracked {number}", "input": {"n": number}}
        return [
            Write("core_start_run", name, {"run_id": run_id, "summary": name, **own_key}),
            *(Write("core_report_usage", report, _report(run_id, report)) for report in reports),
            Write("core_record_failure", failure["summary"], failure),
            Write("track_mcp", track["span_id"], track),
            Write("record_run", record["summary"], record),
            Write("core_end_run", end["summary"], end),
        ]

    def play(self, client: StdioClient, scripts: Iterator[list[Write]]) -> None:
        """Script after script, until there is none or the server is gone; the reports of a run go out at once."""
        for script in scripts:
            for _, writes in itertools.groupby(script, key=lambda write: write.tool):
                sent = [(write, client.send(write.tool, **write.arguments)) for write in writes]
                try:
                    for write, answer in sent:
                        self._note(write, outcome(answer))
                except Gone:
                    return

    def _note(self, write: Write, answer: dict[str, Any]) -> None:
        with self._answered:
            write.answer = answer
            self._answers += 1
            self._answered.notify_all()

    def kill_at_random(self, client: StdioClient) -> None:
        """Have all agents work on the server, and kill it in the midst."""
        scripts = iter(self.write_scripts(AGENTS * 6))
        shared = iter(lambda: next(scripts, []), [])
        enough = self._answers + self._random.randint(0, ANSWERS_BEFORE_KILL_MAX)
        with ThreadPoolExecutor(AGENTS) as threads:
            playing = [threads.submit(self.play, client, shared) for _ in range(AGENTS)]
            with self._answered:
                reached = self._answered.wait_for(lambda: self._answers >= enough, BOUND_SECONDS)
            client.kill()
            for agent in playing:
                agent.result(BOUND_SECONDS)
        assert reached

    def acknowledged(self) -> list[Write]:
        return [write for script in self.scripts for write in script if write.answer is not None]


def _report(run_id: str, number: int) -> dict[str, Any]:
    usage = {"input_tokens": number, "output_tokens": 1, "cost_usd": 0.001}
    traces = [{"name": "step", "span_id": f"step {number}"}]
    return {"run_id": run_id, "token_usage": usage, "traces": traces, "idempotency_key": f"u{number}"}


def assert_acknowledged_once(database: Path, writes: list[Write]) -> None:
    assert_sound(database)
    for tool, sql in MARKED.items():
        stored = Counter(mark for (mark,) in rows(database, sql))
        assert set(stored.values()) <= {1}, f"{tool}: recorded twice"
        lost = {write.mark for write in writes if write.tool == tool} - stored.keys()
        assert not lost, f"{tool}: acknowledged and lost"


def test_what_was_acknowledged_survives_every_kill_and_what_is_sent_again_counts_once(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    agents = Agents(seed=20261121)
    with ExitStack() as stack:
        for kill in range(KILLS):
            client = stack.enter_context(StdioClient(database))
            client.call("list_runs", limit=1)
            assert_acknowledged_once(database, agents.acknowledged())
            if kill == KILLS // 2:
                # From here on another server keeps the file open: a new one finds a log in use, not a log to recover.
                survivor = stack.enter_context(StdioClient(database))
                agents.play(survivor, iter(agents.write_scripts(1)))
            agents.kill_at_random(client)
        agents.play(survivor, iter(agents.write_scripts(1)))
        assert all(write.answer for write in agents.scripts[-1])
    acknowledged = agents.acknowledged()
    everything = [write for script in agents.scripts for write in script]
    assert KILLS < len(acknowledged) < len(everything)

    before = {write.mark: write.answer for write in acknowledged}
    with StdioClient(database) as client, ThreadPoolExecutor(AGENTS) as threads:
        assert_acknowledged_once(database, acknowledged)
        for again in [threads.submit(agents.play, client, iter(agents.scripts[n::AGENTS])) for n in range(AGENTS)]:
            again.result(BOUND_SECONDS)
        for write in everything:
            assert write.answer is not None, f"{write.tool} was not answered again"
            if earlier := before.get(write.mark):
                assert write.answer.get("duplicate") or write.answer.get("created") is False, write
                same = ("run_id", "report_id", "failure_id", "span_id", "ended_at", "adjustment")
                assert [write.answer.get(name) for name in same] == [earlier.get(name) for name in same]
    assert_acknowledged_once(database, everything)
    reports = [write.mark for write in everything if write.tool == "core_report_usage"]
    sums = "sum(input_tokens), sum(output_tokens), sum(cost_nano_usd), sum(span_count), sum(failure_count), count(*)"
    runs = len(agents.scripts)
    tokens = sum(reports) + FINAL_EXTRA_TOKENS * runs
    count = len(reports)
    assert rows(database, f"SELECT {sums} FROM runs WHERE ended_by = 'agent'") == [
        (tokens, count, count * 10**6, count, runs, runs)
    ]
