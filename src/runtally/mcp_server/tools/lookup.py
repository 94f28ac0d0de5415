"""Tools that look up what earlier runs did."""

from runtally.domain.models import RunFound, RunList
from runtally.domain.requests import GetRun, ListRuns
from runtally.mcp_server.tools.tool import Tool
from runtally.service import lookup

TOOLS = (
    Tool(
        name="list_runs",
        title="List runs",
        description="Call to find earlier runs, newest first; with status running your session's own come first.",
        request=ListRuns,
        answer=RunList,
        method=lookup.list_runs,
        writes=False,
        idempotent=True,
        arguments={
            "status": "running, completed, partial, failed or interrupted",
            "query": "a piece of intent, summary or ticket",
            "since": "2026-01-31T09:30:00Z, 2026-01-31 (a day in UTC), 24h or 7d",
            "until": "likewise; a date is the end of that day",
        },
    ),
    Tool(
        name="get_run",
        title="Get a run",
        description="Call to see one run: status, totals, and with detail spans its steps.",
        request=GetRun,
        answer=RunFound,
        method=lookup.get_run,
        writes=False,
        idempotent=True,
        arguments={"detail": "summary or spans"},
    ),
)
