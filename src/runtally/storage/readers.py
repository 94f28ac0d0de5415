"""The connections that only read: each read has one to itself, and waits only while all are busy."""

import threading
from collections import deque
from typing import Any, Final

from runtally.storage.file_connection import Connect, FileConnection
from runtally.storage.open_file import OpenFile
from runtally.storage.sqlite import SqliteTransaction
from runtally.storage.sqlite_refusals import breaks_connection, told
from runtally.storage.work import PendingWork, Work, settle_soon

READERS_MAX: Final = 4


class Readers:
    """A pool of connections, made when a read finds none of them idle."""

    def __init__(self, file: OpenFile, connect: Connect, busy_seconds: float) -> None:
        self._file = file
        self._connect = connect
        self._busy_seconds = busy_seconds
        self._lock = threading.Lock()
        self._readers: list[FileConnection] = []
        self._idle: list[FileConnection] = []
        self._waiting: deque[PendingWork] = deque()

    async def read(self, work: Work) -> Any:
        """Run the work in a transaction of its own.

        Raises:
            Unavailable: the file cannot be used. Otherwise whatever the work raises.
        """
        pending = PendingWork(work)
        with self._lock:
            self._waiting.append(pending)
            reader = self._idle.pop() if self._idle else self._another()
            if reader is not None:
                self._give_next(reader)
        return await pending.future

    def let_go(self) -> None:
        """Close the file soon, and open it anew when it is needed again."""
        for reader in self._readers:
            reader.let_go()

    async def finish(self) -> None:
        """Close the file and end the threads. No work may be waiting or come any more."""
        for reader in self._readers:
            await reader.finish()

    def _another(self) -> FileConnection | None:
        if len(self._readers) == READERS_MAX:
            return None
        self._readers.append(FileConnection(self._file, self._connect, "BEGIN"))
        return self._readers[-1]

    def _give_next(self, reader: FileConnection) -> None:
        """Give the reader whoever waits longest, or rest it. Whoever calls holds the lock."""
        if self._waiting:
            pending = self._waiting.popleft()
            reader.post(lambda: self._serve(reader, pending))
        else:
            self._idle.append(reader)

    def _serve(self, reader: FileConnection, pending: PendingWork) -> None:
        """Run the work: an errand of the reader's thread."""
        if not pending.is_cancelled:
            self._run(reader, pending)
        # Before the caller is told, or else its next read would find this reader busy.
        with self._lock:
            self._give_next(reader)
        settle_soon([pending])

    def _run(self, reader: FileConnection, pending: PendingWork) -> None:
        broken: BaseException | None
        try:
            connection = reader.begin(self._busy_seconds)
            pending.run(SqliteTransaction(connection))
            broken = pending.error if breaks_connection(pending.error) else None
            if broken is None and connection.in_transaction:
                connection.execute("ROLLBACK")
        except BaseException as error:  # noqa: BLE001 - it is told to whoever waits
            broken = error
        if broken is not None:
            pending.error = reader.recover(broken)
        elif pending.error is not None:
            pending.error = told(pending.error)
