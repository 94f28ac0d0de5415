"""What SQLite's refusals mean to a person, and to the connection that met them."""

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Final

from runtally.domain.errors import LimitExceeded, RuntallyError, Unavailable

_NOTHING: Final = "Nothing was recorded."
_REFUSALS: Final = {
    sqlite3.SQLITE_BUSY: (
        "another process is holding the write lock of the database",
        "Try again in a moment; if it stays so, `runtally doctor` says more",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database cannot be written: the file, its -wal or -shm file, its folder or the disk is read-only",
        "Make them writable for the user who runs Runtally, or set RUNTALLY_DB to another file",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk refused to read or write the database",
        "Check the disk and its free space, then try again",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database file is damaged",
        "Run `runtally doctor`; restore a backup, or move the file away and Runtally will begin a new one",
    ),
    sqlite3.SQLITE_FULL: (
        "the disk that holds the database is full",
        "Free some space and try again",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database file cannot be opened",
        "Check that its folder exists and that the user who runs Runtally may write there, or set RUNTALLY_DB",
    ),
}
_SAME_AS: Final = {
    sqlite3.SQLITE_LOCKED: sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_PROTOCOL: sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_PERM: sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_AUTH: sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB: sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOLFS: sqlite3.SQLITE_FULL,
}


def refusal(error: sqlite3.Error) -> RuntallyError | sqlite3.Error:
    """What SQLite's refusal means to a person, or the error itself where it can only be a bug of ours."""
    code = _code(error)
    if _SAME_AS.get(code, code) in _REFUSALS:
        return unavailable(_SAME_AS.get(code, code))
    if code == sqlite3.SQLITE_CONSTRAINT and "runs_totals_are_exact" in str(error):
        return LimitExceeded(
            "the run's totals would pass 9,007,199,254,740,991, beyond which numbers are not exact. "
            f"{_NOTHING} Check the counts, or start another run",
            field="token_usage",
        )
    return error


def told(error: BaseException) -> BaseException:
    """What whoever asked for it hears of an error: SQLite's refusals in our words, any other as it is."""
    return refusal(error) if isinstance(error, sqlite3.Error) else error


def unavailable(code: int) -> Unavailable:
    """The refusal that a primary result code of SQLite stands for."""
    wrong, way_out = _REFUSALS[code]
    return Unavailable(f"{wrong}. {_NOTHING} {way_out}")


def breaks_connection(error: BaseException | None) -> bool:
    """Whether the connection must be opened anew before the file can be trusted to have been mended."""
    if not isinstance(error, sqlite3.Error) or is_busy(error):
        return False
    return _SAME_AS.get(_code(error), _code(error)) in _REFUSALS


def busy() -> sqlite3.Error:
    """What SQLite raises where another connection stands in the way, for what stands in the way outside of it."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_BUSY, "SQLITE_BUSY"
    return error


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection stood in the way, which may pass."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_interrupted(error: BaseException | None) -> bool:
    """Whether the statement was ended because its time was over."""
    return isinstance(error, sqlite3.Error) and _code(error) == sqlite3.SQLITE_INTERRUPT


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Turns what SQLite raises into what a person can act on."""
    try:
        yield
    except sqlite3.Error as error:
        raise refusal(error) from error


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
