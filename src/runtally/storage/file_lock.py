"""SQLite's locks on a file, seen and shared from outside SQLite.

Whoever has a database in WAL mode open shares a lock on 510 bytes of it (SQLite's os.h: `SHARED_FIRST`). With open
file description locks that can be seen, and taken, beside the connections of the same process. Only Linux has them;
elsewhere nothing is seen and nothing is held.

Closing any descriptor of a file drops every lock that SQLite holds on it in this process (POSIX), so that neither may
be done while a connection of this process should go on.
"""

import contextlib
import os
import struct
import sys
from pathlib import Path
from typing import Final

if sys.platform == "linux":
    import fcntl

_FLOCK: Final = "hhqqi4x"
"""`struct flock`: type, whence, start, length, and the process that is in the way."""
_SHARED_FIRST: Final = 0x40000000 + 2
_SHARED_SIZE: Final = 510
_OPENING: Final = _SHARED_FIRST + _SHARED_SIZE
"""A byte of the page that SQLite keeps for its locks, of which it uses those before this one."""
_INDEX_HELD: Final = 128
"""The byte of a -shm file that whoever has it open locks (os_unix.c: `UNIX_SHM_DMS`)."""


def is_held(path: Path) -> bool:
    """Whether any process has the database open."""
    return _is_locked(path, _SHARED_FIRST, _SHARED_SIZE)


def is_index_held(path: Path) -> bool:
    """Whether any process has the index of a log open."""
    return _is_locked(path, _INDEX_HELD, 1)


def _is_locked(path: Path, first: int, size: int) -> bool:
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError), path.open("rb") as file:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, first, size, 0)
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, asked)
        return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)
    return False


class HeldFile:
    """A descriptor of a database beside those of its connections; it must be closed after all of them."""

    def __init__(self, path: Path) -> None:
        self._fd: int | None = None
        if sys.platform != "win32":  # there an open descriptor would keep the file from being moved
            for mode in (os.O_RDWR, os.O_RDONLY):
                with contextlib.suppress(OSError):
                    self._fd = os.open(path, mode | os.O_CLOEXEC)
                    break

    def share(self) -> None:
        """Keep every process, this one too, from closing the database as its last: from folding in and deleting a
        log.
        """
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self._lock(fcntl.F_RDLCK, _SHARED_FIRST, _SHARED_SIZE)

    def begin_opening(self) -> bool:
        """Keep every other process from opening the database, until `end_opening`; False if another one is at it. Where
        the file can only be read, or there are no such locks, nobody is kept from it.
        """
        if sys.platform == "linux":
            try:
                self._lock(fcntl.F_WRLCK, _OPENING, 1)
            except BlockingIOError:
                return False
            except OSError:
                return True
        return True

    def end_opening(self) -> None:
        """Let other processes open the database."""
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                self._lock(fcntl.F_UNLCK, _OPENING, 1)

    def sync(self) -> None:
        """Have the disk store what was written to the database."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._fd)

    def _lock(self, kind: int, first: int, size: int) -> None:
        if sys.platform == "linux" and self._fd is not None:
            lock = struct.pack(_FLOCK, kind, os.SEEK_SET, first, size, 0)
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, lock)

    def close(self) -> None:
        """Let go of it, when no connection of this process has the database open any more."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
