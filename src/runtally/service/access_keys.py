"""Bearer keys: made once, shown once, kept as a hash."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from runtally.domain import limits
from runtally.domain.caller import AccessKey, Admission, Role
from runtally.domain.errors import InvalidInput, NotAllowed, NotFound
from runtally.domain.ports import AccessKeys, KnownKeys
from runtally.service.scrub import refuse_secret_project

PREFIX: Final = "rtk_"
SECRET_BYTES: Final = 32


def new_key(
    *, projects: Sequence[str], role: Role, expires_at: int | None, now: int, key_id: str, secret: bytes, redact: bool
) -> tuple[AccessKey, str]:
    """A new key for the projects, to be kept with `hash_of` its token; and the token, which can never be read again.

    Raises:
        InvalidInput: a project is not a project key or, unless `redact` is off, looks like a secret; or the key would
            have expired already.
    """
    for project in projects:
        if not re.fullmatch(limits.PROJECT_KEY_PATTERN, project):
            raise InvalidInput(
                f"project {project!r} is not a project key: 1 to 64 of A-Z a-z 0-9 . _ -", field="project"
            )
        if redact:
            refuse_secret_project(project, "project", "project")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expires lies in the past; give a later time", field="expires")
    token = PREFIX + urlsafe_b64encode(secret).rstrip(b"=").decode()
    return AccessKey(key_id, role, tuple(dict.fromkeys(projects)), now, expires_at), token


def hash_of(token: str) -> str:
    """What is kept of a key. SHA-256 is enough for 256 random bits: there is nothing to guess."""
    return sha256(token.encode(errors="replace")).hexdigest()


def confirm(keys: KnownKeys, admission: Admission, now: int) -> None:
    """Note on the admission whether it holds now.

    Raises:
        NotAllowed: it does not: the key was revoked or has expired; or it was none, and the first key was made.
    """
    if admission.key_hash is None:
        admission.held = not keys.was_any_made()
    else:
        admission.held = keys.find(admission.key_hash, now) is not None
    if not admission.held:
        raise NotAllowed("a bearer key is needed that is neither revoked nor expired; send another key")


def revoke(keys: AccessKeys, key_id: str, now: int) -> None:
    """Revoke a key for good; servers refuse it from the next request on.

    Raises:
        NotFound: there is no such key, or it was revoked before.
    """
    if not keys.revoke(key_id, now):
        raise NotFound(f"no key {key_id} that could be revoked; `runtally keys list` shows them", field="key_id")
