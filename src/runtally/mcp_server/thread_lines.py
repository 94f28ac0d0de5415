"""JSON-RPC messages as lines where the event loop cannot wait: files, terminals, everything on Windows."""

import asyncio
import contextlib
import os
import select
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Final, Generic, TypeVar

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError

from runtally.mcp_server.lines import Line, Lines
from runtally.mcp_server.messages import as_json, receive_message

_READ_BYTES: Final = 64 * 1024

ResultT = TypeVar("ResultT")


class ThreadReadStream(ObjectReceiveStream[SessionMessage | JSONRPCError]):
    """Returns each line as a message, or as the error to answer it with; reads no further than it must for that."""

    def __init__(self, fd: int) -> None:
        # Unbuffered: what is left in a read keeps no lock that the end of the process would wait for.
        self._file = os.fdopen(fd, "rb", buffering=0, closefd=False)
        self._thread = _Thread[bytes | None]()
        self._cut = Lines()
        self._lines: deque[Line] = deque()
        self._reading: asyncio.Future[bytes | None] | None = None
        self._ended = False

    async def receive(self) -> SessionMessage | JSONRPCError:
        """Raises `EndOfStream` at the end of input."""
        while not self._lines:
            if self._ended:
                raise anyio.EndOfStream
            self._reading = self._thread.start(self._read)
            try:
                data = await self._reading
            except OSError:  # a terminal that is gone
                data = None
            if not self._ended:
                self._lines += self._cut.feed(data) if data else self._cut.end()
                self._ended = not data
        line = self._lines.popleft()
        return await receive_message(line) if isinstance(line, bytes) else line

    def end(self) -> None:
        """Return no more, as if input had ended before what was not returned yet."""
        self._ended = True
        self._lines.clear()
        if self._reading is not None:
            _settle(self._reading, None)

    async def aclose(self) -> None:
        self.end()
        self._thread.end()

    def _read(self) -> bytes:
        while (data := self._file.read(_READ_BYTES)) is None:
            # Whoever shares the terminal has made it one that does not block.
            select.select([self._file], [], [])
        return data


class ThreadWriteStream(ObjectSendStream[SessionMessage]):
    """Writes one line a message, in the order of the calls; no line is torn, whoever is cancelled."""

    def __init__(self, fd: int) -> None:
        self._file = os.fdopen(fd, "wb", buffering=0, closefd=False)
        self._thread = _Thread[None]()

    async def send(self, item: SessionMessage) -> None:
        """Return once the system has taken the whole line. Raises `BrokenResourceError` when there is no client."""
        try:
            await self._thread.start(partial(self._write, as_json(item.message) + b"\n"))
        except OSError:
            raise anyio.BrokenResourceError from None

    async def aclose(self) -> None:
        self._thread.end()

    def _write(self, line: bytes) -> None:
        unsent = memoryview(line)
        while unsent:
            written = self._file.write(unsent)
            if written is None:
                select.select([], [self._file], [])
            unsent = unsent[written or 0 :]


class _Thread(Generic[ResultT]):
    """Makes blocking calls one after the other. Left in the middle of one, it does not keep the process alive."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._calls: SimpleQueue[tuple[Callable[[], ResultT], asyncio.Future[ResultT]] | None] = SimpleQueue()
        threading.Thread(target=self._serve, daemon=True).start()

    def start(self, call: Callable[[], ResultT]) -> "asyncio.Future[ResultT]":
        """What the call returns, or the exception that it raises; it goes on where nobody waits for it any more."""
        future: asyncio.Future[ResultT] = self._loop.create_future()
        self._calls.put((call, future))
        return future

    def end(self) -> None:
        """End the thread when it has made the calls that were asked for."""
        self._calls.put(None)

    def _serve(self) -> None:
        while asked := self._calls.get():
            call, future = asked
            try:
                settle = partial(_settle, future, call())
            except Exception as error:  # noqa: BLE001 - it is told to whoever waits
                settle = partial(_fail, future, error)
            with contextlib.suppress(RuntimeError):  # the loop is gone, and with it everyone who waited
                self._loop.call_soon_threadsafe(settle)


def _settle(future: "asyncio.Future[ResultT]", result: ResultT) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[ResultT]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
