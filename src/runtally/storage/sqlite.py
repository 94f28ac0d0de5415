"""SQLite: how a file is opened, and how a transaction runs in it."""

import contextlib
import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from runtally.domain.clock import Clock
from runtally.domain.errors import Unavailable
from runtally.storage import migrate, queries
from runtally.storage.open_file import companions_of, refuse_lone_log
from runtally.storage.patience import keep_trying, pause
from runtally.storage.sqlite_refusals import is_busy, told_plainly, unavailable
from runtally.storage.transaction import Params, Row

PAGE_BYTES: Final = 4096
LOG_PAGES_MAX: Final = 16_384
"""From here on a COMMIT moves the log into the file itself, which takes it as long as many others."""
_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    # Only macOS knows them: there a sync leaves what was written in the disk's cache.
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA journal_size_limit = {LOG_PAGES_MAX * PAGE_BYTES}",
)

_CHECKPOINT_SECONDS: Final = 0.02
"""How long a checkpoint waits for a writer, and writers for a checkpoint that waits for readers."""

IsWanted = Callable[[], bool]


def writer(path: Path, busy_seconds: float, clock: Clock) -> sqlite3.Connection:
    """A connection that writes, to a file that exists, is the owner's alone and has the newest schema.

    Raises:
        sqlite3.Error: the file cannot be used (see `sqlite_refusals`).
        Unavailable: it can, but it is not for this Runtally.
    """
    if sqlite3.sqlite_version_info < (3, 37):
        raise Unavailable(f"this Python has SQLite {sqlite3.sqlite_version} and Runtally needs 3.37 or newer")
    make_private(path)
    if os.access(path, os.F_OK) and not os.access(path, os.W_OK):
        # SQLite would open it for reading, and the connection would never write, even if it may later on.
        raise unavailable(sqlite3.SQLITE_READONLY)
    _give_companions_its_mode(path)
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    with _closed_on_error(connection):
        if migrate.applied_version(connection) == 0:
            # The vacuum mode is fixed by the first table. Later, setting it would wait for the write lock and write.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        # Where two processes make the file at once, SQLite refuses one of them this without any wait.
        if _patiently(connection, "PRAGMA journal_mode = WAL", busy_seconds).fetchone()[0] != "wal":
            raise Unavailable("the database is on a file system without shared memory; move it to a local disk")
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX}")
        migrate.upgrade(connection, clock())
        # SQLite's own wait is unfair: a writer in a tight loop starves the others. From here on `begin` waits.
        connection.execute("PRAGMA busy_timeout = 0")
    return connection


def reader(path: Path, busy_seconds: float, oldest: int | None = None) -> sqlite3.Connection:
    """A connection that cannot write, to a file that a writer has prepared, or whose schema is of the version `oldest`
    at least.

    Raises:
        sqlite3.Error: the file cannot be used (see `sqlite_refusals`).
        Unavailable: it can, but it is not for this Runtally.
    """
    refuse_lone_log(path)
    uri = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    with _closed_on_error(connection):
        if migrate.applied_version(connection) < (oldest or migrate.newest()):
            raise Unavailable("the database has an older schema and cannot be upgraded: make it writable by this user")
        for setting in _SETTINGS:
            connection.execute(setting)
        # From here on only who mends or ends the log can stand in its way, which takes a moment.
        connection.execute("PRAGMA busy_timeout = 1000")
    return connection


def checkpointer(path: Path) -> sqlite3.Connection:
    """A connection that moves the log into a file that is there and that a writer has open.

    Raises:
        sqlite3.Error: the file cannot be used (see `sqlite_refusals`).
        Unavailable: there is none.
    """
    refuse_lone_log(path)
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(
        uri, uri=True, timeout=_CHECKPOINT_SECONDS, isolation_level=None, check_same_thread=False
    )
    with _closed_on_error(connection):
        for setting in _SETTINGS:
            connection.execute(setting)
    return connection


def begin(
    connection: sqlite3.Connection, statement: str, *, busy_seconds: float, is_wanted: IsWanted = lambda: True
) -> None:
    """Begin a transaction, waiting up to `busy_seconds` with jitter so that many processes share the file fairly.

    The wait ends as soon as nobody wants the lock any more: a server whose client has gone must not stay for it.
    """
    _patiently(connection, statement, busy_seconds, is_wanted)


def _patiently(
    connection: sqlite3.Connection, statement: str, busy_seconds: float, is_wanted: IsWanted = lambda: True
) -> sqlite3.Cursor:
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline or not is_wanted():
                raise
            pause()


def fold_log(connection: sqlite3.Connection, busy_seconds: float) -> bool:
    """Bring all that the log holds into the file; False if others read from it or write to it all the while.

    Raises:
        sqlite3.Error: the file cannot be written.
    """

    def is_folded() -> bool:
        is_busy, _, _ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        return not is_busy

    return keep_trying(busy_seconds, is_folded)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection, busy_seconds: float) -> Iterator["SqliteTransaction"]:
    """One write transaction, committed at the end or undone if the block raises; refusals come as `RuntallyError`."""
    with told_plainly():
        begin(connection, "BEGIN IMMEDIATE", busy_seconds=busy_seconds)
        try:
            yield SqliteTransaction(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


class SqliteTransaction:
    """The four verbs over a connection that is inside a transaction."""

    __slots__ = ("_connection", "_queries")

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._queries = queries.load()

    def execute(self, query: str, params: Params) -> int:
        return self._connection.execute(*self._queries[query].bound(params)).rowcount

    def execute_many(self, query: str, rows: Sequence[Params]) -> None:
        if rows:
            bound = [self._queries[query].bound(row) for row in rows]
            self._connection.executemany(bound[0][0], [values for _, values in bound])

    def fetch_one(self, query: str, params: Params) -> Row | None:
        rows = self.fetch_all(query, params)
        return rows[0] if rows else None

    def fetch_all(self, query: str, params: Params) -> Sequence[Row]:
        cursor = self._connection.execute(*self._queries[query].bound(params))
        # All rows are fetched: a statement with RETURNING is not done, and COMMIT fails, before it has been read out.
        rows = cursor.fetchall()
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]


def make_private(path: Path) -> None:
    """Make the folder and the file, where they are not there, the owner's alone: SQLite gives its -wal and -shm the
    file's permissions.

    Raises:
        Unavailable: there is no file but a log that holds something.
    """
    refuse_lone_log(path)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Never a file that is there: closing it would drop the locks that this process has on it (POSIX fcntl).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _give_companions_its_mode(path: Path) -> None:
    """SQLite gave them the permissions that the file had when they were made, which may have been fewer."""
    with contextlib.suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        for companion in companions_of(path):
            if companion.exists() and stat.S_IMODE(companion.stat().st_mode) != mode:
                companion.chmod(mode)


@contextlib.contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
