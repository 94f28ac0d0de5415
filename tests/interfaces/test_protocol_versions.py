"""Every protocol version that README names is spoken through both doors: a handshake, then a tool is called."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.guards import readme
from tests.journeys.ledger_file import rows
from tests.journeys.processes import (
    BOUND_SECONDS,
    CLIENT_INFO,
    ENVELOPE,
    MODERN,
    HttpServer,
    Message,
    command,
    environment,
)

WITH_HANDSHAKE = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
VERSIONS = (*WITH_HANDSHAKE, MODERN)


def request(request_id: int, method: str, params: dict[str, Any]) -> Message:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def conversation(version: str) -> list[Message]:
    """What a host of that version says first, and then to record some work."""
    arguments = {"agent": "a host", "summary": version}
    call = {"name": "record_run", "arguments": arguments}
    if version == MODERN:
        return [
            request(1, "server/discover", {"_meta": ENVELOPE}),
            request(2, "tools/call", call | {"_meta": ENVELOPE}),
        ]
    hello = {"protocolVersion": version, "capabilities": {}, "clientInfo": CLIENT_INFO}
    return [
        request(1, "initialize", hello),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        request(2, "tools/call", call),
    ]


def over_stdio(database: Path, version: str) -> list[Message]:
    ended = subprocess.run(
        command("--db", str(database)),
        input="".join(json.dumps(line) + "\n" for line in conversation(version)),
        env=environment(RUNTALLY_PROJECT_KEY="demo"),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def over_http(url: str, version: str) -> Iterator[Message]:
    """The answers; the version goes into a header once it is agreed on, from the version on that asks for it."""
    with httpx2.Client(timeout=BOUND_SECONDS) as client:
        for message in conversation(version):
            headers = {"Accept": "application/json, text/event-stream"}
            if version == MODERN or (version >= "2025-06-18" and message["method"] != "initialize"):
                headers["MCP-Protocol-Version"] = version
            if version == MODERN:
                headers["Mcp-Method"] = message["method"]
                headers |= {"Mcp-Name": message["params"]["name"]} if "name" in message["params"] else {}
            response = client.post(url, headers=headers, json=message)
            assert response.status_code == (200 if "id" in message else 202), response.text
            if "id" in message:
                yield response.json()


@pytest.mark.parametrize("door", ["stdio", "http"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_host_of_every_version_is_greeted_and_served(version: str, door: str, tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    if door == "stdio":
        greeting, answer = over_stdio(database, version)
    else:
        with HttpServer(database, project="demo") as server:
            greeting, answer = over_http(server.url, version)
    if version == MODERN:
        assert version in greeting["result"]["supportedVersions"]
    else:
        assert greeting["result"]["protocolVersion"] == version
    assert answer["result"]["isError"] is False, answer
    assert json.loads(answer["result"]["content"][0]["text"])["status"] == "completed"
    assert rows(database, "SELECT summary FROM runs") == [(version,)]


def test_the_readme_names_these_versions_and_no_others() -> None:
    assert set(re.findall(r"\d{4}-\d\d-\d\d", readme.section("Protocol versions"))) == set(VERSIONS)
