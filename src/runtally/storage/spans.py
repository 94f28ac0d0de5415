"""Spans as rows."""

from collections.abc import Sequence
from typing import Any

from runtally.domain.caller import Origin
from runtally.domain.fields import Content
from runtally.domain.models import Span
from runtally.domain.records import StoredSpan
from runtally.storage.columns import cuts, json_text, parsed, payload
from runtally.storage.transaction import Row, Transaction


class SqlSpans:
    """Fills `domain.ports.Spans` with the queries of `spans.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, spans: Sequence[StoredSpan]) -> None:
        self._tx.execute_many("insert_span", [_columns(project_key, stored) for stored in spans])

    def find(self, project_key: str, scope: str, span_id: str) -> StoredSpan | None:
        row = self._tx.fetch_one("find_span", {"project_key": project_key, "scope": scope, "span_id": span_id})
        return None if row is None else _stored(row)

    def list_recorded_at(self, project_key: str, run_id: str, recorded_at: int) -> Sequence[Span]:
        params = {"project_key": project_key, "run_id": run_id, "recorded_at": recorded_at}
        return [_span(row) for row in self._tx.fetch_all("list_spans_recorded_at", params)]

    def list_of_run(self, project_key: str, run_id: str, after: int, limit: int) -> Sequence[Span]:
        params = {"project_key": project_key, "run_id": run_id, "after": after, "limit": limit}
        return [_span(row) for row in self._tx.fetch_all("list_spans", params)]


def _columns(project_key: str, stored: StoredSpan) -> dict[str, Any]:
    return {
        **vars(stored.span),
        **stored.origin._asdict(),
        "project_key": project_key,
        "scope": stored.scope,
        "late": int(stored.span.late),
        "attributes_json": json_text(stored.span.attributes),
        **payload("input", stored.input),
        **payload("output", stored.output),
    }


def _span(row: Row) -> Span:
    derived = {"attributes": parsed(row["attributes_json"]), "late": bool(row["late"])}
    return Span(**{**row, **cuts(row), **derived})


def _stored(row: Row) -> StoredSpan:
    origin = Origin(**{name: row[name] for name in Origin._fields})
    return StoredSpan(row["scope"], _span(row), _content(row, "input"), _content(row, "output"), origin)


def _content(row: Row, field: str) -> Content | None:
    if row[field] is None:
        return None
    return Content(None, row[field], row[f"{field}_bytes"], truncated=bool(row[f"{field}_truncated"]))
