"""What a person sees who looks at Runtally with the MCP Inspector."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtally.mcp_server.tools.registry import BY_NAME
from tests.clients.calls import REFUSED, RUN
from tests.clients.node import Node
from tests.journeys.processes import refusal

INSPECTOR = "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
RUNTALLY = str(Path(sys.executable).with_name("runtally"))
IS_ERROR = 5
"""What the Inspector exits with when a tool refuses."""

Inspect = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def inspect(node: Node, tmp_path: Path) -> Inspect:
    # It passes no environment on, so that the server would otherwise open the user's own ledger.
    given = ["-e", f"RUNTALLY_DB={tmp_path / 'ledger.db'}", "-e", "RUNTALLY_PROJECT_KEY=clients"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return node.run(INSPECTOR, "--cli", *given, RUNTALLY, *arguments, "--format", "json")

    return run


def called(inspect: Inspect, tool: str, arguments: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return inspect("--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))


def test_it_finds_no_fault_with_the_schemas(inspect: Inspect) -> None:
    listed = inspect("--method", "tools/list", "--strict")
    assert listed.returncode == 0, listed.stderr
    assert [tool["name"] for tool in json.loads(listed.stdout)["result"]["tools"]] == list(BY_NAME)
    assert "Warning" not in listed.stderr, listed.stderr
    assert "Error" not in listed.stderr, listed.stderr


def test_it_shows_answers_and_refusals_in_our_words(inspect: Inspect) -> None:
    assert called(inspect, "core_start_run", {"run_id": RUN}).returncode == 0
    # Each call is a process, which takes its time: two kinds stand for all.
    for tool, arguments, code, words in (one for one in REFUSED if one[2] in ("not_found", "limit")):
        refused = called(inspect, tool, arguments)
        assert refused.returncode == IS_ERROR, refused.stderr
        error = refusal(json.loads(refused.stdout)["result"])
        assert (error["code"], words in error["message"]) == (code, True), error
