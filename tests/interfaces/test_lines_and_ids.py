"""Whatever a line is, its answer has the request's own id, on pipes and where threads read, and the server lives on."""

import http.client
import json
import os
import pty
import re
import sys
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from runtally.domain.limits import MESSAGE_BYTES
from tests.interfaces.test_stdio_transport import Probe, RawClient, call, lines, text_of
from tests.journeys.processes import BOUND_SECONDS, HttpServer, http_call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes and terminals on Windows")

IDS = ["7", "-7", '"seven"', '""', str(2**53 - 1), str(2**63), str(2**70), "1" + "0" * 4_000, '"\\ud83d\\ude00"']
NO_IDS = ["null", "true", "1.5", "1.0", "1e3", '"\\ud800"', "[7]", "{}"]


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    return Probe(tmp_path)


@contextmanager
def connected(probe: Probe, by: str) -> Iterator[RawClient]:
    """A client on pipes, or one whose lines come to the server from a terminal, which a thread reads."""
    if by == "pipes":
        with probe.connected() as client:
            yield client
        return
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    from_server, server_out = os.pipe()
    with probe.serving(theirs, server_out) as process:
        yield RawClient(process, ours, from_server)
    for fd in (ours, theirs, from_server, server_out):
        os.close(fd)


each_way = pytest.mark.parametrize("by", ["pipes", "a terminal"])


def with_id(request_id: str) -> bytes:
    return json.dumps(call("ID", "echo", text="x")).replace('"ID"', request_id).encode()


@each_way
def test_an_id_comes_back_as_it_was_sent_or_not_at_all(probe: Probe, by: str) -> None:
    with connected(probe, by) as client:
        for request_id in IDS:
            answer = client.ask(with_id(request_id))
            assert (answer["id"], text_of(answer)) == (json.loads(request_id), "x")
        for request_id in NO_IDS:
            answer = client.ask(with_id(request_id))
            assert (answer["id"], answer["error"]["code"]) == (None, -32600)
        assert text_of(client.ask(call(1, "echo", text="still here"))) == "still here"


@each_way
def test_nesting_and_lone_surrogates_are_named_and_answered_by_id(probe: Probe, by: str) -> None:
    with connected(probe, by) as client:
        for depth in (300, 900, 5_000):
            deep = json.dumps(call(depth, "echo", text="DEEP")).replace('"DEEP"', "[" * depth + "]" * depth)
            answer = client.ask(deep.encode())
            assert (answer["id"], answer["error"]["message"]) == (depth, "The line is nested too deeply.")
        answer = client.ask(json.dumps(call("half", "echo", text="a\ud800b")).encode())
        assert answer["id"] == "half"
        assert "lone surrogate" in answer["error"]["message"]


@each_way
def test_an_answer_that_cannot_be_written_is_an_error_and_the_server_lives_on(probe: Probe, by: str) -> None:
    with connected(probe, by) as client:
        failed = client.ask(call("seven", "unwritable"))
        assert failed["id"] == "seven"
        assert failed["error"]["code"] == -32603
        assert text_of(client.ask(call(2, "echo", text="still here"))) == "still here"


def test_a_line_over_the_limit_is_refused_by_its_id_and_never_kept_where_threads_read(
    probe: Probe, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    with asked.open("wb") as file:
        file.write(b'{"jsonrpc":"2.0","id":"long","method":"ping","params":{"id":1,"text":"')
        file.seek(64 * MESSAGE_BYTES)
        file.write(b'"}}\n' + lines(call(2, "echo", text="next line"), call(3, "wait")))
    from_server, server_out = os.pipe()
    with asked.open("rb") as server_in, probe.serving(server_in.fileno(), server_out, "patient") as process:
        os.close(server_out)
        client = RawClient(process, os.dup(from_server), from_server)
        refused = client.answer()
        assert (refused["id"], refused["error"]["code"]) == ("long", -32600)
        assert text_of(client.answer()) == "next line"
        assert peak_kib(process.pid) < 32 * MESSAGE_BYTES // 1024
    os.close(client.to_server)
    os.close(from_server)


def peak_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status")  # Linux alone has one
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpServer]:
    with HttpServer(tmp_path_factory.mktemp("http") / "ledger.db", project="demo") as server:
        yield server


def ask_over_http(server: HttpServer, **replaced: str) -> tuple[int, Any]:
    headers, body = http_call("record_run", {"agent": "a", "summary": "SUMMARY"})
    text = body.decode().replace('"id": 1', f'"id": {replaced.get("id", 1)}')
    text = text.replace('"SUMMARY"', replaced.get("summary", '"s"'))
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=BOUND_SECONDS)) as connection:
        connection.request("POST", "/mcp", text, headers)
        response = connection.getresponse()
        return response.status, json.load(response)


@pytest.mark.parametrize("request_id", IDS)
def test_an_id_comes_back_over_http_as_it_was_sent(server: HttpServer, request_id: str) -> None:
    status, answer = ask_over_http(server, id=request_id)
    assert (status, answer["id"], answer["result"]["isError"]) == (200, json.loads(request_id), False)


@pytest.mark.parametrize("request_id", NO_IDS)
def test_an_id_that_cannot_come_back_over_http_is_null(server: HttpServer, request_id: str) -> None:
    status, answer = ask_over_http(server, id=request_id)
    assert (status, answer["id"], answer["error"]["code"]) == (400, None, -32600)


def test_nesting_and_lone_surrogates_are_named_over_http(server: HttpServer) -> None:
    status, answer = ask_over_http(server, id="7", summary="[" * 500 + "]" * 500)
    assert (status, answer["id"], answer["error"]["message"]) == (400, 7, "The body is nested too deeply.")
    status, answer = ask_over_http(server, id="7", summary='"a\\ud800b"')
    assert (status, answer["id"]) == (400, 7)
    assert answer["error"]["message"].startswith("The body holds a lone surrogate")
