"""Which SQLite file a process has open, and whether the log beside it is still the one that belongs to it.

SQLite finds a log by its name alone. A log whose file was moved away would be thrown away with all that was committed
last, or be written into whatever file is found instead.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from runtally.domain.errors import Unavailable

Identity = tuple[int, int]
LetGo = Callable[[], None]
"""Has a connection close its file; it stands for the connection."""


_OPENED_BY: dict[Identity, int] = {}
"""The process that has a file open. A forked child inherits this, and with it SQLite's belief that it holds the locks:
what it wrote through a connection of its own would be lost.
"""


class OpenFile:
    """The file at a path, shared by every connection of a process to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process = os.getpid()
        self._open_by: set[LetGo] = set()
        self._file: Identity | None = None
        self._companions: list[Identity | None] = []

    @property
    def identity(self) -> Identity | None:
        """What identifies the file at the path; None if there is none."""
        return _identity(self.path)

    def found(self) -> Identity | None:
        """What identifies the file at the path now; None if there is none.

        Raises:
            Unavailable: it is not the file that is open, and the log of that is still beside it; or this process was
                forked from one that had it open.
        """
        found = _identity(self.path)
        if found is not None and _OPENED_BY.get(found, self._process) != self._process:
            raise opened_before_fork()
        if found != self._file and self._open_by and any(one in self._companions for one in self._beside() if one):
            raise _parted_from_its_log()
        return found

    def opened(self, connection: LetGo) -> Identity | None:
        """Note that the connection has the file open that is at the path now, and return what identifies it."""
        self._open_by.add(connection)
        self._file, self._companions = _identity(self.path), self._beside()
        if self._file is not None:
            _OPENED_BY[self._file] = self._process
        return self._file

    def closed(self, connection: LetGo) -> None:
        """Note that the connection has closed the file."""
        self._open_by.discard(connection)
        if not self._open_by and self._file is not None and _OPENED_BY.get(self._file) == self._process:
            del _OPENED_BY[self._file]

    def let_go(self) -> None:
        """Have every connection close the file."""
        for connection in tuple(self._open_by):
            connection()

    def _beside(self) -> list[Identity | None]:
        return [_identity(path) for path in _companions_of(self.path)]


def opened_before_fork() -> Unavailable:
    """Why a forked child cannot use a file that its parent had open."""
    return Unavailable(
        "the database was opened before this process was forked from another, and its locks do not hold here. Nothing "
        "was recorded. Start the child as a program of its own (spawn, not fork), or close the database before the fork"
    )


def refuse_lone_log(path: Path) -> None:
    """Raise `Unavailable` if there is no file but a log that holds something."""
    log, _ = _companions_of(path)
    with contextlib.suppress(OSError):
        # The log first: whoever begins a new file makes the file before the log.
        if log.stat().st_size and not path.exists():
            raise _parted_from_its_log()


def _companions_of(path: Path) -> tuple[Path, Path]:
    """SQLite's write-ahead log of a file, and the index of the log that its processes share."""
    name = os.path.realpath(path)
    return Path(f"{name}-wal"), Path(f"{name}-shm")


def _identity(path: Path) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - once per commit, and Path.stat costs three times as much
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _parted_from_its_log() -> Unavailable:
    return Unavailable(
        "the database file was moved, deleted or replaced, and the -wal file that belongs to it still holds what was "
        "recorded last. Nothing was recorded. Put the file back; or, to go on without it, move its -wal and -shm files "
        "away too"
    )
