"""Clients at work until their server is gone: many calls in flight on one pipe, or a connection each."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, Self

from benchmarks.calls import accepted
from benchmarks.http_client import ENVELOPE, Connection, connected, post, post_of
from benchmarks.processes import Endpoint, Gone, Refused, ServerProcess, runtally

_PATIENCE_SECONDS: Final = 60
_NO_MESSAGE: Final = b'{"jsonrpc": "2.0", "id": 7, "method": "tools/ca'


class Client(Protocol):
    """Makes calls; every method raises `Gone` once the server has ended."""

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The structured answer. Raises `Refused` for an error."""

    async def hang_up(self, tool: str, arguments: dict[str, Any]) -> None:
        """Make a call and give it up at once, so that nobody knows whether it was done."""

    async def garble(self) -> None:
        """Send what is no message."""

    def close(self) -> None: ...


class Server(ServerProcess):
    """Runtally over stdio or, where there is a bearer key, over HTTP."""

    def __init__(self, database: Path, log: Path, key: str | None = None) -> None:
        super().__init__(runtally(database, *(("serve", "--http", "--port", "0") if key else ())), log)
        self._listens_at = self.endpoint(key) if key else None

    @asynccontextmanager
    async def clients(self, number: int) -> AsyncIterator[list[Client]]:
        """So many clients, each for one task; over stdio they are one, with so many calls in flight."""
        clients: list[Client]
        if self._listens_at is None:
            clients = [await _PipeClient.of(self)] * number
        else:
            clients = [_HttpClient(self._listens_at) for _ in range(number)]
        try:
            yield clients
        except Gone as gone:
            raise self.failure("ended by itself") from gone
        finally:
            for client in clients:
                client.close()


class _PipeClient(asyncio.Protocol):
    """Newline-delimited JSON-RPC over the pipes of a process, any number of calls at a time."""

    def __init__(self, sink: asyncio.WriteTransport) -> None:
        self._sink = sink
        self._source: asyncio.BaseTransport | None = None
        self._ids = count()
        self._partial = b""
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    @classmethod
    async def of(cls, process: ServerProcess) -> Self:
        loop = asyncio.get_running_loop()
        sink, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(process.stdin), "wb", 0))
        _, client = await loop.connect_read_pipe(lambda: cls(sink), os.fdopen(os.dup(process.stdout), "rb", 0))
        return client

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        request_id = self._call(tool, arguments)
        self._answers[request_id] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return accepted(await self._answers[request_id])

    async def hang_up(self, tool: str, arguments: dict[str, Any]) -> None:
        given_up = {"requestId": self._call(tool, arguments)}
        self._say({"method": "notifications/cancelled", "params": {**given_up, "_meta": ENVELOPE}})

    async def garble(self) -> None:
        self._sink.write(_NO_MESSAGE + b"\n")

    def close(self) -> None:
        self._sink.close()
        if self._source is not None:
            self._source.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._source = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            # Nobody waits for the answer to a call that was given up, or to what was no message.
            if waiting := self._answers.pop(answer.get("id"), None):
                waiting.set_result(answer)

    def connection_lost(self, _: Exception | None) -> None:
        self._source = None
        for waiting in self._answers.values():
            waiting.set_exception(Gone("the server closed its end"))

    def _call(self, tool: str, arguments: dict[str, Any]) -> int:
        request_id = next(self._ids)
        params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
        self._say({"id": request_id, "method": "tools/call", "params": params})
        return request_id

    def _say(self, message: dict[str, Any]) -> None:
        if self._source is None:
            raise Gone("the server closed its end")
        self._sink.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


class _HttpClient:
    """One call at a time, over one connection until that is hung up."""

    def __init__(self, listens_at: Endpoint) -> None:
        self._listens_at = listens_at
        self._connection: Connection | None = None

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return accepted(await self._exchange(post(self._listens_at, tool, arguments)))

    async def hang_up(self, tool: str, arguments: dict[str, Any]) -> None:
        message = post(self._listens_at, tool, arguments)
        for sent in (message, message[:-1]):
            (await self._connected()).send(sent)
            self.close()

    async def garble(self) -> None:
        with suppress(Refused):
            await self._exchange(post_of(self._listens_at, "core_start_run", _NO_MESSAGE))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _exchange(self, message: bytes) -> dict[str, Any]:
        connection = await self._connected()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await connection.exchange(message)

    async def _connected(self) -> Connection:
        if self._connection is None:
            (self._connection,) = await connected(self._listens_at, 1)
        return self._connection
