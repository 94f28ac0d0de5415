"""The life of a run.

                report_usage, spans, failures ...
                     ┌────┐
                     ▼    │
     start ──────► running ──── end(completed | partial | failed | interrupted) ───► that status, final
                     │
                     └── no sign of life for stale_after ──► interrupted, ended_by "sweep"

Any write to a run is a sign of life. Final is final, except that a late end from the agent replaces a sweep's. What
arrives after the end is accepted and marked `late`.
"""

from typing import Final, Literal

RunStatus = Literal["running", "completed", "partial", "failed", "interrupted"]
EndStatus = Literal["completed", "partial", "failed", "interrupted"]
EndedBy = Literal["agent", "record", "sweep"]
"""Who ended the run: the agent, `record_run` (which writes a run that is already over), or the sweep."""

SpanKind = Literal["llm", "tool", "retrieval", "agent", "group", "mcp", "other"]
SpanStatus = Literal["ok", "error"]
CostSource = Literal["reported", "computed", "unpriced"]
ReportSource = Literal["report", "final"]

RUNNING: Final = "running"
STALE_AFTER_SECONDS_DEFAULT: Final = 6 * 60 * 60
