"""What is refused over HTTP before a tool is reached is logged, with its status and why, and nothing of a client's."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtally.domain.limits import MESSAGE_BYTES
from tests.interfaces.keyed_door import Door, new_key, serving
from tests.interfaces.raw_http import PARSERS, TunedServer, heard, statuses
from tests.interfaces.test_admission import EXPIRED, REVOKED, change_keys
from tests.journeys.processes import http_call, run

SENT = "what-a-client-sent"
UNUSABLE = "its bearer key is unknown, was revoked, has expired or opens no project of this server"
UNREADABLE = "it is no message that can be read, or names a tool or a protocol version that is not served"
NO_LONGER = "what let it in holds no more: its key was revoked or has expired, or the first key was made"


@pytest.fixture
def told_door(tmp_path: Path) -> Iterator[Door]:
    database = tmp_path / "ledger.db"
    keys = {
        "writer": new_key(database, "--project", "alpha", "--role", "write"),
        "reader": new_key(database, "--project", "alpha", "--role", "read"),
        "elsewhere": new_key(database, "--project", "beta", "--role", "write"),
    }
    with serving(database, keys, project="alpha", RUNTALLY_LOG_LEVEL="info") as door:
        yield door


def logged(door: Door) -> list[tuple[int, str]]:
    """The status and the reason of each refusal that the server logged until it ended."""
    door.server.process.terminate()
    door.server.wait()
    found = re.findall(r"^runtally: INFO: a request was refused with (\d+): (.*)\n", door.server.stderr, re.MULTILINE)
    return [(int(status), reason) for status, reason in found]


def test_each_refusal_is_told_with_its_status_and_why_and_nothing_that_was_sent(told_door: Door) -> None:
    door = told_door
    headers, body = http_call("list_runs", {})
    authorized = headers | {"Authorization": f"Bearer {door.keys['writer']}"}

    def send(method: str = "POST", path: str = "/mcp", content: bytes = body, **changes: str) -> int:
        return door.request(method, path, headers=authorized | changes, content=content).status_code

    refused = [
        (door.post(None, "list_runs", {}).status_code, "it brought no bearer key"),
        (door.post(f"rtk_{SENT}", "list_runs", {}).status_code, UNUSABLE),
        (door.post("elsewhere", "list_runs", {}).status_code, UNUSABLE),
        (door.post("reader", "record_run", {SENT: SENT}).status_code, "its key may only read"),
        (send(Origin=f"http://{SENT}"), "Origin names a page of another host"),
        (send(Host=SENT), "Host is not a name of this server"),
        (send(path=f"/{SENT}"), "nothing is served at its path, or no such method of the protocol"),
        (send("GET"), "its path is not served by this method of HTTP"),
        (send(**{"Content-Type": SENT}), "its Content-Type is not application/json"),
        (send(content=SENT.encode()), UNREADABLE),
        (door.post("writer", SENT, {}).status_code, UNREADABLE),
        (send(content=b" " * (MESSAGE_BYTES + 1)), "its body is too large"),
    ]
    assert send() == 200
    assert [status for status, _ in refused] == [401, 401, 401, 403, 403, 421, 404, 405, 415, 400, 400, 413]
    assert logged(door) == refused
    assert SENT not in door.server.stderr
    assert "rtk_" not in door.server.stderr


@pytest.mark.parametrize("change", [REVOKED, EXPIRED], ids=["revoked", "expired"])
def test_a_key_that_was_known_and_is_gone_is_told_as_such(change: str, told_door: Door) -> None:
    assert told_door.post("writer", "list_runs", {}).status_code == 200
    change_keys(told_door.database, change)
    assert told_door.post("writer", "list_runs", {}).status_code == 401
    assert logged(told_door) == [(401, NO_LONGER)]


@pytest.mark.parametrize("parser", PARSERS)
def test_what_is_refused_before_there_is_a_request_is_told_too(parser: str, tmp_path: Path) -> None:
    tuned = {"head_seconds": 0.1, "connections": 1}
    with TunedServer(tmp_path / "ledger.db", parser, tuned, RUNTALLY_LOG_LEVEL="info") as server:
        with server.connect() as waiting:
            assert statuses(server.ask()) == [503]
            assert statuses(heard(waiting)) == [408]
        server.wait_for("INFO: a request was refused with 503: the server has as many connections as it may")
        server.wait_for("INFO: a request was refused with 408: the request took too long to arrive")


def test_strangers_fill_no_log_that_nobody_asked_for_and_no_list_of_problems(tmp_path: Path) -> None:
    database, file = tmp_path / "ledger.db", tmp_path / "runtally.log"
    new_key(database, "--project", "alpha", "--role", "write")
    with serving(database, {}, RUNTALLY_LOG_FILE=str(file)) as door:
        for _ in range(5):
            assert door.post(None, "record_run", {"agent": "a", "summary": "s"}).status_code == 401
            assert door.post(None, "list_runs", {}, Host="evil.example").status_code == 421
        door.server.process.terminate()
        door.server.wait()
        assert "refused" not in door.server.stderr
    assert file.read_text() == ""
    assert "note recent problems: none\n" in run("--db", str(database), "doctor", "--quick").stdout
