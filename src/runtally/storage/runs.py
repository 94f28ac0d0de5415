"""Runs as rows."""

import json
from collections.abc import Sequence
from typing import Any, Final

from runtally.domain.caller import NOWHERE
from runtally.domain.fields import compact_json
from runtally.domain.models import Run, Totals, standing
from runtally.domain.records import Addition, RunEnd, RunFilter, RunStart, RunState, UnpricedCalls
from runtally.domain.usage import COUNTS, TokenUsage
from runtally.storage.columns import cuts, json_text, parsed, payload
from runtally.storage.transaction import Row, Transaction

_SUMMED: Final = ("reports", *COUNTS, "cost_nano_usd", "unpriced_calls")


class SqlRuns:
    """Fills `domain.ports.Runs` with the queries of `runs.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, run: Run, start: RunStart) -> bool:
        params = {
            **vars(run),
            **start.origin._asdict(),
            "project_key": project_key,
            "start_meta_json": json_text(start.meta),
        }
        return self._tx.fetch_one("insert_run", params | payload("input", start.input)) is not None

    def find(self, project_key: str, run_id: str) -> Run | None:
        row = self._tx.fetch_one("find_run", {"project_key": project_key, "run_id": run_id})
        return None if row is None else _run(row)

    def lock(self, project_key: str, run_id: str) -> Run | None:
        row = self._tx.fetch_one("lock_run", {"project_key": project_key, "run_id": run_id})
        return None if row is None else _run(row)

    def find_meta(self, project_key: str, run_id: str) -> dict[str, Any] | None:
        row = self._tx.fetch_one("find_run_meta", {"project_key": project_key, "run_id": run_id})
        if row is None:
            return None
        return {**(parsed(row["start_meta_json"]) or {}), **(parsed(row["end_meta_json"]) or {})} or None

    def find_final_usage(self, project_key: str, run_id: str) -> TokenUsage | None:
        row = self._tx.fetch_one("find_final_usage", {"project_key": project_key, "run_id": run_id})
        text = None if row is None else row["final_usage_json"]
        # Not validated again: redaction may have made the preview longer than the door takes it.
        return None if text is None else TokenUsage.model_construct(**json.loads(text))

    def add(self, project_key: str, run_id: str, addition: Addition) -> RunState | None:
        spent = addition.spent
        params = {
            **addition._asdict(),
            **spent.counts._asdict(),
            "cost_nano_usd": spent.cost_nano_usd,
            "unpriced_calls": spent.unpriced_calls,
            "project_key": project_key,
            "run_id": run_id,
        }
        if addition.basis == "observed":
            self._tx.execute("add_observed", params)
            return self._state(project_key, run_id)
        row = self._tx.fetch_one("add_reported", params)
        if row is None:
            return None
        if row["observed_reports"] and not row["reports"]:
            return self._state(project_key, run_id)
        return RunState(row["status"], row["ended_by"], row["span_count"], _totals(row))

    def list_unpriced_calls(self, project_key: str, after: str, limit: int) -> Sequence[UnpricedCalls]:
        params = {"project_key": project_key, "after": after, "limit": limit}
        return [UnpricedCalls(**row) for row in self._tx.fetch_all("list_unpriced_calls", params)]

    def add_up(self, project_key: str, run_id: str) -> RunState | None:
        params = {"project_key": project_key, "run_id": run_id}
        self._tx.execute("add_up_run", params)
        self._tx.execute("add_up_observed", params)
        return self._state(project_key, run_id)

    def reopen(self, project_key: str, run_id: str) -> bool:
        return self._tx.execute("reopen_run", {"project_key": project_key, "run_id": run_id}) > 0

    def end(self, project_key: str, run_id: str, end: RunEnd) -> bool:
        final = end.final_usage
        params = {
            "project_key": project_key,
            "run_id": run_id,
            "status": end.status,
            "ended_at": end.ended_at,
            "summary": end.summary,
            "end_meta_json": json_text(end.meta),
            "final_usage_json": None if final is None else compact_json(final.model_dump(exclude_none=True)),
        }
        return self._tx.execute("end_run", params | payload("output", end.output)) > 0

    def has_stale(self, project_key: str, stale_before: int) -> bool:
        params = {"project_key": project_key, "stale_before": stale_before}
        return self._tx.fetch_one("has_stale_run", params) is not None

    def sweep(self, project_key: str, stale_before: int, end_reason: str, limit: int) -> int:
        params = {"project_key": project_key, "stale_before": stale_before, "end_reason": end_reason, "limit": limit}
        return self._tx.execute("sweep_runs", params)

    def list_newest(self, project_key: str, wanted: RunFilter, limit: int) -> Sequence[Run]:
        before_at, before_id = wanted.before or (None, None)
        origin = wanted.origin or NOWHERE
        params = {
            **wanted._asdict(),
            "has_failures": None if wanted.has_failures is None else int(wanted.has_failures),
            "host_session_id": origin.host_session_id,
            "host_thread_id": origin.host_thread_id,
            "before_at": before_at,
            "before_id": before_id,
            "project_key": project_key,
            "limit": limit,
        }
        return [_run(row) for row in self._tx.fetch_all("list_runs", params)]

    def _state(self, project_key: str, run_id: str) -> RunState | None:
        run = self.find(project_key, run_id)
        return None if run is None else RunState(run.status, run.ended_by, run.span_count, run.totals)


def _totals(row: Row, prefix: str = "") -> Totals:
    return Totals.model_validate({name: row[prefix + name] for name in _SUMMED} if prefix else row)


def _run(row: Row) -> Run:
    observed = _totals(row, "observed_") if row["observed_reports"] else Totals()
    totals, basis = standing(_totals(row), observed)
    ended_at = row["ended_at"]
    derived = {
        "totals": totals,
        "basis": basis if observed.reports else None,
        "observed": observed if observed.reports else None,
        "duration_ms": None if ended_at is None else (ended_at - row["started_at"]) // 1000,
        "intent": row["intent"] if row["intent"] != row["summary"] else None,
    }
    return Run(**{**row, **cuts(row), **derived})
