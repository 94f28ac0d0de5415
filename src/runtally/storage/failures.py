"""Failures as rows, and how often each kind was seen."""

from runtally.domain.caller import Origin
from runtally.domain.models import Failure
from runtally.domain.records import FailureGroup
from runtally.storage.columns import json_text
from runtally.storage.transaction import Transaction


class SqlFailures:
    """Fills `domain.ports.Failures` with the queries of `failures.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, project_key: str, failure: Failure, origin: Origin) -> FailureGroup:
        params = {
            **vars(failure),
            **origin._asdict(),
            "project_key": project_key,
            "late": int(failure.late),
            "context_json": json_text(failure.context),
            "meta_json": json_text(failure.meta),
        }
        self._tx.execute("insert_failure", params)
        group = self._tx.fetch_one("count_failure", params)
        assert group is not None, "the statement inserts or updates"
        return FailureGroup(**group)
