"""Receipts as rows."""

import json

from runtally.domain.fields import compact_json
from runtally.domain.records import Receipt
from runtally.storage.transaction import Transaction


class SqlReceipts:
    """Fills `domain.ports.Receipts` with the queries of `receipts.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, operation: str, key: str, receipt: Receipt) -> None:
        params = {
            **receipt._asdict(),
            "project_key": project_key,
            "operation": operation,
            "receipt_key": key,
            "digests_json": compact_json(receipt.digests),
        }
        self._tx.execute("insert_receipt", params)

    def find(self, project_key: str, operation: str, key: str) -> Receipt | None:
        params = {"project_key": project_key, "operation": operation, "receipt_key": key}
        row = self._tx.fetch_one("find_receipt", params)
        if row is None:
            return None
        return Receipt(
            json.loads(row["digests_json"]), row["answer_json"], row["format"], row["recorded_at"], row["run_id"]
        )
