"""`runtally keys`: bearer keys for HTTP."""

import re
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from runtally.cli import arguments, output
from runtally.domain.clock import micros, rfc3339
from runtally.domain.errors import InvalidInput, NotFound
from runtally.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtally.domain.caller import AccessKey

_DAY_US: Final = 24 * 60 * 60 * 1_000_000


def add(commands: arguments.Commands) -> None:
    """Declare `keys create`, `keys list` and `keys revoke`."""
    parser = commands.add_parser("keys", help="bearer keys for HTTP")
    arguments.add_settings(parser)
    keys = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_create(keys)

    listing = keys.add_parser("list", help="show every key: never the key itself")
    arguments.add_settings(listing)
    listing.set_defaults(run=list_all)

    revoking = keys.add_parser("revoke", help="refuse a key from now on")
    arguments.add_settings(revoking)
    revoking.add_argument("key_id", metavar="KEY_ID", help="as `keys list` shows it")
    revoking.set_defaults(run=revoke)


def _add_create(keys: arguments.Commands) -> None:
    parser = keys.add_parser("create", help="make a key and print it once")
    arguments.add_database(parser)
    parser.add_argument(
        "--project",
        action="append",
        required=True,
        dest="projects",
        metavar="KEY",
        help="a project that the key opens; repeatable",
    )
    parser.add_argument("--role", choices=("read", "write", "admin"), required=True)
    parser.add_argument(
        "--expires",
        metavar="WHEN",
        help="a time like 2027-01-31T00:00:00Z, or a number of days like 90d (default: never)",
    )
    parser.set_defaults(run=create)


def create(settings: Settings, given: Namespace) -> int:
    """Make a key and print it; this is the only time it can be seen. A database that is not there is made.

    Raises:
        InvalidInput: a project or the expiry cannot be meant.
        Unavailable: the database cannot be used.
    """
    from runtally import bootstrap
    from runtally.service import access_keys

    bootstrap.refuse_secret_projects(settings, given.projects)
    now = bootstrap.clock()
    expires_at = _expiry(given.expires, now)
    key, token = access_keys.new_key(
        projects=given.projects,
        role=given.role,
        expires_at=expires_at,
        now=now,
        key_id=bootstrap.new_id(),
        secret=bootstrap.new_secret(),
        redact=settings.redact,
    )
    with bootstrap.open_access_keys(settings) as keys:
        keys.insert(key, access_keys.hash_of(token))
    output.say(token)
    output.note(
        f"key {key.key_id}, kept as a hash in {settings.database}: this is the only time that it is shown. Serve "
        "that database, and send the key as Authorization: Bearer KEY; `runtally keys revoke` takes its id"
    )
    return 0


def list_all(settings: Settings, _: Namespace) -> int:
    """Show every key, oldest first: id, role, projects, when it was made and whether it can be used.

    The database is only read, so that it need not be one that can be written; one that is not there is not made.

    Raises:
        Unavailable: the database cannot be read.
    """
    from runtally import bootstrap

    found = bootstrap.list_access_keys(settings)
    if not found:
        output.note(
            f"no keys yet in {settings.database}; make one with `runtally keys create --project KEY --role write`"
        )
    now = bootstrap.clock()
    for key in found:
        output.say("\t".join((key.key_id, key.role, ",".join(key.projects), rfc3339(key.created_at), _state(key, now))))
    return 0


def revoke(settings: Settings, given: Namespace) -> int:
    """Refuse the key from now on. A database that is not there is not made.

    Raises:
        InvalidInput: a key was given instead of its id.
        NotFound: there is no such key, or it was revoked before.
        Unavailable: the database cannot be used.
    """
    from runtally import bootstrap
    from runtally.service import access_keys

    if access_keys.PREFIX in given.key_id:
        raise InvalidInput("KEY_ID is a key, not the id of one; `runtally keys list` shows the ids")
    if not bootstrap.has_database(settings):
        raise NotFound(f"no key {given.key_id}: there is no database {settings.database} yet; see --db and RUNTALLY_DB")
    with bootstrap.open_access_keys(settings) as keys:
        _refuse_revoked(keys.list_all(), given.key_id)
        access_keys.revoke(keys, given.key_id, bootstrap.clock())
    output.note(f"{given.key_id} is revoked")
    return 0


def _refuse_revoked(keys: "Sequence[AccessKey]", key_id: str) -> None:
    for key in keys:
        if key.key_id == key_id and key.revoked_at is not None:
            raise NotFound(f"no key left to revoke: {key_id} is already revoked since {rfc3339(key.revoked_at)}")


def _state(key: "AccessKey", now: int) -> str:
    if key.revoked_at is not None:
        return f"revoked {rfc3339(key.revoked_at)}"
    if key.expires_at is None:
        return "usable, never expires"
    return f"{'usable, expires' if key.can_be_used(now) else 'expired'} {rfc3339(key.expires_at)}"


def _expiry(given: str | None, now: int) -> int | None:
    if given is None:
        return None
    if days := re.fullmatch(r"([1-9][0-9]{0,4})d", given):
        return now + int(days.group(1)) * _DAY_US
    try:
        moment = datetime.fromisoformat(given)
        # In UTC at once: the last day of the year 9999 may lie beyond it there.
        expires_at = micros(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"--expires {given!r} is neither a time like 2027-01-31T00:00:00Z nor a number of days like 90d"
        ) from None
    if moment.tzinfo is None:
        raise InvalidInput(f"--expires {given!r} has no offset from UTC; give a time like 2027-01-31T00:00:00Z")
    return expires_at
