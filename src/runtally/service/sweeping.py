"""Sweeping: a run whose agent has been silent for too long is interrupted, as of when it was last seen."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import anyio

from runtally.domain.clock import rfc3339
from runtally.domain.errors import RuntallyError
from runtally.service.unit import Unit

if TYPE_CHECKING:
    from runtally.service.ledger import Ledger

logger = logging.getLogger(__name__)

RUNS_PER_SWEEP: Final = 500
PAUSE_SECONDS: Final = 0.02
"""After a sweep: twice as long as another process that waits for the lock rests before it tries again."""
_PROJECTS_PER_ROUND: Final = 1_000
_EVERY_SECONDS_MAX: Final = 600
_FIRST_SECONDS: Final = 5
"""Not at once: a host is waiting for its first answer then."""


def has_stale_run(unit: Unit, project_key: str) -> bool:
    """Whether the project has a run that a sweep would interrupt."""
    return unit.store.runs.has_stale(project_key, unit.stale_before)


def sweep(unit: Unit, project_key: str) -> int:
    """Interrupt the project's runs that gave no sign of life for `stale_after`, at most 500; how many there were."""
    reason = f"no sign of life for {unit.stale_after_seconds:,} s; swept at {rfc3339(unit.now)}"
    return unit.store.runs.sweep(project_key, unit.stale_before, reason, RUNS_PER_SWEEP)


async def sweep_for_ever(ledger: "Ledger", projects: Sequence[str]) -> None:
    """Sweep the projects from time to time, soon for the first time; without any, every project that was ever written
    to, a thousand at a time.
    """
    every_seconds = min(_EVERY_SECONDS_MAX, ledger.stale_after_seconds / 10)
    await anyio.sleep(min(_FIRST_SECONDS, every_seconds))
    last = ""
    while True:
        try:
            due = projects or await ledger.projects_after(last, _PROJECTS_PER_ROUND)
            last = due[-1] if len(due) == _PROJECTS_PER_ROUND and not projects else ""
            await ledger.sweep(due)
        except RuntallyError:  # whoever calls next is told what is wrong
            pass
        except Exception:  # a bug of ours in the background must not end the server
            logger.exception("the sweep failed")
        await anyio.sleep(every_seconds)
