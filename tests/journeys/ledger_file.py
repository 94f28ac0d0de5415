"""Reads the SQLite file behind the server's back, to see what was really stored."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

COUNTS = (
    "llm_calls", "input_tokens", "output_tokens", "total_tokens", "cache_read_tokens", "cache_write_tokens",
    "reasoning_tokens", "cost_nano_usd",
)  # fmt: skip


def rows(database: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """The rows of a query, read-only."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(sql, parameters).fetchall()


def value(database: Path, sql: str, *parameters: object) -> Any:
    """The only value of a query."""
    ((found,),) = rows(database, sql, *parameters)
    return found


def assert_sound(database: Path) -> None:
    """The file is whole, and whatever a run keeps as a sum is the sum of what it was reported."""
    assert value(database, "PRAGMA integrity_check") == "ok"
    assert rows(database, "PRAGMA foreign_key_check") == []
    kept = ", ".join(f"coalesce({name}, 0)" for name in (*COUNTS, "reports", "unpriced_calls"))
    summed = ", ".join(f"coalesce(sum({name}), 0)" for name in COUNTS)
    runs = rows(database, f"SELECT project_key, run_id, {kept}, span_count, failure_count FROM runs")
    reports = {row[:2]: row[2:] for row in rows(
        database,
        f"SELECT project_key, run_id, {summed}, count(DISTINCT report_id), sum(unpriced_calls) FROM usage_reports"
        " GROUP BY 1, 2",
    )}  # fmt: skip
    spans = dict.fromkeys(reports, 0) | _counted(database, "spans")
    failures = _counted(database, "failures")
    nothing = (0,) * (len(COUNTS) + 2)
    for run in runs:
        key = run[:2]
        assert run[2:] == (*reports.get(key, nothing), spans.get(key, 0), failures.get(key, 0)), f"run {key}"
    assert value(database, "SELECT coalesce(sum(seen), 0) FROM failure_groups") == value(
        database, "SELECT count(*) FROM failures"
    )


def _counted(database: Path, table: str) -> dict[tuple[str, str], int]:
    sql = f"SELECT project_key, run_id, count(*) FROM {table} WHERE run_id IS NOT NULL GROUP BY 1, 2"
    return {(project, run_id): count for project, run_id, count in rows(database, sql)}
