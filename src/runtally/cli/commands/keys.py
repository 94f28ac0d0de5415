"""`runtally keys`: bearer keys for HTTP."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from runtally import bootstrap
from runtally.cli import output
from runtally.domain.caller import AccessKey, Role
from runtally.domain.clock import micros, rfc3339
from runtally.domain.errors import InvalidInput
from runtally.service import access_keys

_DAY_US: Final = 24 * 60 * 60 * 1_000_000


def create(database: str | None, projects: Sequence[str], role: Role, expires: str | None) -> int:
    """Make a key and print it; this is the only time it can be seen.

    Raises:
        InvalidInput: a project or the expiry cannot be meant.
        Unavailable: the database cannot be used.
    """
    settings = bootstrap.settings_from_environment(database=database)
    now = bootstrap.clock()
    expires_at = _expiry(expires, now)
    with bootstrap.open_access_keys(settings) as keys:
        token = access_keys.create(
            keys,
            projects=projects,
            role=role,
            expires_at=expires_at,
            now=now,
            key_id=bootstrap.new_id(),
            secret=bootstrap.new_secret(),
        )
    output.say(token)
    output.note("kept as a hash: this is the only time the key is shown. Send it as Authorization: Bearer KEY")
    return 0


def list_all(database: str | None) -> int:
    """Show every key, oldest first: id, role, projects, when it was made and whether it can be used.

    Raises:
        Unavailable: the database cannot be used.
    """
    settings = bootstrap.settings_from_environment(database=database)
    now = bootstrap.clock()
    with bootstrap.open_access_keys(settings) as keys:
        found = keys.list_all()
    if not found:
        output.note("no keys yet; make one with `runtally keys create --project KEY --role write`")
    for key in found:
        output.say("\t".join((key.key_id, key.role, ",".join(key.projects), rfc3339(key.created_at), _state(key, now))))
    return 0


def revoke(database: str | None, key_id: str) -> int:
    """Refuse the key from now on.

    Raises:
        NotFound: there is no such key, or it was revoked before.
        Unavailable: the database cannot be used.
    """
    settings = bootstrap.settings_from_environment(database=database)
    with bootstrap.open_access_keys(settings) as keys:
        access_keys.revoke(keys, key_id, bootstrap.clock())
    output.note(f"{key_id} is revoked")
    return 0


def _state(key: AccessKey, now: int) -> str:
    if key.revoked_at is not None:
        return f"revoked {rfc3339(key.revoked_at)}"
    if key.expires_at is None:
        return "usable, never expires"
    return f"{'expired' if key.expires_at <= now else 'usable, expires'} {rfc3339(key.expires_at)}"


def _expiry(given: str | None, now: int) -> int | None:
    if given is None:
        return None
    if days := re.fullmatch(r"([1-9]\d{0,4})d", given):
        return now + int(days.group(1)) * _DAY_US
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise InvalidInput(f"--expires {given} is neither a time like 2027-01-31T00:00:00Z nor days like 90d") from None
    if moment.tzinfo is None:
        raise InvalidInput(f"--expires {given} has no offset from UTC; end it in Z")
    return micros(moment)
