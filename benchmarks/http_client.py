"""Raw MCP clients over keep-alive HTTP: each call is one self-contained POST of protocol 2026-07-28."""

import asyncio
import json
from collections.abc import Sequence
from itertools import count
from time import perf_counter
from typing import Any, Final

from benchmarks.calls import accepted
from benchmarks.processes import Endpoint, Gone, Refused

_VERSION: Final = "2026-07-28"
ENVELOPE: Final = {
    "io.modelcontextprotocol/protocolVersion": _VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_PATIENCE_SECONDS: Final = 300
_ids = count()


def post(endpoint: Endpoint, tool: str, arguments: dict[str, Any]) -> bytes:
    """A call as it goes over the wire."""
    params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
    body = json.dumps({"jsonrpc": "2.0", "id": next(_ids), "method": "tools/call", "params": params}).encode()
    return post_of(endpoint, tool, body)


def post_of(endpoint: Endpoint, tool: str, body: bytes) -> bytes:
    """A request with any body that says it calls a tool."""
    key = f"Authorization: Bearer {endpoint.key}\r\n" if endpoint.key else ""
    head = (
        f"POST /mcp HTTP/1.1\r\nHost: {endpoint.host}:{endpoint.port}\r\n{key}"
        "Content-Type: application/json\r\nAccept: application/json\r\n"
        f"MCP-Protocol-Version: {_VERSION}\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def call(endpoint: Endpoint, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Make one call over a connection of its own and return what it answered."""

    async def exchange() -> dict[str, Any]:
        (connection,) = await connected(endpoint, 1)
        try:
            return accepted(await connection.exchange(post(endpoint, tool, arguments)))
        finally:
            connection.close()

    return asyncio.run(exchange())


def calls_per_second(endpoint: Endpoint, posts_by_client: Sequence[Sequence[bytes]]) -> float:
    """With one connection a client; the first call of each opens it and is not counted."""

    async def crowd() -> float:
        connections = await connected(endpoint, len(posts_by_client))
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


async def connected(endpoint: Endpoint, number: int) -> list["Connection"]:
    """So many new connections; `Gone` if nobody listens."""
    loop = asyncio.get_running_loop()
    try:
        return [(await loop.create_connection(Connection, endpoint.host, endpoint.port))[1] for _ in range(number)]
    except ConnectionError as error:
        raise Gone(f"nobody listens: {error}") from error


class Connection(asyncio.Protocol):
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
        if self._transport.is_closing():
            raise Gone("the server closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    def send(self, message: bytes) -> None:
        """Send what will not be waited for."""
        self._transport.write(message)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        assert self._answer is not None, "a server speaks when it is asked"
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._received = body[length:]
        if head.startswith(b"HTTP/1.1 200 "):
            self._answer.set_result(json.loads(body[:length]))
        else:
            self._answer.set_exception(Refused(head.split(b" ", 2)[1].decode(), body.decode(errors="replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Gone(f"the server closed the connection: {exc}"))
