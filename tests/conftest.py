"""The fixtures of every test: one database per test, a clock that moves when told, and a door to the ledger."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import hypothesis
import pytest

from runtally import pricing
from runtally.domain.lifecycle import STALE_AFTER_SECONDS_DEFAULT
from runtally.domain.ports import Database
from runtally.redaction import Redactor
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.storage.sqlite_database import SqliteDatabase
from tests.door import CountingClock, CountingIds, Door, LedgerDatabase, Rows

# A loaded machine is slow; how often each property is tried is said where it is stated. The same examples each time, so
# that a red run is about the change at hand.
hypothesis.settings.register_profile("runtally", deadline=None, database=None, derandomize=True)
hypothesis.settings.load_profile("runtally")


TABLES = """
SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type = 'table' AND c.name = 'project_key' ORDER BY m.name
"""


class SqliteFile:
    """A ledger in an SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "ledger.db"

    def open(self, clock: CountingClock) -> SqliteDatabase:
        return SqliteDatabase(self._path, busy_seconds=10, clock=clock)

    def rows(self, project_key: str | None = None) -> Rows:
        if not self._path.exists():
            return {}
        with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            tables = [row["name"] for row in connection.execute(TABLES)]
            found = {table: [dict(row) for row in connection.execute(f"SELECT * FROM {table}")] for table in tables}
        if project_key is not None:
            found = {name: [row for row in rows if row["project_key"] == project_key] for name, rows in found.items()}
        return {table: rows for table, rows in found.items() if rows}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture(params=[SqliteFile])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> LedgerDatabase:
    adapter: LedgerDatabase = request.param(tmp_path)
    return adapter


@pytest.fixture
async def opened(database: LedgerDatabase, clock: CountingClock) -> AsyncIterator[Database]:
    opened = database.open(clock)
    yield opened
    await opened.close()


@pytest.fixture
def door(opened: Database, database: LedgerDatabase, clock: CountingClock) -> Door:
    return Door(_ledger(opened, clock, CountingIds()), database)


@pytest.fixture
async def second_door(database: LedgerDatabase, clock: CountingClock) -> AsyncIterator[Door]:
    """A door of another process on the same database."""
    opened = database.open(clock)
    yield Door(_ledger(opened, clock, CountingIds(first=1_000_000)), database)
    await opened.close()


def _ledger(opened: Database, clock: CountingClock, ids: CountingIds) -> Ledger:
    entry = Entry(
        clock=clock,
        new_id=ids,
        pricer=pricing,
        redactor=Redactor,
        stale_after_seconds=STALE_AFTER_SECONDS_DEFAULT,
    )
    return Ledger(opened, entry)
