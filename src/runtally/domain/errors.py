"""Every error that Runtally raises on purpose.

    RuntallyError
    ├── InvalidInput   invalid      what was sent cannot be recorded
    ├── NotAllowed     forbidden    the caller may not do this
    ├── NotFound       not_found    absent, or another project's: the two look the same
    ├── Conflict       conflict     something final or already recorded says otherwise
    ├── LimitExceeded  limit        larger than Runtally keeps
    └── Unavailable    unavailable  the database cannot be used right now

A message says what is wrong, in which field, and what to do next. It is made of our own words, numbers and ids,
never of stored text, a driver's text or a stack. Anything that is not a `RuntallyError` is a bug and is shown to
nobody: a door answers `internal` with a reference id and logs the rest.
"""

from typing import ClassVar, Literal

Code = Literal["invalid", "forbidden", "not_found", "conflict", "limit", "unavailable", "internal"]
"""The codes of the tree, and the one of a bug."""


class RuntallyError(Exception):
    """A refusal with a stable `code`, a `message` for the caller and, where one is to blame, the `field`."""

    code: ClassVar[Code]

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidInput(RuntallyError):
    """What was sent cannot be recorded as it is."""

    code = "invalid"


class NotAllowed(RuntallyError):
    """The caller may not do this."""

    code = "forbidden"


class NotFound(RuntallyError):
    """There is no such thing in the caller's projects."""

    code = "not_found"


class Conflict(RuntallyError):
    """What stands already says otherwise."""

    code = "conflict"


class LimitExceeded(RuntallyError):
    """Larger than Runtally keeps."""

    code = "limit"


class Unavailable(RuntallyError):
    """The database cannot be used right now; what was sent was not recorded."""

    code = "unavailable"
