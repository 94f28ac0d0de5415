"""Who is let in over HTTP: anybody until the first key is made, then whoever has a key that can be used just then."""

import contextlib
import itertools
import socket
import sqlite3
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.interfaces.keyed_door import Door, new_key, serving
from tests.journeys.ledger_file import value
from tests.journeys.processes import (
    BOUND_SECONDS,
    CLIENT_INFO,
    ENVELOPE,
    ERAS,
    LEGACY,
    MODERN,
    http_call,
    refusal,
    run,
)

WRITER = ("--project", "alpha", "--role", "write")


def ask(door: Door, key: str | None, method: str, era: str, params: dict[str, Any] | None = None) -> httpx2.Response:
    """Send a request that calls no tool."""
    meta = {"_meta": ENVELOPE} if era == MODERN else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": (params or {}) | meta}
    headers = http_call("list_runs", {}, era)[0] | {"Mcp-Method": method}
    headers.pop("Mcp-Name")
    if key is not None:
        headers["Authorization"] = f"Bearer {door.keys.get(key, key)}"
    return door.request("POST", headers=headers, json=body)


def send(door: Door, key: str | None, body: bytes, era: str, **headers: str) -> httpx2.Response:
    """Send a body as it is."""
    given = http_call("list_runs", {}, era)[0] | headers
    if key is not None:
        given["Authorization"] = f"Bearer {door.keys.get(key, key)}"
    return door.request("POST", headers=given, content=body)


HELLO = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO}
Request = Callable[[Door, str | None, str], httpx2.Response]
REQUESTS: dict[str, Request] = {
    "a write": lambda door, key, era: door.post(key, "record_run", {"agent": "a", "summary": "s"}, era),
    "a read": lambda door, key, era: door.post(key, "list_runs", {}, era),
    "bad arguments": lambda door, key, era: door.post(key, "record_run", {"agent": 7}, era),
    "another's project": lambda door, key, era: door.post(key, "list_runs", {"project_key": "gamma"}, era),
    "no such run": lambda door, key, era: door.post(key, "get_run", {"run_id": "none"}, era),
    "no such tool": lambda door, key, era: door.post(key, "drop_runs", {}, era),
    "tools/list": lambda door, key, era: ask(door, key, "tools/list", era),
    "ping": lambda door, key, era: ask(door, key, "ping", era),
    "initialize": lambda door, key, era: ask(door, key, "initialize", era, HELLO),
    "no such method": lambda door, key, era: ask(door, key, "runs/drop", era),
    "a notification": lambda door, key, era: send(
        door, key, b'{"jsonrpc":"2.0","method":"notifications/initialized"}', era
    ),
    "no message": lambda door, key, era: send(door, key, b"{", era),
    "no POST": lambda door, key, era: door.request(
        "GET", headers={} if key is None else {"Authorization": f"Bearer {door.keys.get(key, key)}"}
    ),
    "too large": lambda door, key, era: send(door, key, b" " * (2**22 + 1), era),
}


def is_challenged(response: httpx2.Response) -> bool:
    return response.status_code == 401 and response.headers["WWW-Authenticate"].startswith("Bearer error=")


def runs(database: Path) -> int:
    count: int = value(database, "SELECT count(*) FROM runs")
    return count


def change_keys(database: Path, assignment: str) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        assert connection.execute(f"UPDATE access_keys SET {assignment}").rowcount


REVOKED, EXPIRED = "revoked_at = created_at + 1", "expires_at = created_at + 1"


@contextlib.contextmanager
def write_lock(database: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock until the connection is committed."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("first", ["a write", "a read", "tools/list", "bad arguments"])
def test_the_first_key_made_closes_a_running_server_to_whoever_has_none(tmp_path: Path, first: str, era: str) -> None:
    database = tmp_path / "ledger.db"
    with serving(database, {}, project="alpha") as door:
        assert "no keys yet" in door.server.stderr
        assert "runtally keys create" in door.server.stderr
        assert REQUESTS[first](door, None, era).status_code == 200
        assert REQUESTS["a write"](door, "rtk_of_another_server", era).status_code == 200, "there is nothing to compare"
        recorded = runs(database)
        token = new_key(database, *WRITER)
        response = REQUESTS[first](door, None, era)
        assert is_challenged(response), response.text
        assert "runtally keys create" in response.json()["error_description"]
        for name, request in REQUESTS.items():
            assert is_challenged(request(door, None, era)), name
            assert is_challenged(request(door, "rtk_of_another_server", era)), name
        assert runs(database) == recorded
        assert door.call(token, "record_run", era=era, agent="a", summary="with a key")["project_key"] == "alpha"
        assert door.request("GET", "/healthz").status_code == 200, "which needs no key"


@pytest.mark.parametrize("change", [REVOKED, EXPIRED], ids=["revoked", "expired"])
def test_a_server_whose_last_key_is_gone_stays_closed_when_it_is_started_again(tmp_path: Path, change: str) -> None:
    database = tmp_path / "ledger.db"
    token = new_key(database, *WRITER)
    change_keys(database, change)
    with serving(database, {}) as door:
        assert "none of which can be used" in door.server.stderr
        assert "runtally keys create" in door.server.stderr
        for era in ERAS:
            for name in ("a write", "a read", "tools/list"):
                for key in (None, token):
                    assert is_challenged(REQUESTS[name](door, key, era)), name
        assert runs(database) == 0
        assert door.call(new_key(database, *WRITER), "list_runs")["project_key"] == "alpha"


@pytest.mark.parametrize("keyed_at_start", [True, False])
def test_a_server_that_asked_for_keys_goes_on_to_ask_when_its_file_is_deleted(
    tmp_path: Path, keyed_at_start: bool
) -> None:
    database = tmp_path / "ledger.db"
    token = new_key(database, *WRITER) if keyed_at_start else ""
    with serving(database, {}, project="alpha") as door:
        token = token or new_key(database, *WRITER)
        assert door.call(token, "list_runs")["project_key"] == "alpha"
        for path in tmp_path.glob("ledger.db*"):
            path.unlink()
        for key, era in itertools.product((None, token, "rtk_unknown"), ERAS):
            for name, request in REQUESTS.items():
                assert request(door, key, era).status_code in (401, 503), (name, key)


@pytest.mark.parametrize("keyed_at_start", [True, False])
def test_a_server_that_asked_for_keys_goes_on_to_ask_over_a_ledger_that_has_none(
    tmp_path: Path, keyed_at_start: bool
) -> None:
    database, keyless = tmp_path / "ledger.db", tmp_path / "keyless.db"
    with serving(keyless, {}, project="alpha") as door:
        door.call(None, "record_run", agent="a", summary="was there before")
    token = new_key(database, *WRITER) if keyed_at_start else ""
    with serving(database, {}, project="alpha") as door:
        token = token or new_key(database, *WRITER)
        assert door.call(token, "list_runs")["project_key"] == "alpha"
        for path in tmp_path.glob("ledger.db*"):
            path.unlink()
        for path in tmp_path.glob("keyless.db*"):
            path.rename(path.with_name(path.name.replace("keyless", "ledger")))
        for key, era in itertools.product((None, token, "rtk_unknown"), ERAS):
            for name, request in REQUESTS.items():
                assert is_challenged(request(door, key, era)), (name, key)
        assert runs(database) == 1


def test_without_keys_is_said_and_serves_this_machine_whatever_keys_there_are(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    new_key(database, *WRITER)
    with serving(database, {}, "--without-keys", project="alpha") as door:
        assert "because of --without-keys" in door.server.stderr
        new_key(database, *WRITER)
        for era in ERAS:
            for key in (None, "rtk_unknown"):
                for name in ("a write", "a read", "tools/list"):
                    assert REQUESTS[name](door, key, era).status_code == 200, name


@pytest.mark.parametrize("has_key", [True, False])
def test_without_keys_no_address_is_served_that_others_can_reach(tmp_path: Path, has_key: bool) -> None:
    database = tmp_path / "ledger.db"
    if has_key:
        new_key(database, *WRITER)
    options = ("--db", str(database), "serve", "--http", "--without-keys", "--host", "0.0.0.0", "--port", "0")
    refused = run(*options, RUNTALLY_ALLOWED_HOSTS="runtally.example")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "0.0.0.0 can be reached from other machines" in refused.stderr
    assert "leave out --without-keys" in refused.stderr


def test_keys_that_cannot_be_used_open_an_address_that_others_can_reach_to_nobody(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    new_key(database, *WRITER)
    change_keys(database, REVOKED)
    with serving(database, {}, "--host", "0.0.0.0", RUNTALLY_ALLOWED_HOSTS="0.0.0.0") as door:
        for name, request in REQUESTS.items():
            assert is_challenged(request(door, None, MODERN)), name


@pytest.mark.parametrize("change", [REVOKED, EXPIRED], ids=["revoked", "expired"])
@pytest.mark.parametrize("role", ["write", "read"])
def test_whatever_is_asked_with_a_key_that_is_gone_is_challenged_alike(tmp_path: Path, change: str, role: str) -> None:
    database = tmp_path / "ledger.db"
    with serving(database, {"gone": new_key(database, "--project", "alpha", "--role", role)}) as door:
        for era in ERAS:
            for name, request in REQUESTS.items():
                assert not is_challenged(request(door, "gone", era)), name
        recorded = runs(database)
        for era in ERAS:
            for name, request in REQUESTS.items():
                # Each request is the one by which the server learns of the end of a key that it knew.
                change_keys(database, "revoked_at = NULL, expires_at = NULL")
                assert door.post("gone", "list_runs", {}, era).status_code == 200
                change_keys(database, change)
                responses = [request(door, "gone", era), request(door, "gone", era), request(door, None, era)]
                assert all(map(is_challenged, responses)), name
                assert len({response.text for response in responses}) == 1, name
        assert runs(database) == recorded


def test_a_write_that_waited_for_the_lock_while_its_key_was_revoked_writes_nothing(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    other = new_key(database, *WRITER)
    keys = {"revoked": new_key(database, *WRITER)}
    with serving(database, keys, RUNTALLY_BUSY_SECONDS="600") as door:
        assert door.post("revoked", "list_runs", {}).status_code == 200
        headers, body = http_call("record_run", {"agent": "a", "summary": "too late"})
        lines = [f"{name}: {text}" for name, text in (headers | {"Authorization": f"Bearer {keys['revoked']}"}).items()]
        address = urlsplit(door.server.url)
        head = "\r\n".join([f"POST /mcp HTTP/1.1\r\nHost: {address.netloc}", *lines, f"Content-Length: {len(body)}"])
        with socket.create_connection((address.hostname, address.port), BOUND_SECONDS) as connection:
            with write_lock(database) as lock:
                connection.sendall(f"{head}\r\n\r\n".encode() + body)
                # Sent later and answered: the write was let in before this, and waits.
                assert door.post(other, "list_runs", {}).status_code == 200
                digest = sha256(keys["revoked"].encode()).hexdigest()
                lock.execute(f"UPDATE access_keys SET {REVOKED} WHERE key_hash = ?", (digest,))
                lock.execute("COMMIT")
            answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"www-authenticate: Bearer " in answer
        assert runs(database) == 0


def test_a_stranger_never_waits_for_the_write_lock(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    new_key(database, *WRITER)
    # The client gives up long before the server would stop waiting for the lock.
    with serving(database, {}, RUNTALLY_BUSY_SECONDS="600") as door, write_lock(database):
        for era in ERAS:
            for key in (None, "rtk_unknown"):
                for name, request in REQUESTS.items():
                    assert is_challenged(request(door, key, era)), name


def test_a_server_that_is_bound_holds_a_key_to_its_projects_each_time_it_is_used(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    wide = new_key(database, "--project", "alpha", "--project", "beta", "--role", "write")
    elsewhere = new_key(database, "--project", "gamma", "--role", "write")
    with serving(database, {"wide": wide, "elsewhere": elsewhere}, project="beta,delta") as door:
        for era in ERAS:
            for _ in range(2):
                assert door.call("wide", "list_runs", era=era)["project_key"] == "beta"
                refused = door.post("wide", "record_run", {"agent": "a", "summary": "s", "project_key": "alpha"}, era)
                error = refusal(refused.json()["result"])
                assert (error["code"], "(beta)" in error["message"]) == ("forbidden", True)
                assert is_challenged(door.post("elsewhere", "list_runs", {}, era))
    assert runs(database) == 0


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_known_in_any_case(door: Door, scheme: str) -> None:
    for era in ERAS:
        headers, body = http_call("list_runs", {}, era)
        authorized = headers | {"Authorization": f"{scheme} {door.keys['writer']}"}
        assert door.request("POST", headers=authorized, content=body).status_code == 200
