"""The composition root: the only place that picks adapters, reads the time and draws random bits."""

import os
import secrets
import time

from runtally import pricing
from runtally.domain.caller import Caller, Origin
from runtally.domain.clock import uuid7
from runtally.service.ledger import Ledger
from runtally.settings import Settings, read
from runtally.storage.group_commit import SqliteDatabase


def settings_from_environment(*, database: str | None = None, projects: str | None = None) -> Settings:
    """The settings of this process.

    Raises:
        InvalidInput: a variable has a value that cannot be meant.
    """
    return read(os.environ, database=database, projects=projects)


def clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000  # noqa: TID251 - this is where the time is read


def new_id() -> str:
    """A new UUID version 7."""
    return uuid7(clock(), secrets.randbits(74))


def open_ledger(settings: Settings) -> Ledger:
    """The ledger that the settings describe. Its file is opened, made or upgraded when it is first needed."""
    database = SqliteDatabase(settings.database, busy_seconds=settings.busy_seconds, clock=clock)
    return Ledger(
        database,
        clock=clock,
        new_id=new_id,
        pricer=pricing,
        redact=settings.redact,
        stale_after_seconds=settings.stale_after_seconds,
    )


def caller_of(settings: Settings) -> Caller:
    """The caller that the environment makes: bound to its projects, the first being the default, or unbound."""
    if not settings.projects:
        return Caller(projects=None)
    return Caller(projects=settings.projects, default=settings.projects[0])


def origin_of(settings: Settings) -> Origin:
    """What the environment tells of where calls come from."""
    return Origin(session_id=settings.session_id)
