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
            with contextlib.suppress(OSError):
                self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def share(self) -> None:
        """Keep every process, this one too, from closing the database as its last: from folding in and deleting a
        log.
        """
        if sys.platform == "linux" and self._fd is not None:
            lock = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, _SHARED_FIRST, _SHARED_SIZE, 0)
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, lock)

    def sync(self) -> None:
        """Have the disk store what was written to the database."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                os.fsync(self._fd)

    def close(self) -> None:
        """Let go of it, when no connection of this process has the database open any more."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
