"""What redaction may cost: work is counted by what is examined, never by a clock."""

import math
from typing import Any, Final

from runtally.domain import limits
from runtally.domain.errors import LimitExceeded

# Microseconds, about, that it takes to tell: what a needle begins, what a shape or a name found makes, a value judged,
# a value put out of sight, each character of a text that is gone through again or read as JSON, an object with keys
# that are new, and each such key.
NEEDLE_EFFORT: Final = 1
SHAPE_EFFORT: Final = 2
NAME_EFFORT: Final = 4
VALUE_EFFORT: Final = 7
MARK_EFFORT: Final = 10
PASS_EFFORT: Final = 0.02
OBJECT_EFFORT: Final = 5
KEY_EFFORT: Final = 2


class Allowance:
    """What one call may cost in redaction: what was refused once is refused always."""

    __slots__ = ("_known", "_left")

    def __init__(self, effort: float = limits.REDACTION_EFFORT) -> None:
        self._left = effort
        self._known: set[tuple[Any, ...]] = set()

    def spend(self, effort: float) -> None:
        """Raise `LimitExceeded` if more was spent than allowed."""
        self._left -= effort
        if self._left < 0:
            raise LimitExceeded(
                "the call holds too many things that look like secrets for all of them to be checked; about 10,000 may "
                "be in one call. Nothing was recorded. Send less of it, in several calls"
            )

    @property
    def left(self) -> float:
        """How much may still be spent."""
        return self._left

    def spend_once(self, what: tuple[Any, ...], effort: float) -> None:
        """`spend`, unless it was spent on the same before."""
        if what not in self._known and self._left < math.inf:
            self.spend(effort)
            self._known.add(what)


UNLIMITED: Final = Allowance(math.inf)
