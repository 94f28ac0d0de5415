"""Who is asking, and what that opens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

from runtally.domain.errors import InvalidInput, NotAllowed

Role = Literal["read", "write", "admin"]
_RANK: Final[dict[Role, int]] = {"read": 0, "write": 1, "admin": 2}


class Admission:
    """What a caller over HTTP was let in by: the bearer key with this hash, or None, that no key was ever made.

    It must hold in the transaction that does the call, which notes here whether it `held`; None before that.
    """

    __slots__ = ("held", "key_hash")

    def __init__(self, key_hash: str | None) -> None:
        self.key_hash = key_hash
        self.held: bool | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """The projects a caller may use and its role; made from the environment or a credential, never from an argument.

    `projects` is None for an unbound caller: it may use any project that a call names, and one that has the run which a
    call names.
    `default` is the project meant when a call names none.
    `admission` is what each of its calls is checked against; None where there is nothing that could have changed.
    """

    projects: tuple[str, ...] | None
    default: str | None = None
    role: Role = "write"
    admission: Admission | None = None

    def may(self, role: Role) -> bool:
        """Whether the caller's role includes `role`."""
        return _RANK[self.role] >= _RANK[role]

    def require(self, role: Role) -> None:
        """Raise `NotAllowed` unless the caller's role includes `role`."""
        if not self.may(role):
            raise NotAllowed(f"this key has the role {self.role!r} and this needs {role!r}; use a key with that role")

    def project(self, asked: str | None) -> str:
        """The one project a call is about: the one asked for, or the caller's default.

        Raises:
            NotAllowed: the caller may not use the project asked for, whether or not it exists.
            InvalidInput: none was asked for and the caller has no default.
        """
        if asked is None:
            if self.default is None:
                raise InvalidInput(f"project_key is needed here: {self._why_needed()}", field="project_key")
            return self.default
        return self._within(asked)

    def projects_to_search(self, asked: str | None) -> tuple[str, ...] | None:
        """The projects in which a `run_id` alone may be looked up; None for all of them.

        Raises:
            NotAllowed: the caller may not use the project asked for, whether or not it exists.
        """
        return self.projects if asked is None else (self._within(asked),)

    def _within(self, asked: str) -> str:
        if self.projects is not None and asked not in self.projects:
            raise NotAllowed(
                f"project_key {asked!r} is not one of this caller's projects ({', '.join(self.projects)}); "
                "name one of these",
                field="project_key",
            )
        return asked

    def _why_needed(self) -> str:
        if self.projects is None:
            return (
                "this server is bound to no project; name one in the call, or set RUNTALLY_PROJECT_KEY and restart it"
            )
        return f"this caller has several projects ({', '.join(self.projects)}); name one of them"


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A bearer key as it is kept: never the key itself."""

    key_id: str
    role: Role
    projects: tuple[str, ...]
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    def within(self, projects: Sequence[str]) -> "AccessKey | None":
        """The key as a server knows it that is bound to the projects; None where it opens none of them."""
        opened = tuple(project for project in self.projects if project in projects)
        return replace(self, projects=opened) if opened else None

    def can_be_used(self, now: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

    @property
    def caller(self) -> Caller:
        """Who asks with this key. With several projects none is the default, so that none is written to by mistake."""
        return Caller(self.projects, self.projects[0] if len(self.projects) == 1 else None, self.role)


LABEL_CHARS: Final = 4096
"""A longer label of where a call came from is none: what is cut where secrets are known leaves no half of one."""


class Origin(NamedTuple):
    """Where a call came from, as far as the door can tell; it decides nothing but which runs are listed first.

    `host_…` is what the agent's host says of itself: its session, its thread, the call (`claudecode/toolUseId` of
    Claude Code, `callId` of Codex) and the model that made it. `trace_id` and `trace_span_id` are W3C trace context.
    """

    client: str | None = None
    host_session_id: str | None = None
    host_thread_id: str | None = None
    host_call_id: str | None = None
    host_model: str | None = None
    trace_id: str | None = None
    trace_span_id: str | None = None


NOWHERE: Final = Origin()
