"""A secret in whatever can be sent, through whatever door, is in no byte that is kept."""

import base64
import contextlib
import json
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.contract.minimal import RUN
from tests.interfaces import planting
from tests.interfaces.planting import TOKEN, client_info, planted_object, token
from tests.interfaces.raw_http import head, heard
from tests.journeys.processes import BOUND_SECONDS, LEGACY, MODERN, HttpServer, StdioClient, command, environment, run


def settings(folder: Path, **more: str) -> dict[str, str]:
    return {"RUNTALLY_LOG_LEVEL": "debug", "RUNTALLY_LOG_FILE": str(folder / "runtally.log")} | more


def over_stdio(folder: Path, *, in_words_of_others: bool = True, **more: str) -> str:
    """What servers said on stderr that were called with everything planted, in both eras."""
    told = settings(folder, **more) | {"CLAUDE_CODE_SESSION_ID": f"a {token('environment')}"}
    with StdioClient(folder / "ledger.db", era=MODERN, **told) as client:
        call_everything(client, in_words_of_others=in_words_of_others)
        client.close_stdin()
        assert client.wait() == 0
    return client.stderr + lines_over_stdio(folder, told)


def call_everything(client: StdioClient, *, in_words_of_others: bool) -> None:
    run_id = client.call("core_start_run")["run_id"]
    answers = []
    for tool, arguments in planting.calls(run_id, in_words_of_others=in_words_of_others):
        if tool == "core_end_run":
            arguments["run_id"] = client.call("core_start_run")["run_id"]
        answers.append(client.ask("tools/call", {"name": tool, "arguments": arguments})["result"]["isError"])
    assert answers.count(True) > 100, "few calls were refused"
    assert answers.count(False) > 100, "few calls were answered"
    for meta in planting.metas():
        client.ask("tools/call", {"name": "core_start_run", "arguments": {}, "_meta": meta})
    for method, params in planting.messages():
        client.ask(method, params)


def lines_over_stdio(folder: Path, told: Mapping[str, str]) -> str:
    hello: dict[str, Any] = {
        "protocolVersion": LEGACY,
        "capabilities": {"experimental": planted_object("capabilities"), "roots": {}},
        "clientInfo": client_info("hello"),
    }
    start = {"name": "core_start_run", "arguments": {"project_key": "demo"}}
    lines = [
        json.dumps({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello}).encode(),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}).encode(),
        json.dumps({"jsonrpc": "2.0", "id": f"a {token('id')}", "method": "tools/call", "params": start}).encode(),
        *planting.lines(),
        json.dumps(
            {"jsonrpc": "2.0", "id": 99, "method": "initialize", "params": {"protocolVersion": token("v")}}
        ).encode(),
    ]
    ended = subprocess.run(
        command("--db", str(folder / "ledger.db")),
        input=b"\n".join(lines),
        env=environment(**told),
        capture_output=True,
        timeout=BOUND_SECONDS,
        check=True,
    )
    return ended.stderr.decode()


def over_http(folder: Path, **more: str) -> str:
    """What a server said on stderr that was asked everything over HTTP."""
    told = settings(folder, **more)
    with (
        HttpServer(folder / "ledger.db", project="demo", **told) as server,
        httpx2.Client(timeout=BOUND_SECONDS) as http,
    ):
        url = server.url
        for line in planting.lines():
            post(http, url, line)
        for tool, arguments in planting.calls(RUN):
            post(http, url, tool_call(tool, arguments))
        ask_with_headers(http, url, {}, "without keys")
        made = run("--db", str(folder / "ledger.db"), "keys", "create", "--project", "demo", "--role", "write")
        ask_with_headers(http, url, {}, "without the key")
        ask_with_headers(http, url, {"Authorization": f"Bearer {made.stdout.strip()}"}, "with the key")
        for path in (f"/{token('path')}", f"/mcp/{token('path under')}", f"/mcp?key={token('query')}", "/healthz"):
            for method in ("GET", "POST", "DELETE", "OPTIONS"):
                http.request(
                    method, f"http://{urlsplit(url).netloc}{path}?a={token('query too')}", content=token("body")
                )
        for sent in raw_requests():
            with socket.create_connection(("127.0.0.1", int(urlsplit(url).port or 0)), BOUND_SECONDS) as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                heard(connection)
        server.process.terminate()
        server.wait()
    return server.stderr


def tool_call(tool: str, arguments: Mapping[str, Any]) -> bytes:
    params = {"name": tool, "arguments": arguments}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()


def ask_with_headers(http: httpx2.Client, url: str, more: Mapping[str, str], when: str) -> None:
    for name in HEADERS:
        planted = {name: f"{SCHEMES.get(name, '')}{token(f'{name} {when}')}"}
        post(http, url, tool_call("core_start_run", {"summary": token(f"{name} summary {when}")}), planted | more)


def post(http: httpx2.Client, url: str, body: bytes, more: Mapping[str, str] = MappingProxyType({})) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    with contextlib.suppress(httpx2.TransportError):  # what is refused at its head need not be read to its end
        http.post(url, content=body, headers=headers | {"MCP-Protocol-Version": LEGACY} | more)


HEADERS = (
    *("Authorization", "User-Agent", "Mcp-Session-Id", "Origin", "Host", "Cookie", "Referer", "X-Forwarded-For"),
    *("MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Last-Event-ID", "Content-Type", "Accept", "Accept-Language"),
    *("traceparent", "X-Api-Key", "Content-Encoding", "Expect"),
)
SCHEMES = {"Authorization": "Bearer ", "Origin": "https://", "Content-Type": "application/json; charset="}


def raw_requests() -> list[bytes]:
    secret = token("raw")
    return [
        head(token("method of HTTP"), "/mcp"),
        head("POST", "/mcp", f"{secret}: {secret}", "Content-Length: 0"),
        head("GET", f"/{secret} {secret}"),
        head("POST", "/mcp", f"Content-Length: {secret}"),
        head("POST", "/mcp", "Transfer-Encoding: chunked") + f"{secret}\r\n{secret}\r\n".encode(),
        head("POST", "/mcp", f"Authorization: Basic {secret}", host=secret),
        head("GET", "/mcp", f"Upgrade: {secret}", "Connection: upgrade"),
        f"{secret}\r\n\r\n".encode(),
        f"GET /mcp HTTP/{secret}\r\n\r\n".encode(),
    ]


def over_commands(folder: Path, **more: str) -> str:
    """What commands said on stderr that were given everything planted."""
    secret = token("command")
    database = ("--db", str(folder / "ledger.db"))
    given = [
        (secret,),
        ("serve", f"--{secret}"),
        ("serve", secret),
        ("serve", "--http", "--host", secret),
        ("serve", "--http", "--port", secret),
        ("--project", secret, "doctor"),
        ("--project", f"a b {secret}", "doctor"),
        ("keys", "create", "--project", secret, "--role", "read"),
        ("keys", "create", "--project", f"{secret}!", "--role", "read"),
        ("keys", "create", "--project", "a", "--role", secret),
        ("keys", "create", "--project", "a", "--role", "read", "--expires", secret),
        ("keys", "revoke", secret),
        ("reprice", "--since", secret),
        ("doctor", secret),
    ]
    told = settings(folder, **more)
    said = [run(*database, *arguments, **told).stderr for arguments in given]
    said.append(run("--db", str(folder / secret / "ledger.db"), "reprice", **told).stderr)
    said += [run(*database, **told | {name: token(name)}).stderr for name in VARIABLES]
    for name in ("RUNTALLY_DB", "RUNTALLY_LOG_FILE", "RUNTALLY_PRICES"):
        said.append(run("keys", "list", **told | {name: f"/nowhere/{token(name)}/file"}).stderr)
        said.append(run("serve", **told | {name: f"/nowhere/{token(name)}/file"}).stderr)
    return "".join(said)


VARIABLES = (
    *("RUNTALLY_PROJECT_KEY", "RUNTALLY_REDACT", "RUNTALLY_STALE_AFTER_SECONDS", "RUNTALLY_BUSY_SECONDS"),
    *("RUNTALLY_ALLOWED_HOSTS", "RUNTALLY_LOG_LEVEL", "CLAUDE_CODE_SESSION_ID"),
)


@pytest.mark.parametrize("door", [over_stdio, over_http, over_commands])
def test_no_byte_of_a_secret_is_kept_whatever_it_was_sent_in(door, tmp_path):
    said = door(tmp_path)
    assert planting.found_in(planting.kept_in(tmp_path, said)) == []


def test_the_search_finds_what_is_kept_where_redaction_is_off(tmp_path):
    over_stdio(tmp_path, in_words_of_others=False, RUNTALLY_REDACT="off")
    kept = planting.kept_in(tmp_path)
    assert planting.found_in(kept)
    assert len(set(TOKEN.findall(planting.dump(tmp_path)))) > 300
    assert token("environment") in planting.dump(tmp_path)


@pytest.mark.parametrize("form", planting.forms())
def test_the_search_knows_each_form(form):
    for before in ("", "a", "ab", "abc"):
        text = f"{before}{token('form')} and more"
        written = {
            "UTF-8": text.encode(),
            "UTF-16": text.encode("utf-16-le"),
            "hex": text.encode().hex().encode(),
            "HEX": text.encode().hex().upper().encode(),
            "JSON": "".join(f"\\u{ord(char):04x}" for char in text).encode(),
        }.get(form, base64.b64encode(text.encode()))
        assert planting.found_in(written)
