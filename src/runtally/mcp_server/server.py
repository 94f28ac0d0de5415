"""The MCP server: one object that serves both protocol eras, on any transport, without state per connection."""

import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import anyio
import anyio.to_thread
import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from runtally.domain.caller import Caller, Origin
from runtally.domain.errors import RuntallyError
from runtally.domain.fields import compact_json
from runtally.domain.json_size import is_large
from runtally.domain.models import Answer
from runtally.domain.records import Door
from runtally.domain.validation import parse
from runtally.mcp_server import errors, schemas
from runtally.mcp_server.origin import origin_of
from runtally.mcp_server.tools.registry import BY_NAME, TOOLS
from runtally.mcp_server.tools.tool import AnyTool
from runtally.service.ledger import Ledger
from runtally.service.sweeping import sweep_for_ever
from runtally.version import __version__

logger = logging.getLogger(__name__)

Context = ServerRequestContext[Any, Any]
WhoIsAsking = Callable[[], Caller]

INSTRUCTIONS: Final = (
    "Runtally keeps a durable record of what agents do and what it costs. "
    "At the start of a task call core_start_run and keep its run_id. "
    "After LLM calls call core_report_usage with what is new since the last report. "
    "When something fails call core_record_failure. "
    "When the task is over call core_end_run. "
    "If you lost the run_id of your run, say because your context was compacted, call list_runs with status running: "
    "runs of your session, where the host tells it, come first; go on with the one that says what you are doing "
    "instead of opening another. "
    "Every write is stored when it is answered; to retry safely, send the same idempotency_key again. "
    "A refused call recorded nothing, and says what to change. "
    "Before a task, list_runs and get_run show what earlier runs did. "
    "project_key is needed only where the server says so."
)
_LIST_TTL_MS: Final = 3_600_000
_ALWAYS_LOADED: Final = {"anthropic/alwaysLoad": True}
"""Claude Code hides the tools of a server behind a search, but for those that say this."""


def make_server(
    ledger: Ledger, who_is_asking: WhoIsAsking, origin: Origin, projects: Sequence[str] = (), door: Door = "stdio"
) -> Server[Any]:
    """The server over a ledger. `who_is_asking` is called for each request, inside its context. While the server runs,
    the stale runs of `projects` are swept, or of every project where none is given, the database is looked after, and
    what is refused is noted as refused at the `door`.
    """

    @contextlib.asynccontextmanager
    async def running(_: Server[Any]) -> AsyncIterator[None]:
        try:
            async with anyio.create_task_group() as background:
                background.start_soon(sweep_for_ever, ledger, projects)
                background.start_soon(ledger.watch)
                background.start_soon(ledger.problems.store_for_ever)
                yield
                background.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await ledger.problems.store()

    tools = _Tools(ledger, who_is_asking, origin, door)
    server = Server(
        "runtally",
        version=__version__,
        title="Runtally",
        description="A flight recorder for AI agents",
        instructions=INSTRUCTIONS,
        cache_hints={"tools/list": CacheHint(ttl_ms=_LIST_TTL_MS, scope="private")},
        lifespan=running,
        get_tool_input_schema=_no_mirrored_arguments,
        on_list_tools=tools.list,
        on_call_tool=tools.call,
    )
    if "opentelemetry.sdk" not in sys.modules:
        # The SDK's spans go nowhere without an OpenTelemetry SDK, and making them is a tenth of a call.
        server.middleware.clear()
    return server


class _Tools:
    """The two tool requests of the protocol."""

    def __init__(self, ledger: Ledger, who_is_asking: WhoIsAsking, origin: Origin, door: Door) -> None:
        self._ledger = ledger
        self._who_is_asking = who_is_asking
        self._origin = origin
        self._door = door

    async def list(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """The tools that the caller's role may use."""
        caller = self._who_is_asking()
        return types.ListToolsResult(tools=[_described(tool) for tool in TOOLS if caller.may(tool.role)])

    async def call(self, context: Context, params: types.CallToolRequestParams) -> Any:
        """Do what the tool says; a refusal is a tool error, which the model reads. Answers the result's JSON itself."""
        tool = BY_NAME.get(params.name)
        if tool is None:
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool; this server has {', '.join(BY_NAME)}")
        try:
            answer = await self._do(tool, context, params.arguments or {})
            logger.debug("%s answered", tool.name)
            return _answered(answer)
        except RuntallyError as error:
            logger.info("%s refused: %s%s", tool.name, error.code, errors.blamed(tool.request, error))
            self._ledger.problems.note(error.code, self._door, tool.name)
            return errors.refused(error)
        except Exception as error:  # noqa: BLE001 - the one boundary: nothing of a bug reaches the model
            reference = errors.new_reference()
            self._ledger.problems.note("internal", self._door, tool.name, reference)
            return errors.failed(tool.name, error, reference)

    async def _do(self, tool: AnyTool, context: Context, arguments: Mapping[str, Any]) -> Answer:
        caller = self._who_is_asking()
        if is_large(arguments):
            request = await anyio.to_thread.run_sync(parse, tool.request, arguments)
        else:
            request = parse(tool.request, arguments)
        do = self._ledger.write if tool.writes else self._ledger.read
        return await do(tool.method, caller, request, self._origin_of(context))

    def _origin_of(self, context: Context) -> Origin:
        client = context.session.client_params
        info = None if client is None else client.client_info
        return origin_of(context.meta or {}, None if info is None else f"{info.name} {info.version}", self._origin)


def _no_mirrored_arguments(_: str) -> None:
    """No argument is mirrored in a header, so the SDK need not walk a schema on each call to find that out."""


@cache
def _described(tool: AnyTool) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=schemas.input_schema(tool.request, tool.arguments),
        output_schema=schemas.output_schema(tool.answer),
        annotations=types.ToolAnnotations(
            read_only_hint=not tool.writes,
            destructive_hint=False,
            idempotent_hint=tool.idempotent,
            open_world_hint=False,
        ),
        meta=_ALWAYS_LOADED if tool.always_loaded else None,
    )


def _answered(answer: Answer) -> dict[str, Any]:
    """The same compact JSON in `content` and `structuredContent`: some hosts forward only the one, some the other."""
    structured = answer.as_sent()
    return {
        "content": [{"type": "text", "text": compact_json(structured)}],
        "structuredContent": structured,
        "isError": False,
        "resultType": "complete",
    }
