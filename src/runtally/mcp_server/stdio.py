"""MCP over the process's own stdin and stdout, without the three thread hops a message takes in the SDK's transport.

Where the event loop cannot wait on the descriptors (Windows, files, terminals), threads carry the lines.
"""

import asyncio
import contextlib
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Final

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.os.win32.utilities import rebind_std_handle_to_fd
from mcp.shared._stream_protocols import WriteStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId

from runtally.mcp_server.json_lines import PARTING_SECONDS, PipeReadStream, PipeWriteStream
from runtally.mcp_server.thread_lines import ThreadReadStream, ThreadWriteStream

if sys.platform != "win32":
    import fcntl

_ANSWER_SECONDS: Final = 0.4
"""How long the end of stdin is held back for requests that are still being answered."""


@contextlib.asynccontextmanager
async def stdio_streams() -> "AsyncIterator[tuple[IncomingMessages, OutgoingMessages]]":
    """Open the two streams that `Server.run` takes, over fd 0 and fd 1; needs the asyncio backend.

    While they are open, fd 0 is the null device and fd 1 is stderr, so neither a print nor a child process touches the
    wire. A line that is no message gets a JSON-RPC error and is skipped. The end, of stdin or by `end`, is delivered
    when every request is answered, at most 0.4 s late.
    """
    async with _pipe_streams() if _stdio_is_piped() else _thread_streams() as (source, sink):
        requests = OpenRequests()
        try:
            yield IncomingMessages(source, sink, requests), OutgoingMessages(sink, requests)
        finally:
            # A print may still sit in Python's buffer; flushed any later, it would land on the restored wire.
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()


class OpenRequests:
    """The requests that were received and neither answered nor cancelled."""

    def __init__(self) -> None:
        self._ids: set[RequestId] = set()
        self._change = anyio.Event()
        self.ending = False
        """The end of stdin has been delivered: nothing waits long for the client any more."""

    def opened(self, request_id: RequestId) -> ServerMessageMetadata:
        """Expect `settled` for the request; the returned hook has the dispatcher call it if no answer will be sent."""
        self._ids.add(request_id)
        return ServerMessageMetadata(on_request_unanswered=partial(self.settled, request_id))

    async def settled(self, request_id: RequestId | None) -> None:
        if request_id is not None:
            self._ids.discard(request_id)
        self._change.set()

    async def finish(self) -> None:
        """Return when every request is settled, or when the client has waited long enough."""
        with anyio.move_on_after(_ANSWER_SECONDS):
            while self._ids:
                self._change = anyio.Event()
                await self._change.wait()
        self.ending = True


class IncomingMessages(ObjectReceiveStream[SessionMessage]):
    """Refuses bad lines itself, and ends only when the requests it returned are settled."""

    def __init__(
        self,
        source: PipeReadStream | ThreadReadStream,
        sink: WriteStream[SessionMessage],
        requests: OpenRequests,
    ) -> None:
        self._source = source
        self._sink = sink
        self._requests = requests

    async def receive(self) -> SessionMessage:
        while True:
            try:
                item = await self._source.receive()
            except anyio.EndOfStream:
                await self._requests.finish()
                raise
            if isinstance(item, SessionMessage):
                if isinstance(item.message, JSONRPCRequest):
                    item.metadata = self._requests.opened(item.message.id)
                return item
            # The line is accepted before the wait, and a pipe returns no other line until it has left.
            with contextlib.suppress(anyio.BrokenResourceError), anyio.move_on_after(PARTING_SECONDS):
                await self._sink.send(SessionMessage(item))

    def end(self) -> None:
        """As if the client had closed its end: what it has sent and is not received yet is left out."""
        self._source.end()

    async def aclose(self) -> None:
        await self._source.aclose()


class OutgoingMessages(ObjectSendStream[SessionMessage]):
    """Settles a request when its answer has been handed to the system."""

    def __init__(self, sink: WriteStream[SessionMessage], requests: OpenRequests) -> None:
        self._sink = sink
        self._requests = requests

    async def send(self, item: SessionMessage) -> None:
        try:
            with anyio.move_on_after(PARTING_SECONDS) if self._requests.ending else contextlib.nullcontext():
                await self._sink.send(item)
        finally:
            if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                await self._requests.settled(item.message.id)

    async def aclose(self) -> None:
        await self._sink.aclose()


def _stdio_is_piped() -> bool:
    if sys.platform == "win32":
        return False
    try:
        modes = [os.fstat(fd).st_mode for fd in (0, 1)]
    except OSError:
        return False
    return all(stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) for mode in modes)


@contextlib.asynccontextmanager
async def _pipe_streams() -> AsyncIterator[tuple[PipeReadStream, PipeWriteStream]]:
    with _private_wire(0, os.O_RDONLY, blocks=False) as stdin, _private_wire(1, os.O_WRONLY, blocks=False) as stdout:
        wake = asyncio.Event()
        async with PipeWriteStream(stdout, wake) as writer, PipeReadStream(stdin, writer, wake) as reader:
            yield reader, writer


@contextlib.asynccontextmanager
async def _thread_streams() -> AsyncIterator[tuple[ThreadReadStream, ThreadWriteStream]]:
    with _private_wire(0, os.O_RDONLY, blocks=True) as stdin, _private_wire(1, os.O_WRONLY, blocks=True) as stdout:
        async with ThreadWriteStream(stdout) as writer, ThreadReadStream(stdin) as reader:
            yield reader, writer


@contextlib.contextmanager
def _private_wire(fd: int, flags: int, *, blocks: bool) -> Iterator[int]:
    """A duplicate of `fd` that no child inherits; meanwhile fd 0 is the null device and fd 1 stderr.

    One that blocks is never closed: a thread may be left in a call on it.
    """
    with contextlib.ExitStack() as undo:
        wire = os.dup(fd) if sys.platform == "win32" else fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
        if not blocks:
            undo.callback(os.close, wire)
            undo.callback(os.set_blocking, wire, os.get_blocking(wire))
            os.set_blocking(wire, False)
        undo.callback(_put, wire, fd)
        stand_in = os.open(os.devnull, flags)
        _put(stand_in, fd)
        os.close(stand_in)
        if fd == 1:
            with contextlib.suppress(OSError):
                _put(2, fd)
        yield wire


def _put(source: int, fd: int) -> None:
    """Make `fd` the same as the source, for children as well."""
    os.dup2(source, fd)
    if sys.platform == "win32":
        with contextlib.suppress(OSError):
            rebind_std_handle_to_fd(fd)
