"""What redaction may cost: work is counted by what is examined, never by a clock."""

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

from runtally.domain import limits
from runtally.domain.errors import LimitExceeded

AnswerT = TypeVar("AnswerT")

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

    __slots__ = ("_effort", "_known", "spent")

    def __init__(self, effort: float = limits.REDACTION_EFFORT) -> None:
        self._effort = effort
        self._known: set[tuple[Any, ...]] = set()
        self.spent: float = 0

    def spend(self, effort: float) -> None:
        """Raise `LimitExceeded` if more was spent than allowed."""
        self.spent += effort
        if self.spent > self._effort:
            raise LimitExceeded(
                "the call holds too many things that look like secrets for all of them to be checked; about 10,000 may "
                "be in one call. Nothing was recorded. Send less of it, in several calls"
            )

    def spend_once(self, what: tuple[Any, ...], effort: float) -> None:
        """`spend`, unless it was spent on the same before."""
        if what not in self._known and self._effort < math.inf:
            self.spend(effort)
            self._known.add(what)


def measured(work: Callable[[Allowance], AnswerT], otherwise: AnswerT) -> tuple[AnswerT, float]:
    """What the work answers, and the effort that it took, to be spent wherever the answer is used again. `otherwise`,
    and more than any call may spend, where no call could afford it.
    """
    allowance = Allowance()
    try:
        return work(allowance), allowance.spent
    except LimitExceeded:
        return otherwise, math.inf


UNLIMITED: Final = Allowance(math.inf)
