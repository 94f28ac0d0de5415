"""HTTP spoken byte by byte, to servers with bounds that a test can reach."""

import importlib.util
import json
import re
import select
import socket
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from tests.journeys.processes import BOUND_SECONDS, Process, http_call

PARSERS = ("h11", "httptools") if importlib.util.find_spec("httptools") else ("h11",)
"""uvicorn takes the second where it is installed; Runtally does not ask for it."""
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


class TunedServer(Process):
    """A server with one of the parsers and some bounds of its own; see `tuned_server`."""

    def __init__(
        self, database: Path, parser: str, tuned: Mapping[str, float] = MappingProxyType({}), **settings: str
    ) -> None:
        program = Path(__file__).with_name("tuned_server.py")
        told = json.dumps({"parser": parser, **tuned})
        settings = {"RUNTALLY_PROJECT_KEY": "demo"} | settings
        super().__init__(str(database), told, program=(str(program),), **settings)
        try:
            self.port = urlsplit(self.wait_for(r"http://[^ ;]+/mcp").group()).port
        except BaseException:
            self.kill()
            raise

    def connect(self, *sent: bytes) -> socket.socket:
        """A new connection on which that was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), BOUND_SECONDS)
        connection.sendall(b"".join(sent))
        return connection

    def ask(self, *sent: bytes) -> bytes:
        """Everything that the server says to it on a connection that it then closes."""
        with self.connect(*sent) as connection:
            return heard(connection)


def head(method: str, path: str, *lines: str, host: str | None = "localhost") -> bytes:
    told = [] if host is None else [f"Host: {host}"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *told, *lines, "", ""]).encode("latin-1")


def call(tool: str, *lines: str, host: str | None = "localhost", path: str = "/mcp", **arguments: Any) -> bytes:
    """A whole tool call; the lines replace headers of the same name."""
    headers, body = http_call(tool, arguments)
    given = dict(line.split(": ", 1) for line in lines)
    all_lines = [f"{name}: {value}" for name, value in (headers | given).items()]
    return head("POST", path, *all_lines, f"Content-Length: {len(body)}", host=host) + body


def statuses(answers: bytes) -> list[int]:
    """The status of each answer in what was heard."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", answers)]


def answer(connection: socket.socket) -> bytes:
    """The next answer, which tells its length."""
    with connection.makefile("rb") as reading:
        lines = list(iter(reading.readline, b"\r\n"))
        (length,) = (int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length"))
        return b"".join(lines) + reading.read(length)


def heard(connection: socket.socket) -> bytes:
    """What comes until the server closes the connection."""
    parts = []
    while True:
        try:
            part = connection.recv(2**16)
        except ConnectionResetError:
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def dripped(connection: socket.socket, drops: bytes, most: int) -> bytes:
    """What the server says, and then closes, while such drops keep coming, one in a tenth of a second."""
    for _ in range(most):
        if select.select([connection], [], [], 0.1)[0]:
            return heard(connection)
        connection.sendall(drops)
    raise AssertionError(f"the server took {most} drops and did not end")
