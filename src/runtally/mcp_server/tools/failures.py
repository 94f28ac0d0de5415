"""Tools that record failures."""

from runtally.domain.models import FailureRecorded
from runtally.domain.requests import RecordFailure
from runtally.mcp_server.tools.tool import Tool
from runtally.service import failures

TOOLS = (
    Tool(
        name="core_record_failure",
        title="Record a failure",
        description="Call when something fails: records it and answers how often this was seen before. "
        "error: the message or stack trace. The run goes on.",
        request=RecordFailure,
        answer=FailureRecorded,
        method=failures.record_failure,
        writes=True,
        idempotent=False,
    ),
)
