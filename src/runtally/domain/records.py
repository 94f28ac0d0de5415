"""What passes between the rules and the storage: frozen values, the same for every database."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from runtally.domain.caller import NOWHERE, Origin
from runtally.domain.errors import Code
from runtally.domain.fields import Content
from runtally.domain.lifecycle import Basis, CostSource, EndedBy, EndStatus, ReportSource, RunStatus, is_final
from runtally.domain.models import Span, Totals
from runtally.domain.usage import Counts, TokenUsage, known_sum

Door = Literal["stdio", "http"]
"""Which door a call came through."""


class RunStart(NamedTuple):
    """What a run is started with beyond what every reader sees of it."""

    meta: Mapping[str, Any] | None = None
    input: Content | None = None
    origin: Origin = NOWHERE


class RunEnd(NamedTuple):
    """How a run ends. `final_usage` is what the end told as the run's totals."""

    status: EndStatus
    ended_at: int
    summary: str | None = None
    meta: Mapping[str, Any] | None = None
    output: Content | None = None
    final_usage: TokenUsage | None = None


class Spent(NamedTuple):
    """Counts and what they cost. `unpriced_calls` says how many of the calls `cost_nano_usd` lacks."""

    counts: Counts = Counts()
    cost_nano_usd: int | None = None
    unpriced_calls: int = 0

    def plus(self, more: "Spent") -> "Spent":
        """The sum, in which unknown plus known is known."""
        cost = known_sum(self.cost_nano_usd, more.cost_nano_usd)
        return Spent(self.counts.plus(more.counts), cost, self.unpriced_calls + more.unpriced_calls)


class Addition(NamedTuple):
    """What one write adds to a run. A count that is None adds nothing to what is known."""

    now: int
    basis: Basis = "reported"
    reports: int = 0
    spent: Spent = Spent()
    spans: int = 0
    failures: int = 0


class RunState(NamedTuple):
    """A run after a write to it: `totals` is the sum that stands for it."""

    status: RunStatus
    ended_by: EndedBy | None
    span_count: int
    totals: Totals

    @property
    def is_final(self) -> bool:
        """Whether the run was over for good before the write, which therefore is late."""
        return is_final(self.status, self.ended_by)


class RunFilter(NamedTuple):
    """Which runs to list; what is None does not matter. `text` is looked for in summary, intent and ticket, whatever
    its case (ASCII). `model` is one that a standing report or a span of the run names, whatever its case;
    `min_cost_nano_usd` is weighed against the sum that stands for the run. `origin` wants the runs that its session or
    its thread started; `before` is the start and the id of the run that a page ended with.
    """

    status: RunStatus | None = None
    agent: str | None = None
    label: str | None = None
    user_id: str | None = None
    model: str | None = None
    ticket: str | None = None
    min_cost_nano_usd: int | None = None
    has_failures: bool | None = None
    parent_run_id: str | None = None
    conversation_id: str | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None
    origin: Origin | None = None
    before: tuple[int, str] | None = None


class UsageEntry(NamedTuple):
    """What a report says of one model at one provider; one row of the ledger."""

    spent: Spent
    cost_source: CostSource
    priced_by: str | None = None
    model: str | None = None
    provider: str | None = None
    prompt_preview: str | None = None


class UsageReport(NamedTuple):
    """One append-only report of a call, with an entry for each model and provider that the call names. `corrects` is
    the report whose place it takes; `attributes` is what its usage object said beside that.
    """

    report_id: str
    reported_at: int
    entries: Sequence[UsageEntry]
    source: ReportSource = "report"
    basis: Basis = "reported"
    late: bool = False
    corrects: str | None = None
    origin: Origin = NOWHERE
    attributes: Mapping[str, Any] | None = None


class KeptReport(NamedTuple):
    """What must be known of a report to put another in its place."""

    source: ReportSource
    basis: Basis
    late: bool
    corrected_by: str | None


class UnpricedCalls(NamedTuple):
    """How many calls of a run have no cost, and when it gave its last sign of life."""

    run_id: str
    calls: int
    last_seen_at: int


class StoredSpan(NamedTuple):
    """A span as it is stored: within its scope, with its payloads and where it came from."""

    scope: str
    span: Span
    input: Content | None = None
    output: Content | None = None
    origin: Origin = NOWHERE


class FailureGroup(NamedTuple):
    """How often a fingerprint was seen, and when; `previous_seen_at` is None the first time."""

    seen: int
    first_seen_at: int
    previous_seen_at: int | None


class Receipt(NamedTuple):
    """What a write was asked, one keyed hash for each argument, and what it answered. `format` says how the hashes were
    made; `run_id` is the run that the answer is about, if it is about one.
    """

    digests: dict[str, str]
    answer_json: str
    format: int
    recorded_at: int
    run_id: str | None = None


class Problem(NamedTuple):
    """A refusal as it is kept for a while: nothing of what was sent, and no message that was made of it. `reference` is
    where the log has the rest of an internal error.
    """

    problem_id: str
    noted_at: int
    code: Code
    door: Door
    tool: str
    reference: str | None = None
