"""Failures: structured events that remember how often the same thing failed before."""

import re
from hashlib import blake2b
from typing import Final

from runtally.domain.caller import Caller
from runtally.domain.dialects.failures import telling_line
from runtally.domain.models import Failure, FailureRecorded, Totals
from runtally.domain.records import Addition
from runtally.domain.requests import RecordFailure
from runtally.service import receipts
from runtally.service.unit import Unit, add_to_run, project_of_run


def record_failure(unit: Unit, caller: Caller, request: RecordFailure) -> FailureRecorded:
    """Record a failure, of a run or of none, and answer how often its fingerprint was seen and when.

    A failure does not end its run; after the run's end it is accepted and marked `late`.

    Raises:
        NotFound: the caller's project has no such run.
        Conflict: the `idempotency_key` stands for other content.
        NotAllowed, InvalidInput: the caller may not use the project, or it is unclear which is meant.
    """
    if request.run_id is None:
        project_key = caller.project(request.project_key)
    else:
        project_key = project_of_run(unit, caller, request.project_key, request.run_id)
    return receipts.once(
        unit,
        project_key,
        "record_failure",
        request.idempotency_key,
        FailureRecorded,
        lambda: _record(unit, project_key, request),
    )


def _record(unit: Unit, project_key: str, request: RecordFailure) -> FailureRecorded:
    written = None
    if request.run_id is not None:
        written = add_to_run(unit, project_key, request.run_id, Addition(now=unit.now, failures=1))
    failure = Failure(
        failure_id=unit.new_id(),
        run_id=request.run_id,
        recorded_at=unit.now,
        late=written is not None and written.late,
        fingerprint=fingerprint(request.error_type, request.error, request.summary),
        agent=request.agent_id,
        task_id=request.task_id,
        error_type=request.error_type,
        summary=request.summary,
        error=request.error,
        context=request.context,
        meta=request.meta,
    )
    group = unit.store.failures.insert(project_key, failure, unit.origin)
    return FailureRecorded(
        project_key=project_key,
        failure_id=failure.failure_id,
        run_id=request.run_id,
        status=None if written is None else written.state.status,
        late=failure.late or None,
        reopened=(written is not None and written.reopened) or None,
        fingerprint=failure.fingerprint,
        **group._asdict(),
        totals=Totals() if written is None else written.state.totals,
    )


_VARYING: Final = re.compile(
    r"""
    [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}   # a UUID
    | \b0x[0-9a-f]+\b                                              # an address
    | \b[0-9a-f]{12,}\b                                            # a digest
    | (?:[a-z]:)?(?:[\\/][\w.@+~-]+){2,}[\\/]?                      # a path
    | (?:\d+[.,:_-]?)*\d+                                          # a number, a time, an IP address, a version
    """,
    re.VERBOSE,
)


def fingerprint(error_type: str | None, error: str | None, summary: str) -> str:
    """Sixteen hex digits that are the same for two failures of the same kind.

    What counts is the error's own words: the line that names it (the last of a Python traceback, else the first),
    in lower case, without what varies from one time to the next: ids, addresses, paths and numbers. Without an
    `error` the summary stands in, which two agents rarely word alike.
    """
    words = _VARYING.sub("#", (telling_line(error or "") or telling_line(summary)).lower())
    said = f"{(error_type or '').lower()}\n{' '.join(words.split())}"
    return blake2b(said.encode(), digest_size=8).hexdigest()
