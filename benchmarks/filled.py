"""Databases full of runs, as months of work leave them: filled by the storage layer's own queries."""

import os
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.processes import PROJECT
from runtally import bootstrap
from runtally.domain.caller import NOWHERE
from runtally.domain.clock import uuid7
from runtally.domain.models import Run
from runtally.domain.usage import Counts
from runtally.storage import sqlite

RUNNING: Final = 16
"""How many of the newest runs are still going."""
_RUNS_PER_TRANSACTION: Final = 20_000
_SECONDS_BETWEEN_RUNS: Final = 20
_WORK: Final = ("Fix the flaky checkout test", "Upgrade the payment client", "Write release notes", "Triage reports")
_PLACES: Final = ("in the web shop", "in the billing service", "in the mobile app", "in the search index")
_LABELS: Final = ("bugfix", "upgrade", "docs", "triage")
_USED: Final = ("llm_calls", "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cost_nano_usd")
_STATUSES: Final = ("completed",) * 17 + ("failed", "partial", "interrupted")

Params = dict[str, Any]


def fill(database: Path, runs: int) -> list[str]:
    """Fill a new file with so many runs of two reports each; the ids of all runs, oldest first."""
    with closing(sqlite.writer(database, busy_seconds=10, clock=bootstrap.clock)) as connection:
        # Nothing here was acknowledged to anyone: should the machine stop, the file is filled anew.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -262144")
        rows = _Rows(runs, bootstrap.clock())
        for first in range(0, runs, _RUNS_PER_TRANSACTION):
            numbers = range(first, min(first + _RUNS_PER_TRANSACTION, runs))
            batch = [rows.of(number, running=number >= runs - RUNNING) for number in numbers]
            with sqlite.transaction(connection, busy_seconds=10) as tx:
                tx.execute_many("insert_run", [run for run, _, _ in batch])
                tx.execute_many("add_reported", [addition for _, addition, _ in batch])
                tx.execute_many("insert_usage_entry", [report for _, _, reports in batch for report in reports])
    # Else the first checkpoint that is measured would wait until all of this is on the disk.
    with database.open("rb") as file:
        os.fsync(file.fileno())
    return rows.run_ids


class _Rows:
    """Makes the rows of one run after the other, up to now."""

    def __init__(self, runs: int, now: int) -> None:
        self.run_ids: list[str] = []
        self._begun_at = now - runs * _SECONDS_BETWEEN_RUNS * 1_000_000
        self._now = now
        self._random = Random(runs)
        run = Run(
            run_id="",
            status="running",
            user_id="dev@example.com",
            started_at=0,
            last_seen_at=0,
        )
        origin = NOWHERE._replace(client="claude-code 2.1.0")._asdict()
        self._run = vars(run) | origin | {"start_meta_json": '{"branch":"main"}', "input": None, "input_bytes": None}
        self._run["input_truncated"] = None
        unknown = Counts()._asdict()
        self._addition = {**unknown, "reports": 2, "unpriced_calls": 0, "spans": 0, "failures": 0}
        self._report = {
            **unknown,
            **origin,
            "part": 0,
            "source": "report",
            "basis": "reported",
            "late": 0,
            "corrects": None,
            "model": "claude-opus-4",
            "provider": None,
            "cost_source": "reported",
            "priced_by": None,
            "unpriced_calls": 0,
            "prompt_preview": None,
            "attributes_json": None,
        }

    def of(self, number: int, *, running: bool) -> tuple[Params, Params, list[Params]]:
        """The parameters of `insert_run`, `add_reported` and two `insert_usage_entry`."""
        started_at = self._begun_at + number * _SECONDS_BETWEEN_RUNS * 1_000_000
        seen_at = min(self._now, started_at + self._random.randrange(5, 1_800) * 1_000_000)
        key = {"project_key": PROJECT, "run_id": uuid7(started_at, self._random.getrandbits(74))}
        self.run_ids.append(key["run_id"])
        work = f"{_WORK[number % 4]} {_PLACES[number // 4 % 4]}"
        run = {
            **self._run,
            **key,
            "agent": f"agent-{number % 11}",
            "label": _LABELS[number % 4],
            "intent": work,
            "summary": f"{work}: done in {number % 7 + 1} steps, tests pass",
            "conversation_id": f"conversation-{number // 5}",
            "started_at": started_at,
            "last_seen_at": started_at,
        }
        if not running:
            run |= {"status": self._random.choice(_STATUSES), "ended_at": seen_at, "ended_by": "agent"}
        reports = [self._report_of(key, seen_at) for _ in range(2)]
        used = {field: sum(report[field] for report in reports) for field in _USED}
        return run, {**self._addition, **key, **used, "now": seen_at}, reports

    def _report_of(self, key: Params, reported_at: int) -> Params:
        input_tokens, output_tokens = self._random.randrange(500, 40_000), self._random.randrange(50, 4_000)
        return {
            **self._report,
            **key,
            "report_id": uuid7(reported_at, self._random.getrandbits(74)),
            "reported_at": reported_at,
            "llm_calls": 3,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
            "cache_read_tokens": input_tokens // 2,
            "cost_nano_usd": input_tokens * 3_000 + output_tokens * 15_000,
        }
