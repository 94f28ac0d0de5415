"""The ledger inside one transaction: a room for each noun, over the same transaction."""

from runtally.storage.access_keys import SqlKnownKeys
from runtally.storage.failures import SqlFailures
from runtally.storage.problems import SqlProblems
from runtally.storage.projects import SqlProjects
from runtally.storage.receipts import SqlReceipts
from runtally.storage.runs import SqlRuns
from runtally.storage.spans import SqlSpans
from runtally.storage.transaction import Transaction
from runtally.storage.usage import SqlUsage


class SqlStore:
    """Fills `domain.ports.Store`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.runs = SqlRuns(tx)
        self.usage = SqlUsage(tx)
        self.spans = SqlSpans(tx)
        self.failures = SqlFailures(tx)
        self.receipts = SqlReceipts(tx)
        self.projects = SqlProjects(tx)
        self.problems = SqlProblems(tx)

    @property
    def access_keys(self) -> SqlKnownKeys:
        return SqlKnownKeys(self._tx)

    def random_key(self) -> bytes:
        row = self._tx.fetch_one("find_random_key", {})
        assert row is not None, "the first migration makes it"
        return bytes.fromhex(row["random_key"])
