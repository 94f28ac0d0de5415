"""Migrations: numbered, append-only SQL files, each applied in one transaction together with its record."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Final

from runtally.domain.errors import Unavailable
from runtally.storage import queries

APPLICATION_ID: Final = 0x52544C59
"""Marks an SQLite file as Runtally's (`RTLY`), so that another program's database is never taken for an empty one."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One released change of the schema. A released file never changes: its checksum is kept with the database."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.sql.encode()).hexdigest()

    def statements(self) -> Iterator[str]:
        """The file's statements, split where SQLite itself sees their ends (a trigger or a string may hold `;`)."""
        statement = ""
        for line in self.sql.splitlines(keepends=True):
            statement += line
            if sqlite3.complete_statement(statement):
                yield statement
                statement = ""


def released(dialect: str) -> list[Migration]:
    """Every migration of the dialect in order: `migrations/<dialect>/0001_name.sql`."""
    folder = resources.files("runtally.storage").joinpath("migrations", dialect)
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [
        Migration(int(file.name[:4]), file.name[5:].removesuffix(".sql"), file.read_text(encoding="utf-8"))
        for file in files
    ]


def applied_version(connection: sqlite3.Connection) -> int:
    """The version of the schema in the file; 0 for an empty file.

    Raises:
        Unavailable: the file is another program's, or has a newer schema than this Runtally knows.
    """
    version, owner, changes = _marks(connection)
    if owner != APPLICATION_ID and changes > 0:
        raise Unavailable(
            "the database file belongs to another program: it is an SQLite database that Runtally did not make; "
            "point RUNTALLY_DB at another file"
        )
    newest = released("sqlite")[-1].version
    if version > newest:
        raise Unavailable(
            f"the database has schema version {version} and this Runtally knows up to {newest}; "
            "upgrade Runtally, or point RUNTALLY_DB at another file"
        )
    return version


def _marks(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The user's version, the application's id and the count of schema changes, all as of one moment."""
    is_alone = not connection.in_transaction
    if is_alone:
        # Another process may be making the file: between two of these it would turn from empty to someone's.
        connection.execute("BEGIN")
    try:
        names = ("user_version", "application_id", "schema_version")
        version, owner, changes = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    finally:
        if is_alone and connection.in_transaction:
            connection.execute("ROLLBACK")
    return version, owner, changes


def upgrade(connection: sqlite3.Connection, now_us: int) -> None:
    """Bring the file to the newest schema. The connection must be in autocommit mode; processes may race.

    Raises:
        Unavailable: as `applied_version`.
    """
    version = applied_version(connection)
    for migration in released("sqlite"):
        if migration.version > version:
            _apply(connection, migration, now_us)


def _apply(connection: sqlite3.Connection, migration: Migration, now_us: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have applied it while this one waited for the lock.
        if applied_version(connection) < migration.version:
            for statement in migration.statements():
                connection.execute(statement)
            record = {
                "version": migration.version,
                "name": migration.name,
                "checksum": migration.checksum,
                "applied_at": now_us,
                "compatible_from": 1,
                "applied_by": "x",
            }
            connection.execute(queries.load()["insert_migration"].sql(record), record)
            connection.execute(f"PRAGMA user_version = {migration.version}")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
