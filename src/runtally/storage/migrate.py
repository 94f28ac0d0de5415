"""Migrations: numbered, append-only SQL files, each applied in one transaction together with its record.

A migration says in its first lines `-- compatible from: N`: a Runtally whose newest migration is N or later may go on
beside the schema that it makes.
"""

import contextlib
import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from runtally.domain.errors import Unavailable
from runtally.storage import queries
from runtally.version import __version__

APPLICATION_ID: Final = 0x52544C59
"""Marks an SQLite file as Runtally's (`RTLY`), so that another program's database is never taken for an empty one."""

_FILE_NAME: Final = re.compile(r"(\d{4})_(\w+)\.sql")
_COMPATIBLE_FROM: Final = re.compile(r"\A(?:[ \t]*(?:--.*)?\n)*?-- compatible from: (\d+)\n")
_COMMENT: Final = re.compile(r"--.*|/\*[\s\S]*?\*/")
_RUNTALLY_VERSION: Final = re.compile(r"\d[0-9A-Za-z.+-]{0,31}")
_MARKS: Final = ("user_version", "application_id", "schema_version")


@dataclass(frozen=True, slots=True)
class Migration:
    """One released change of the schema. A released file never changes: its checksum is kept with the database."""

    version: int
    name: str
    compatible_from: int
    """The oldest schema version whose Runtally may go on reading and writing beside this one."""
    statements: tuple[str, ...]
    checksum: str
    """SHA-256 of the file."""


class Newer(NamedTuple):
    """A migration in a file that is beyond those that this Runtally has."""

    version: int
    compatible_from: int
    applied_by: str


def parse(file_name: str, text: str) -> Migration:
    """The migration in a file.

    Raises:
        ValueError: the file does not declare what it is compatible from, or ends in the middle of a statement.
    """
    named, declared = _FILE_NAME.fullmatch(file_name), _COMPATIBLE_FROM.match(text)
    if named is None:
        raise ValueError(f"{file_name}: name a migration like 0002_what_it_does.sql")
    version, name = int(named[1]), named[2]
    compatible_from = int(declared[1]) if declared else 0
    if not 1 <= compatible_from <= version:
        raise ValueError(f"{file_name}: say in the first lines `-- compatible from: N`, with N from 1 to {version}")
    *statements, remainder = _split(text)
    if _COMMENT.sub("", remainder).strip():
        raise ValueError(f"{file_name}: the last statement has no semicolon")
    return Migration(version, name, compatible_from, tuple(statements), hashlib.sha256(text.encode()).hexdigest())


def _split(text: str) -> Iterator[str]:
    """The statements, split where SQLite itself sees their ends (a trigger or a string may hold `;`), and the rest."""
    statement = ""
    for line in text.splitlines(keepends=True):
        statement += line
        if ";" in line and sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    yield statement


@cache
def released(dialect: str) -> tuple[Migration, ...]:
    """Every migration of the dialect in order: `migrations/<dialect>/0001_name.sql`."""
    folder = resources.files("runtally.storage").joinpath("migrations", dialect)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return tuple(parse(file.name, file.read_text(encoding="utf-8")) for file in files)


def newest() -> int:
    """The version of the schema that this Runtally makes."""
    return released("sqlite")[-1].version


def refuse_changed(version: int, checksums: Mapping[int, str], migrations: Sequence[Migration]) -> None:
    """Raise `Unavailable` if one of the migrations is not the one that a file of this version was made with."""
    for migration in migrations:
        if migration.version <= version and checksums.get(migration.version) != migration.checksum:
            raise Unavailable(
                f"the database was made with another migration {migration.version:04d} than this Runtally's, so that "
                "its tables may differ. Nothing was recorded. Use the Runtally that made it, or point RUNTALLY_DB at "
                "another file"
            )


def refuse_incompatible(version: int, newer: Sequence[Newer], known: int) -> None:
    """Raise `Unavailable` if a Runtally that knows versions up to `known` must leave a file of this version alone.

    It may go on beside every newer migration that is compatible from what it knows. A version without a record says
    nothing about that.
    """
    is_recorded = version <= known or version in [one.version for one in newer]
    if is_recorded and all(one.compatible_from <= known for one in newer):
        return
    # Only what looks like a version is repeated: the file may hold anything.
    named = newer and _RUNTALLY_VERSION.fullmatch(newer[-1].applied_by)
    by = f"Runtally {newer[-1].applied_by}" if named else "a newer Runtally"
    raise Unavailable(
        f"the database has schema version {version}, to which {by} upgraded it, and this Runtally knows up to {known}. "
        "Nothing was recorded. Upgrade Runtally to that version or newer and restart this server, or point "
        "RUNTALLY_DB at another file"
    )


def applied_version(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> int:
    """The version of the schema in the file: 0 for an empty file, and beyond the newest of the migrations (by default
    those of this Runtally) only where whoever has them may go on.

    Raises:
        Unavailable: the file is another program's, was made with other migrations, or has a newer schema that is not
            compatible with them.
    """
    migrations = migrations or released("sqlite")
    known = migrations[-1].version
    with _one_moment(connection):
        version, owner, changes = (_rows(connection, f"PRAGMA {name}")[0][0] for name in _MARKS)
        if owner != APPLICATION_ID and (changes > 0 or version > 0):
            raise Unavailable(
                "the database file belongs to another program: it is an SQLite database that Runtally did not make; "
                "point RUNTALLY_DB at another file"
            )
        if version <= 0:
            if not _rows(connection, queries.load()["has_tables"].sql({})):
                return 0
            raise Unavailable(
                "the database file is damaged: it has tables and says that it has none. Nothing was recorded. Restore "
                "a backup, or move the file away and Runtally will begin a new one"
            )
        # What was applied by whom is asked for where it matters alone: files made with another 0001 may not tell.
        refuse_changed(version, dict(_rows(connection, queries.load()["list_checksums"].sql({}))), migrations)
        if version > known:
            params = {"known": known}
            sql = queries.load()["list_newer_migrations"].sql(params)
            refuse_incompatible(version, [Newer(*row) for row in _rows(connection, sql, params)], known)
    return int(version)


@contextlib.contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Another process may be making the file: between two questions it would turn from empty to someone's."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _rows(connection: sqlite3.Connection, sql: str, params: Mapping[str, Any] | tuple[()] = ()) -> list[Any]:
    """The rows as tuples, whatever the connection makes of its own."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, params).fetchall()


def confirmed_version(connection: sqlite3.Connection, seen: int | None) -> int:
    """The version of the schema, as of the transaction that the connection is in. It is judged only if it is not the
    one that was `seen` and judged before, so that this may be asked in every transaction.

    Raises:
        Unavailable: as `applied_version`, or the schema is older than what this Runtally needs.
    """
    ((version,),) = _rows(connection, "PRAGMA user_version")
    if version != seen:
        version = applied_version(connection)
        if version < newest():
            raise Unavailable(
                "the database file was replaced by one with an older schema. Nothing was recorded. Try again: the file "
                "is upgraded first, if this user may write it"
            )
    return int(version)


def upgrade(connection: sqlite3.Connection, now_us: int, migrations: Sequence[Migration] | None = None) -> None:
    """Bring the file to the newest of the migrations (by default those of this Runtally); one beyond them is left as it
    is. The connection must be in autocommit mode; processes may race.

    Raises:
        Unavailable: as `applied_version`.
    """
    migrations = migrations or released("sqlite")
    version = applied_version(connection, migrations)
    pending = [migration for migration in migrations if migration.version > version]
    if not pending:
        return
    # A table that others refer to can be made anew only without, and inside a transaction this cannot be switched.
    ((enforced,),) = _rows(connection, "PRAGMA foreign_keys")
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        for migration in pending:
            _apply(connection, migration, now_us, migrations)
    finally:
        connection.execute(f"PRAGMA foreign_keys = {enforced}")


def _apply(connection: sqlite3.Connection, migration: Migration, now_us: int, migrations: Sequence[Migration]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have applied it while this one waited for the lock.
        if applied_version(connection, migrations) < migration.version:
            for statement in migration.statements:
                connection.execute(statement)
            record = {
                "version": migration.version,
                "name": migration.name,
                "checksum": migration.checksum,
                "compatible_from": migration.compatible_from,
                "applied_at": now_us,
                "applied_by": __version__,
            }
            connection.execute(queries.load()["insert_migration"].sql(record), record)
            connection.execute(f"PRAGMA user_version = {migration.version}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
