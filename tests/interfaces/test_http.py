"""HTTP answers to this machine's names alone, and its status tells what is wrong with a request or the server."""

import contextlib
import json
import re
import socket
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from runtally.domain.limits import MESSAGE_BYTES, MESSAGE_CONTAINERS
from tests.interfaces.keyed_door import Door, new_key, serving
from tests.journeys.processes import BOUND_SECONDS, ERAS, LEGACY, HttpServer, http_call, refusal, run


@pytest.mark.parametrize("era", ERAS)
def test_only_this_machines_names_are_answered_to(door: Door, era: str) -> None:
    port = urlsplit(door.server.url).port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "localhost.evil.example:80"):
        assert door.post("writer", "list_runs", {}, era, Host=host).status_code == 421, host
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "localhost"):
        assert door.post("writer", "list_runs", {}, era, Host=host).status_code == 200, host
    for origin in ("http://evil.example", "null", f"http://evil.example:{port}", "http://localhost.evil.example"):
        assert door.post("writer", "list_runs", {}, era, Origin=origin).status_code == 403, origin
    for origin in (f"http://localhost:{port}", "http://127.0.0.1"):
        assert door.post("writer", "list_runs", {}, era, Origin=origin).status_code == 200, origin


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("key", ["writer", "reader"])
def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read(door: Door, key: str, era: str) -> None:
    def padded(size_bytes: int) -> httpx2.Response:
        headers, body = http_call("list_runs", {}, era)
        authorized = headers | {"Authorization": f"Bearer {door.keys[key]}"}
        return door.request("POST", headers=authorized, content=body + b" " * (size_bytes - len(body)))

    assert padded(MESSAGE_BYTES).status_code == 200
    assert padded(MESSAGE_BYTES + 1).status_code == 413
    headers, body = http_call("list_runs", {}, era)
    authorized = headers | {"Authorization": f"Bearer {door.keys[key]}"}
    pieces = iter([body] + [b" " * 2**20] * 4)
    assert door.request("POST", headers=authorized, content=pieces).status_code == 413, "without a length told before"
    assert door.call("writer", "list_runs", era=era)["project_key"] == "alpha"


@pytest.mark.parametrize("era", ERAS)
def test_a_body_of_too_many_values_is_refused_by_the_id_of_its_request(door: Door, era: str) -> None:
    headers, body = http_call("list_runs", {"query": [[]] * MESSAGE_CONTAINERS}, era)
    authorized = headers | {"Authorization": f"Bearer {door.keys['writer']}"}
    response = door.request("POST", headers=authorized, content=body)
    assert response.status_code == 400
    refusal = response.json()
    assert (refusal["id"], refusal["error"]["code"]) == (json.loads(body)["id"], -32600)
    assert "lists and objects; a message has at most 100,000" in refusal["error"]["message"]


def test_nothing_is_streamed_or_ended_by_get_and_delete(door: Door) -> None:
    for method in ("GET", "DELETE", "PUT", "PATCH"):
        for version in ({}, *({"MCP-Protocol-Version": era} for era in ERAS)):
            headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {door.keys['writer']}", **version}
            response = door.request(method, headers=headers)
            assert response.status_code == 405, (method, version)
            assert response.headers["Allow"] == "POST"
    assert door.request("GET", "/").status_code == 404


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"7", b'"x"', b"\xff\xfe", b'{"jsonrpc":"2.0","id":7}',
        b'{"jsonrpc":"1.0","id":7,"method":"ping"}', b'{"jsonrpc":"2.0","id":{},"method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":1,"method":7}',
        b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', b"[" * 100_000,
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_run","arguments":7}}',
    ],
    ids=lambda body: body[:60] if isinstance(body, bytes) else body,
)  # fmt: skip
def test_a_body_that_is_no_request_is_refused_without_the_words_of_a_library(door: Door, body: bytes, era: str) -> None:
    for key in ("reader", "writer"):
        headers = http_call("get_run", {}, era)[0] | {"Authorization": f"Bearer {door.keys[key]}"}
        response = door.request("POST", headers=headers, content=body)
        assert response.status_code in (200, 400), response.text
        assert "error" in response.json()
        for word in ("pydantic", "Traceback", "validation error", "input_value"):
            assert word not in response.text


def test_a_client_that_vanishes_in_the_middle_of_its_body_is_not_missed(door: Door) -> None:
    for key in ("reader", "writer"):
        headers, body = http_call("list_runs", {})
        lines = [f"{name}: {text}" for name, text in (headers | {"Authorization": f"Bearer {door.keys[key]}"}).items()]
        port = urlsplit(door.server.url).port
        head = "\r\n".join([f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}", *lines, f"Content-Length: {len(body)}"])
        with socket.create_connection(("127.0.0.1", port), BOUND_SECONDS) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode() + body[:20])
        assert door.call(key, "list_runs")["project_key"] == "alpha"


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("0.0.0.0", "runtally keys create"),
        ("::", "keys create"),
        ("0", "keys create"),
        ("", "keys create"),
        ("192.0.2.7", "127.0.0.1"),
    ],
)
def test_without_keys_no_address_is_served_that_others_can_reach(tmp_path: Path, host: str, advice: str) -> None:
    refused = run("--db", str(tmp_path / "ledger.db"), "serve", "--http", "--host", host, "--port", "0")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr.startswith(f"runtally: error: {host} can be reached from other machines")
    assert advice in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "0", "0.0", "0x0", "::0", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0", ""])
def test_with_keys_every_address_is_served_only_under_names_that_were_set(door: Door, host: str) -> None:
    refused = run("--db", str(door.database), "serve", "--http", "--host", host, "--port", "0")
    assert refused.returncode == 2
    assert "RUNTALLY_ALLOWED_HOSTS" in refused.stderr


@pytest.mark.parametrize("host", ["localhost", "127.1", "127.0.0.2"])
def test_this_machine_alone_is_served_without_keys_however_its_address_is_written(tmp_path: Path, host: str) -> None:
    with HttpServer(tmp_path / "ledger.db", "--host", host) as server:
        assert httpx2.get(server.url.replace("/mcp", "/healthz")).status_code == 200


def test_while_keys_cannot_be_read_nobody_is_let_in_and_it_is_said_why(tmp_path: Path) -> None:
    database, away = tmp_path / "ledger.db", tmp_path / "away.db"
    with serving(database, {"writer": new_key(database, "--project", "alpha", "--role", "write")}) as door:
        healthy = door.request("GET", "/healthz")
        assert (healthy.status_code, healthy.json()["status"]) == (200, "ok")
        run_id = door.call("writer", "core_start_run", summary="before")["run_id"]
        database.rename(away)
        ill = door.request("GET", "/healthz")
        assert (ill.status_code, ill.json()["status"]) == (503, "unavailable")
        assert "Put the file back" in ill.json()["message"]
        for key in ("writer", "rtk_unknown"):
            for era in ERAS:
                response = door.post(key, "list_runs", {}, era)
                assert response.status_code == 503
                assert "Put the file back" in response.json()["error_description"]
        away.rename(database)
        assert door.request("GET", "/healthz").status_code == 200
        assert door.post("rtk_unknown", "list_runs", {}, LEGACY).status_code == 401
        assert door.call("writer", "get_run", run_id=run_id)["run"]["summary"] == "before"


def test_a_write_that_cannot_be_stored_is_a_tool_error_over_http_too(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with HttpServer(database, project="demo", RUNTALLY_BUSY_SECONDS="1") as server, httpx2.Client() as http:
        for era in ERAS:
            headers, body = http_call("record_run", {"agent": "a", "summary": "waits"}, era)
            with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                answer = http.post(server.url, headers=headers, content=body, timeout=BOUND_SECONDS).json()
                assert refusal(answer["result"])["code"] == "unavailable"
                assert http.get(server.url.replace("/mcp", "/healthz")).json()["status"] == "ok"
            assert http.post(server.url, headers=headers, content=body).json()["result"]["isError"] is False


@pytest.mark.parametrize(
    "damage",
    ["UPDATE access_keys SET projects = 'garbage'", "UPDATE access_keys SET projects = '[5]'",
     """UPDATE access_keys SET projects = '"abc"'""", "DROP TABLE access_keys"],
)  # fmt: skip
def test_while_keys_are_damaged_nobody_is_let_in_and_the_log_says_so_once(tmp_path: Path, damage: str) -> None:
    database = tmp_path / "ledger.db"
    with serving(database, {"writer": new_key(database, "--project", "alpha", "--role", "write")}) as door:
        assert door.post("writer", "list_runs", {}).status_code == 200
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(damage)
        for _ in range(5):
            for era in ERAS:
                response = door.post("writer", "list_runs", {}, era)
                assert response.status_code == 503
                told = response.json()["error_description"]
        assert door.request("GET", "/healthz").status_code == 503
        reference = re.search("Reference ([0-9a-f]{8})", told)
        assert reference
        assert door.server.stderr.count(reference.group(1)) == 1
    refused = run("--db", str(database), "serve", "--http", "--port", "0")
    assert refused.returncode == 7
    assert "runtally: error: the bearer keys in the database are damaged" in refused.stderr


def test_damaged_keys_close_a_server_that_had_none(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with serving(database, {}, project="alpha") as door:
        assert door.post(None, "list_runs", {}).status_code == 200
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("DROP TABLE access_keys")
        assert [door.post(None, "list_runs", {}).status_code for _ in range(5)] == [503] * 5
        assert door.server.stderr.count("damaged bearer keys") == 1
        assert door.server.stderr.count("internal error") <= 1, "it is looked at before anything is done"
