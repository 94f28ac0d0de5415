"""The calls that are made, and what they must add up to in the database afterwards."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count, cycle
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from benchmarks.processes import PROJECT, BenchmarkError, Refused

# The arguments are those of OpRelay's documented example.
START: Final[dict[str, Any]] = {"agent_id": "deploy-agent", "summary": "Deploying rate limiter to staging"}
FINAL_USAGE: Final[dict[str, Any]] = {
    "input_tokens": 12_400,
    "output_tokens": 3_200,
    "cost_usd": 0.042,
    "model": "claude-opus-4",
    "llm_calls": 7,
}
END: Final[dict[str, Any]] = {
    "status": "completed",
    "summary": "Rate limiter deployed and verified in staging",
    "token_usage": FINAL_USAGE,
}


class Tally(NamedTuple):
    """What usage reports add up to."""

    reports: int = 0
    llm_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    reported_nano_usd: int = 0
    computed_costs: int = 0

    def plus(self, usage: dict[str, Any], reports: int = 1) -> Self:
        """With one more usage, in so many reports; without a cost of its own it must have been priced."""
        cost_usd = usage.get("cost_usd")
        return type(self)(
            self.reports + reports,
            self.llm_calls + usage["llm_calls"],
            self.input_tokens + usage["input_tokens"],
            self.output_tokens + usage["output_tokens"],
            self.reported_nano_usd + round((cost_usd or 0) * 1_000_000_000),
            self.computed_costs + (reports if cost_usd is None else 0),
        )

    def minus(self, other: Self) -> Self:
        return type(self)(*(mine - theirs for mine, theirs in zip(self, other, strict=True)))


class Reports:
    """Arguments of `core_report_usage`, for the runs in turn, and the sum of all that were made."""

    def __init__(self, run_ids: Sequence[str], *, with_cost: bool = True) -> None:
        self.sent = Tally()
        self._run_ids = cycle(run_ids)
        self._with_cost = with_cost
        self._numbers = count()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        usage = usage_of(next(self._numbers), with_cost=self._with_cost)
        self.sent = self.sent.plus(usage)
        return {"run_id": next(self._run_ids), "token_usage": usage}


def usage_of(number: int, *, with_cost: bool = True) -> dict[str, Any]:
    """The `token_usage` of a report; its counts vary, so that one report lost and another doubled shows."""
    counts = {"input_tokens": 8_400 + number % 97, "output_tokens": 1_200 + number % 89, "llm_calls": 3}
    return {**counts, "model": "claude-opus-4", **({"cost_usd": 0.028} if with_cost else {})}


def notes() -> Iterator[dict[str, Any]]:
    """Arguments of the tool that does nothing."""
    for number in count():
        yield {
            "run_id": "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f",
            "input_tokens": 8_400 + number % 97,
            "output_tokens": 1_200 + number % 89,
        }


def accepted(answer: dict[str, Any]) -> dict[str, Any]:
    """The structured content of a JSON-RPC answer to a tool call; a refusal is an error here."""
    if "error" in answer:
        raise Refused(answer["error"]["code"], answer)
    result = answer["result"]
    if result["isError"]:
        raise Refused(json.loads(result["content"][0]["text"])["error"]["code"], answer)
    structured: dict[str, Any] = result["structuredContent"]
    return structured


_REPORTS: Final = """
    SELECT count(*), total(llm_calls), total(input_tokens), total(output_tokens),
        total(cost_nano_usd) FILTER (WHERE cost_source = 'reported'),
        count(cost_nano_usd) FILTER (WHERE cost_source = 'computed')
    FROM usage_reports WHERE project_key = ?
"""
_TOTALS: Final = """
    SELECT total(reports), total(llm_calls), total(input_tokens), total(output_tokens), total(cost_nano_usd)
    FROM runs WHERE project_key = ?
"""


def stored(database: Path) -> Tally:
    """What the file's usage ledger adds up to; its runs must add up to the same."""
    with closing(sqlite3.connect(database)) as connection:
        reports = Tally(*(int(value) for value in connection.execute(_REPORTS, (PROJECT,)).fetchone()))
        totals = [int(value) for value in connection.execute(_TOTALS, (PROJECT,)).fetchone()]
        journal = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if list(reports[:4]) != totals[:4] or (not reports.computed_costs and reports.reported_nano_usd != totals[4]):
        raise BenchmarkError(f"the usage ledger adds up to {reports} and the runs to {totals}")
    if journal != "wal":
        raise BenchmarkError(f"the database is in journal mode {journal}")
    return reports


def require_stored(database: Path, *sent: Tally, before: Tally | None = None) -> None:
    """Raise unless the file holds exactly what was sent, beyond what it held before."""
    found = stored(database).minus(before or Tally())
    expected = Tally(*(sum(values) for values in zip(*sent, strict=True)))
    if found != expected:
        raise BenchmarkError(f"sent {expected} and the database has {found}")
