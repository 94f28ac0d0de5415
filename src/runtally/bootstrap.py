"""The composition root: the only place that picks adapters, reads the time and draws random bits."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from runtally import pricing
from runtally.domain.caller import AccessKey, Caller, Origin
from runtally.domain.clock import uuid7
from runtally.domain.ports import AccessKeys, Database
from runtally.service import access_keys
from runtally.service.ledger import Ledger
from runtally.settings import Settings, read
from runtally.storage import sqlite
from runtally.storage.access_keys import SqlAccessKeys
from runtally.storage.sqlite_database import SqliteDatabase
from runtally.storage.sqlite_refusals import told_plainly

if TYPE_CHECKING:
    from runtally.storage.checkup import Finding


def settings_from_environment(*, database: str | None = None, projects: str | None = None) -> Settings:
    """The settings of this process.

    Raises:
        InvalidInput: a variable has a value that cannot be meant.
    """
    return read(os.environ, database=database, projects=projects)


def environment_of_child(**changes: str) -> dict[str, str]:
    """The environment of this process with the changes, for a Runtally that it starts."""
    return {**os.environ, **changes}


def clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000  # noqa: TID251 - this is where the time is read


def new_id() -> str:
    """A new UUID version 7."""
    return uuid7(clock(), int.from_bytes(os.urandom(10)))


def open_database(settings: Settings) -> SqliteDatabase:
    """The database that the settings name. Its file is opened, made or upgraded when it is first needed."""
    return SqliteDatabase(settings.database, busy_seconds=settings.busy_seconds, clock=clock)


def open_ledger(settings: Settings, database: Database | None = None) -> Ledger:
    """The ledger that the settings describe, in a database of its own unless one is given."""
    return Ledger(
        database or open_database(settings),
        clock=clock,
        new_id=new_id,
        pricer=pricing,
        redact=settings.redact,
        stale_after_seconds=settings.stale_after_seconds,
    )


async def find_access_key(database: SqliteDatabase, token: str) -> AccessKey | None:
    """The bearer key that a request presents, or None if it opens nothing.

    Raises:
        Unavailable: the database cannot be used.
    """
    key_hash = access_keys.hash_of(token)
    return await database.read_transaction(lambda tx: SqlAccessKeys(tx).find(key_hash, clock()))


async def any_access_key(database: SqliteDatabase) -> bool:
    """Whether any bearer key can be used.

    Raises:
        Unavailable: the database cannot be used.
    """
    return await database.read_transaction(lambda tx: SqlAccessKeys(tx).any_usable(clock()))


async def check(database: SqliteDatabase) -> None:
    """Raise `Unavailable` if the database cannot be read right now."""
    await any_access_key(database)


@contextlib.contextmanager
def open_access_keys(settings: Settings) -> Iterator[AccessKeys]:
    """The bearer keys in one write transaction, for a command.

    Raises:
        Unavailable: the database cannot be used.
    """
    with told_plainly():
        connection = sqlite.writer(settings.database, settings.busy_seconds, clock)
    with contextlib.closing(connection), sqlite.transaction(connection, settings.busy_seconds) as tx:
        yield SqlAccessKeys(tx)


def check_up(settings: Settings) -> "list[Finding]":
    """What a medical of the database file found."""
    # Imported here because no server needs it, and start-up time counts.
    from runtally.storage import checkup  # noqa: PLC0415

    return checkup.check_up(settings.database)


def new_secret() -> bytes:
    """The random part of a new bearer key."""
    return secrets.token_bytes(access_keys.SECRET_BYTES)


def caller_of(settings: Settings) -> Caller:
    """The caller that the environment makes: bound to its projects, the first being the default, or unbound."""
    if not settings.projects:
        return Caller(projects=None)
    return Caller(projects=settings.projects, default=settings.projects[0])


def origin_of(settings: Settings) -> Origin:
    """What the environment tells of where calls come from."""
    return Origin(session_id=settings.session_id)
