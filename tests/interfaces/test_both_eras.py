"""Clients of both protocol eras, over stdio and HTTP, are served the same tools with the same answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import CallToolResult, Implementation, Tool

from tests.journeys.ledger_file import rows
from tests.journeys.processes import (
    BOUND_SECONDS,
    ERAS,
    LEGACY,
    HttpServer,
    Refused,
    StdioClient,
    command,
    environment,
    refusal,
)

TOOLS = [
    "core_start_run", "core_report_usage", "core_end_run", "core_record_failure", "record_run", "track_mcp",
    "list_runs", "get_run",
]  # fmt: skip
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PROJECT = "myproject"
EXIT_SECONDS = 5.0
"""The server exits within a second of the end of its input; the rest is for a loaded machine."""


@dataclass
class Connection:
    """The SDK's own client, connected to a server process; called from a test that is not asynchronous."""

    door: str
    era: str
    database: Path
    client: Client
    portal: BlockingPortal

    def result(self, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None = None) -> CallToolResult:
        call = lambda: self.client.call_tool(tool, arguments, read_timeout_seconds=BOUND_SECONDS, meta=meta)  # noqa: E731
        result: CallToolResult = self.portal.call(call)
        return result

    def call(self, tool: str, arguments: dict[str, Any], meta: dict[str, Any] | None = None) -> dict[str, Any]:
        """The structured answer, which the text says as well."""
        result = self.result(tool, arguments, meta)
        assert result.is_error is False, result.content
        assert result.structured_content is not None
        compact = json.dumps(result.structured_content, ensure_ascii=False, separators=(",", ":"))
        assert [content.text for content in result.content] == [compact]
        assert result.structured_content["project_key"] == PROJECT
        return result.structured_content

    def tools(self) -> list[Tool]:
        listed = self.portal.call(lambda: self.client.list_tools(cache_mode="bypass"))
        assert listed.next_cursor is None
        return listed.tools


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HttpServer, Path]]:
    database = tmp_path_factory.mktemp("http") / "ledger.db"
    with HttpServer(database, project=PROJECT) as server:
        yield server, database


@pytest.fixture(scope="module", params=[(door, era) for door in ("stdio", "http") for era in ERAS], ids=" ".join)
def connection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    door, era = request.param
    server: StdioServerParameters | str
    if door == "http":
        http_server, database = request.getfixturevalue("http")
        server = http_server.url
    else:
        database = tmp_path_factory.mktemp("stdio") / "ledger.db"
        program, *arguments = command("--db", str(database))
        server = StdioServerParameters(
            command=program, args=arguments, env=environment(RUNTALLY_PROJECT_KEY=PROJECT, CLAUDE_CODE_SESSION_ID="s-1")
        )
    client = Client(
        server,
        mode="legacy" if era == LEGACY else era,
        client_info=Implementation(name="some-host", version="9.1"),
        read_timeout_seconds=BOUND_SECONDS,
    )
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client) as connected:
        yield Connection(door, era, database, connected, portal)


@pytest.fixture(scope="module")
def listings() -> list[list[dict[str, Any]]]:
    return []


def test_the_era_that_was_asked_for_is_spoken(connection: Connection) -> None:
    assert connection.client.protocol_version == connection.era
    assert connection.client.server_info is None or connection.client.server_info.name == "runtally"


def test_the_list_of_tools_is_the_same_every_time_through_every_door(
    connection: Connection, listings: list[list[dict[str, Any]]]
) -> None:
    for _ in range(2):
        tools = connection.tools()
        assert [tool.name for tool in tools] == TOOLS
        listings.append([tool.model_dump(by_alias=True) for tool in tools])
    assert all(listing == listings[0] for listing in listings)


def test_every_tool_answers_within_its_output_schema(connection: Connection) -> None:
    connection.tools()
    run_id = connection.call("core_start_run", {"summary": "naïve ☃", "input": {"a": [1, None]}})["run_id"]
    traces = [{"name": "step", "tool_name": "search", "input": "x" * 70_000, "started_at": "2026-01-01T00:00:00Z"}]
    usage = {"input_tokens": 10, "output_tokens": 2, "model": "claude-opus-4", "provider": "anthropic"}
    report = {"run_id": run_id, "token_usage": usage, "traces": traces}
    assert len(connection.call("core_report_usage", report)["spans_truncated"]) == 1
    failed = {"run_id": run_id, "summary": "no", "error": "ValueError: 7", "context": {"attempt": 2}}
    assert connection.call("core_record_failure", failed)["seen"] >= 1
    assert connection.call("record_run", {"agent": "a", "summary": "logged", "ticket": "T-1"})["status"] == "completed"
    tracked = connection.call("track_mcp", {"tool": "query", "output": "x" * 70_000})
    assert tracked["output_truncated_from_bytes"] == 70_002
    final = {"input_tokens": 15, "output_tokens": 2, "cost_usd": 0.5}
    ended = connection.call("core_end_run", {"run_id": run_id, "status": "partial", "token_usage": final})
    assert ended["adjustment"]["input_tokens"] == 5
    assert connection.call("list_runs", {"limit": 1})["runs"][0]["status"] == "completed"
    found = connection.call("get_run", {"run_id": run_id, "detail": "spans"})
    assert [span["name"] for span in found["spans"]] == ["step"]
    # The SDK has compiled the schema of every tool that answered, and raises where an answer does not fit its schema.
    assert connection.client.session._tool_output_validators.keys() == set(TOOLS)


def test_the_examples_of_the_oprelay_page_work_as_they_are_written(connection: Connection) -> None:
    agent_id, task_id = "3f0b1c9a-5a51-4b8e-9d53-0c8f2b1d7e44", "9a1d2f60-7c1b-4d0e-8a35-51f7c0e6b213"
    started = connection.call(
        "core_start_run",
        {"project_key": "myproject", "agent_id": agent_id, "summary": "Deploying rate limiter to staging"},
    )
    run_id = started["run_id"]
    reported = connection.call(
        "core_report_usage",
        {
            "run_id": run_id,
            "token_usage": {
                "input_tokens": 8400,
                "output_tokens": 1200,
                "cost_usd": 0.028,
                "model": "claude-opus-4",
                "llm_calls": 3,
            },
        },
    )
    assert reported["totals"]["cost_usd"] == 0.028
    failure = connection.call(
        "core_record_failure",
        {
            "project_key": "myproject",
            "run_id": run_id,
            "agent_id": agent_id,
            "task_id": task_id,
            "summary": "Database connection timeout during migration",
            "error": "Error: connect ETIMEDOUT 10.0.0.5:5432",
            "context": {"migration": "0042_add_index", "attempt": 2},
        },
    )
    assert failure["status"] == "running"
    ended = connection.call(
        "core_end_run",
        {
            "run_id": run_id,
            "status": "completed",
            "summary": "Rate limiter deployed and verified in staging",
            "token_usage": {
                "input_tokens": 12400,
                "output_tokens": 3200,
                "cost_usd": 0.042,
                "model": "claude-opus-4",
                "llm_calls": 7,
            },
        },
    )
    assert ended["totals"] == {
        "reports": 2,
        "llm_calls": 7,
        "input_tokens": 12400,
        "output_tokens": 3200,
        "total_tokens": 15600,
        "cost_usd": 0.042,
    }
    recorded = connection.call(
        "record_run",
        {
            "project_key": "myproject",
            "agent": "claude-opus",
            "ticket": "OPR-429",
            "summary": "Implemented project isolation. All MCP tools now enforce project_key access.",
        },
    )
    assert recorded["status"] == "completed"


def test_a_call_in_the_shape_of_trodos_track_mcp_is_kept_whole(connection: Connection) -> None:
    call = {
        "tool": "query",
        "distinct_id": "a@b.c",
        "input": {"x": 1},
        "output": {"rows": [1, 2]},
        "error": None,
        "duration_ms": 13,
        "session_id": "sess-1",
        "client_label": "cursor",
        "attributes": {"region": "eu"},
        "agent_name": "MCP",
        "started_at": "2026-11-20T14:52:40.355347+00:00",
        "ended_at": "2026-11-20T14:52:40.368347+00:00",
    }
    tracked = connection.call("track_mcp", call)
    columns = "tool_name, user_id, input, output, status, error, duration_ms, session_id, client, attributes_json"
    times = "started_at, ended_at"
    (kept,) = rows(connection.database, f"SELECT {columns}, {times} FROM spans WHERE span_id = ?", tracked["span_id"])
    attributes = json.loads(kept[9])
    assert kept[:9] == ("query", "a@b.c", '{"x":1}', '{"rows":[1,2]}', "ok", None, 13, "sess-1", "cursor")
    assert attributes == {"region": "eu", "agent_name": "MCP"}
    assert kept[11] - kept[10] == 13_000

    failed = connection.call("track_mcp", call | {"error": "Timeout: upstream", "output": None})
    assert failed["status"] == "error"


def test_where_a_run_came_from_is_kept(connection: Connection) -> None:
    meta = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01", "claudecode/toolUseId": "toolu_1"}
    run_id = connection.call("core_start_run", {"summary": "traced"}, meta)["run_id"]
    run = connection.call("get_run", {"run_id": run_id})["run"]
    assert run["trace_id"] == TRACE_ID
    # A stateless HTTP server of the older era sees the client's name in no other request than the first.
    unnamed = (connection.door, connection.era) == ("http", LEGACY)
    assert run.get("client") == (None if unnamed else "some-host 9.1")
    tracked = connection.call("track_mcp", {"tool": "query"}, meta)
    columns = "trace_id, trace_span_id, host_session_id, host_call_id, session_id"
    stored = rows(connection.database, f"SELECT {columns} FROM spans WHERE span_id = ?", tracked["span_id"])
    session = "s-1" if connection.door == "stdio" else None
    assert stored == [(TRACE_ID, "00f067aa0ba902b7", session, "toolu_1", None)]


def test_what_codex_tells_of_a_call_is_kept(connection: Connection) -> None:
    turn = {"session_id": "s-9", "thread_id": "t-9", "turn_id": "u-9", "model": "gpt-5-codex"}
    for told in (turn, json.dumps(turn)):
        meta = {"callId": "call-9", "threadId": "t-9", "sessionId": "s-9", "x-codex-turn-metadata": told}
        recorded = connection.call("record_run", {"agent": "codex", "summary": "Fixed it"}, meta)
        columns = "host_session_id, host_thread_id, host_call_id, host_model"
        stored = rows(connection.database, f"SELECT {columns} FROM runs WHERE run_id = ?", recorded["run_id"])
        assert stored == [("s-9", "t-9", "call-9", "gpt-5-codex")]


def test_the_session_that_asks_finds_its_open_run_first(connection: Connection) -> None:
    codex, label = {"threadId": "t-10", "sessionId": "s-10"}, f"of {connection.era}"
    own = connection.call("core_start_run", {"label": label}, codex)["run_id"]
    other = connection.call("core_start_run", {"label": label}, {"threadId": "t-11", "sessionId": "s-11"})["run_id"]
    question = {"label": label, "status": "running"}
    for meta, expected in ((codex, [(own, True), (other, None)]), (None, [(other, None), (own, None)])):
        listed = connection.call("list_runs", question, meta)["runs"]
        assert [(run["run_id"], run.get("same_session")) for run in listed] == expected


@pytest.mark.parametrize(
    "meta",
    [
        {"claudecode/toolUseId": 7, "callId": ["x"], "threadId": None, "x-codex-turn-metadata": 1},
        {"claudecode/toolUseId": "\0", "sessionId": "", "x-codex-turn-metadata": "[" * 9_999},
        {"x-codex-turn-metadata": json.dumps({"model": "gpt-5-codex", "x": "x" * 70_000})},
        {"traceparent": f"00-{'0' * 32}-{'0' * 16}-01", "x-codex-turn-metadata": {"model": {"a": 1}}},
        {"traceparent": f"00-{TRACE_ID.upper()}-00F067AA0BA902B7-01", "callId": "x" * 100_000},
    ],
    ids=["of other types", "empty and too deep", "too long", "zeros", "in capitals and too long"],
)
def test_a_strange_meta_hinders_nothing(connection: Connection, meta: dict) -> None:
    recorded = connection.call("record_run", {"agent": "a", "summary": "s"}, meta)
    columns = "host_thread_id, host_model, trace_id, trace_span_id, length(coalesce(host_call_id, ''))"
    (stored,) = rows(connection.database, f"SELECT {columns} FROM runs WHERE run_id = ?", recorded["run_id"])
    assert stored[:4] == (None, None, None, None)
    assert stored[4] <= 256


def test_an_unknown_tool_is_a_protocol_error_and_a_refusal_is_a_tool_error(connection: Connection) -> None:
    with pytest.raises(MCPError) as unknown:
        connection.result("core_stop_run", {})
    assert unknown.value.error.code == -32602
    refused = connection.result("get_run", {"run_id": "9a1d2f60-7c1b-4d0e-8a35-51f7c0e6b213"})
    error = refusal(refused.model_dump(by_alias=True))
    assert error["code"] == "not_found"
    assert "9a1d2f60-7c1b-4d0e-8a35-51f7c0e6b213" in error["message"]


NOISE = """
import sys, warnings

def print_when_a_file_is_opened(event, arguments):
    if event == "sqlite3.connect":
        print("a library prints")
        warnings.warn("a library warns", UserWarning, stacklevel=1)

sys.addaudithook(print_when_a_file_is_opened)
"""


@pytest.mark.parametrize("era", ERAS)
def test_nothing_but_answers_is_written_to_stdout_whatever_goes_wrong(tmp_path: Path, era: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    database = tmp_path / "ledger.db"
    paths = f"{tmp_path}:{environment()['PYTHONPATH']}"
    with StdioClient(database, era=era, flags=("-W", "always"), PYTHONPATH=paths) as client:
        run_id = client.call("core_start_run", summary="noise")["run_id"]
        assert client.ask("tools/call", {"name": "core_stop_run"})["error"]["code"] == -32602
        assert client.ask("tools/call", {"name": "get_run", "arguments": []})["error"]["code"] == -32602
        assert client.ask("no/such/method")["error"]["code"] == -32601
        for arguments in ({}, {"run_id": "no id"}, {"run_id": run_id, "detail": "everything"}, {"run": run_id}):
            with pytest.raises(Refused):
                client.call("get_run", **arguments)
        database.rename(database.with_name("away.db"))
        with pytest.raises(Refused):
            client.call("record_run", agent="a", summary="nowhere")
        client.close_stdin()
        assert client.wait() == 0
        assert client.unsolicited == []
        for said in ("a library prints", "a library warns", "WARNING: database"):
            assert said in client.stderr
        assert "Traceback" not in client.stderr


@pytest.mark.parametrize("era", ERAS)
def test_the_server_exits_soon_after_the_end_of_its_input(tmp_path: Path, era: str) -> None:
    with StdioClient(tmp_path / "ledger.db", era=era) as client:
        client.call("core_start_run", summary="to be left open")
        client.close_stdin()
        assert client.wait(EXIT_SECONDS) == 0
    assert rows(tmp_path / "ledger.db", "SELECT DISTINCT status FROM runs") == [("running",)]
