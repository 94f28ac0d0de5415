"""The life of a run.

                report_usage, spans, failures ...
                     ┌────┐
                     ▼    │
     start ──────► running ──── end(completed | partial | failed | interrupted) ───► that status, final
                     ▲    │
    a write          │    └──── no sign of life for stale_after ──► interrupted, ended_by "sweep"
    of the agent     └──────────────────────────────────────────────────────┘

Any write to a run is a sign of life. Final is final; but a sweep only supposes an end, so an agent's end replaces it
and any other write of the agent reopens the run. What arrives after another end is accepted and marked `late`.
"""

from typing import Final, Literal

RunStatus = Literal["running", "completed", "partial", "failed", "interrupted"]
EndStatus = Literal["completed", "partial", "failed", "interrupted"]
EndedBy = Literal["agent", "record", "sweep", "host", "sdk", "otlp"]
"""Who ended the run: the agent, `record_run` (which writes a run that is already over), the sweep; the host the agent
runs in, a program through the SDK, or an OpenTelemetry trace."""

SpanKind = Literal["llm", "tool", "retrieval", "agent", "group", "mcp", "other"]
SpanStatus = Literal["ok", "error", "cancelled", "denied", "unfinished"]
FailureSource = Literal["agent", "span", "host"]

Basis = Literal["reported", "observed"]
"""Where usage is known from: an agent or a program said so, or an instrument saw it. The two are never added."""
ReportSource = Literal["report", "final", "client", "otlp", "transcript", "hook"]
"""What a usage report came with: a call that reported it, or the final totals of an end; or what observed it: an
instrumented client, OpenTelemetry, a host's transcript, a host's hook. A correction has that of what it replaces."""
CostSource = Literal["reported", "computed", "unpriced", "host", "subscription"]
"""Who says what it cost: the caller, Runtally's price list, nobody, the host, or a subscription that covers it."""

STALE_AFTER_SECONDS_DEFAULT: Final = 6 * 60 * 60


def has_ended(status: RunStatus) -> bool:
    """Whether a run of this status is over."""
    return status != "running"


def is_final(status: RunStatus, ended_by: EndedBy | None) -> bool:
    """Whether the run is over for good, so that what arrives now is late: a sweep's end is only supposed."""
    return has_ended(status) and ended_by != "sweep"
