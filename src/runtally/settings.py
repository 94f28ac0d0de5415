"""What the environment and the command line say, read once. Nothing else in Runtally reads the environment."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtally.domain import limits
from runtally.domain.caller import LABEL_CHARS
from runtally.domain.errors import InvalidInput
from runtally.domain.hosts import parse_host
from runtally.domain.lifecycle import STALE_AFTER_SECONDS_DEFAULT

_PLAIN_NAME: Final = re.compile(
    r"(?=.{1,14}\Z|(?:[a-z]{6,}[._-])*[a-z]{6,}\Z)[a-z]{1,15}(?:[._-][a-z]{1,15})*[._-]?\d{0,4}"
)
"""Words in lower case and a number: short, or longer words than tokens begin with. Knowing what else is no secret takes
much longer than starting.
"""
_SHOWN_CHARS: Final = 11
"""What is longer may be a secret that was put into the wrong variable."""
_LEVELS: Final = ("error", "warning", "info", "debug")


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; each field is one row of README's configuration table. As read, `database`, `prices` and
    `redact_extra` are absolute.
    """

    database: Path
    projects: tuple[str, ...] = ()
    redact: bool = True
    redact_extra: Path | None = None
    stale_after_seconds: int = STALE_AFTER_SECONDS_DEFAULT
    busy_seconds: int = 10
    allowed_hosts: tuple[str, ...] = ()
    log_level: str = "warning"
    log_file: Path | None = None
    session_id: str | None = None
    prices: Path | None = None

    @property
    def bound_to(self) -> str:
        """The projects this process is bound to, in words."""
        return ", ".join(self.projects) or "none (each call names its project_key)"


def read(
    environ: Mapping[str, str] = os.environ, *, database: str | None = None, projects: str | None = None
) -> Settings:
    """The settings in the environment; `--db` as `database` and `--project` as `projects` go first.

    Raises:
        InvalidInput: a variable or an option has a value that cannot be meant.
    """
    redact = _switch("RUNTALLY_REDACT", environ.get("RUNTALLY_REDACT", "on"))
    return Settings(
        database=_database(environ.get("RUNTALLY_DB", "") if database is None else _given("--db", database)),
        projects=(
            _projects("RUNTALLY_PROJECT_KEY", environ.get("RUNTALLY_PROJECT_KEY", ""), redact=redact)
            if projects is None
            else _projects("--project", _given("--project", projects), redact=redact)
        ),
        redact=redact,
        redact_extra=_own_file("the file of names and patterns", environ.get("RUNTALLY_REDACT_EXTRA", "")),
        stale_after_seconds=_seconds(environ, "RUNTALLY_STALE_AFTER_SECONDS", STALE_AFTER_SECONDS_DEFAULT),
        busy_seconds=_seconds(environ, "RUNTALLY_BUSY_SECONDS", 10),
        allowed_hosts=_hosts("RUNTALLY_ALLOWED_HOSTS", environ.get("RUNTALLY_ALLOWED_HOSTS", "")),
        log_level=_level("RUNTALLY_LOG_LEVEL", environ.get("RUNTALLY_LOG_LEVEL", "")),
        log_file=_log_file(environ.get("RUNTALLY_LOG_FILE", "")),
        session_id=_label(environ.get("CLAUDE_CODE_SESSION_ID", "")),
        prices=_own_file("the prices file", environ.get("RUNTALLY_PRICES", "")),
    )


def _label(given: str) -> str | None:
    return given if 0 < len(given) <= LABEL_CHARS else None


def environment_of_child(**changes: str) -> dict[str, str]:
    """The environment of this process with the changes, for a Runtally that it starts."""
    return {**os.environ, **changes}


def _given(option: str, value: str) -> str:
    # An empty variable is as good as none, but an empty option is a script's mistake.
    if not value.strip():
        raise InvalidInput(f"{option} is empty; leave it out or give it a value")
    return value


def _database(given: str) -> Path:
    if not given:
        # Imported here because it is only needed where nothing is set, and start-up time counts.
        from platformdirs import user_data_path  # noqa: PLC0415

        return (user_data_path("runtally", appauthor=False) / "runtally.db").absolute()
    return _path("the database", given).absolute()


def _log_file(given: str) -> Path | None:
    return _path("the log file", given) if given else None


def _own_file(what: str, given: str) -> Path | None:
    # Absolute, so that a refusal tells whoever reads a host's log which file was meant.
    return _path(what, given).absolute() if given else None


def _path(what: str, given: str) -> Path:
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise InvalidInput(f"{what} {given} begins with a ~ that is nobody's home; write the path out") from None


def _level(name: str, given: str) -> str:
    level = given.lower() or "warning"
    if level not in _LEVELS:
        raise InvalidInput(f"{name} is {_shown(given)}; set it to {', '.join(_LEVELS[:-1])} or {_LEVELS[-1]}")
    return level


def _projects(source: str, given: str, *, redact: bool) -> tuple[str, ...]:
    projects = _listed(given)
    if given.strip() and not projects:
        raise InvalidInput(f"{source} is {given!r} and names no project; name one, or leave it out")
    for project in projects:
        if not re.match(limits.PROJECT_KEY_PATTERN, project):
            raise InvalidInput(
                f"{source} names {project!r}; a project_key is 1 to 64 of A-Z a-z 0-9 . _ - "
                "and begins with a letter or a digit"
            )
        if redact and not _PLAIN_NAME.fullmatch(project):
            from runtally.service.scrub import refuse_secret_project  # noqa: PLC0415 - most names are plain

            refuse_secret_project(project, f"a project_key that {source} names")
    return tuple(dict.fromkeys(projects))


def _hosts(name: str, given: str) -> tuple[str, ...]:
    hosts = _listed(given)
    for host in hosts:
        if parse_host(host) is None:
            raise InvalidInput(
                f"{name} names {host!r}; give what clients write between http:// and the path, such as "
                "runtally.example or [2001:db8::1]"
            )
    return hosts


def _listed(given: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in given.split(",") if part.strip())


def _shown(given: str) -> str:
    return repr(given) if len(given) <= _SHOWN_CHARS else f"a text of {len(given):,} characters"


def _switch(name: str, given: str) -> bool:
    switches = {"on": True, "1": True, "true": True, "yes": True, "off": False, "0": False, "false": False, "no": False}
    if given.lower() not in switches:
        raise InvalidInput(f"{name} is {_shown(given)}; set it to on or off")
    return switches[given.lower()]


def _seconds(environ: Mapping[str, str], name: str, default: int) -> int:
    given = environ.get(name, "")
    if not given:
        return default
    if not re.fullmatch(r"0*[1-9][0-9]{0,8}", given):
        raise InvalidInput(f"{name} is {_shown(given)}; set it to a whole number of seconds from 1 to 999999999")
    return int(given)
