"""The ledger's queries as methods: the one place that knows their names, and how a row becomes a model."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from runtally.domain import limits
from runtally.domain.fields import Content, compact_json
from runtally.domain.lifecycle import EndStatus
from runtally.domain.models import Failure, Run, Span, Totals, UsageReport
from runtally.domain.ports import Addition, FailureGroup, NewSpan, Receipt, RunState
from runtally.storage.transaction import Row, Transaction

_LIST_FILTERS: Final = (
    "status",
    "agent",
    "label",
    "parent_run_id",
    "conversation_id",
    "since",
    "until",
    "pattern",
    "before_at",
    "before_id",
)


class SqlStore:
    """Fills `domain.ports.Store` with named queries over a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert_run(self, project_key: str, run: Run, meta: Mapping[str, Any] | None, content: Content | None) -> bool:
        params = vars(run) | {"project_key": project_key, "start_meta_json": _json(meta)} | _payload("input", content)
        return self._tx.fetch_one("insert_run", params) is not None

    def find_run(self, project_key: str, run_id: str) -> Run | None:
        row = self._tx.fetch_one("find_run", {"project_key": project_key, "run_id": run_id})
        return None if row is None else _run(row)

    def find_run_start(self, project_key: str, run_id: str) -> Mapping[str, Any] | None:
        row = self._tx.fetch_one("find_run_start", {"project_key": project_key, "run_id": run_id})
        return None if row is None else {**row, "meta": _parsed(row["start_meta_json"])}

    def add_to_run(self, project_key: str, run_id: str, addition: Addition) -> RunState | None:
        row = self._tx.fetch_one("add_to_run", vars(addition) | {"project_key": project_key, "run_id": run_id})
        return None if row is None else RunState(row["status"], row["span_count"], _totals(row))

    def end_run(
        self,
        project_key: str,
        run_id: str,
        *,
        status: EndStatus,
        ended_at: int,
        summary: str | None,
        meta: Mapping[str, Any] | None,
        output: Content | None,
    ) -> bool:
        params = {
            "project_key": project_key,
            "run_id": run_id,
            "status": status,
            "ended_at": ended_at,
            "summary": summary,
            "end_meta_json": _json(meta),
        }
        return self._tx.fetch_one("end_run", params | _payload("output", output)) is not None

    def has_stale_run(self, project_key: str, stale_before: int) -> bool:
        params = {"project_key": project_key, "stale_before": stale_before}
        return self._tx.fetch_one("has_stale_run", params) is not None

    def sweep_runs(self, project_key: str, stale_before: int, end_reason: str) -> int:
        params = {"project_key": project_key, "stale_before": stale_before, "end_reason": end_reason}
        return self._tx.execute("sweep_runs", params)

    def list_runs(self, project_key: str, filters: Mapping[str, Any], limit: int) -> Sequence[Run]:
        params = {name: filters.get(name) for name in _LIST_FILTERS} | {"project_key": project_key, "limit": limit}
        return [_run(row) for row in self._tx.fetch_all("list_runs", params)]

    def insert_usage_report(self, project_key: str, run_id: str, report: UsageReport) -> None:
        # Not True or False: the driver takes an adapter's detour for whatever is not exactly an int.
        params = vars(report) | {"project_key": project_key, "run_id": run_id, "late": int(report.late)}
        self._tx.execute("insert_usage_report", params)

    def insert_spans(self, project_key: str, spans: Sequence[NewSpan]) -> None:
        self._tx.execute_many("insert_span", [_span_params(project_key, new) for new in spans])

    def find_span(self, project_key: str, span_id: str) -> Mapping[str, Any] | None:
        return self._tx.fetch_one("find_span", {"project_key": project_key, "span_id": span_id})

    def list_spans(self, project_key: str, run_id: str, after: int, limit: int) -> Sequence[Span]:
        params = {"project_key": project_key, "run_id": run_id, "after": after, "limit": limit}
        return [_span(row) for row in self._tx.fetch_all("list_spans", params)]

    def insert_failure(self, project_key: str, failure: Failure) -> None:
        params = vars(failure) | {
            "project_key": project_key,
            "context_json": _json(failure.context),
            "meta_json": _json(failure.meta),
        }
        self._tx.execute("insert_failure", params)
        self._tx.execute("count_failure", params)

    def find_failure_group(self, project_key: str, fingerprint: str) -> FailureGroup | None:
        params = {"project_key": project_key, "fingerprint": fingerprint}
        row = self._tx.fetch_one("find_failure_group", params)
        return None if row is None else FailureGroup(row["seen"], row["first_seen_at"], row["last_seen_at"])

    def insert_receipt(self, project_key: str, operation: str, key: str, recorded_at: int, receipt: Receipt) -> None:
        params = {
            "project_key": project_key,
            "operation": operation,
            "receipt_key": key,
            "recorded_at": recorded_at,
            "digests_json": compact_json(receipt.digests),
            "answer_json": receipt.answer_json,
        }
        self._tx.execute("insert_receipt", params)

    def find_receipt(self, project_key: str, operation: str, key: str) -> Receipt | None:
        params = {"project_key": project_key, "operation": operation, "receipt_key": key}
        row = self._tx.fetch_one("find_receipt", params)
        return None if row is None else Receipt(json.loads(row["digests_json"]), row["answer_json"])


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else compact_json(value)


def _parsed(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json.loads(text)


def _payload(field: str, content: Content | None) -> dict[str, Any]:
    if content is None:
        return {field: None, f"{field}_bytes": None}
    return {field: content.json, f"{field}_bytes": content.size_bytes}


def _sizes(row: Row) -> dict[str, Any]:
    return {
        "input_truncated": (row["input_bytes"] or 0) > limits.PAYLOAD_BYTES or None,
        "output_truncated": (row["output_bytes"] or 0) > limits.PAYLOAD_BYTES or None,
    }


def _totals(row: Row) -> Totals:
    return Totals.model_validate(row)


def _run(row: Row) -> Run:
    ended_at = row["ended_at"]
    derived = {
        "totals": _totals(row),
        "duration_ms": None if ended_at is None else (ended_at - row["started_at"]) // 1000,
        "meta": {**(_parsed(row["start_meta_json"]) or {}), **(_parsed(row["end_meta_json"]) or {})} or None,
        "intent": row["intent"] if row["intent"] != row["summary"] else None,
    }
    return Run(**{**row, **_sizes(row), **derived})


def _span(row: Row) -> Span:
    derived = {"attributes": _parsed(row["attributes_json"]), "late": bool(row["late"])}
    return Span(**{**row, **_sizes(row), **derived})


def _span_params(project_key: str, new: NewSpan) -> dict[str, Any]:
    columns = vars(new.span) | {"project_key": project_key, "attributes_json": _json(new.span.attributes)}
    return columns | _payload("input", new.input) | _payload("output", new.output)
