"""What a ledger must come to, said as simply as can be: nothing is kept as a sum, everything is added up anew."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from runtally.domain.caller import Caller
from runtally.domain.clock import rfc3339
from runtally.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from runtally.domain.lifecycle import STALE_AFTER_SECONDS_DEFAULT
from runtally.domain.usage import TOKENS
from tests.contract.usages import as_shown, known_sum, told
from tests.door import Answer

STALE_AFTER_US = STALE_AFTER_SECONDS_DEFAULT * 1_000_000

Problems = set[type[Exception]]
"""Why a call must be refused; where there are several reasons, any of them is a good answer."""


@dataclass
class Report:
    """What one report counts, with the calls that it leaves without a cost."""

    counts: Answer
    late: bool
    stands: bool = True

    @property
    def counts_as_one(self) -> bool:
        """Whether it stands and says anything: an empty correction takes a report back."""
        return self.stands and bool(self.counts)


@dataclass
class Step:
    """A trace of a run; `late` where it came after the run's end."""

    trace: Answer
    late: bool


@dataclass
class Run:
    """One run of one project, and everything that was ever said of it."""

    project_key: str
    run_id: str
    started_at: int
    last_seen_at: int
    said: Answer
    started_by: Answer | None = None
    status: str = "running"
    ended_by: str | None = None
    ended_at: int | None = None
    summary: str | None = None
    end: Answer | None = None
    end_answer: Answer | None = None
    final: Answer = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    failures_late: list[bool] = field(default_factory=list)

    def copy(self) -> "Run":
        """The run as it stands, to be changed on trial."""
        return deepcopy(self)

    @property
    def is_final(self) -> bool:
        """Whether the run is over for good."""
        return self.status != "running" and self.ended_by != "sweep"

    def give_sign_of_life(self, now: int) -> Answer:
        """What every write of an agent does to a run, and how the answer tells it."""
        self.last_seen_at = max(self.last_seen_at, now)
        if self.is_final:
            return {"status": self.status, "late": True}
        if self.status == "running":
            return {"status": "running"}
        self.status, self.ended_by, self.ended_at = "running", None, None
        return {"status": "running", "reopened": True}

    def sweep(self, now: int) -> None:
        """Interrupt the run as of when it was last seen, if that is too long ago."""
        if self.status == "running" and self.last_seen_at < now - STALE_AFTER_US:
            self.status, self.ended_by, self.ended_at = "interrupted", "sweep", self.last_seen_at

    def new_among(self, traces: list[Answer]) -> list[Answer]:
        """The traces that the run does not have yet."""
        known = {step.trace.get("span_id") for step in self.steps} - {None}
        return [trace for trace in traces if trace.get("span_id") not in known]

    def problems_of(self, traces: list[Answer], *, of_a_correction: bool = False) -> Problems:
        """What speaks against recording the traces. A correction counts them anew, whatever spans there are."""
        ids = [trace["span_id"] for trace in traces if "span_id" in trace]
        known = {step.trace["span_id"]: step.trace for step in self.steps if "span_id" in step.trace}
        problems: Problems = set() if len(set(ids)) == len(ids) else {InvalidInput}
        if not of_a_correction and any(known.get(trace.get("span_id"), trace) != trace for trace in traces):
            problems.add(Conflict)
        return problems

    @property
    def before_end(self) -> Answer:
        """What the reports come to that the final totals are weighed against."""
        return _sum_of([report for report in self.reports.values() if not report.late])

    @property
    def with_final(self) -> Answer:
        """The same with what the final totals add."""
        return at_least(
            self.before_end, self.final, sum(not one.late and one.counts_as_one for one in self.all_reports)
        )

    @property
    def has_final_report(self) -> bool:
        """Whether the final totals add a report of their own."""
        return self.with_final != self.before_end or "prompt_preview" in self.final

    @property
    def all_reports(self) -> list[Report]:
        """Every report there ever was."""
        return list(self.reports.values())

    @property
    def totals(self) -> Answer:
        """As every answer shows them."""
        late = _sum_of([report for report in self.reports.values() if report.late])
        reports = sum(report.counts_as_one for report in self.all_reports) + self.has_final_report
        return as_shown({"reports": reports} | known_sum([self.with_final, late]))

    @property
    def shown(self) -> Answer:
        """What a look at the run must show of its life."""
        times = {"started_at": self.started_at, "last_seen_at": self.last_seen_at, "ended_at": self.ended_at}
        shown = {
            "status": self.status,
            "ended_by": self.ended_by,
            "summary": self.summary,
            "totals": self.totals,
            "span_count": len(self.steps),
            "failure_count": len(self.failures_late),
            **{name: None if at is None else rfc3339(at) for name, at in times.items()},
        }
        return {name: value for name, value in shown.items() if value not in (None, 0, {})}

    @property
    def row(self) -> Answer:
        """What a list must show of it."""
        told = self.shown | self.totals | {"started_at": rfc3339(self.started_at // 1_000_000 * 1_000_000)}
        names = ("status", "summary", "started_at", "total_tokens", "cost_usd", "unpriced_calls", "failure_count")
        return {name: told[name] for name in names if name in told}


def _sum_of(reports: list[Report]) -> Answer:
    return {"unpriced_calls": 0} | known_sum([report.counts for report in reports if report.stands])


def counts_of(usage: Answer) -> Answer:
    """What is counted in a usage or a trace, with the total that covers its parts."""
    return told({name: value for name, value in usage.items() if name in (*TOKENS, "llm_calls", "cost_usd")})


def counts_tokens(usage: Answer) -> bool:
    """Whether any token count is known."""
    return any(name in usage for name in TOKENS)


def reported(usage: Answer, traces: list[Answer]) -> Answer | None:
    """What one call reports; None if that is nothing. Traces are detail unless `usage` itself counts no tokens."""
    counted = [trace for trace in traces if counts_tokens(trace) or "cost_usd" in trace]
    if not counted or counts_tokens(usage):
        calls = max(usage.get("llm_calls", 0), int(counts_tokens(usage)))
        return counts_of(usage) | {"unpriced_calls": 0 if "cost_usd" in usage else calls} if usage else None
    calls = sum(map(counts_tokens, counted))
    whole = known_sum([counts_of(trace) for trace in counted]) | ({"llm_calls": calls} if calls else {})
    unpriced = 0 if "cost_usd" in usage else sum("cost_usd" not in trace for trace in counted)
    return whole | counts_of(usage) | {"unpriced_calls": unpriced}


def at_least(before: Answer, final: Answer, reports: int) -> Answer:
    """What reports and final totals come to together: count by count whichever is more."""
    final = counts_of(final)
    whole = before | {name: max(before.get(name, 0), count) for name, count in final.items()}
    if "total_tokens" in whole:
        parts = whole.get("input_tokens", 0) + whole.get("output_tokens", 0)
        whole["total_tokens"] = max(whole["total_tokens"], parts)
    if "cost_usd" not in final:
        whole["unpriced_calls"] += calls_beyond(before, final, whole, reports)
    elif final["cost_usd"] >= before.get("cost_usd", 0):
        whole["unpriced_calls"] = 0
    return whole


def calls_beyond(before: Answer, final: Answer, whole: Answer, reports: int) -> int:
    """How many calls only the final totals tell of: none where the total did not grow by them."""
    grew = whole.get("total_tokens", 0) > before.get("total_tokens", 0)
    if "total_tokens" in final and not grew:
        return 0
    # Reports that counted no calls stood for one each.
    return max(final.get("llm_calls", 0) - before.get("llm_calls", reports), int(grew))


def project_of(caller: Caller, named: str | None) -> str | Problems:
    """The project that a call means, or why it means none."""
    if named is None:
        return caller.default or {InvalidInput}
    return named if caller.projects is None or named in caller.projects else {NotAllowed}


def project_having(caller: Caller, named: str | None, having: list[str]) -> str | Problems:
    """The project that a call about a run means, of those that have the run, or why it means none."""
    if named is not None or (caller.projects is not None and len(caller.projects) == 1):
        return project_of(caller, named)
    found = [project for project in having if caller.projects is None or project in caller.projects]
    if len(found) > 1:
        return {InvalidInput}
    return found[0] if found else {NotFound}


def flat(arguments: Answer) -> dict[str, Any]:
    """What makes two calls the same: their arguments, each of `token_usage` by itself."""
    said = {name: value for name, value in arguments.items() if name not in ("idempotency_key", "project_key")}
    return said | {f"token_usage.{name}": value for name, value in said.pop("token_usage", {}).items()}
