"""A connection that stays with the file at a path, whatever happens to the file."""

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import Final, NoReturn

from runtally.domain.errors import Unavailable
from runtally.storage import migrate, sqlite
from runtally.storage.connection_thread import ConnectionThread
from runtally.storage.file_refusals import log_removed, log_replaced, not_confirmed
from runtally.storage.open_file import Identity, OpenFile
from runtally.storage.sqlite_refusals import breaks_connection, told

logger = logging.getLogger(__name__)

_OPENING_SECONDS: Final = 0.25
_SAVING_SECONDS: Final = 2.0
"""How long saving a removed log waits for whoever still reads from it."""

Connect = Callable[[float], sqlite3.Connection]
"""Opens the file, waiting for so many seconds at most where another process stands in the way."""


class FileConnection:
    """A connection, and the thread in which it is used.

    It opens the file when first needed, and again after an error that may have left the connection useless or when
    the file was moved or deleted: what is written to a deleted file would be acknowledged and lost. Where the file was
    moved without its log, it waits for the file to be put back, or for the log to follow; where the log was removed,
    what it held is saved into the file before a new one is begun. Each transaction begins with a look at the schema,
    which a newer Runtally may have upgraded in the meantime.
    """

    def __init__(self, file: OpenFile, connect: Connect, begin: str) -> None:
        self._file = file
        self._connect = connect
        self._begin = begin
        self._writes = begin == "BEGIN IMMEDIATE"
        self._thread = ConnectionThread()
        self._opened_file: Identity | None = None
        self._schema_version: int | None = None
        self._is_let_go = False
        """Whether the thread is yet to close what is open."""
        self.in_use = threading.Lock()
        """For whoever uses the connection in more threads than its own, to be held all the while."""

    @property
    def is_open(self) -> bool:
        """Whether the file was fit for this connection when it was last used."""
        return self._thread.connection is not None and not self._is_let_go

    def post(self, errand: Callable[[], None]) -> None:
        """Have the thread do the errand, which must not raise, after all that were posted before. From any thread."""
        self._thread.post(errand)

    def ready(self, busy_seconds: float) -> sqlite3.Connection:
        """The connection, with the file open that is at the path now.

        Raises:
            sqlite3.Error: the file cannot be used (see `sqlite_refusals`).
            Unavailable: it can, but it is not for this Runtally, or not the file that belongs to the log beside it.
        """
        found = self._file.found()
        if self._thread.connection is not None and self._opened_file != found:
            self._close()
        if self._thread.connection is None:
            if self._writes:
                # Its wait goes on where it is tried again, unless nobody wants it any more.
                busy_seconds = min(busy_seconds, _OPENING_SECONDS)
                sqlite.make_private(self._file.path)
            with self._file.opening(busy_seconds) as log:
                self._thread.connection = self._connect(busy_seconds)
                self._opened_file = self._file.opened(self.let_go, log)
        if not self._file.has_its_log:
            self._part_from_removed_log()
        return self._thread.connection

    def begin(self, busy_seconds: float, is_wanted: sqlite.IsWanted = lambda: True) -> sqlite3.Connection:
        """The connection inside a new transaction, once the lock that it needs is free.

        Raises:
            sqlite3.Error: as `ready`, or the lock was not free in time, or nobody wants it any more.
            Unavailable: as `ready`.
        """
        connection = self.ready(busy_seconds)
        sqlite.begin(connection, self._begin, busy_seconds=busy_seconds, is_wanted=is_wanted)
        self._confirm_schema(connection)
        return connection

    def begin_at_once(self) -> sqlite3.Connection | None:
        """The connection inside a new transaction, or None where `begin` would have more to do than that."""
        connection = self._thread.connection
        if connection is None or not self._is_whole():
            return None
        with contextlib.suppress(sqlite3.Error, Unavailable):
            connection.execute(self._begin)
            self._confirm_schema(connection)
            return connection
        return None

    def confirm_stored(self) -> None:
        """Confirm that what was committed just now is where it will be found.

        Raises:
            Unavailable: the file or its log was moved, removed or replaced meanwhile, and could not be saved.
        """
        if self._is_whole():
            return
        is_saved = self._opened_file == self._file.identity and self._saves_removed_log()
        self._file.let_go()
        if not is_saved:
            raise not_confirmed()

    def recover(self, error: BaseException, log_level: int = logging.WARNING) -> BaseException:
        """Be fit for the next transaction after one that failed; what the error means to a person."""
        refused = told(error)
        logger.log(log_level, "database %s: %s", self._file.path, getattr(error, "sqlite_errorname", refused))
        try:
            self._mend(error)
        except Exception:  # whoever waits for an answer is not to wait for ever
            logger.exception("database %s", self._file.path)
        return refused

    def _mend(self, error: BaseException) -> None:
        connection = self._thread.connection
        if connection is None:
            return
        with contextlib.suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        if breaks_connection(error) or connection.in_transaction:
            self._close()
            # What SQLite knows of a file is shared by the connections of a process, and goes with the last of them.
            self._file.let_go()

    def let_go(self) -> None:
        """Close the file soon, and open it anew when it is needed again."""
        self._is_let_go = True
        with contextlib.suppress(Unavailable):  # without a thread nothing is open
            self.post(self._let_go)

    async def finish(self) -> None:
        """Do what was posted, close the file and end the thread. Nothing may be posted any more."""
        if self.is_open:
            self.let_go()
        await self._thread.finish()
        self._file.closed(self.let_go)

    def _let_go(self) -> None:
        with self.in_use:
            try:
                self._close()
            finally:
                self._is_let_go = False

    def _confirm_schema(self, connection: sqlite3.Connection) -> None:
        try:
            self._schema_version = migrate.confirmed_version(connection, self._schema_version)
        except BaseException:
            # Opened anew next time, and upgraded then if that is this Runtally's to do.
            self._close()
            self._file.let_go()
            raise

    def _is_whole(self) -> bool:
        return self._opened_file == self._file.identity and self._file.has_its_log

    def _part_from_removed_log(self) -> NoReturn:
        # Everyone, because the connections of a process share what SQLite knows of the log.
        refusal = log_replaced() if self._file.has_anothers_log else log_removed()
        self._close()
        self._file.let_go()
        raise refusal

    def _saves_removed_log(self) -> bool:
        """Bring what is only in the removed log into the file; whether all of it is there now."""
        connection = self._thread.connection
        self._file.keep_log()
        # Under a visitor's feet nothing is moved: what it would write then would not fit.
        if connection is None or not self._writes or self._file.has_anothers_log or self._file.has_visitor:
            return False
        with contextlib.suppress(sqlite3.Error):
            if sqlite.fold_log(connection, _SAVING_SECONDS):
                self._file.discard_log()
                logger.warning("database %s: its -wal or -shm was removed; what it held is saved", self._file.path)
                return True
        return False

    def _close(self) -> None:
        if self._thread.connection is None:
            return
        if self._file.lost_its_log:
            is_saved = self._saves_removed_log()
            if self._writes and not is_saved and not self._file.has_anothers_log:
                # Nobody else may hold it: the next transaction tries again.
                logger.warning("database %s: its -wal or -shm was removed, and others use it", self._file.path)
                return
        connection, self._thread.connection = self._thread.connection, None
        self._schema_version = None
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        self._file.closed(self.let_go)
