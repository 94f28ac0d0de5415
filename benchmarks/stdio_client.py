"""A raw MCP client over the pipes of a child process: newline-delimited JSON-RPC, and no more work than that takes."""

import json
import os
import select
from collections import deque
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from benchmarks.calls import accepted
from benchmarks.processes import ServerProcess

_READ_BYTES: Final = 64 * 1024
_PATIENCE_MS: Final = 300_000
_HELLO: Final = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}


class StdioClient(ServerProcess):
    """A server process that has answered `initialize`; `ready_seconds` after it was begun."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        begun = perf_counter()
        super().__init__(command, log)
        self._ids = count()
        self._partial = b""
        self._answers: deque[dict[str, Any]] = deque()
        self._readable = select.poll()
        self._readable.register(self.stdout, select.POLLIN)
        self._send(_line({"id": next(self._ids), "method": "initialize", "params": _HELLO}))
        answer = self._receive()
        self.ready_seconds = perf_counter() - begun
        if "result" not in answer:
            raise self.failure(f"answered {answer} to initialize")
        self._send(_line({"method": "notifications/initialized"}))

    def message(self, tool: str, arguments: dict[str, Any]) -> bytes:
        """A call as it goes over the wire."""
        params = {"name": tool, "arguments": arguments}
        return _line({"id": next(self._ids), "method": "tools/call", "params": params})

    def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make one call and return what it answered."""
        return self.exchange(self.message(tool, arguments))

    def exchange(self, message: bytes) -> dict[str, Any]:
        """Send a call and return what it answered."""
        self._send(message)
        return accepted(self._receive())

    def latencies_ms(self, messages: Sequence[bytes]) -> list[float]:
        """Of one call after the other: from before the write to after the answer is parsed."""
        latencies = []
        for message in messages:
            begun = perf_counter()
            self._send(message)
            answer = self._receive()
            latencies.append((perf_counter() - begun) * 1_000)
            accepted(answer)
        return latencies

    def calls_per_second(self, messages: Sequence[bytes], in_flight: int) -> float:
        """With so many calls in flight at any time."""
        unsent = iter(messages)
        begun = perf_counter()
        self._send(b"".join(next(unsent) for _ in range(in_flight)))
        for _ in messages:
            accepted(self._receive())
            message = next(unsent, None)
            if message is not None:
                self._send(message)
        return len(messages) / (perf_counter() - begun)

    def _send(self, message: bytes) -> None:
        if os.write(self.stdin, message) != len(message):
            raise self.failure("took only part of a message")

    def _receive(self) -> dict[str, Any]:
        while not self._answers:
            if not self._readable.poll(_PATIENCE_MS):
                raise self.failure("did not answer")
            data = os.read(self.stdout, _READ_BYTES)
            if not data:
                raise self.failure("closed its end")
            *lines, self._partial = (self._partial + data).split(b"\n")
            self._answers.extend(json.loads(line) for line in lines)
        return self._answers.popleft()


def _line(body: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **body}, separators=(",", ":")).encode() + b"\n"
