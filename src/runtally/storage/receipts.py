"""Receipts as rows."""

import json

from runtally.domain.fields import compact_json
from runtally.domain.records import Receipt
from runtally.storage.transaction import Transaction


class SqlReceipts:
    """Fills `domain.ports.Receipts` with the queries of `receipts.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, operation: str, key: str, recorded_at: int, receipt: Receipt) -> None:
        params = {
            "project_key": project_key,
            "operation": operation,
            "receipt_key": key,
            "recorded_at": recorded_at,
            "digests_json": compact_json(receipt.digests),
            "answer_json": receipt.answer_json,
        }
        self._tx.execute("insert_receipt", params)

    def find(self, project_key: str, operation: str, key: str) -> Receipt | None:
        params = {"project_key": project_key, "operation": operation, "receipt_key": key}
        row = self._tx.fetch_one("find_receipt", params)
        return None if row is None else Receipt(json.loads(row["digests_json"]), row["answer_json"])
