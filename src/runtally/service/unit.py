"""One unit of work, and how it finds the run it is about."""

from typing import NamedTuple

from runtally.domain.caller import Caller, Origin
from runtally.domain.clock import IdSource
from runtally.domain.errors import InvalidInput, NotFound
from runtally.domain.ports import Pricer, Store


class Unit(NamedTuple):
    """The facts that a rule may rely on: a transaction, a moment, fresh ids, prices and the call's origin."""

    store: Store
    now: int
    new_id: IdSource
    pricer: Pricer
    origin: Origin
    stale_after_seconds: int

    @property
    def stale_before(self) -> int:
        """A running run without a sign of life since this moment is stale."""
        return self.now - self.stale_after_seconds * 1_000_000


def project_of_run(unit: Unit, caller: Caller, project_key: str | None, run_id: str) -> str:
    """The project that a call about `run_id` means; where it could be several, the one that has the run.

    Raises:
        NotFound: none of the caller's several projects has the run.
        InvalidInput: more than one has it, or the caller is unbound and named none.
        NotAllowed: the caller named a project it may not use.
    """
    projects = caller.projects_to_search(project_key)
    if len(projects) == 1:
        return projects[0]
    having = [project for project in projects if unit.store.find_run(project, run_id) is not None]
    if len(having) > 1:
        raise InvalidInput(
            f"run_id {run_id} is in several of this caller's projects ({', '.join(having)}); name one as project_key",
            field="project_key",
        )
    if not having:
        raise no_such_run(run_id)
    return having[0]


def no_such_run(run_id: str, field: str = "run_id") -> NotFound:
    """One answer for a run that is absent and a run that is another project's."""
    return NotFound(
        f"{field} {run_id} is not a run of this project; check the id, or open a run with core_start_run", field=field
    )
