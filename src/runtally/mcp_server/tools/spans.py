"""Tools that record spans."""

from runtally.domain.models import SpanTracked
from runtally.domain.requests import TrackMcp
from runtally.mcp_server.tools.tool import Tool
from runtally.service import spans

TOOLS = (
    Tool(
        name="track_mcp",
        title="Track an MCP tool call",
        description="Call from an MCP server after each tool call it served: one span without a run. "
        "A repeated span_id is not counted twice.",
        request=TrackMcp,
        answer=SpanTracked,
        method=spans.track_mcp,
        writes=True,
        idempotent=False,
    ),
)
