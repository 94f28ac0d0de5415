"""The four verbs that a database must offer a transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = Mapping[str, Any]
Params = Mapping[str, Any]


class Transaction(Protocol):
    """Runs named queries (see `queries`) inside one transaction.

    Raises:
        Unavailable: the database cannot be used.
        LimitExceeded: a CHECK that bounds a number refused the row.
    """

    def execute(self, query: str, params: Params) -> int:
        """Run the query; how many rows it changed."""

    def execute_many(self, query: str, rows: Sequence[Params]) -> None:
        """Run the query once for each row."""

    def fetch_one(self, query: str, params: Params) -> Row | None:
        """The query's only row, or None."""

    def fetch_all(self, query: str, params: Params) -> Sequence[Row]:
        """Every row of the query."""
