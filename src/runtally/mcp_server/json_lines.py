"""JSON-RPC messages as lines on non-blocking pipes or sockets, read and written by the event loop itself.

`add_reader` and `add_writer` rather than asyncio's pipe transports: its write-pipe transport takes a byte arriving on a
socket for a hang-up, and hosts hand out sockets as stdio, some of them one socket for both directions.
"""

import asyncio
import os
import select
from collections import deque
from typing import Final

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError

from runtally.domain.limits import MESSAGE_BYTES
from runtally.mcp_server.lines import Line, Lines
from runtally.mcp_server.messages import as_json, receive_message

PARTING_SECONDS: Final = 0.1
"""How long a line waits for a client that has closed its side and does not read."""
_READ_BYTES: Final = 64 * 1024
_QUEUED_LINES: Final = 64
_LOOK_SECONDS: Final = 0.5
"""How often it is looked whether the client has closed its end, while nothing is read."""


class PipeWriteStream(ObjectSendStream[SessionMessage]):
    """Writes one line a message, in the order of the calls; no line is torn, whoever is cancelled."""

    def __init__(self, fd: int, wake_reader: asyncio.Event) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._wake_reader = wake_reader
        self._unsent = bytearray()
        self._sent = asyncio.Event()
        self._sent.set()
        self.lost = False
        """The client has closed its end, or this end is closed."""

    @property
    def full(self) -> bool:
        """The system takes no more until the client reads."""
        return not self._sent.is_set()

    async def send(self, item: SessionMessage) -> None:
        """Return once the system has taken the whole line. Raises `BrokenResourceError` when there is no client."""
        if not self.lost:
            self._unsent += as_json(item.message) + b"\n"
            self._write()
            await self._sent.wait()
        if self.lost:
            raise anyio.BrokenResourceError

    async def aclose(self) -> None:
        """Give what is unsent a moment to leave."""
        with anyio.move_on_after(PARTING_SECONDS, shield=True):
            await self._sent.wait()
        self._lose()

    def _write(self) -> None:
        try:
            del self._unsent[: os.write(self._fd, self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._lose()
            return
        if self._unsent and not self.full:
            self._sent.clear()
            self._loop.add_writer(self._fd, self._write)
        elif not self._unsent and self.full:
            self._stop_waiting()

    def _lose(self) -> None:
        self.lost = True
        self._unsent.clear()
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        self._loop.remove_writer(self._fd)
        self._sent.set()
        self._wake_reader.set()


class PipeReadStream(ObjectReceiveStream[SessionMessage | JSONRPCError]):
    """Returns each line as a message, or as the error to answer it with.

    Nothing is returned while the writer is full, and nothing is read while enough lines wait to be returned: a client
    that does not read its answers soon cannot write. What was sent by one that is gone is read to its end all the
    same: it is no more than the system holds.
    """

    def __init__(self, fd: int, writer: PipeWriteStream, wake: asyncio.Event) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._closing = select.poll()
        self._closing.register(fd, select.POLLHUP)
        self._looking: asyncio.TimerHandle | None = None
        self._gone = False
        self._writer = writer
        self._wake = wake
        self._cut = Lines()
        self._lines: deque[Line] = deque()
        self._queued_bytes = 0
        self._listening = False
        self._ended = False
        self._listen()

    async def receive(self) -> SessionMessage | JSONRPCError:
        """Raises `EndOfStream` at the end of input, or when the client has closed its end of the output."""
        while not (self._ended or self._writer.lost or (self._lines and not self._writer.full)):
            self._wake.clear()
            await self._wake.wait()
        if self._writer.lost or not self._lines:
            raise anyio.EndOfStream
        line = self._lines.popleft()
        if isinstance(line, bytes):
            self._queued_bytes -= len(line)
        self._listen()
        return await receive_message(line) if isinstance(line, bytes) else line

    def end(self) -> None:
        """Return no more, as if input had ended before what was not returned yet."""
        self._ended = True
        self._lines.clear()
        self._listen()
        self._wake.set()

    async def aclose(self) -> None:
        self.end()

    def _listen(self) -> None:
        room = len(self._lines) < _QUEUED_LINES and self._queued_bytes < MESSAGE_BYTES
        wanted = not self._ended and (room or self._gone)
        if wanted and not self._listening:
            self._loop.add_reader(self._fd, self._read)
        elif self._listening and not wanted:
            self._loop.remove_reader(self._fd)
        self._listening = wanted
        if self._looking is None and not (wanted or self._ended):
            self._looking = self._loop.call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._looking = None
        if not self._ended:
            self._gone = bool(self._closing.poll(0))
            self._listen()

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        lines = self._cut.feed(data) if data else self._cut.end()
        self._lines += lines
        self._queued_bytes += sum(len(line) for line in lines if isinstance(line, bytes))
        self._ended = not data
        self._listen()
        self._wake.set()
