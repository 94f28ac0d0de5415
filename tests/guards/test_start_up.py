"""Starting is light, since every IDE window does it, and nothing ever opens a connection."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.processes import BOUND_SECONDS, CLIENT_INFO, ENVELOPE, LEGACY, environment

SDK = "import mcp.server.lowlevel, mcp.server.stdio, mcp.client"
NEEDED_LATER = {"genai_prices", "platformdirs"} | {
    f"runtally.{name}" for name in ("mcp_server.http", "cli.serve_http", "redaction", "redaction.redactor")
}
"""What the first call, another command or another transport needs."""
HEAVY = {"mcp", "mcp_types", "pydantic", "sqlite3", "anyio", "asyncio", "uvicorn", "starlette"}
WEB = ("uvicorn", "starlette", "httptools", "uvloop", "h11", "websockets")

HANDSHAKE: list[dict[str, Any]] = [
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO},
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
]

WITHOUT_NETWORK = """
import os, sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "urllib.Request"):
        os.write(2, f"reached for the network: {event} {arguments}".encode())
        os._exit(99)

sys.addaudithook(refuse)
from runtally.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def python(*arguments: str, lines: list[dict[str, Any]] | None = None) -> subprocess.CompletedProcess[str]:
    """A Python that reads the lines and runs to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        input="".join(json.dumps(line) + "\n" for line in lines or []),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )


def imported(*arguments: str, lines: list[dict[str, Any]] | None = None) -> set[str]:
    """Every module that a Python imported, from its start to its end."""
    ended = python("-X", "importtime", *arguments, lines=lines)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert ended.stdout.count('"tools":[{') == (1 if lines else 0)
    told = (line.rpartition("|")[2].strip() for line in ended.stderr.splitlines() if line.startswith("import time:"))
    return set(told)


def call(number: int, tool: str, **arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def test_importing_the_package_imports_next_to_nothing() -> None:
    heavy = imported("-c", "import runtally") & {"mcp", "mcp_types", "pydantic", "sqlite3", "anyio", "asyncio", "json"}
    assert not heavy, f"`import runtally` must stay free to take; import these where they are used: {sorted(heavy)}"


def test_a_server_imports_before_its_first_call_what_the_sdk_does_and_little_else(tmp_path: Path) -> None:
    server = imported("-m", "runtally", "--db", str(tmp_path / "ledger.db"), lines=HANDSHAKE)
    early = server & NEEDED_LATER
    assert not early, f"import these in the function that needs them: {sorted(early)}"
    web = {name for name in server - imported("-c", SDK) if name.startswith(WEB)}
    assert not web, f"stdio needs no web server beyond what the SDK imports anyway: {sorted(web)}"
    assert not (tmp_path / "ledger.db").exists(), "the file is made by the first call"


def test_a_file_of_further_names_and_patterns_is_read_without_the_engine(tmp_path: Path) -> None:
    file = tmp_path / "redact.toml"
    file.write_text('[[name]]\nname = "abc"\n[[pattern]]\npattern = "abc[a-z]{3}"\n')
    start = "from runtally import bootstrap, settings; bootstrap.open_ledger(settings.read({}))"
    modules = imported("-c", start.replace("{}", repr({"RUNTALLY_REDACT_EXTRA": str(file)})))
    assert "runtally.redaction.further" in modules
    assert not modules & {"runtally.redaction.redactor", "runtally.redaction.names", "runtally.redaction.shapes"}
    without = imported("-c", start)
    assert not {name for name in without if name.startswith(("runtally.redaction", "tomllib"))}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["serve", "--help"], ["keys", "create", "--help"]])
def test_what_the_command_says_of_itself_needs_nothing_that_is_heavy(arguments: list[str]) -> None:
    heavy = imported("-m", "runtally", *arguments) & (HEAVY | NEEDED_LATER)
    assert not heavy, f"import these in the function of the command that needs them: {sorted(heavy)}"


@pytest.mark.parametrize("arguments", [["doctor"], ["keys", "list"], ["reprice"]])
def test_a_command_that_serves_nobody_needs_no_protocol_and_no_web(arguments: list[str], tmp_path: Path) -> None:
    database = ("--db", str(tmp_path / "ledger.db"))
    assert python("-m", "runtally", *database, "keys", "create", "--project", "a", "--role", "read").returncode == 0
    command = imported("-m", "runtally", *arguments, *database)
    heavy = {name for name in command if name.startswith(("mcp", *WEB))}
    assert not heavy, f"import these in the function of the command that needs them: {sorted(heavy)}"


@pytest.mark.parametrize("provider", ["anthropic", None])
def test_a_session_opens_no_connection(provider: str | None, tmp_path: Path) -> None:
    run_id = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
    usage = {"input_tokens": 10, "output_tokens": 5, "model": "claude-opus-4", "provider": provider}
    ended = python(
        "-c",
        WITHOUT_NETWORK,
        "--db",
        str(tmp_path / "ledger.db"),
        "--project",
        "guards",
        lines=[
            call(1, "core_start_run", run_id=run_id),
            call(2, "core_report_usage", run_id=run_id, token_usage=usage),
            call(3, "core_record_failure", run_id=run_id, summary="it failed"),
            call(4, "core_end_run", run_id=run_id, status="failed"),
            call(5, "list_runs"),
        ],
    )
    assert ended.returncode == 0, ended.stderr
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert sorted(answer["id"] for answer in answers) == [1, 2, 3, 4, 5]
    assert [answer["id"] for answer in answers if answer["result"]["isError"]] == []
