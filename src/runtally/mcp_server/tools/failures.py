"""Tools that record failures."""

from runtally.domain.models import FailureRecorded
from runtally.domain.requests import RecordFailure
from runtally.mcp_server.tools.tool import Tool
from runtally.service import failures

TOOLS = (
    Tool(
        name="core_record_failure",
        title="Record a failure",
        description="Call when something fails: records it; the run goes on. The answer's seen counts the failures "
        "of this kind in the project, this one included.",
        request=RecordFailure,
        answer=FailureRecorded,
        method=failures.record_failure,
        writes=True,
        idempotent=False,
        arguments={
            "agent_id": "your own name, any text",
            "summary": "what failed, in a sentence",
            "error": "the message or stack trace",
        },
        always_loaded=True,
    ),
)
