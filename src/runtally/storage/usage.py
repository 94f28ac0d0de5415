"""The usage ledger as rows: one for each model and provider that a report names."""

from collections.abc import Sequence

from runtally.domain.caller import Origin
from runtally.domain.models import Totals
from runtally.domain.records import KeptReport, Spent, UsageEntry, UsageReport
from runtally.domain.usage import COUNTS, Counts
from runtally.storage.columns import json_text, parsed
from runtally.storage.transaction import Row, Transaction


class SqlUsage:
    """Fills `domain.ports.Usage` with the queries of `usage.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, run_id: str, report: UsageReport) -> None:
        of_report = {
            **report.origin._asdict(),
            "project_key": project_key,
            "run_id": run_id,
            "report_id": report.report_id,
            "reported_at": report.reported_at,
            "source": report.source,
            "basis": report.basis,
            # Not True or False: the driver takes an adapter's detour for whatever is not exactly an int.
            "late": int(report.late),
            "corrects": report.corrects,
        }
        for part, entry in enumerate(report.entries):
            of_part = {"part": part, "attributes_json": json_text(None if part else report.attributes)}
            self._tx.execute("insert_usage_entry", of_report | of_part | _columns(entry))

    def find(self, project_key: str, run_id: str, report_id: str) -> KeptReport | None:
        params = {"project_key": project_key, "run_id": run_id, "report_id": report_id}
        row = self._tx.fetch_one("find_report", params)
        return None if row is None else KeptReport(**{**row, "late": bool(row["late"])})

    def list_reported_at(self, project_key: str, run_id: str, report_id: str) -> Sequence[int]:
        params = {"project_key": project_key, "run_id": run_id, "report_id": report_id}
        return [row["reported_at"] for row in self._tx.fetch_all("list_reported_at", params)]

    def find_standing(self, project_key: str, run_id: str, report_id: str) -> UsageReport | None:
        params = {"project_key": project_key, "run_id": run_id, "report_id": report_id}
        rows = self._tx.fetch_all("find_standing_report", params)
        return _report(rows) if rows else None

    def list_unpriced(self, project_key: str, run_id: str) -> Sequence[str]:
        params = {"project_key": project_key, "run_id": run_id}
        return [row["report_id"] for row in self._tx.fetch_all("list_unpriced_reports", params)]

    def find_final(self, project_key: str, run_id: str) -> tuple[str, UsageEntry] | None:
        row = self._tx.fetch_one("find_final_report", {"project_key": project_key, "run_id": run_id})
        return None if row is None else (row["report_id"], _entry(row))

    def sum_before_end(self, project_key: str, run_id: str) -> Totals:
        row = self._tx.fetch_one("sum_before_end", {"project_key": project_key, "run_id": run_id})
        assert row is not None, "a sum is always one row"
        return Totals(**row)


def _columns(entry: UsageEntry) -> dict[str, object]:
    columns = {**entry._asdict(), **entry.spent._asdict(), **entry.spent.counts._asdict()}
    del columns["spent"], columns["counts"]
    return columns


def _report(rows: Sequence[Row]) -> UsageReport:
    row = rows[0]
    return UsageReport(
        row["report_id"],
        row["reported_at"],
        [_entry(each) for each in rows],
        row["source"],
        row["basis"],
        bool(row["late"]),
        row["corrects"],
        Origin(**{name: row[name] for name in Origin._fields}),
        parsed(row["attributes_json"]),
    )


def _entry(row: Row) -> UsageEntry:
    spent = Spent(Counts(*(row[name] for name in COUNTS)), row["cost_nano_usd"], row["unpriced_calls"])
    return UsageEntry(spent, row["cost_source"], row["priced_by"], row["model"], row["provider"], row["prompt_preview"])
