"""MCP over the process's own stdin and stdout, without the three thread hops a message takes in the SDK's transport.

Where the event loop cannot wait on the descriptors (Windows, files, terminals), the SDK's threads carry the lines.
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
from mcp.server.stdio import stdio_server
from mcp.shared._stream_protocols import ReadStream, WriteStream
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import INVALID_REQUEST, JSONRPCError, JSONRPCRequest, JSONRPCResponse, RequestId
from pydantic import ValidationError

from runtally.mcp_server.json_lines import PARTING_SECONDS, PipeReadStream, PipeWriteStream
from runtally.mcp_server.messages import error_response, refuse_text

if sys.platform != "win32":
    import fcntl

_ANSWER_SECONDS: Final = 0.4
"""How long the end of stdin is held back for requests that are still being answered."""


@contextlib.asynccontextmanager
async def stdio_streams() -> AsyncIterator[tuple[ReadStream[SessionMessage | Exception], WriteStream[SessionMessage]]]:
    """Open the two streams that `Server.run` takes, over fd 0 and fd 1; needs the asyncio backend.

    While they are open, fd 0 is the null device and fd 1 is stderr, so neither a print nor a child process touches the
    wire. A line that is no message gets a JSON-RPC error and is skipped. The end of stdin is delivered when every
    request is answered, at most 0.4 s late.
    """
    async with _pipe_streams() if _stdio_is_piped() else stdio_server() as (source, sink):
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


class IncomingMessages(ObjectReceiveStream[SessionMessage | Exception]):
    """Refuses bad lines itself, and ends only when the requests it returned are settled."""

    def __init__(
        self,
        source: ReadStream[SessionMessage | JSONRPCError | Exception],
        sink: WriteStream[SessionMessage],
        requests: OpenRequests,
    ) -> None:
        self._source = source
        self._sink = sink
        self._requests = requests

    async def receive(self) -> SessionMessage | Exception:
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
            answer = _sdk_refusal(item) if isinstance(item, Exception) else item
            if answer is not None:
                # A pipe has accepted the line before the wait, and returns no other line until it has left.
                with contextlib.suppress(anyio.BrokenResourceError), anyio.move_on_after(PARTING_SECONDS):
                    await self._sink.send(SessionMessage(answer))

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


def _sdk_refusal(error: Exception) -> JSONRPCError | None:
    """The answer to a line the SDK could not parse; none to a blank one, which it does not skip."""
    first = error.errors(include_url=False)[0] if isinstance(error, ValidationError) else None
    if first is None or first["type"] != "json_invalid":
        return error_response(INVALID_REQUEST, "The line is not a JSON-RPC 2.0 message.")
    return refuse_text(first["input"].encode()) if first["input"].strip() else None


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
    with _private_wire(0, os.O_RDONLY) as stdin, _private_wire(1, os.O_WRONLY) as stdout:
        wake = asyncio.Event()
        async with PipeWriteStream(stdout, wake) as writer, PipeReadStream(stdin, writer, wake) as reader:
            yield reader, writer


@contextlib.contextmanager
def _private_wire(fd: int, flags: int) -> Iterator[int]:
    """A non-blocking duplicate of `fd` that no child inherits; meanwhile fd 0 is the null device and fd 1 stderr."""
    with contextlib.ExitStack() as undo:
        wire = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
        undo.callback(os.close, wire)
        undo.callback(os.set_blocking, wire, os.get_blocking(wire))
        undo.callback(os.dup2, wire, fd)
        os.set_blocking(wire, False)
        stand_in = os.open(os.devnull, flags)
        os.dup2(stand_in, fd)
        os.close(stand_in)
        if fd == 1:
            with contextlib.suppress(OSError):
                os.dup2(2, fd)
        yield wire
