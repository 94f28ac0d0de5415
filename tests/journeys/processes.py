"""Real server processes and raw clients for them: every wait is bounded, and no process outlives its `with` block."""

import itertools
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Self

BOUND_SECONDS = 60.0
"""Longer than anything takes on a loaded machine; reaching it is a failure."""
MODERN, LEGACY = "2026-07-28", "2025-11-25"
ERAS = (MODERN, LEGACY)
CLIENT_INFO = {"name": "journeys", "version": "1"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": CLIENT_INFO,
    "io.modelcontextprotocol/clientCapabilities": {},
}

Message = dict[str, Any]


class Refused(Exception):
    """A tool answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Gone(Exception):
    """The server ended before it answered."""


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with only those settings of Runtally that are given."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("RUNTALLY_", "CLAUDE", "PYTHON"))}
    return ours | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | settings


def command(
    *arguments: str, flags: Sequence[str] = ("-W", "error"), program: Sequence[str] = ("-m", "runtally")
) -> list[str]:
    return [sys.executable, *flags, *program, *arguments]


def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A command of the CLI, run to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )


class Pending(Future[Message]):
    """A request under way; its result is the JSON-RPC answer as it came."""

    def __init__(self, request_id: int) -> None:
        super().__init__()
        self.request_id = request_id


class Process:
    """A `runtally` process, or one that runs another program around it, whose stderr is read all the time."""

    def __init__(
        self,
        *arguments: str,
        flags: Sequence[str] = ("-W", "error"),
        program: Sequence[str] = ("-m", "runtally"),
        **settings: str,
    ) -> None:
        line = command(*arguments, flags=flags, program=program)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=pipe, env=environment(**settings))
        assert self.process.stdin
        assert self.process.stderr
        self.stdin: IO[bytes] = self.process.stdin
        self._stderr = ""
        self._ended = False
        self._heard = threading.Condition()
        self._threads = [threading.Thread(target=self._read_stderr, args=(self.process.stderr,), daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def stderr(self) -> str:
        """What was written to stderr so far."""
        return self._stderr

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return once stderr has the pattern."""
        with self._heard:
            self._heard.wait_for(lambda: self._ended or re.search(pattern, self._stderr), BOUND_SECONDS)
        found = re.search(pattern, self._stderr)
        assert found, f"no {pattern!r} in {self._stderr!r}"
        return found

    def kill(self) -> None:
        """`kill -9`; returns when nothing of the process is left and its last lines are read."""
        self.process.kill()
        self.wait()

    def close_stdin(self) -> None:
        with suppress(BrokenPipeError):
            self.stdin.close()

    def wait(self, seconds: float = BOUND_SECONDS) -> int:
        """The exit code, once the process has ended by itself, within so many seconds, and its last lines are read."""
        code = self.process.wait(seconds)
        for thread in self._threads:
            thread.join(BOUND_SECONDS)
        self.close_stdin()
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return code

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        for line in pipe:
            with self._heard:
                self._stderr += line.decode(errors="replace")
                self._heard.notify_all()
        with self._heard:
            self._ended = True
            self._heard.notify_all()


class StdioClient(Process):
    """Speaks newline-delimited JSON-RPC to a server of its own, in either era; may be used by many threads."""

    def __init__(
        self,
        database: Path,
        *,
        era: str = MODERN,
        project: str = "demo",
        flags: Sequence[str] = ("-W", "error"),
        **settings: str,
    ) -> None:
        super().__init__("--db", str(database), flags=flags, RUNTALLY_PROJECT_KEY=project, **settings)
        self.era = era
        self.unsolicited: list[bytes] = []
        """Lines on stdout that answer nothing that was asked."""
        self._ids = itertools.count(1)
        self._pending: dict[int, Pending] = {}
        self._gone = False
        self._lock = threading.Lock()
        self._threads.append(threading.Thread(target=self._read_answers, daemon=True))
        self._threads[1].start()
        if era == LEGACY:
            # The answer is not waited for, so that many clients start as fast as one.
            hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": CLIENT_INFO}
            self.greeting = self.request("initialize", hello)
            self.notify("notifications/initialized")

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        assert self.unsolicited == [], "something else than answers was written to stdout"

    def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured answer of a tool. Raises `Refused` for a tool error and `Gone` if the server ended."""
        return outcome(self.send(tool, **arguments))

    def call_within(self, seconds: float, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """`call`, for an answer that must come sooner than any other."""
        return outcome(self.send(tool, **arguments), seconds)

    def send(self, tool: str, /, **arguments: Any) -> Pending:
        """Call a tool without waiting; see `outcome`."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Message:
        """The JSON-RPC answer, result or error, as it came."""
        return self.request(method, params).result(BOUND_SECONDS)

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> Pending:
        """Send a request without waiting."""
        answer = Pending(next(self._ids))
        with self._lock:
            if self._gone:
                answer.set_exception(Gone())
                return answer
            self._pending[answer.request_id] = answer
        self._say({"id": answer.request_id, "method": method, "params": self._enveloped(params)})
        return answer

    def notify(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        self._say({"method": method, "params": self._enveloped(params)})

    def write(self, line: bytes) -> None:
        """Send a line as it is; one that no server reads any more is lost."""
        with self._lock, suppress(BrokenPipeError, ValueError):
            self.stdin.write(line + b"\n")
            self.stdin.flush()

    def _say(self, message: Message) -> None:
        self.write(json.dumps({"jsonrpc": "2.0"} | message).encode())

    def _enveloped(self, params: Mapping[str, Any] | None) -> dict[str, Any]:
        given = dict(params or {})
        return given | ({"_meta": ENVELOPE | given.get("_meta", {})} if self.era == MODERN else {})

    def _read_answers(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                message = json.loads(line)
                answer = self._pending.pop(message["id"])
            except (ValueError, KeyError, TypeError):
                self.unsolicited.append(line)
            else:
                answer.set_result(message)
        with self._lock:
            self._gone = True
            lost, self._pending = self._pending, {}
        for answer in lost.values():
            answer.set_exception(Gone())


class HttpServer(Process):
    """`runtally serve --http` on a port of the system's choice; `url` is where it said it listens."""

    def __init__(self, database: Path, *options: str, project: str = "", **settings: str) -> None:
        super().__init__(
            "--db", str(database), "serve", "--http", "--port", "0", *options, RUNTALLY_PROJECT_KEY=project, **settings
        )
        try:
            self.url = self.wait_for(r"http://[^ ;]+/mcp").group()
        except BaseException:
            self.kill()
            raise


def http_call(tool: str, arguments: Mapping[str, Any], era: str = MODERN) -> tuple[dict[str, str], bytes]:
    """The headers and the body that call a tool over HTTP."""
    params = {"name": tool, "arguments": arguments} | ({"_meta": ENVELOPE} if era == MODERN else {})
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    return headers | {"MCP-Protocol-Version": era, "Mcp-Method": "tools/call", "Mcp-Name": tool}, body


def outcome(answer: Pending, seconds: float = BOUND_SECONDS) -> dict[str, Any]:
    """The structured answer of a tool call that was sent before."""
    return structured(answer.result(seconds))


def structured(message: Message) -> dict[str, Any]:
    """The structured content of a tool's answer. Raises `Refused` for a tool error."""
    assert "result" in message, message
    if message["result"]["isError"]:
        error = refusal(message["result"])
        raise Refused(error["code"], error["message"])
    content: dict[str, Any] = message["result"]["structuredContent"]
    return content


def refusal(result: Message) -> dict[str, Any]:
    """The error that a tool's result is, which its text alone says: `code`, `message` and perhaps `field`."""
    assert result["isError"], result
    assert result.get("structuredContent") is None, "a client may hold it to the output schema, and drop our words"
    (content,) = result["content"]
    error: dict[str, Any] = json.loads(content["text"])["error"]
    return error
