"""What the service needs of the world; `storage` and `pricing` fill it. A test enumerates these, so that isolation,
the contract suite and the adapters cannot fall behind.

What a store keeps belongs to a project: its methods take `project_key` first and see nothing outside it. Only
`Projects` looks across them; `KnownKeys` tells what callers are made of, and `Problems` tells of none.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from runtally.domain.caller import AccessKey, Origin
from runtally.domain.models import Failure, Run, Span, Totals
from runtally.domain.records import (
    Addition,
    FailureGroup,
    KeptReport,
    Problem,
    Receipt,
    RunEnd,
    RunFilter,
    RunStart,
    RunState,
    StoredSpan,
    UnpricedCalls,
    UsageEntry,
    UsageReport,
)
from runtally.domain.usage import Counts, TokenUsage

ResultT = TypeVar("ResultT")


class Runs(Protocol):
    """The runs of a project."""

    def insert(self, project_key: str, run: Run, start: RunStart) -> bool:
        """Insert the run; False if the project already has its `run_id`."""

    def find(self, project_key: str, run_id: str) -> Run | None:
        """The run without its `meta`, or None if the project has no such run."""

    def lock(self, project_key: str, run_id: str) -> Run | None:
        """`find`, after which nobody else changes the run before this transaction ends."""

    def find_meta(self, project_key: str, run_id: str) -> dict[str, Any] | None:
        """What was told of the run at its start and its end, the latter over the former; None if nothing was."""

    def find_final_usage(self, project_key: str, run_id: str) -> TokenUsage | None:
        """The final totals that the run's end told, or None if it told none."""

    def add(self, project_key: str, run_id: str, addition: Addition) -> RunState | None:
        """Add to the run's totals and note a sign of life; None if the project has no such run. It locks the run, so it
        comes before the entries that it counts.

        Raises:
            LimitExceeded: a total would leave the range in which numbers are exact.
        """

    def list_unpriced_calls(self, project_key: str, after: str, limit: int) -> Sequence[UnpricedCalls]:
        """The next runs in order of their ids, those that lack no cost included; the first ones after an empty text."""

    def add_up(self, project_key: str, run_id: str) -> RunState | None:
        """Make the run's totals the sums of its standing reports; None if the project has no such run. It is no sign of
        life.

        Raises:
            LimitExceeded: a total would leave the range in which numbers are exact.
        """

    def reopen(self, project_key: str, run_id: str) -> bool:
        """Let a run that a sweep ended run on; False if there is none."""

    def end(self, project_key: str, run_id: str, end: RunEnd) -> bool:
        """End a run that is running or that a sweep ended; False if there is no such run or its end is final."""

    def has_stale(self, project_key: str, stale_before: int) -> bool:
        """Whether `sweep` would find a run."""

    def sweep(self, project_key: str, stale_before: int, end_reason: str, limit: int) -> int:
        """Interrupt running runs without a sign of life since `stale_before`, at most `limit`; how many there were."""

    def list_newest(self, project_key: str, wanted: RunFilter, limit: int) -> Sequence[Run]:
        """The newest runs that match, without their `meta`."""


class Usage(Protocol):
    """The append-only usage ledger of a project."""

    def insert(self, project_key: str, run_id: str, report: UsageReport) -> None:
        """Append the report's entries."""

    def find(self, project_key: str, run_id: str, report_id: str) -> KeptReport | None:
        """The report, or None if the run has no such report."""

    def list_reported_at(self, project_key: str, run_id: str, report_id: str) -> Sequence[int]:
        """When a report was made and, where it corrects another, when that was, and so on back to the first: the prices
        of what it says are of then. Empty if the run has no such report.
        """

    def find_standing(self, project_key: str, run_id: str, report_id: str) -> UsageReport | None:
        """The whole report, or None if the run has none of this id that counts."""

    def list_unpriced(self, project_key: str, run_id: str) -> Sequence[str]:
        """The ids, in order, of the run's standing reports with calls that have no cost, and that its final totals do
        not cover with one.
        """

    def find_final(self, project_key: str, run_id: str) -> tuple[str, UsageEntry] | None:
        """The standing report that the run's final totals added, by its id, or None if they added none."""

    def sum_before_end(self, project_key: str, run_id: str) -> Totals:
        """What the run's standing reports came to that neither are late nor come from its final totals."""


class Spans(Protocol):
    """The spans of a project."""

    def insert(self, project_key: str, spans: Sequence[StoredSpan]) -> None:
        """Insert spans whose scopes do not have their ids yet."""

    def find(self, project_key: str, scope: str, span_id: str) -> StoredSpan | None:
        """The span as it was stored, or None if the scope has no such span."""

    def list_recorded_at(self, project_key: str, run_id: str, recorded_at: int) -> Sequence[Span]:
        """The run's spans that were recorded at a moment, in order."""

    def list_of_run(self, project_key: str, run_id: str, after: int, limit: int) -> Sequence[Span]:
        """The run's spans with a position beyond `after`, in order."""


class Failures(Protocol):
    """The failures of a project."""

    def insert(self, project_key: str, failure: Failure, origin: Origin) -> FailureGroup:
        """Insert the failure, count it in the group of its fingerprint, and return that group."""


class Receipts(Protocol):
    """What writes were asked and answered in a project."""

    def insert(self, project_key: str, operation: str, key: str, receipt: Receipt) -> None:
        """Keep what a write was asked and answered."""

    def find(self, project_key: str, operation: str, key: str) -> Receipt | None:
        """What an earlier write under this key was asked and answered."""


class Projects(Protocol):
    """Every project that was ever written to: the one thing that is looked at across projects."""

    def note_write(self, project_key: str, now: int) -> None:
        """Note that the project was written to."""

    def having_run(self, run_id: str, limit: int) -> Sequence[str]:
        """The projects that have a run of this id, at most `limit` of them."""

    def given_having_run(self, projects: Sequence[str], run_id: str, limit: int) -> Sequence[str]:
        """Those of the given projects that have a run of this id, at most `limit` of them."""

    def list_after(self, project_key: str, limit: int) -> Sequence[str]:
        """The next projects in order of their keys; the first ones after an empty text."""


class KnownKeys(Protocol):
    """The bearer keys, to look at. They are what callers are made of, so they belong to no project."""

    def find(self, key_hash: str, now: int) -> AccessKey | None:
        """The key with this hash, or None if there is none or it was revoked or has expired."""

    def was_any_made(self) -> bool:
        """Whether there ever was a key, usable or not."""


class Problems(Protocol):
    """The refusals of late. They tell of no project."""

    def insert(self, problems: Sequence[Problem], kept: int) -> None:
        """Insert those that are not there yet, and keep the newest `kept` of all."""

    def list_newest(self, limit: int) -> Sequence[Problem]:
        """The newest ones, newest first."""


class Store(Protocol):
    """The ledger inside one transaction, by noun."""

    @property
    def runs(self) -> Runs: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def spans(self) -> Spans: ...
    @property
    def failures(self) -> Failures: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def projects(self) -> Projects: ...
    @property
    def access_keys(self) -> KnownKeys: ...
    @property
    def problems(self) -> Problems: ...
    def random_key(self) -> bytes:
        """32 random bytes that are this database's own: the key of every keyed hash in it."""


class Database(Protocol):
    """Runs work: a plain function over a `Store`, in one transaction, that never waits.

    Raises:
        Unavailable: the database cannot be used, was closed, or was opened before this process was forked; nothing of
            the work was recorded.
    """

    async def write(self, work: Callable[[Store], ResultT], *, size_bytes: int = 0, wait: bool = True) -> ResultT:
        """Run the work and commit it durably, or undo it if it raises. Answers only once it is stored. If the caller
        is cancelled before the work begins it does not run; once begun it is finished. Where another process is in the
        way, each work waits for a time of its own, counted from when it came.

        `size_bytes` is about how much the work writes: where that is much, it is kept off the event loop. Without
        `wait`, the work is refused with `Unavailable` where it would have to wait for anybody: for another process, or
        for other work of this one.
        """

    async def read(self, work: Callable[[Store], ResultT], *, is_lengthy: bool = False) -> ResultT:
        """Run the work against one consistent snapshot, unable to write. It may be run again as a whole, against a
        later snapshot. If the caller is cancelled, it is ended soon, whatever statement it is in. What is known to be
        lengthy waits for its like, and is in the way of nothing else.

        Raises:
            LimitExceeded: the work took longer than a read may, counted from when it came.
        """

    async def watch(self) -> None:
        """Until cancelled, look now and then whether others have taken away what only this process holds now, and save
        it. Does not raise.
        """

    async def close(self) -> None:
        """Finish the work that runs and waits, refuse what comes later, and let go of the database. Closing it again
        changes nothing.
        """


class Price(Protocol):
    """What one usage report cost, and by which price."""

    @property
    def cost_nano_usd(self) -> int: ...
    @property
    def priced_by(self) -> str: ...


class Pricer(Protocol):
    """Computes costs; None where the price is unknown. `load` does now what the first call would otherwise do.

    Counts are those of one request; with `of_several`, the sum of several of unknown sizes, which has a cost only where
    that does not depend on their sizes.
    """

    def load(self) -> None: ...
    def price(
        self, *, model: str | None, provider: str | None, at_us: int, counts: Counts, of_several: bool = False
    ) -> Price | None: ...


class AccessKeys(KnownKeys, Protocol):
    """The bearer keys, as the commands for them change them."""

    def insert(self, key: AccessKey, key_hash: str) -> None:
        """Keep the key's hash and what it opens."""

    def list_all(self) -> Sequence[AccessKey]:
        """Every key there ever was, oldest first."""

    def revoke(self, key_id: str, now: int) -> bool:
        """Revoke for good; False if there is no such key or it was revoked before."""
