"""Recent problems as rows."""

from collections.abc import Sequence

from runtally.domain.records import Problem
from runtally.storage.transaction import Transaction


class SqlProblems:
    """Fills `domain.ports.Problems` with the queries of `problems.sql`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def insert(self, problems: Sequence[Problem], kept: int) -> None:
        self._tx.execute_many("insert_problem", [problem._asdict() for problem in problems])
        self._tx.execute("delete_older_problems", {"kept": kept})

    def list_newest(self, limit: int) -> Sequence[Problem]:
        return [Problem(**row) for row in self._tx.fetch_all("list_recent_problems", {"limit": limit})]
