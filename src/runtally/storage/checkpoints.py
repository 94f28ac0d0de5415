"""Moves the log into the file beside the writer, so that no COMMIT has to."""

import logging
from typing import Final

from runtally.domain.errors import Unavailable
from runtally.storage.file_connection import Connect, FileConnection
from runtally.storage.open_file import OpenFile

logger = logging.getLogger(__name__)

PAGES_PER_CHECKPOINT: Final = 1_000


class Checkpoints:
    """A connection of its own that moves what has been committed from the log into the file, time and again.

    It waits for nobody and nobody waits for it. Where it cannot do its work the log grows, until the writer does it
    inside a COMMIT (`sqlite.LOG_PAGES_MAX`).
    """

    def __init__(self, file: OpenFile, connect: Connect) -> None:
        self._file = file
        self._connection = FileConnection(file, connect, "BEGIN")
        self._pages = 0
        self._is_under_way = False

    def count(self, pages: int) -> None:
        """Note that about so many pages were committed. For one thread at a time."""
        self._pages += pages
        if self._pages >= PAGES_PER_CHECKPOINT and not self._is_under_way:
            self._pages = 0
            self._is_under_way = True
            try:
                self._connection.post(self._checkpoint)
            except Unavailable:  # whoever calls has committed and must not hear of it
                self._is_under_way = False

    def idle(self) -> None:
        """Move what is in the log by now, when there is time for it: of many processes that write a little each, none
        would ever have written enough.
        """
        if self._pages:
            self.count(PAGES_PER_CHECKPOINT)

    async def finish(self) -> None:
        """Close the file and end the thread. Nothing may be committed any more."""
        await self._connection.finish()

    def _checkpoint(self) -> None:
        try:
            connection = self._connection.ready(0)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._file.sync()
            # So that the log begins anew, or else it would grow for as long as a writer does not pause, and a file that
            # grows takes longer to sync. Nobody writes meanwhile, but hardly anything is left to be moved and synced.
            is_busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
            logger.debug("checkpoint: %d of %d pages are in the file, busy: %d", moved, logged, is_busy)
        except Exception as error:  # noqa: BLE001 - whoever writes next meets what is wrong, and tells it
            logger.debug("checkpoint: %s", getattr(error, "sqlite_errorname", error))
            self._connection.let_go()
        finally:
            self._is_under_way = False
