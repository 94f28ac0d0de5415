"""The stdio transport answers every line, keeps the wire to itself, bounds its memory and ends with its client."""

import contextlib
import json
import os
import pty
import re
import select
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from runtally.domain.limits import MESSAGE_BYTES

BOUND_SECONDS = 20.0
"""Longer than anything here takes on a loaded machine; reaching it is a failure."""
EXIT_SECONDS = 3.0
"""The server exits within a second of the end of its input; the rest is for a loaded machine."""

SERVER = """
import json, os, subprocess, sys
import anyio, mcp_types as types
from mcp.server.lowlevel import Server
from runtally.mcp_server import stdio

def descriptors():
    return [[os.fstat(fd).st_ino, os.get_blocking(fd)] for fd in (0, 1)] + [len(os.listdir("/dev/fd"))]

async def call(ctx, params):
    arguments = params.arguments or {}
    text = arguments.get("text", "") * arguments.get("times", 1)
    if params.name == "noisy":
        print("printed, not flushed")
        os.write(1, b"written to fd 1\\n")
        child = "import sys; print('a child read', repr(sys.stdin.read()))"
        await anyio.to_thread.run_sync(lambda: subprocess.run([sys.executable, "-c", child], check=True))
    elif params.name == "thread":
        await anyio.to_thread.run_sync(os.getpid)
    elif params.name == "wait":
        with anyio.move_on_after(60):
            await anyio.Event().wait()
    elif params.name == "unwritable":
        text = "\\ud800"
    elif params.name == "descriptors":
        inherited = [fd for fd in range(256) if os.path.exists(f"/dev/fd/{fd}") and os.get_inheritable(fd)]
        diverted = os.path.samestat(os.fstat(0), os.stat(os.devnull)) and os.path.sameopenfile(1, 2)
        text = json.dumps({"inherited": inherited, "diverted": diverted})
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

async def list_tools(ctx, params):
    return types.ListToolsResult(tools=[types.Tool(name="echo", input_schema={"type": "object"})])

async def main():
    server = Server("probe", version="1", on_call_tool=call, on_list_tools=list_tools)
    async with stdio.stdio_streams() as (read, write):
        await server.run(read, write, server.create_initialization_options())

if "patient" in sys.argv:
    stdio._ANSWER_SECONDS = 600
before = descriptors()
anyio.run(main)
print("same" if descriptors() == before else "changed", file=sys.stderr)
"""

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": "hello",
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "probe", "version": "1"}},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "probe", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows threads carry the lines")


def call(request_id: object, tool: str, **arguments: object) -> dict[str, object]:
    params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


def lines(*messages: object) -> bytes:
    return b"".join((m if isinstance(m, bytes) else json.dumps(m).encode()) + b"\n" for m in messages)


def text_of(answer: dict) -> str:
    return answer["result"]["content"][0]["text"]


def memory_kib(process: subprocess.Popen[bytes]) -> int:
    status = Path(f"/proc/{process.pid}/status")  # Linux alone has one
    return int(re.search(r"VmRSS:\s+(\d+) kB", status.read_text())[1]) if status.exists() else 0


class RawClient:
    """Speaks lines to a server process; every wait is bounded, and nothing is read that was not asked for."""

    def __init__(self, process: subprocess.Popen[bytes], to_server: int, from_server: int) -> None:
        self.process = process
        self.to_server = to_server
        self.from_server = from_server
        self.received = b""
        os.set_blocking(to_server, False)

    def offer(self, data: bytes, patience_seconds: float) -> int:
        """Write until the server has taken nothing for so long; the number of bytes it took."""
        taken = 0
        while taken < len(data) and select.select([], [self.to_server], [], patience_seconds)[1]:
            with contextlib.suppress(BlockingIOError):
                taken += os.write(self.to_server, data[taken : taken + 65536])
        return taken

    def send(self, *messages: object) -> None:
        data = lines(*messages)
        assert self.offer(data, BOUND_SECONDS) == len(data), "the server reads no more"

    def read_some(self, seconds: float = BOUND_SECONDS) -> bool:
        assert select.select([self.from_server], [], [], seconds)[0], "the server says nothing"
        chunk = os.read(self.from_server, 1 << 20)
        self.received += chunk
        return bool(chunk)

    def answer(self) -> dict:
        while b"\n" not in self.received:
            assert self.read_some(), "the server has closed its output"
        line, _, self.received = self.received.partition(b"\n")
        message = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, *messages: object) -> dict:
        self.send(*messages)
        return self.answer()

    def end(self) -> list[dict]:
        """Close the server's input: what it still says before it exits."""
        os.close(self.to_server)
        while self.read_some(EXIT_SECONDS):
            pass
        assert self.process.wait(EXIT_SECONDS) == 0
        return [json.loads(line) for line in self.received.splitlines()]


class Probe:
    """Starts server processes, and knows what the last one wrote to stderr."""

    def __init__(self, directory: Path) -> None:
        self.script = directory / "server.py"
        self.script.write_text(SERVER)
        self.log = directory / "stderr"
        self.command = [sys.executable, "-W", "error", str(self.script)]
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": ""}

    @contextlib.contextmanager
    def serving(self, server_in: int, server_out: int, *flags: str) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [*self.command, *flags], stdin=server_in, stdout=server_out, stderr=log, env=self.environment
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait(BOUND_SECONDS)

    @contextlib.contextmanager
    def connected(self, *flags: str) -> Iterator[RawClient]:
        server_in, to_server = os.pipe()
        from_server, server_out = os.pipe()
        with self.serving(server_in, server_out, *flags) as process:
            os.close(server_in)
            os.close(server_out)
            client = RawClient(process, to_server, from_server)
            yield client
        for fd in (to_server, from_server):
            with contextlib.suppress(OSError):
                os.close(fd)

    def run(self, data: bytes, *flags: str) -> tuple[list[dict], str]:
        """Everything at once, as from `printf … | server`: the answers, and what went to stderr."""
        with self.serving(subprocess.PIPE, subprocess.PIPE, *flags) as process:
            answered, _ = process.communicate(data, timeout=BOUND_SECONDS)
        assert process.returncode == 0
        return [json.loads(line) for line in answered.splitlines()], self.log.read_text()


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    return Probe(tmp_path)


def test_both_eras_of_the_protocol_are_served(probe: Probe) -> None:
    legacy_call = call(1, "echo", text="naïve\n☃")
    del legacy_call["params"]["_meta"]
    with probe.connected() as client:
        assert client.ask(INITIALIZE)["result"]["protocolVersion"] == "2025-11-25"
        assert text_of(client.ask(INITIALIZED, legacy_call)) == "naïve\n☃"
        assert client.end() == []
    assert probe.log.read_text() == "same\n"
    with probe.connected() as client:
        assert text_of(client.ask(call("first", "echo", text="no handshake"))) == "no handshake"
        assert client.end() == []


def test_the_client_of_the_sdk_is_served(probe: Probe) -> None:
    async def ask() -> str:
        server = StdioServerParameters(command=probe.command[0], args=probe.command[1:], env=probe.environment)
        async with Client(server) as client:
            return (await client.call_tool("echo", {"text": "hello"})).content[0].text

    assert anyio.run(ask) == "hello"


@pytest.mark.parametrize("shared", [True, False], ids=["one socket", "a socket each way"])
def test_sockets_serve_as_stdio(probe: Probe, shared: bool) -> None:
    ours, theirs = socket.socketpair()
    our_output, their_output = (ours, theirs) if shared else socket.socketpair()
    with ours, theirs, our_output, their_output, probe.serving(theirs.fileno(), their_output.fileno()) as process:
        client = RawClient(process, ours.fileno(), our_output.fileno())
        answers = [client.ask(call(number, "echo", text="x", times=100_000)) for number in range(3)]
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(BOUND_SECONDS) == 0
    assert [(answer["id"], len(text_of(answer))) for answer in answers] == [(number, 100_000) for number in range(3)]
    assert probe.log.read_text() == "same\n"


def test_prints_and_child_processes_never_reach_the_wire(probe: Probe) -> None:
    answers, errors = probe.run(lines(call(1, "noisy"), call(2, "echo", text="after")))
    assert sorted(answer["id"] for answer in answers) == [1, 2]
    assert sorted(errors.splitlines()) == ["a child read ''", "printed, not flushed", "same", "written to fd 1"]


def test_the_wire_is_on_descriptors_that_no_child_inherits(probe: Probe) -> None:
    with probe.connected() as client:
        report = json.loads(text_of(client.ask(call(1, "descriptors"))))
    assert report == {"inherited": [0, 1, 2], "diverted": True}


def test_a_line_that_is_no_message_is_answered_and_skipped(probe: Probe) -> None:
    with probe.connected() as client:
        for line, code, request_id in [
            (b"hello", -32700, None),
            (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', -32700, None),
            (b'{"jsonrpc":"2.0","id":7}', -32600, 7),
        ]:
            refused = client.ask(line)
            assert (refused["id"], refused["error"]["code"]) == (request_id, code)
        assert text_of(client.ask(b"", b" \t", call(1, "echo", text="still here"), b"\r")) == "still here"
        assert client.end() == []


def test_a_line_over_the_limit_is_refused_and_never_kept(probe: Probe) -> None:
    call_bytes = len(lines(call(1, "echo", text="")))
    longest = call(1, "echo", text="x" * (MESSAGE_BYTES + 1 - call_bytes))
    too_long = call(2, "echo", text="x" * (MESSAGE_BYTES + 2 - call_bytes))
    with probe.connected() as client:
        assert len(text_of(client.ask(longest))) == MESSAGE_BYTES + 1 - call_bytes
        refused = client.ask(too_long)
        assert (refused["id"], refused["error"]["code"]) == (2, -32600)
        assert f"at most {MESSAGE_BYTES:,} bytes. Nothing was recorded" in refused["error"]["message"]
        as_javascript_writes_it = {name: too_long[name] for name in ("method", "params", "jsonrpc", "id")}
        assert client.ask(as_javascript_writes_it) == refused

        before_kib = memory_kib(client.process)
        endless = b"x" * (16 * MESSAGE_BYTES)
        assert client.offer(endless, BOUND_SECONDS) == len(endless)
        assert client.ask(b"") == refused | {"id": None}
        assert memory_kib(client.process) - before_kib < 3 * MESSAGE_BYTES // 1024
        assert text_of(client.ask(call(3, "echo", text="next line"))) == "next line"


@pytest.mark.parametrize(
    ("count", "chars", "bound_bytes"), [(5_000, 1_000, 1_000_000), (24, 1_000_000, 2 * MESSAGE_BYTES)]
)
def test_a_client_that_stops_reading_cannot_write_for_long_and_later_gets_everything_in_order(
    probe: Probe, count: int, chars: int, bound_bytes: int
) -> None:
    data = lines(*(call(number, "echo", text="x" * chars) for number in range(count)))
    with probe.connected() as client:
        client.ask(call("warm", "echo"))
        before_kib = memory_kib(client.process)
        taken = client.offer(data, patience_seconds=1)
        assert taken < bound_bytes < len(data)
        assert memory_kib(client.process) - before_kib < 3 * bound_bytes // 1024
        rest = threading.Thread(target=client.offer, args=(data[taken:], BOUND_SECONDS))
        rest.start()
        answers = [client.answer() for _ in range(count)]
        rest.join(BOUND_SECONDS)
        assert client.end() == []
    assert [answer["id"] for answer in answers] == list(range(count))
    assert {len(text_of(answer)) for answer in answers} == {chars}


def test_a_client_that_closes_its_reading_end_ends_the_connection_quietly(probe: Probe) -> None:
    with probe.connected() as client:
        client.ask(call(1, "echo"))
        os.close(client.from_server)
        client.send(call(2, "echo"))
        assert client.process.wait(BOUND_SECONDS) == 0
    assert probe.log.read_text() == "same\n"


def test_what_was_asked_before_the_end_of_input_is_answered(probe: Probe) -> None:
    asked = lines(INITIALIZE, INITIALIZED, b"oops", {"jsonrpc": "2.0", "id": 2, "method": "ping"})
    unterminated = json.dumps({"jsonrpc": "2.0", "id": 3, "method": "ping"}).encode()
    answers, errors = probe.run(asked + unterminated, "patient")
    assert {answer["id"]: "result" in answer for answer in answers} == {"hello": True, None: False, 2: True, 3: True}
    assert errors == "same\n"


def test_work_under_way_at_the_end_of_input_is_finished(probe: Probe) -> None:
    answers, _ = probe.run(lines(*(call(number, "thread", text="done") for number in range(20))), "patient")
    assert sorted(answer["id"] for answer in answers) == list(range(20))
    assert {text_of(answer) for answer in answers} == {"done"}


def test_a_request_that_takes_too_long_does_not_keep_the_process(probe: Probe) -> None:
    with probe.connected() as client:
        client.send(call(1, "wait"))
        client.ask(call(2, "echo"))
        assert [(answer["id"], answer["error"]["message"]) for answer in client.end()] == [(1, "Connection closed")]


def test_a_cancelled_request_is_not_waited_for(probe: Probe) -> None:
    with probe.connected("patient") as client:
        client.send(call(1, "wait"))
        client.ask(call(2, "echo"))
        client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
        assert client.end() == []


def test_a_client_that_neither_reads_nor_writes_does_not_keep_the_process(probe: Probe) -> None:
    with probe.connected() as client:
        client.ask(call("warm", "echo"))
        client.send(call(1, "echo", text="x", times=1_000_000), call(2, "wait"), b"oops", call(3, "thread"))
        os.close(client.to_server)
        assert client.process.wait(EXIT_SECONDS) == 0
    assert probe.log.read_text() == "same\n"


def test_files_serve_as_stdio(probe: Probe, tmp_path: Path) -> None:
    asked, answered = tmp_path / "asked", tmp_path / "answered"
    asked.write_bytes(lines(b"", b"oops", b"3", call(1, "thread", text="from a file"), call(2, "noisy")))
    with (
        asked.open("rb") as server_in,
        answered.open("wb") as server_out,
        probe.serving(server_in.fileno(), server_out.fileno(), "patient") as process,
    ):
        assert process.wait(BOUND_SECONDS) == 0
    answers = [json.loads(line) for line in answered.read_text().splitlines()]
    assert [answer["error"]["code"] for answer in answers if answer["id"] is None] == [-32700, -32600]
    assert sorted(answer["id"] for answer in answers if answer["id"] is not None) == [1, 2]


def test_a_terminal_stays_blocking(probe: Probe) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    with probe.serving(theirs, theirs) as process:
        client = RawClient(process, ours, ours)
        assert text_of(client.ask(call(1, "echo", text="typed"))) == "typed"
        assert os.get_blocking(theirs)
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("to_pipe", [True, False], ids=["to a pipe", "to nowhere"])
def test_no_input_at_all_ends_the_process_at_once(probe: Probe, to_pipe: bool) -> None:
    with Path(os.devnull).open("r+b") as nowhere:
        server_out = subprocess.PIPE if to_pipe else nowhere.fileno()
        with probe.serving(nowhere.fileno(), server_out) as process:
            answered, _ = process.communicate(timeout=BOUND_SECONDS)
    assert (process.returncode, answered or b"") == (0, b"")
    assert "Traceback" not in probe.log.read_text()
    assert probe.run(b"") == ([], "same\n")
