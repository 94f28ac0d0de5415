"""One unit of work, and how it finds the run it is about."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from runtally.domain.caller import Caller, Origin
from runtally.domain.clock import IdSource
from runtally.domain.errors import InvalidInput, NotFound
from runtally.domain.lifecycle import has_ended
from runtally.domain.models import Run
from runtally.domain.ports import Pricer, Store
from runtally.domain.records import Addition, RunState

_PROJECTS_NAMED: Final = 10


class Unit(NamedTuple):
    """The facts that a rule may rely on: a transaction, a moment, fresh ids, prices, the call's origin, and what was
    asked (see `receipts`).
    """

    store: Store
    now: int
    new_id: IdSource
    pricer: Pricer
    origin: Origin
    asked: Mapping[str, bytes]
    stale_after_seconds: int

    @property
    def stale_before(self) -> int:
        """A running run without a sign of life since this moment is stale."""
        return self.now - self.stale_after_seconds * 1_000_000


def project_of_run(unit: Unit, caller: Caller, project_key: str | None, run_id: str) -> str:
    """The project that a call about `run_id` means; where it could be several, the one that has the run.

    Raises:
        NotFound: none of the caller's several projects has the run.
        InvalidInput: more than one has it.
        NotAllowed: the caller named a project it may not use.
    """
    projects = caller.projects_to_search(project_key)
    if projects is not None and len(projects) == 1:
        return projects[0]
    if projects is None:
        having = unit.store.projects.having_run(run_id, _PROJECTS_NAMED)
    else:
        having = unit.store.projects.given_having_run(projects, run_id, _PROJECTS_NAMED)
    if len(having) > 1:
        raise InvalidInput(
            f"run_id {run_id} is in several projects ({', '.join(having)}); name one as project_key",
            field="project_key",
        )
    if not having:
        raise no_such_run(run_id)
    return having[0]


def no_such_run(run_id: str, field: str = "run_id") -> NotFound:
    """One answer for a run that is absent and a run that is another project's."""
    return NotFound(
        f"{field} {run_id} is not a run of this project; list_runs shows which are, core_start_run opens one",
        field=field,
    )


def lock_run(unit: Unit, project_key: str, run_id: str) -> Run:
    """The run, which nobody else changes before this transaction ends.

    Raises:
        NotFound: the project has no such run.
    """
    run = unit.store.runs.lock(project_key, run_id)
    if run is None:
        raise no_such_run(run_id)
    return run


class RunWritten(NamedTuple):
    """A run after a write of its agent. What came after its end is `late`, and a run that was only swept goes on."""

    state: RunState
    late: bool
    reopened: bool


def add_to_run(unit: Unit, project_key: str, run_id: str, addition: Addition) -> RunWritten:
    """Add to a run, which is a sign of life: a run that a sweep ended is running again.

    Raises:
        NotFound: the project has no such run.
        LimitExceeded: a total would no longer be exact.
    """
    state = unit.store.runs.add(project_key, run_id, addition)
    if state is None:
        raise no_such_run(run_id)
    if not has_ended(state.status) or state.is_final:
        return RunWritten(state, late=state.is_final, reopened=False)
    unit.store.runs.reopen(project_key, run_id)
    return RunWritten(state._replace(status="running", ended_by=None), late=False, reopened=True)
