"""Figures of the store alone: units of work through the ledger, against the same statements in bare `sqlite3`."""

import asyncio
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from benchmarks.calls import START, Reports, require_stored, stored
from benchmarks.filled import RUNNING, fill
from benchmarks.processes import PROJECT
from benchmarks.scale import Scale
from benchmarks.table import Goal, Row
from runtally import bootstrap
from runtally.domain.caller import NOWHERE
from runtally.domain.requests import ReportUsage, StartRun
from runtally.domain.usage import COUNTS
from runtally.domain.validation import parse
from runtally.service import reports, runs
from runtally.service.ledger import Ledger
from runtally.settings import Settings
from runtally.storage import queries, sqlite

_GOALS: Final = {1: Goal("≥", 0.5), 64: Goal("≥", 0.4)}
Statements = tuple[dict[str, Any], dict[str, Any]]
"""The parameters of the two statements that a usage report is."""


def report_usage(scale: Scale, scratch: Path) -> list[Row]:
    """`report_usage` by so many concurrent writers; the floor commits as many together."""
    return asyncio.run(_report_usage(scale, scratch))


async def _report_usage(scale: Scale, scratch: Path) -> list[Row]:
    ours, floor = OurStore(scratch / "runtally.db"), BareSqlite(scratch / "bare.db")
    rows = []
    for writers, units in scale.units_by_writers:
        our_rates, floor_rates = [], []
        await ours.units_per_second(writers, writers)
        for _ in range(scale.rounds):
            our_rates.append(await ours.units_per_second(writers, units))
            floor_rates.append(floor.units_per_second(writers, units))
        name = f"store: report_usage, {writers} writer{'s' * (writers > 1)}"
        rows.append(Row(name, median(our_rates), "units/s", median(floor_rates), _GOALS.get(writers)))
    await ours.close()
    floor.close()
    return rows


class OurStore:
    """The ledger as the doors use it, without a door."""

    def __init__(self, database: Path) -> None:
        self._settings = Settings(database=database, projects=(PROJECT,))
        self._caller = bootstrap.caller_of(self._settings)
        self._ledger: Ledger = bootstrap.open_ledger(self._settings)
        self._reports: list[Reports] = []

    async def units_per_second(self, writers: int, units: int) -> float:
        """Each writer reports on a run of its own, one report after the other."""
        while len(self._reports) < writers:
            start = parse(StartRun, START)
            started = await self._ledger.write(runs.start_run, self._caller, start)
            self._reports.append(Reports([started.run_id]))
        requests = [
            [parse(ReportUsage, one) for one in islice(own, units // writers)] for own in self._reports[:writers]
        ]
        begun = perf_counter()
        await asyncio.gather(*(self._write(own) for own in requests))
        return units / (perf_counter() - begun)

    async def _write(self, requests: Sequence[ReportUsage]) -> None:
        for request in requests:
            await self._ledger.write(reports.report_usage, self._caller, request)

    async def close(self) -> None:
        await self._ledger.close()
        require_stored(self._settings.database, *(own.sent for own in self._reports))


class BareSqlite:
    """A file with Runtally's schema and settings, and a loop that does the same statements with nothing around them."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._reports = Reports(fill(database, RUNNING))
        self._before = stored(database)
        self._connection = sqlite.writer(database, busy_seconds=10, clock=bootstrap.clock)
        self._add, self._insert = (queries.load()[name].sql({}) for name in ("add_reported", "insert_usage_entry"))

    def units_per_second(self, per_commit: int, units: int) -> float:
        prepared = [_statements(one) for one in islice(self._reports, units)]
        batches = [prepared[at : at + per_commit] for at in range(0, units, per_commit)]
        execute = self._connection.execute
        begun = perf_counter()
        for batch in batches:
            execute("BEGIN IMMEDIATE")
            for addition, report in batch:
                execute(self._add, addition).fetchall()
                execute(self._insert, report)
            execute("COMMIT")
        return units / (perf_counter() - begun)

    def close(self) -> None:
        self._connection.close()
        require_stored(self._database, self._reports.sent, before=self._before)


def _statements(arguments: dict[str, Any]) -> Statements:
    usage, now = arguments["token_usage"], bootstrap.clock()
    counts = {field: usage.get(field) for field in COUNTS}
    counts["total_tokens"] = usage["input_tokens"] + usage["output_tokens"]
    used = {**counts, "cost_nano_usd": round(usage["cost_usd"] * 1_000_000_000), "unpriced_calls": 0}
    key = {"project_key": PROJECT, "run_id": arguments["run_id"]}
    report = {
        **NOWHERE._asdict(),
        "report_id": bootstrap.new_id(),
        "part": 0,
        "reported_at": now,
        "source": "report",
        "basis": "reported",
        "late": 0,
        "corrects": None,
        "model": usage["model"],
        "provider": None,
        "cost_source": "reported",
        "priced_by": None,
        "prompt_preview": None,
        "attributes_json": None,
    }
    return {"now": now, "reports": 1, "spans": 0, "failures": 0} | used | key, report | used | key
