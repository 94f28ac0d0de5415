"""A medical of the database file: read-only, except that it asks for the write lock and lets go of it at once."""

import contextlib
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from runtally.domain.clock import rfc3339
from runtally.domain.errors import RuntallyError
from runtally.domain.records import Problem
from runtally.storage import migrate, queries
from runtally.storage.open_file import companions_of, fit_log, refuse_lone_log
from runtally.storage.problems import SqlProblems
from runtally.storage.sqlite import SqliteTransaction
from runtally.storage.sqlite_refusals import is_busy, told_plainly

_LOW_DISK_BYTES: Final = 512 * 1024 * 1024
_BIG_WAL_BYTES: Final = 256 * 1024 * 1024
_LOCK_SECONDS: Final = 1
_PROBLEMS_SINCE: Final = 2
"""The version of the schema that brought recent problems."""

SLOW: Final = ("runs", "integrity", "references", "totals")
"""The checks that look through the whole file, or an index of it."""
_NEED_INTEGRITY: Final = ("references", "totals")


class Finding(NamedTuple):
    """What one check found, in words that end with what to do where it is not fine; `fine` is None where it could not
    be looked at because of what another check found.
    """

    check: str
    fine: bool | None
    told: str


_EMPTY: Final = Finding("schema", fine=True, told="none, it is an empty file without a ledger; the first call makes it")


def check_up(
    path: Path, *, quick: bool = False, expected: bool = False, begins: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Every check that can be made of the file, most basic first; the later ones need a file that opens. A `quick` one
    leaves out those that are `SLOW`. That there is no ledger yet is fine unless one is `expected`. `begins` is told the
    name of each check of the content that begins.
    """
    if not path.exists():
        return [_not_there_yet(path, expected=expected)]
    findings = [_permissions(path), _disk(path), _wal(path)]
    if not os.access(path, os.R_OK):
        return findings
    try:
        with told_plainly(), contextlib.closing(_open(path)) as connection:
            schema = _attempt("schema", _schema, connection)
            if schema == _EMPTY:
                told = f"{_EMPTY.told}. Is it the file that you mean?" if expected else _EMPTY.told
                findings.append(Finding("schema", not expected, told))
                return findings
            findings.append(schema)
            if schema.fine:  # else there is no ledger in the file that the others could judge
                findings += _content(connection, quick=quick, begins=begins)
    except RuntallyError as error:
        findings.append(Finding("opens", fine=False, told=error.message))
    return findings


def _content(connection: sqlite3.Connection, *, quick: bool, begins: Callable[[str], None]) -> Iterator[Finding]:
    is_damaged = False
    for name, check in _CHECKS:
        if quick and name in SLOW:
            continue
        if is_damaged and name in _NEED_INTEGRITY:
            yield Finding(name, fine=None, told="not looked at, the file is damaged")
            continue
        begins(name)
        finding = _attempt(name, check, connection)
        is_damaged = is_damaged or (name == "integrity" and not finding.fine)
        yield finding


def recent_problems(path: Path, limit: int) -> Sequence[Problem]:
    """The newest refusals that servers of the file gave, newest first.

    Raises:
        Unavailable: the file cannot be read.
    """
    if not path.exists():
        return ()
    with told_plainly(), contextlib.closing(_open(path)) as connection:
        if migrate.applied_version(connection) < _PROBLEMS_SINCE:
            return ()
        return SqlProblems(SqliteTransaction(connection)).list_newest(limit)


def _open(path: Path) -> sqlite3.Connection:
    # Or else this would begin a log beside one that is still in use.
    fit_log(path)
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _attempt(name: str, check: Callable[[sqlite3.Connection], Finding], connection: sqlite3.Connection) -> Finding:
    try:
        with told_plainly():
            return check(connection)
    except RuntallyError as error:
        if isinstance(error.__cause__, sqlite3.Error) and is_busy(error.__cause__):
            return Finding(name, fine=False, told=_HELD)
        return Finding(name, fine=False, told=error.message)


def _may_create(path: Path) -> bool:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    return os.access(folder, os.W_OK)


def _not_there_yet(path: Path, *, expected: bool) -> Finding:
    try:
        refuse_lone_log(path)
    except RuntallyError as error:
        return Finding("file", fine=False, told=error.message)
    if expected:
        return Finding("file", fine=False, told="not there; name the file that you mean, as a server's first line does")
    if _may_create(path):
        return Finding("file", fine=True, told="not there yet; it is made when the first call comes")
    told = "not there, and its folder cannot be written; make it writable, or set RUNTALLY_DB to another file"
    return Finding("file", fine=False, told=told)


def _permissions(path: Path) -> Finding:
    mode = stat.S_IMODE(path.stat().st_mode)
    if not os.access(path, os.R_OK):
        told = f"{mode:o}: this user may not read it; run doctor as the user who runs Runtally"
        return Finding("permissions", fine=False, told=told)
    if os.name == "posix" and mode & 0o077:
        return Finding("permissions", fine=False, told=f"{mode:o}: others may read it; run chmod 600 on the file")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return Finding("permissions", fine=False, told="it or its folder cannot be written; make both writable")
    for companion in companions_of(path):
        if companion.exists() and stat.S_IMODE(companion.stat().st_mode) != mode:
            told = (
                f"{mode:o}, but its {companion.name[-4:]} file has others; chmod it, or start a server, which does so"
            )
            return Finding("permissions", fine=False, told=told)
    return Finding("permissions", fine=True, told=f"{mode:o}")


def _disk(path: Path) -> Finding:
    free = shutil.disk_usage(path.parent).free
    told = f"{path.stat().st_size / 1e6:,.1f} MB used, {free / 1e9:,.1f} GB free"
    return Finding("disk", free > _LOW_DISK_BYTES, told if free > _LOW_DISK_BYTES else f"{told}; free some space")


def _wal(path: Path) -> Finding:
    wal, _ = companions_of(path)
    size = wal.stat().st_size if wal.exists() else 0
    told = f"{size / 1e6:,.1f} MB"
    if size > _BIG_WAL_BYTES:
        told += "; a reader keeps it from shrinking: restart the servers that have the file open"
    return Finding("write-ahead log", size <= _BIG_WAL_BYTES, told)


def _schema(connection: sqlite3.Connection) -> Finding:
    version, newest = migrate.applied_version(connection), migrate.newest()
    if not version:
        return _EMPTY
    if version < newest:
        return Finding("schema", fine=True, told=f"version {version}; the next server upgrades it to {newest}")
    if version > newest:
        told = f"version {version}, beside which this Runtally, which knows up to {newest}, may go on"
        return Finding("schema", fine=True, told=told)
    return Finding("schema", fine=True, told=f"version {version}, the newest")


def _journal(connection: sqlite3.Connection) -> Finding:
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    told = mode if mode == "wal" else f"{mode}; the next server that opens it makes it wal"
    return Finding("journal", fine=True, told=told)


def _runs(connection: sqlite3.Connection) -> Finding:
    count, newest = connection.execute(queries.load()["count_runs"].sql({})).fetchone()
    return Finding("runs", fine=True, told=f"{count:,}, the newest of {rfc3339(newest)}" if count else "none yet")


def _integrity(connection: sqlite3.Connection) -> Finding:
    problems = [row[0] for row in connection.execute("PRAGMA integrity_check(20)")]
    if problems == ["ok"]:
        return Finding("integrity", fine=True, told="ok")
    return Finding("integrity", fine=False, told=f"{len(problems)} problems; {_SAVE}")


def _references(connection: sqlite3.Connection) -> Finding:
    orphans = len(connection.execute("PRAGMA foreign_key_check").fetchall())
    return Finding("references", not orphans, f"{orphans} rows belong to no run" if orphans else "ok")


def _totals(connection: sqlite3.Connection) -> Finding:
    if migrate.applied_version(connection) < migrate.newest():
        return Finding("totals", fine=True, told="not looked at before the upgrade")
    wrong = connection.execute(queries.load()["count_wrong_totals"].sql({})).fetchone()["wrong"]
    told = f"{wrong} runs do not add up to their reports; please report this with the output of doctor"
    return Finding("totals", not wrong, told if wrong else "every run is the sum of its reports")


def _lock(connection: sqlite3.Connection) -> Finding:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    return Finding("write lock", fine=True, told="free")


_HELD: Final = (
    f"held by another process for {_LOCK_SECONDS} s. Look again; if it stays so, `fuser FILE` or `lsof FILE` shows by "
    "whom the file is open"
)
_SAVE: Final = (
    "restore a backup, or save what can be read with `sqlite3 FILE .recover | sqlite3 NEW`. Where it says SQL logic "
    "error, that sqlite3 was built without it: use one from sqlite.org. Compare the number of runs before you put NEW "
    "in place"
)
_CHECKS: Final[tuple[tuple[str, Callable[[sqlite3.Connection], Finding]], ...]] = (
    ("journal", _journal),
    ("runs", _runs),
    ("integrity", _integrity),
    ("references", _references),
    ("totals", _totals),
    ("write lock", _lock),
)
