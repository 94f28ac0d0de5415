"""What Runtally answers: one frozen model per idea, the same in MCP, HTTP, the SDK and the CLI.

A field that is as usual is left out of every answer: None (unknown, or it does not apply), false, a count of ours that
is zero. A receipt keeps an answer to give it again, so a field that comes later is optional.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from runtally.domain.fields import Moment, NanoUsd
from runtally.domain.lifecycle import Basis, CostSource, EndedBy, FailureSource, RunStatus, SpanKind, SpanStatus
from runtally.domain.usage import TokenCounts


class Model(BaseModel):
    """A frozen answer, or a part of one."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="ignore", defer_build=True)

    def as_sent(self) -> dict[str, Any]:
        """The JSON object that every door sends: under the names outside, without what is as usual."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


Cost = Annotated[NanoUsd | None, Field(serialization_alias="cost_usd")]
NeverSent = Annotated[str | None, Field(exclude=True)]


class Usage(TokenCounts[int], Model):
    """Tokens and cost, summed or of one step; `cost_usd` outside."""

    cost_nano_usd: Cost = None


class Totals(Usage):
    """The sum of a run's usage reports of one basis. `unpriced_calls` says how many LLM calls `cost_usd` lacks."""

    reports: int = 0
    llm_calls: int | None = None
    unpriced_calls: int = 0


class Span(Usage):
    """One timed step of a run, or a runless one. `input_bytes` and `output_bytes` are the sizes as sent;
    `attributes_bytes` is the size of `attributes` that an answer left out.
    """

    span_id: str
    run_id: str | None = None
    position: int | None = None
    parent_span_id: str | None = None
    kind: SpanKind
    name: str
    status: SpanStatus
    recorded_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    duration_ms: int | None = None
    late: bool = False
    error: str | None = None
    model: str | None = None
    provider: str | None = None
    tool_name: str | None = None
    server: str | None = None
    client: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    trace_id: str | None = None
    attributes: dict[str, Any] | None = None
    attributes_bytes: int | None = None
    input_bytes: int | None = None
    input_truncated: bool | None = None
    output_bytes: int | None = None
    output_truncated: bool | None = None


class Run(Model):
    """One execution of an agent. `intent` is what it set out to do, where `summary` has since said what it did.

    `totals` is the sum that stands for the run (see `standing`). Where calls were observed, `basis` says which sum that
    is and `observed` is the other's neighbour, never added to it. `stale`: no sign of life for so long that the run
    counts as interrupted as soon as a sweep can write that. `meta_bytes` is the size of `meta` that an answer left out.
    """

    run_id: str
    status: RunStatus
    agent: str | None = None
    label: str | None = None
    ticket: str | None = None
    intent: str | None = None
    summary: str | None = None
    parent_run_id: str | None = None
    conversation_id: str | None = None
    user_id: str | None = None
    follows_act_id: str | None = None
    client: str | None = None
    host_session_id: NeverSent = None
    host_thread_id: NeverSent = None
    trace_id: str | None = None
    started_at: Moment
    last_seen_at: Moment
    ended_at: Moment | None = None
    duration_ms: int | None = None
    ended_by: EndedBy | None = None
    end_reason: str | None = None
    stale: bool | None = None
    totals: Totals = Totals()
    basis: Basis | None = None
    observed: Totals | None = None
    span_count: int = 0
    failure_count: int = 0
    meta: dict[str, Any] | None = None
    meta_bytes: int | None = None
    input_bytes: int | None = None
    input_truncated: bool | None = None
    output_bytes: int | None = None
    output_truncated: bool | None = None


class RunRow(Model):
    """A run in a list: what it takes to choose one. `same_session`: the session of the host that asks started it.
    `started_at` is cut to the second; tokens and cost are those of the sum that stands for the run.
    """

    run_id: str
    status: RunStatus
    same_session: bool = False
    stale: bool | None = None
    agent: str | None = None
    label: str | None = None
    ticket: str | None = None
    summary: str | None = None
    started_at: Moment
    duration_ms: int | None = None
    total_tokens: int | None = None
    cost_nano_usd: Cost = None
    unpriced_calls: int = 0
    failure_count: int = 0


class Failure(Model):
    """One structured failure event; failures with one `fingerprint` form a failure group."""

    failure_id: str
    run_id: str | None = None
    recorded_at: Moment
    source: FailureSource = "agent"
    late: bool = False
    fingerprint: str
    agent: str | None = None
    task_id: str | None = None
    error_type: str | None = None
    summary: str
    error: str | None = None
    context: dict[str, Any] | None = None
    meta: dict[str, Any] | None = None


def standing(reported: Totals, observed: Totals) -> tuple[Totals, Basis]:
    """Which of a run's two sums stands for it: the reported one where there is a report, else the observed one."""
    if reported.reports or not observed.reports:
        return reported, "reported"
    return observed, "observed"


class Answer(Model):
    """What every tool answers at least. `duplicate` is true where the same write had been recorded before."""

    project_key: str
    duplicate: bool | None = None

    @property
    def recorded(self) -> bool:
        """Whether the call changed anything."""
        return not self.duplicate


class RunStarted(Answer):
    """`created` is false where the project already had the run, started the same way."""

    run_id: str
    status: RunStatus
    created: bool
    started_at: Moment
    input_truncated_from_bytes: int | None = None
    totals: Totals = Totals()

    @property
    def recorded(self) -> bool:
        """Whether the call changed anything."""
        return self.created and super().recorded


class Adjustment(Usage):
    """What a report, or a run's final totals, added to the sum of the run's reports."""

    llm_calls: int | None = None


class UsageReported(Answer):
    """`totals` are the run's, `counted` is what of them this report is (left out where that is all of them); `warning`
    says what the caller may not have meant. `corrects` names the report that `report_id` took the place of.
    `spans_truncated` are the places in `traces`, from 0, of those of which a payload was cut; `kept_in_attributes` are
    the first names of what was sent that has no field of its own.
    """

    run_id: str
    status: RunStatus
    report_id: str | None = None
    corrects: str | None = None
    late: bool | None = None
    reopened: bool | None = None
    cost_source: CostSource | None = None
    spans_recorded: int | None = None
    spans_truncated: list[int] | None = None
    kept_in_attributes: list[str] | None = None
    warning: str | None = None
    counted: Adjustment | None = None
    totals: Totals = Totals()


class RunEnded(Answer):
    """`adjustment` is what the final totals added; `warning` says where they lie below the reports, and what to do.
    `kept_in_attributes` is as in `UsageReported`.
    """

    run_id: str
    status: RunStatus
    ended_at: Moment
    duration_ms: int
    replaced: EndedBy | None = None
    spans_recorded: int | None = None
    spans_truncated: list[int] | None = None
    output_truncated_from_bytes: int | None = None
    kept_in_attributes: list[str] | None = None
    adjustment: Adjustment | None = None
    warning: str | None = None
    totals: Totals = Totals()


class FailureRecorded(Answer):
    """`seen` counts the failures of this fingerprint in the project, this one included."""

    failure_id: str
    run_id: str | None = None
    status: RunStatus | None = None
    late: bool | None = None
    reopened: bool | None = None
    fingerprint: str
    seen: int
    first_seen_at: Moment
    previous_seen_at: Moment | None = None
    totals: Totals = Totals()


class RunRecorded(Answer):
    run_id: str
    status: RunStatus


class SpanTracked(Answer):
    span_id: str
    status: SpanStatus
    input_truncated_from_bytes: int | None = None
    output_truncated_from_bytes: int | None = None


class RunFound(Answer):
    """`run` is in the first page alone. `to_see_all` says which call shows what is left out, or ends in
    `…[9,000 characters]`.
    """

    run: Run | None = None
    spans: list[Span] | None = None
    to_see_all: str | None = None
    next_cursor: str | None = None


class RunList(Answer):
    """`to_see_all` says which call shows a text whole that ends in `…[2,000 characters]`."""

    runs: list[RunRow]
    to_see_all: str | None = None
    next_cursor: str | None = None
