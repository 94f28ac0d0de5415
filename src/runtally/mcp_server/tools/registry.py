"""Every tool, in the order in which a client sees them."""

from collections.abc import Mapping
from typing import Final

from runtally.mcp_server.tools import failures, lookup, runs, spans
from runtally.mcp_server.tools.tool import AnyTool

_START, _REPORT, _END, _RECORD = runs.TOOLS

TOOLS: Final[tuple[AnyTool, ...]] = (_START, _REPORT, _END, *failures.TOOLS, _RECORD, *spans.TOOLS, *lookup.TOOLS)
BY_NAME: Final[Mapping[str, AnyTool]] = {tool.name: tool for tool in TOOLS}
