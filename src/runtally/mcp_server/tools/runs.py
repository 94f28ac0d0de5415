"""Tools that record runs."""

from runtally.domain.models import RunEnded, RunRecorded, RunStarted, UsageReported
from runtally.domain.requests import EndRun, RecordRun, ReportUsage, StartRun
from runtally.mcp_server.tools.tool import Tool
from runtally.service import reports, runs

TOOLS = (
    Tool(
        name="core_start_run",
        title="Start a run",
        description="Call first, when you begin a task: opens a run and returns the run_id for all later calls. "
        "End it with core_end_run; a run that is silent for hours counts as interrupted.",
        request=StartRun,
        answer=RunStarted,
        method=runs.start_run,
        writes=True,
        idempotent=False,
        arguments={
            "agent_id": "your own name, any text",
            "run_id": "a UUID of yours, or left out",
            "summary": "what you intend",
            "label": "the kind of work, like Deploy",
        },
        always_loaded=True,
    ),
    Tool(
        name="core_report_usage",
        title="Report tokens and cost",
        description="Call after LLM calls: adds tokens and cost to the run. Send what is new since the last report. "
        "input_tokens includes cached, output_tokens includes reasoning; leave out what you do not know. "
        "traces: the steps; their tokens count only if token_usage has none. "
        "corrects: the report_id of a wrong report, which this one replaces.",
        request=ReportUsage,
        answer=UsageReported,
        method=reports.report_usage,
        writes=True,
        idempotent=False,
        arguments={
            "token_usage": "a vendor's usage object will do as it is",
            "traces.kind": "llm, tool, retrieval, agent, group, mcp or other",
            "traces.started_at": "like 2026-01-31T09:30:00Z",
            "traces.status": "ok or error",
        },
    ),
    Tool(
        name="core_end_run",
        title="End a run",
        description="Call last, when the task is over: closes the run for good.",
        request=EndRun,
        answer=RunEnded,
        method=runs.end_run,
        writes=True,
        idempotent=True,
        arguments={
            "status": "completed, partial, failed or interrupted",
            "summary": "what came of it",
            "token_usage": "the run's final total, not an addition; fields as in core_report_usage",
            "traces": "as in core_report_usage",
        },
        always_loaded=True,
    ),
    Tool(
        name="record_run",
        title="Record finished work",
        description="Call to log finished work in one entry, without tokens or steps; otherwise use core_start_run.",
        request=RecordRun,
        answer=RunRecorded,
        method=runs.record_run,
        writes=True,
        idempotent=False,
        arguments={"agent": "your own name", "summary": "what was done"},
    ),
)
