"""A bearer key opens its projects in its role and nothing else, until it expires or is revoked."""

import contextlib
import json
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from runtally.bootstrap import open_ledger, origin_of
from runtally.domain.caller import Caller
from runtally.mcp_server.server import make_server
from runtally.settings import Settings
from tests.conftest import SqliteFile
from tests.interfaces.keyed_door import Door, new_key
from tests.journeys.ledger_file import rows, value
from tests.journeys.processes import ENVELOPE, ERAS, MODERN, Refused, http_call, run

ABSENT = "9a1d2f60-7c1b-4d0e-8a35-51f7c0e6b213"
READS = {"list_runs", "get_run"}
WRITES = {
    "core_start_run": {"summary": "no"},
    "core_report_usage": {"run_id": ABSENT, "token_usage": {}},
    "core_end_run": {"run_id": ABSENT, "status": "failed"},
    "core_record_failure": {"summary": "no"},
    "record_run": {"agent": "a", "summary": "no"},
    "track_mcp": {"tool": "query"},
}


def stored_bytes(database: Path) -> bytes:
    return b"".join(path.read_bytes() for path in database.parent.iterdir())


def refusal(door: Door, key: str, tool: str, **arguments: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        door.call(key, tool, **arguments)
    return refused.value


def test_a_key_is_printed_once_kept_as_a_hash_and_refused_by_the_running_server_once_revoked(door: Door) -> None:
    keys = ("--db", str(door.database), "keys")
    made = run(*keys, "create", "--project", "alpha", "--role", "write", "--expires", "90d")
    token = made.stdout.strip()
    assert made.returncode == 0
    assert token.startswith("rtk_")
    assert token not in made.stderr
    assert door.call(token, "list_runs")["project_key"] == "alpha"

    stored = stored_bytes(door.database)
    assert sha256(token.encode()).hexdigest().encode() in stored
    for secret in (token, *door.keys.values()):
        assert secret.encode() not in stored
        assert secret.removeprefix("rtk_").encode() not in stored

    listed = run(*keys, "list")
    (line,) = [line for line in listed.stdout.splitlines() if "expires 20" in line]
    key_id, role, projects, *_ = line.split("\t")
    assert (role, projects) == ("write", "alpha")
    assert token not in listed.stdout + listed.stderr
    assert token.removeprefix("rtk_") not in listed.stdout

    revoked = run(*keys, "revoke", key_id)
    assert (revoked.returncode, revoked.stdout) == (0, "")
    for era in ERAS:
        assert door.post(token, "list_runs", {}, era).status_code == 401
    assert run(*keys, "revoke", key_id).returncode == 4
    assert door.call("writer", "list_runs")["project_key"] == "alpha"


def test_an_expired_key_opens_nothing(door: Door) -> None:
    token = new_key(door.database, "--project", "alpha", "--role", "write", "--expires", "1d")
    assert door.post(token, "list_runs", {}).status_code == 200
    with contextlib.closing(sqlite3.connect(door.database)) as connection, connection:
        expired = "UPDATE access_keys SET expires_at = created_at + 1 WHERE key_hash = ?"
        assert connection.execute(expired, (sha256(token.encode()).hexdigest(),)).rowcount == 1
    for era in ERAS:
        assert door.post(token, "list_runs", {}, era).status_code == 401


@pytest.mark.parametrize("era", ERAS)
def test_a_request_without_a_key_that_fits_is_challenged(door: Door, era: str) -> None:
    known = door.keys["writer"]
    for authorization in (None, "Bearer", "Bearer rtk_unknown", f"Basic {known}", f"Bearer {known[:-1]}", known):
        headers, body = http_call("list_runs", {}, era)
        if authorization is not None:
            headers["Authorization"] = authorization
        response = door.request("POST", headers=headers, content=body)
        assert response.status_code == 401, authorization
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")
    headers, body = http_call("list_runs", {}, era)
    for path in (f"/mcp?access_token={known}", f"/mcp?token={known}"):
        assert door.request("POST", path, headers=headers, content=body).status_code == 401


@pytest.mark.parametrize("era", ERAS)
def test_a_key_that_may_only_read_is_forbidden_to_write(door: Door, era: str) -> None:
    before = value(door.database, "SELECT count(*) FROM runs")
    for tool, arguments in WRITES.items():
        response = door.post("reader", tool, arguments, era)
        assert response.status_code == 403
        assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]
    assert value(door.database, "SELECT count(*) FROM runs") == before
    run_id = door.call("writer", "core_start_run", era=era, summary="to be read")["run_id"]
    assert door.call("reader", "get_run", era=era, run_id=run_id)["run"]["summary"] == "to be read"
    params = {"_meta": ENVELOPE} if era == MODERN else {}
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}
    headers = http_call("list_runs", {}, era)[0] | {"Mcp-Method": "tools/list"}
    headers.pop("Mcp-Name")
    for key, seen in (("reader", READS), ("writer", READS | WRITES.keys())):
        authorized = headers | {"Authorization": f"Bearer {door.keys[key]}"}
        tools = door.request("POST", headers=authorized, json=listing).json()["result"]["tools"]
        assert {tool["name"] for tool in tools} == seen


@pytest.mark.parametrize("mode", ["legacy", MODERN])
def test_the_service_refuses_what_a_role_may_not_do_even_if_the_door_lets_it_in(tmp_path: Path, mode: str) -> None:
    async def write_as_reader() -> None:
        settings = Settings(tmp_path / "ledger.db")
        ledger = open_ledger(settings)
        server = make_server(ledger, lambda: Caller(("alpha",), "alpha", "read"), origin_of(settings))
        async with Client(server, mode=mode) as client:
            for tool, arguments in WRITES.items():
                result = await client.call_tool(tool, arguments)
                assert result.is_error
                assert json.loads(result.content[0].text)["error"]["code"] == "forbidden"
        await ledger.close()

    anyio.run(write_as_reader)
    assert SqliteFile(tmp_path).rows() == {}, "of a refusal nothing is kept but that there was one"


def test_a_key_for_several_projects_says_which_it_means(door: Door) -> None:
    refused = refusal(door, "both", "core_start_run", summary="where?")
    assert refused.code == "invalid"
    assert "project_key" in refused.message
    assert "alpha, beta" in refused.message
    assert refusal(door, "both", "list_runs").code == "invalid"
    for project in ("alpha", "beta"):
        started = door.call("both", "core_start_run", summary="there", project_key=project)
        assert started["project_key"] == project
        reported = door.call("both", "core_report_usage", run_id=started["run_id"], token_usage={"input_tokens": 1})
        assert reported["project_key"] == project, "a run is looked for in the key's projects"
        assert door.call("both", "get_run", run_id=started["run_id"])["project_key"] == project
    assert refusal(door, "both", "core_start_run", summary="elsewhere", project_key="gamma").code == "forbidden"


def test_a_key_never_sees_another_project(door: Door) -> None:
    run_id = door.call("writer", "core_start_run", summary="a secret plan")["run_id"]
    before = rows(door.database, "SELECT * FROM runs WHERE run_id = ?", run_id)
    for tool, arguments in [
        ("get_run", {}),
        ("core_report_usage", {"token_usage": {"input_tokens": 1}}),
        ("core_end_run", {"status": "failed"}),
        ("core_record_failure", {"summary": "not mine"}),
    ]:
        foreign = refusal(door, "stranger", tool, run_id=run_id, **arguments)
        unknown = refusal(door, "stranger", tool, run_id=ABSENT, **arguments)
        assert foreign.code == unknown.code == "not_found"
        assert foreign.message.replace(run_id, "…") == unknown.message.replace(ABSENT, "…")
        existing = refusal(door, "stranger", tool, run_id=run_id, project_key="alpha", **arguments)
        missing = refusal(door, "stranger", tool, run_id=run_id, project_key="omega", **arguments)
        assert existing.code == missing.code == "forbidden"
        assert existing.message.replace("alpha", "…") == missing.message.replace("omega", "…")
    assert refusal(door, "stranger", "core_start_run", parent_run_id=run_id).code == "not_found"
    assert "secret plan" not in json.dumps(door.call("stranger", "list_runs", limit=200))
    # The same id is another run in another project.
    assert door.call("stranger", "core_start_run", run_id=run_id, summary="mine")["created"] is True
    assert door.call("stranger", "get_run", run_id=run_id)["run"]["summary"] == "mine"
    assert rows(door.database, "SELECT * FROM runs WHERE run_id = ? AND project_key = 'alpha'", run_id) == before
