"""`runtally demo`: an agent's run through the real server, against a database that is thrown away."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from runtally.cli import arguments, output
from runtally.domain.errors import InvalidInput, Unavailable
from runtally.settings import Settings, environment_of_child

if TYPE_CHECKING:
    from mcp.client import Client

_PROJECT: Final = "demo"
_SENTENCE: Final = "Record this task as a run in Runtally: start it now, report usage and failures, and end it."
_SCENE: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "core_report_usage",
        {
            "token_usage": {
                "input_tokens": 8400,
                "output_tokens": 1200,
                "cache_read_tokens": 6000,
                "model": "claude-opus-4",
                "provider": "anthropic",
                "llm_calls": 1,
            },
            "traces": [
                {"span_id": "plan", "name": "plan the change", "kind": "llm", "duration_ms": 3200},
                {"span_id": "grep", "parent_span_id": "plan", "tool_name": "grep", "duration_ms": 41},
                {"span_id": "test-1", "tool_name": "pytest", "duration_ms": 5100, "error": "2 failed"},
            ],
            "idempotency_key": "first-report",
        },
    ),
    (
        "core_record_failure",
        {
            "summary": "Migration could not reach the database",
            "error": "Error: connect ETIMEDOUT 10.0.0.5:5432",
            "context": {"migration": "0042_add_index", "attempt": 2},
        },
    ),
    (
        "core_end_run",
        {
            "status": "completed",
            "summary": "Rate limiter deployed and verified in staging",
            "token_usage": {"input_tokens": 12400, "output_tokens": 3200, "cost_usd": 0.19, "llm_calls": 3},
            "traces": [{"span_id": "test-2", "tool_name": "pytest", "duration_ms": 5000, "status": "ok"}],
        },
    ),
)


def add(commands: arguments.Commands) -> None:
    """Declare `demo`."""
    parser = commands.add_parser("demo", help="play an agent through all the tools against a throw-away database")
    parser.set_defaults(run=run)


def run(settings: Settings, given: Namespace) -> int:
    """Play the scene and print what the ledger holds afterwards, then the settings that connect a host.

    The settings are those of the server it starts, except for the database and the project, which are the demo's own.

    Raises:
        InvalidInput: a database or a project was given, a file of the user's cannot be meant, or the log file cannot
            be written.
        Unavailable: the server ended before it answered; what it said is on stderr.
    """
    if given.database is not None or given.bound_to is not None:
        raise InvalidInput("demo has a database and a project of its own; leave out --db and --project")

    import tempfile

    import anyio

    from runtally import bootstrap
    from runtally.cli import logs

    # The server would refuse these, where nobody sees it.
    bootstrap.own_prices(settings)
    bootstrap.further_secrets(settings)
    logs.begin(settings)
    with tempfile.TemporaryDirectory(prefix="runtally-demo-") as folder:
        log = Path(folder) / "server.log"
        try:
            with log.open("w", encoding="utf-8") as written:
                lines = anyio.run(_play, Path(folder) / "demo.db", written)
        except Exception as error:
            # A server that does not start has said why, and on stderr alone.
            sys.stderr.write(log.read_text(encoding="utf-8", errors="replace"))
            if _is_server_gone(error):
                raise Unavailable("the server of the demo ended before it answered; what it said is above") from None
            raise
    for line in lines:
        output.say(line)
    _print_host_settings()
    return 0


def _is_server_gone(error: Exception) -> bool:
    from mcp import MCPError

    gone = error.split(MCPError) if isinstance(error, ExceptionGroup) else (error, None)
    return isinstance(gone[0], MCPError | ExceptionGroup) and gone[1] is None


async def _play(database: Path, log: TextIO) -> list[str]:
    """What there is to say of it. Said inside, a stdout that cannot be written would end it as a bug."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters, stdio_client

    lines: list[str] = []
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "runtally", "--db", str(database)],
        env=environment_of_child(RUNTALLY_PROJECT_KEY=_PROJECT),
    )
    async with Client(stdio_client(server, errlog=log)) as client:
        lines.append("An agent works; each call is durable before it is answered.\n")
        start = {"agent_id": "demo-agent", "label": "Deploy", "summary": "Deploying rate limiter to staging"}
        run_id = (await _call(client, lines, "core_start_run", start))["run_id"]
        for tool, arguments in _SCENE:
            await _call(client, lines, tool, {"run_id": run_id, **arguments})
        await _call(
            client, lines, "track_mcp", {"tool": "query", "server": "warehouse", "input": {"x": 1}, "duration_ms": 13}
        )
        await _call(
            client, lines, "record_run", {"agent": "demo-agent", "summary": "Tidied the changelog", "ticket": "OPS-429"}
        )
        found = await _call(client, lines, "get_run", {"run_id": run_id, "detail": "spans"}, told=False)
        listed = await _call(client, lines, "list_runs", {"limit": 5}, told=False)
    lines.append("\nThe run, as the ledger holds it:\n")
    lines.extend(_tree(found))
    lines.append(f"\n{len(listed['runs'])} runs in project {listed['project_key']!r}, newest first:\n")
    lines.extend(f"  {each['status']:<10} {each['started_at'][:19]}Z  {each['summary']}" for each in listed["runs"])
    return lines


async def _call(
    client: "Client", lines: list[str], tool: str, arguments: Mapping[str, Any], *, told: bool = True
) -> dict[str, Any]:
    result = await client.call_tool(tool, dict(arguments))
    if result.is_error:
        raise RuntimeError(f"{tool} refused: {result.content}")
    answer: dict[str, Any] = result.structured_content or {}
    if told:
        lines.append(f"  {tool:<20} {_gist(answer)}")
    return answer


def _gist(answer: Mapping[str, Any]) -> str:
    shown = ("run_id", "failure_id", "span_id", "status", "seen", "cost_source", "adjustment")
    return "  ".join(f"{name}={json.dumps(answer[name])}" for name in shown if name in answer)


def _tree(found: Mapping[str, Any]) -> Iterator[str]:
    run, totals = found["run"], found["run"]["totals"]
    yield f"  {run['label']}: {run['summary']}  [{run['status']}]"
    yield f"  ├─ set out to: {run['intent']}"
    yield f"  ├─ agent {run['agent']}, {run['duration_ms']} ms, {run['failure_count']} failure"
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    for span in found["spans"]:
        children.setdefault(span.get("parent_span_id"), []).append(span)
    yield from _branch(children, None, "  ")
    yield (
        f"  └─ totals: {totals['llm_calls']} LLM calls, {totals['input_tokens']:,} tokens in "
        f"({totals['cache_read_tokens']:,} cached), {totals['output_tokens']:,} out, ${totals['cost_usd']}"
    )


def _branch(children: Mapping[str | None, list[Mapping[str, Any]]], parent: str | None, indent: str) -> Iterator[str]:
    for span in children.get(parent, []):
        error = f": {span['error']}" if "error" in span else ""
        yield f"{indent}├─ {span['kind']} {span['name']}  {span['duration_ms']} ms  [{span['status']}{error}]"
        yield from _branch(children, span["span_id"], f"{indent}│  ")


def _print_host_settings() -> None:
    import shlex
    import subprocess

    on_windows = os.name == "nt"
    installed = Path(sys.executable).with_name("runtally.exe" if on_windows else "runtally")
    command = str(installed) if installed.exists() else "runtally"
    quoted = subprocess.list2cmdline([command]) if on_windows else shlex.quote(command)
    env = {"RUNTALLY_PROJECT_KEY": "my-project"}
    settings = {"mcpServers": {"runtally": {"command": command, "env": env}}}
    output.say("\nConnect a host. Claude Code:\n")
    output.say(f"  claude mcp add runtally --env RUNTALLY_PROJECT_KEY=my-project -- {quoted}")
    output.say('\nClaude Desktop, Cursor and others (VS Code says "servers" for "mcpServers"):\n')
    output.say(json.dumps(settings, indent=2))
    output.say(f"\nThen say to the agent: {_SENTENCE}")
