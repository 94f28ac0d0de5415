"""The composition root: the only place that picks adapters, reads the time and draws random bits."""

import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from runtally import pricing
from runtally.domain.caller import AccessKey, Admission, Caller, Origin
from runtally.domain.clock import OrderedIds
from runtally.domain.errors import InvalidInput, NotAllowed, RuntallyError, Unavailable
from runtally.domain.ports import AccessKeys, Database
from runtally.domain.records import Problem
from runtally.service import access_keys
from runtally.service.entry import Entry
from runtally.service.ledger import Ledger
from runtally.settings import Settings
from runtally.storage import migrate, sqlite
from runtally.storage.access_keys import SqlAccessKeys
from runtally.storage.open_file import fit_log, refuse_lone_log
from runtally.storage.sqlite_database import SqliteDatabase
from runtally.storage.sqlite_refusals import told_plainly

if TYPE_CHECKING:
    from runtally.pricing.own import OwnPrices
    from runtally.redaction import Redactor
    from runtally.redaction.further import Further
    from runtally.storage.checkup import Finding

ResultT = TypeVar("ResultT")

logger = logging.getLogger(__name__)


def clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000  # noqa: TID251 - this is where the time is read


new_id: Final = OrderedIds(clock, secrets.randbits)
"""Makes UUIDs version 7, in order within this process."""


def open_database(settings: Settings, *, only_reads: bool = False) -> SqliteDatabase:
    """The database that the settings name. Its file is opened, made or upgraded when it is first needed; where one
    `only_reads`, it is neither made nor upgraded.
    """
    return SqliteDatabase(settings.database, busy_seconds=settings.busy_seconds, clock=clock, only_reads=only_reads)


def refuse_older_schema(settings: Settings) -> None:
    """Raise `Unavailable` if the database, which is there, cannot be read before it is upgraded."""
    with (
        told_plainly(),
        contextlib.closing(sqlite.reader(settings.database, settings.busy_seconds, oldest=1)) as connection,
    ):
        version = migrate.applied_version(connection)
    if version < migrate.newest():
        raise Unavailable(
            f"the database has schema version {version}, and this Runtally reads {migrate.newest()}. Start a server, "
            "or run the command so that it records: both upgrade the file first. Nothing was changed"
        )


def own_prices(settings: Settings) -> "OwnPrices | None":
    """The prices of one's own, which count before the listed ones; None if the settings name no file of them.

    Raises:
        InvalidInput: there is no such file, or something in it cannot be meant.
    """
    if settings.prices is None:
        return None
    # Imported here because most servers need it not, and start-up time counts.
    from runtally.pricing import own_file  # noqa: PLC0415

    return own_file.read(settings.prices)


def further_secrets(settings: Settings) -> "Further | None":
    """What a file of the user's adds to the names and patterns of secrets; None if the settings name no such file.

    Raises:
        InvalidInput: there is no such file, or something in it cannot be meant.
    """
    if settings.redact_extra is None:
        return None
    # Imported here because most servers need it not, and start-up time counts.
    from runtally.redaction import further  # noqa: PLC0415

    return further.read(settings.redact_extra)


def make_redactor(settings: Settings) -> "Callable[[], Redactor]":
    """What makes the redactor that the settings describe, when it is first needed. The user's file is read now.

    Raises:
        InvalidInput: the file cannot be meant.
    """
    further = further_secrets(settings)

    def make() -> "Redactor":
        # Imported here because it compiles patterns, and start-up time counts.
        from runtally.redaction import Redactor  # noqa: PLC0415

        return Redactor(further) if further else Redactor()

    return make


def refuse_secret_projects(settings: Settings, projects: Sequence[str]) -> None:
    """Raise `InvalidInput` if what names a project is a secret by the user's file; the settings know other secrets."""
    if not (settings.redact and settings.redact_extra and projects):
        return
    from runtally.service.scrub import refuse_secret_project  # noqa: PLC0415 - as below

    redactor = make_redactor(settings)()
    for project in projects:
        refuse_secret_project(project, "a project_key", redactor=redactor)


def open_ledger(settings: Settings, database: Database | None = None) -> Ledger:
    """The ledger that the settings describe, in a database of its own unless one is given.

    Raises:
        InvalidInput: the file of own prices, or that of names and patterns to redact, cannot be meant.
    """
    entry = Entry(
        clock=clock,
        new_id=new_id,
        pricer=own_prices(settings) or pricing,
        redactor=make_redactor(settings) if settings.redact else None,
        stale_after_seconds=settings.stale_after_seconds,
    )
    return Ledger(database or open_database(settings), entry)


class _DamagedKeys:
    """What is told of bearer keys that are there and cannot be understood: logged once a minute, under a reference that
    everybody is told meanwhile.
    """

    def __init__(self) -> None:
        self._logged_at = float("-inf")
        self._reference = ""

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn whatever the keys make fail into `Unavailable`: while they cannot be understood, nobody is let in."""
        try:
            yield
        except RuntallyError:
            raise
        except Exception as error:
            now = time.monotonic()
            if now - self._logged_at >= _DAMAGED_EVERY_SECONDS:
                self._logged_at, self._reference = now, secrets.token_hex(4)
                logger.error("damaged bearer keys %s", self._reference, exc_info=error)  # noqa: TRY400 - not an exception of ours
            raise Unavailable(
                "the bearer keys in the database are damaged, and nobody is let in. Restore a backup, or move the "
                f"file away and make new keys. Reference {self._reference} in the log"
            ) from error


_DAMAGED_EVERY_SECONDS: Final = 60
_damaged_keys: Final = _DamagedKeys()


async def _read_keys(database: SqliteDatabase, work: Callable[[SqlAccessKeys], ResultT]) -> ResultT:
    with _damaged_keys.told():
        return await database.read_transaction(lambda tx: work(SqlAccessKeys(tx)))


async def find_access_key(database: SqliteDatabase, key_hash: str, bound_to: Sequence[str]) -> AccessKey | None:
    """The bearer key with this hash, narrowed to the projects that the server is bound to, if it is bound; None if it
    cannot be used or opens nothing here.

    Raises:
        Unavailable: the database cannot be used.
    """
    key = await _read_keys(database, lambda keys: keys.find(key_hash, clock()))
    return key.within(bound_to) if key is not None and bound_to else key


async def admission_holds(database: SqliteDatabase, admission: Admission) -> bool:
    """Whether what a caller was let in by holds now.

    Raises:
        Unavailable: the database cannot be used.
    """
    try:
        await _read_keys(database, lambda keys: access_keys.confirm(keys, admission, clock()))
    except NotAllowed:
        return False
    return True


async def made_access_keys(database: SqliteDatabase) -> Sequence[AccessKey]:
    """Every bearer key that was ever made, oldest first.

    Raises:
        Unavailable: the database cannot be used.
    """
    return await _read_keys(database, lambda keys: keys.list_all())


async def check(database: SqliteDatabase) -> None:
    """Raise `Unavailable` if the database, or a bearer key in it, cannot be read right now."""
    await _read_keys(database, lambda keys: keys.list_all())


def refuse_bad_path(settings: Settings) -> None:
    """Raise `InvalidInput` or `Unavailable` if no file can be where the database should; a stdio server goes on."""
    path = settings.database
    try:
        is_folder = path.is_dir()
    except OSError:
        raise Unavailable(
            f"the database {path} cannot be reached: its path is too long, or leads through a folder that the user "
            "who runs Runtally may not enter. Open the folder to that user, or name another file"
        ) from None
    if is_folder:
        raise InvalidInput(f"the database {path} is a folder; name a file in it")


def has_database(settings: Settings) -> bool:
    """Whether there is a database yet; asking makes none.

    Raises:
        InvalidInput: it is a folder.
        Unavailable: it cannot be told; or there was one, and what it recorded last is still there without it.
    """
    refuse_bad_path(settings)
    refuse_lone_log(settings.database)
    fit_log(settings.database)
    return settings.database.is_file() and settings.database.stat().st_size > 0


def list_access_keys(settings: Settings) -> Sequence[AccessKey]:
    """Every bearer key, oldest first. The file is only read; where there is none, there are no keys.

    Raises:
        InvalidInput: the database is a folder.
        Unavailable: the database cannot be read.
    """
    if not has_database(settings):
        return ()
    with (
        _damaged_keys.told(),
        told_plainly(),
        contextlib.closing(sqlite.reader(settings.database, settings.busy_seconds, oldest=1)) as connection,
    ):
        return SqlAccessKeys(sqlite.SqliteTransaction(connection)).list_all()


@contextlib.contextmanager
def open_access_keys(settings: Settings) -> Iterator[AccessKeys]:
    """The bearer keys in one write transaction, for a command. A file that is not there is made.

    Raises:
        InvalidInput: the database is a folder.
        Unavailable: the database cannot be used.
    """
    refuse_bad_path(settings)
    fit_log(settings.database)
    with told_plainly():
        connection = sqlite.writer(settings.database, settings.busy_seconds, clock)
    with contextlib.closing(connection), sqlite.transaction(connection, settings.busy_seconds) as tx:
        yield SqlAccessKeys(tx)


def check_up(settings: Settings, *, quick: bool, expected: bool, begins: Callable[[str], None]) -> "list[Finding]":
    """What a medical of the database file found; a `quick` one takes no time, however large the file is. That there is
    no ledger yet is fine unless one is `expected`. `begins` is told the name of each check that may take long.

    Raises:
        InvalidInput: the database is a folder.
        Unavailable: it cannot be told what is there.
    """
    # Imported here because no server needs it, and start-up time counts.
    from runtally.storage import checkup  # noqa: PLC0415

    refuse_bad_path(settings)
    return checkup.check_up(settings.database, quick=quick, expected=expected, begins=begins)


def recent_problems(settings: Settings, limit: int) -> Sequence[Problem]:
    """The newest refusals that servers of the database gave, newest first.

    Raises:
        Unavailable: the database cannot be read.
    """
    from runtally.storage import checkup  # noqa: PLC0415 - as above

    return checkup.recent_problems(settings.database, limit)


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
    return Origin(host_session_id=settings.session_id)
