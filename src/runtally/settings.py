"""What the environment says, read once. Nothing else in Runtally reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtally.domain import limits
from runtally.domain.errors import InvalidInput
from runtally.domain.lifecycle import STALE_AFTER_SECONDS_DEFAULT


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; each field is one row of README's configuration table."""

    database: Path
    projects: tuple[str, ...] = ()
    redact: bool = True
    stale_after_seconds: int = STALE_AFTER_SECONDS_DEFAULT
    busy_seconds: int = 10
    allowed_hosts: tuple[str, ...] = ()
    session_id: str | None = None

    @property
    def bound_to(self) -> str:
        """The projects this process is bound to, in words."""
        return ", ".join(self.projects) or "none (each call names its project_key)"


def read(environ: Mapping[str, str], *, database: str | None = None, projects: str | None = None) -> Settings:
    """The settings in the environment; a given `database` or `projects` (from the command line) goes first.

    Raises:
        InvalidInput: a variable has a value that cannot be meant.
    """
    return Settings(
        database=_database(database or environ.get("RUNTALLY_DB", "")),
        projects=_projects(projects if projects is not None else environ.get("RUNTALLY_PROJECT_KEY", "")),
        redact=_switch("RUNTALLY_REDACT", environ.get("RUNTALLY_REDACT", "on")),
        stale_after_seconds=_seconds(environ, "RUNTALLY_STALE_AFTER_SECONDS", STALE_AFTER_SECONDS_DEFAULT),
        busy_seconds=_seconds(environ, "RUNTALLY_BUSY_SECONDS", 10),
        allowed_hosts=_listed(environ.get("RUNTALLY_ALLOWED_HOSTS", "")),
        session_id=environ.get("CLAUDE_CODE_SESSION_ID", "")[: limits.IDENTIFIER_CHARS] or None,
    )


def _database(given: str) -> Path:
    if given:
        return Path(given).expanduser()
    # Imported here because it is only needed where nothing is set, and start-up time counts.
    from platformdirs import user_data_path  # noqa: PLC0415

    return user_data_path("runtally", appauthor=False) / "runtally.db"


def _projects(given: str) -> tuple[str, ...]:
    projects = _listed(given)
    for project in projects:
        if not re.match(limits.PROJECT_KEY_PATTERN, project):
            raise InvalidInput(
                f"RUNTALLY_PROJECT_KEY names {project!r}; a project_key is 1 to 64 of A-Z a-z 0-9 . _ - "
                "and begins with a letter or a digit"
            )
    return tuple(dict.fromkeys(projects))


def _listed(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(",") if part.strip())


def _switch(name: str, given: str) -> bool:
    switches = {"on": True, "1": True, "true": True, "yes": True, "off": False, "0": False, "false": False, "no": False}
    if given.lower() not in switches:
        raise InvalidInput(f"{name} is {given!r}; set it to on or off")
    return switches[given.lower()]


def _seconds(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name, "")
    if not given:
        return default
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 10**9:
        raise InvalidInput(f"{name} is {given!r}; set it to a whole number of seconds from 1 to 999999999")
    return int(given)
