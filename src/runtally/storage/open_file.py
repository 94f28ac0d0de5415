"""Which SQLite file a process has open, and whether the log beside it is still the one that belongs to it.

SQLite finds a log by its name alone. A log whose file was moved away would be thrown away with all that was committed
last, or be written into whatever file is found instead; and what is written to a log that was deleted is gone with
the last process that has it open. So the identity of the file and of its two companions is compared before each
transaction, and again between its COMMIT and its answer.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from runtally.storage.file_lock import HeldFile, is_held, is_index_held
from runtally.storage.file_refusals import log_removed, opened_before_fork, parted_from_its_log
from runtally.storage.patience import keep_trying
from runtally.storage.sqlite_refusals import busy

Identity = tuple[int, int]
Log = tuple[Identity | None, Identity | None]
"""A write-ahead log and its index."""
LetGo = Callable[[], None]
"""Has a connection close its file; it stands for the connection."""

_OPENING_SECONDS: Final = 1.0
"""How long another process may take from its first look at a file to having a log beside it."""
_WAL_MODE: Final = b"\2\2"
_WAL_MODE_AT: Final = 18


class _Held:
    """A file that this process has open, in whichever of its databases."""

    def __init__(self, path: Path) -> None:
        self.process = os.getpid()
        self.open_by: set[LetGo] = set()
        self.paths = companions_of(path)
        self._names = tuple(map(os.fspath, self.paths))
        self.log: Log = (None, None)
        self.file = HeldFile(path)

    @property
    def has_its_log(self) -> bool:
        """Whether what SQLite has open is what is beside the file."""
        log, index = self._names
        return None not in self.log and (_identity(log), _identity(index)) == self.log


_HELD: dict[Identity, _Held] = {}
"""A forked child inherits this, and with it SQLite's belief that it holds the locks: what it wrote through a connection
of its own would be lost.
"""
_OPENING: Final = threading.RLock()
"""Held by whoever opens a file, from the first look at it until the connection is noted, and by whoever closes one: to
look at a file from outside SQLite, or to let go of it, drops the locks of a connection that is just being made.
"""


class OpenFile:
    """The file at a path, shared by every connection of a database to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._name = os.fspath(path)
        self._process = os.getpid()
        self._file: Identity | None = None
        self._held_by: dict[LetGo, _Held] = {}

    @property
    def identity(self) -> Identity | None:
        """What identifies the file at the path; None if there is none."""
        return _identity(self._name)

    @property
    def has_its_log(self) -> bool:
        """Whether the log of the file that is open is the one beside it."""
        held = self._held
        return held is None or held.has_its_log

    @property
    def lost_its_log(self) -> bool:
        """Whether the file that is open is in its place, but its log is not beside it any more."""
        held = self._held
        return held is not None and self.identity == self._file and not held.has_its_log

    @property
    def has_anothers_log(self) -> bool:
        """Whether somebody has written to another log beside the file that is open."""
        held = self._held
        if held is None:
            return False
        log, ours = held.paths[0], held.log[0]
        return _identity(log) not in (None, ours) and _size_bytes(log) > 0

    @property
    def has_visitor(self) -> bool:
        """Whether somebody who does not know the log that is open has the file open meanwhile."""
        held = self._held
        if held is None:
            return False
        index, ours = held.paths[1], held.log[1]
        return _identity(index) not in (None, ours) and is_index_held(index)

    def found(self) -> Identity | None:
        """What identifies the file at the path now; None if there is none.

        Raises:
            Unavailable: it is not the file that is open, and the log of that is still beside it; or this process was
                forked from one that had it open.
        """
        found = _identity(self.path)
        held = _HELD.get(found) if found is not None else None
        if held is not None and held.process != self._process:
            raise opened_before_fork()
        if found != self._file and self._held_by:
            logs = [log for one in tuple(self._held_by.values()) for log in one.log if log is not None]
            if any(_identity(companion) in logs for companion in companions_of(self.path)):
                raise parted_from_its_log()
        return found

    @contextlib.contextmanager
    def opening(self, busy_seconds: float) -> Iterator[Log]:
        """To open the file inside: nobody else does so meanwhile, in this process or another. The log that is beside
        the file is for `opened`.

        Raises:
            sqlite3.Error: others are opening the file all the while.
            Unavailable: as `fit_log`.
        """
        with _OPENING:
            held = _held_at(self.path, _identity(self.path))
            try:
                if not keep_trying(busy_seconds, held.file.begin_opening):
                    raise busy()
                yield fit_log(self.path)
            finally:
                held.file.end_opening()
                _let_go_if_unused(held)

    def opened(self, connection: LetGo, log: Log) -> Identity | None:
        """Note that the connection has the file open that is at the path now, beside which there was the log; what
        identifies the file. To be called inside `opening`.
        """
        self._file = _identity(self.path)
        held = _held_at(self.path, self._file)
        if not held.open_by:
            # What was there before is what must be there now: in between, somebody may have removed it.
            held.log = log if None not in log else _log_at(held.paths)
        held.open_by.add(connection)
        self._held_by[connection] = held
        return self._file

    def closed(self, connection: LetGo) -> None:
        """Note that the connection has closed the file."""
        with _OPENING:
            held = self._held_by.pop(connection, None)
            if held is None:
                return
            held.open_by.discard(connection)
            _let_go_if_unused(held)

    def keep_log(self) -> None:
        """See to it that no connection of this process that closes the file folds a log into it that is not beside it
        any more, and deletes the one that is.
        """
        held = self._held
        if held is not None:
            held.file.share()

    def sync(self) -> None:
        """Have the disk store what was moved into the file that is open."""
        held = self._held
        if held is not None:
            held.file.sync()

    def discard_log(self) -> None:
        """Remove what is left of the log that is open, of which the file has everything: the next one begins anew."""
        held = self._held
        if held is None:
            return
        for companion, ours in zip(held.paths, held.log, strict=True):
            if ours is not None and _identity(companion) == ours:
                # With only one of the two, SQLite would go on in a log that begins in the middle.
                companion.unlink(missing_ok=True)

    def let_go(self) -> None:
        """Have every connection of this process close the file."""
        for held in {id(held): held for held in tuple(self._held_by.values())}.values():
            for connection in tuple(held.open_by):
                connection()

    @property
    def _held(self) -> _Held | None:
        return _HELD.get(self._file) if self._file is not None else None


def _held_at(path: Path, identity: Identity | None) -> _Held:
    """What this process holds of the file, which may be nothing yet. Whoever calls holds `_OPENING`."""
    held = _HELD.get(identity) if identity is not None else None
    if held is None:
        held = _Held(path)
        if identity is not None:
            _HELD[identity] = held
    return held


def _let_go_if_unused(held: _Held) -> None:
    """Whoever calls holds `_OPENING`: a descriptor that is closed drops the locks of a connection in the making."""
    if not held.open_by:
        held.file.close()
        for identity in [identity for identity, one in _HELD.items() if one is held]:
            del _HELD[identity]


def refuse_lone_log(path: Path) -> None:
    """Raise `Unavailable` if there is no file but a log that holds something."""
    log, _ = companions_of(path)
    with contextlib.suppress(OSError):
        # The log first: whoever begins a new file makes the file before the log.
        if log.stat().st_size and not path.exists():
            raise parted_from_its_log()


def fit_log(path: Path) -> Log:
    """The log beside a file that is fit to be opened.

    Raises:
        Unavailable: a process has the file open with another log than the one beside it, or none is there: the log was
            removed, and with a new one both would write into one file.
    """
    with _OPENING:
        log = keep_trying(_OPENING_SECONDS, lambda: _fit_log(path))
    if log is None:
        raise log_removed()
    return log


def _fit_log(path: Path) -> Log | None:
    identity, paths = _identity(path), companions_of(path)
    held = _HELD.get(identity) if identity is not None else None
    if held is not None and held.open_by:
        return held.log if held.has_its_log else None
    log = _log_at(paths)
    if None in log or not is_index_held(paths[1]):
        is_open_elsewhere = identity is not None and _is_in_wal_mode(path) and is_held(path)
        # Whoever was opening it just now is waited for.
        return None if is_open_elsewhere else (None, None)
    return log


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _is_in_wal_mode(path: Path) -> bool:
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(_WAL_MODE_AT)
        return file.read(len(_WAL_MODE)) == _WAL_MODE
    return False


def companions_of(path: Path) -> tuple[Path, Path]:
    """SQLite's write-ahead log of a file, and the index of the log that its processes share."""
    name = os.path.realpath(path)
    return Path(f"{name}-wal"), Path(f"{name}-shm")


def _log_at(paths: tuple[Path, Path]) -> Log:
    log, index = paths
    return _identity(log), _identity(index)


def _identity(path: Path | str) -> Identity | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - six times per commit, and Path.stat costs three times as much
    except OSError:
        return None
    return found.st_dev, found.st_ino
