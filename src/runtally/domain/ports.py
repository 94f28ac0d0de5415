"""What the service needs of the world; `storage` and `pricing` fill it. A test enumerates these, so that isolation,
the contract suite and the adapters cannot fall behind.

Every `Store` method takes `project_key` first and sees nothing outside it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from runtally.domain.caller import AccessKey
from runtally.domain.fields import Content
from runtally.domain.lifecycle import EndStatus, RunStatus
from runtally.domain.models import Failure, Run, Span, Totals, UsageReport

ResultT = TypeVar("ResultT")


@dataclass
class Addition:
    """What one write adds to a run. A count that is None adds nothing to what is known."""

    now: int
    reports: int = 0
    llm_calls: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_nano_usd: int | None = None
    unpriced_calls: int = 0
    spans: int = 0
    failures: int = 0


class RunState(NamedTuple):
    """A run after an addition."""

    status: RunStatus
    span_count: int
    totals: Totals


class FailureGroup(NamedTuple):
    """How often a fingerprint was seen, and when."""

    seen: int
    first_seen_at: int
    last_seen_at: int


class Receipt(NamedTuple):
    """What an earlier write was asked, one digest per field, and what it answered."""

    digests: dict[str, str]
    answer_json: str


class NewSpan(NamedTuple):
    """A span with the payloads that only storage and `full` readers see."""

    span: Span
    input: Content | None
    output: Content | None


class Store(Protocol):
    """The ledger inside one transaction."""

    def insert_run(self, project_key: str, run: Run, meta: Mapping[str, Any] | None, content: Content | None) -> bool:
        """Insert the run with its start `meta` and `input`; False if the project already has its `run_id`."""

    def find_run(self, project_key: str, run_id: str) -> Run | None:
        """The run, or None if the project has no such run."""

    def find_run_start(self, project_key: str, run_id: str) -> Mapping[str, Any] | None:
        """What the run was started with: `agent`, `label`, `ticket`, `intent`, `parent_run_id`, `conversation_id`,
        `user_id`, `follows_act_id`, `meta` and `input` (the stored JSON text), or None if there is no such run.
        """

    def add_to_run(self, project_key: str, run_id: str, addition: Addition) -> RunState | None:
        """Add to the run's totals and note a sign of life; None if the project has no such run.

        Raises:
            LimitExceeded: a total would leave the range in which numbers are exact.
        """

    def end_run(
        self,
        project_key: str,
        run_id: str,
        *,
        status: EndStatus,
        ended_at: int,
        summary: str | None,
        meta: Mapping[str, Any] | None,
        output: Content | None,
    ) -> bool:
        """End a run that is running or that a sweep ended; False if there is no such run or its end is final."""

    def has_stale_run(self, project_key: str, stale_before: int) -> bool:
        """Whether `sweep_runs` would find a run."""

    def sweep_runs(self, project_key: str, stale_before: int, end_reason: str) -> int:
        """Interrupt every running run without a sign of life since `stale_before`; how many there were."""

    def list_runs(self, project_key: str, filters: Mapping[str, Any], limit: int) -> Sequence[Run]:
        """The newest runs that match every filter that is not None: `status`, `agent`, `label`, `parent_run_id`,
        `conversation_id`, `since`, `until`, `pattern` (LIKE, whatever the case), and `before_at` with `before_id`.
        """

    def insert_usage_report(self, project_key: str, run_id: str, report: UsageReport) -> None:
        """Append to the usage ledger."""

    def insert_spans(self, project_key: str, spans: Sequence[NewSpan]) -> None:
        """Insert spans whose ids the project does not have yet."""

    def find_span(self, project_key: str, span_id: str) -> Mapping[str, Any] | None:
        """The span as stored, one entry per column, or None if the project has no such span."""

    def list_spans(self, project_key: str, run_id: str, after: int, limit: int) -> Sequence[Span]:
        """The run's spans with a position beyond `after`, in order."""

    def insert_failure(self, project_key: str, failure: Failure) -> None:
        """Insert the failure and count it in the group of its fingerprint."""

    def find_failure_group(self, project_key: str, fingerprint: str) -> FailureGroup | None:
        """The failure group, or None if the project never saw the fingerprint."""

    def insert_receipt(self, project_key: str, operation: str, key: str, recorded_at: int, receipt: Receipt) -> None:
        """Keep what a write was asked and answered."""

    def find_receipt(self, project_key: str, operation: str, key: str) -> Receipt | None:
        """What an earlier write under this key was asked and answered."""


class Database(Protocol):
    """Runs work: a plain function over a `Store`, in one transaction, that never waits.

    Raises:
        Unavailable: the database cannot be used, was closed, or was opened before this process was forked; nothing of
            the work was recorded.
    """

    async def write(self, work: Callable[[Store], ResultT], *, size_bytes: int = 0, wait: bool = True) -> ResultT:
        """Run the work and commit it durably, or undo it if it raises. Answers only once it is stored. If the caller
        is cancelled before the work begins it does not run; once begun it is finished.

        `size_bytes` is about how much the work writes: where that is much, it is kept off the event loop. Without
        `wait`, the work is refused with `Unavailable` where it would have to wait for anybody: for another process, or
        for other work of this one.
        """

    async def read(self, work: Callable[[Store], ResultT]) -> ResultT:
        """Run the work against one consistent snapshot, unable to write."""

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
    """Computes costs; None where the price is unknown. `load` does now what the first call would otherwise do."""

    def load(self) -> None: ...
    def price(
        self,
        *,
        model: str | None,
        provider: str | None,
        at_us: int,
        input_tokens: int | None,
        output_tokens: int | None,
        cache_read_tokens: int | None,
        cache_write_tokens: int | None,
    ) -> Price | None: ...


class AccessKeys(Protocol):
    """The bearer keys inside one transaction. They are what callers are made of, so they belong to no project."""

    def insert(self, key: AccessKey, key_hash: str) -> None:
        """Keep the key's hash and what it opens."""

    def find(self, key_hash: str, now: int) -> AccessKey | None:
        """The key with this hash, or None if there is none or it was revoked or has expired."""

    def list_all(self) -> Sequence[AccessKey]:
        """Every key there ever was, oldest first."""

    def any_usable(self, now: int) -> bool:
        """Whether any key is neither revoked nor expired."""

    def revoke(self, key_id: str, now: int) -> bool:
        """Revoke for good; False if there is no such key or it was revoked before."""
