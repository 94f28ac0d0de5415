"""Raw MCP clients over keep-alive HTTP: each call is one self-contained POST of protocol 2026-07-28."""

import asyncio
import json
from collections.abc import Sequence
from itertools import count
from time import perf_counter
from typing import Any, Final

from benchmarks.calls import accepted
from benchmarks.processes import BenchmarkError

_VERSION: Final = "2026-07-28"
_ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": _VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_PATIENCE_SECONDS: Final = 300
_ids = count()


Address = tuple[str, int]
"""Where a server listens: host and port."""


def post(address: Address, tool: str, arguments: dict[str, Any]) -> bytes:
    """A call as it goes over the wire."""
    params = {"name": tool, "arguments": arguments, "_meta": _ENVELOPE}
    body = json.dumps({"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call", "params": params}).encode()
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
        f"MCP-Protocol-Version: {_VERSION}\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def call(address: Address, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make one call over a connection of its own and return what it answered."""

    async def exchange() -> dict[str, Any]:
        (connection,) = await _connected(address, 1)
        try:
            return accepted(await connection.exchange(post(address, tool, arguments)))
        finally:
            connection.close()

    return asyncio.run(exchange())


def calls_per_second(address: Address, posts_by_client: Sequence[Sequence[bytes]]) -> float:
    """With one connection a client; the first call of each opens it and is not counted."""

    async def crowd() -> float:
        connections = await _connected(address, len(posts_by_client))
        clients = list(zip(connections, posts_by_client, strict=True))
        try:
            await asyncio.gather(*(connection.make(posts[:1]) for connection, posts in clients))
            begun = perf_counter()
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await asyncio.gather(*(connection.make(posts[1:]) for connection, posts in clients))
            return sum(len(posts) - 1 for posts in posts_by_client) / (perf_counter() - begun)
        finally:
            for connection in connections:
                connection.close()

    return asyncio.run(crowd())


async def _connected(address: Address, number: int) -> list["_Connection"]:
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(_Connection, *address))[1] for _ in range(number)]


class _Connection(asyncio.Protocol):
    """One keep-alive connection; an answer is known by its Content-Length."""

    def __init__(self) -> None:
        self._received = b""
        self._answer: asyncio.Future[dict[str, Any]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "a TCP connection"
        self._transport = transport

    async def make(self, posts: Sequence[bytes]) -> None:
        """Make one call after the other."""
        for message in posts:
            accepted(await self.exchange(message))

    async def exchange(self, message: bytes) -> dict[str, Any]:
        """Send a request and return the parsed body of its answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        assert self._answer is not None, "a server speaks when it is asked"
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._answer.set_exception(BenchmarkError(f"a call was refused: {self._received.decode(errors='replace')}"))
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) >= length:
            self._received = body[length:]
            self._answer.set_result(json.loads(body[:length]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BenchmarkError(f"the server closed the connection: {exc}"))
