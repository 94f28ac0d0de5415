"""The connections of the HTTP server: how many there may be, and how long each may keep the server waiting."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import h11  # type: ignore[attr-defined] # uvicorn's own, whatever it parses with
from uvicorn.server import ServerState

from runtally.domain.limits import MESSAGE_BYTES
from runtally.mcp_server.refusal_log import log_refusal

if TYPE_CHECKING:
    # Both parsers' protocols have what is used here; which of them it is shows at run time.
    from uvicorn.protocols.http.h11_impl import H11Protocol as AutoHTTPProtocol
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol

CONNECTIONS_MAX: Final = 1024
ACCEPTED_AT_ONCE: Final = 16
"""In one turn of the event loop; the first of them that is too many is closed four turns later."""
RESERVED_DESCRIPTORS: Final = 64 + 4 * ACCEPTED_AT_ONCE
"""For the database, its log, its readers and what Python opens; and for connections on their way to being closed."""
HEAD_BYTES_MAX: Final = 64 * 2**10
"""h11 has a lower bound of its own, httptools none."""
BODY_PARTS_MAX: Final = 8192
"""Chunks and trailers of one request: each keeps the whole server busy for a moment, however small it is."""
BODY_BYTES_MAX: Final = 2 * MESSAGE_BYTES
"""On the wire, with what is around the chunks. Of what is in them more than one message is refused before."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the server grants its clients; times are in seconds, and hold within a fraction of one."""

    connections: int = CONNECTIONS_MAX
    head_seconds: float = 10
    """From connecting, or from the beginning of a further request, until the request's head is here."""
    body_seconds: float = 30
    """From the head until the body is here."""
    unread_seconds: float = 30
    """While the client reads nothing of what it was answered."""
    idle_seconds: int = 5
    """Between an answer and the next request."""
    shutdown_seconds: float = 5
    """From a signal until what is not answered yet is cut off."""

    @classmethod
    def of_this_process(cls) -> Self:
        """As many connections as there are descriptors for, so that accepting one never fails."""
        return cls(connections=max(1, min(CONNECTIONS_MAX, _descriptors() - RESERVED_DESCRIPTORS)))


class Connections(ServerState):
    """uvicorn's state of all connections of a server, and the bounds that hold for them."""

    def __init__(self, bounds: Bounds) -> None:
        super().__init__()
        self.bounds = bounds

    @property
    def are_too_many(self) -> bool:
        """Whether the newest connection is one beyond the bound."""
        return len(self.connections) > self.bounds.connections

    def end_overdue(self, now: float) -> None:
        """End those whose client keeps the server waiting for too long; `now` is the event loop's time."""
        for connection in self._open():
            connection.end_if_overdue(now)

    def cut_off(self) -> None:
        """End all, and whatever is being done for them."""
        for connection in self._open():
            connection.transport.abort()
        for task in self.tasks:
            task.cancel()

    def _open(self) -> "list[Connection]":
        return [connection for connection in self.connections if isinstance(connection, Connection)]


class _Wait(NamedTuple):
    """What a client is waited for; two that differ mean that it has moved on."""

    seconds: float
    request: object
    unread_bytes: int = 0


@dataclass(slots=True)
class _Body:
    """How much has come of the body of a request."""

    request: object = None
    wire_bytes: int = 0
    parts: int = 0


class Connection(AutoHTTPProtocol):
    """A connection as uvicorn serves it, with h11 or, where it is installed, httptools; but not for ever."""

    server_state: Connections

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: Connections,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._wait: _Wait | None = None
        self._waiting_since = 0.0
        self._is_half_closed = False
        self._unasked_bytes = 0
        self._body = _Body()
        if hasattr(self, "conn"):
            self.conn = _H11(self.on_chunk_header)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or answer at once that there are too many."""
        super().connection_made(transport)
        if self.server_state.are_too_many:
            self._end_with("503 Service Unavailable", "the server has as many connections as it may; try again later")

    def data_received(self, data: bytes) -> None:
        """Take what was sent, unless it is a head or a body without end or the rest of what was refused long ago."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        self._body_of_request.wire_bytes += len(data)
        is_between_requests = self.cycle is None or self.cycle.response_complete
        self._unasked_bytes = self._unasked_bytes + len(data) if is_between_requests else 0
        # Of a refused body uvicorn reads the rest without keeping it, so that the client gets to read why.
        if self._unasked_bytes > HEAD_BYTES_MAX + (MESSAGE_BYTES if self._has_refused_body else 0):
            self._end_with("431 Request Header Fields Too Large", "the head of a request is too large")
        elif not is_between_requests and self.cycle.more_body and self._body.wire_bytes > BODY_BYTES_MAX:
            self._end_with("413 Content Too Large", f"a body has at most {MESSAGE_BYTES:,} bytes")

    def on_chunk_header(self) -> None:
        """Count a chunk of the body. The parser is not asked for more of what has too many."""
        body = self._body_of_request
        body.parts += 1
        if body.parts > BODY_PARTS_MAX:
            raise h11.RemoteProtocolError("too many chunks")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header as httptools tells it. What comes after the body says nothing of the request."""
        if self.cycle is not None and self.cycle.scope is self.scope:
            self.on_chunk_header()
        else:
            super().on_header(name, value)  # type: ignore[misc] # h11 tells all headers at once

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not go on with, also in the middle of a body that was answered before."""
        if self._body.parts > BODY_PARTS_MAX:
            words = f"a body has at most {BODY_PARTS_MAX:,} chunks; send larger ones, or Content-Length"
            self._end_with("413 Content Too Large", words)
        else:
            self._end_with("400 Bad Request", msg)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay open while a client that sends no more is owed an answer."""
        self._is_half_closed = True
        return self._is_answering

    def on_response_complete(self) -> None:
        """Go on with the next request, if the client can send one or has sent one."""
        super().on_response_complete()
        if self._is_half_closed and not self._is_answering:
            self.transport.close()

    def end_if_overdue(self, now: float) -> None:
        """End the connection once its client has been waited for as long as the bounds say; to be asked often."""
        wait = self._waited_for()
        if wait is None or wait != self._wait:
            self._wait, self._waiting_since = wait, now
        elif now - self._waiting_since >= wait.seconds:
            self._end(wait)

    @property
    def _body_of_request(self) -> _Body:
        if self._body.request is not self.cycle:
            self._body = _Body(self.cycle)
        return self._body

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    @property
    def _has_refused_body(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and self.cycle.response_started

    def _waited_for(self) -> _Wait | None:
        bounds = self.server_state.bounds
        unread_bytes = self.transport.get_write_buffer_size()
        if unread_bytes:
            return _Wait(bounds.unread_seconds, self.cycle, unread_bytes)
        if self.cycle is None:
            return _Wait(bounds.head_seconds, None)
        if self.cycle.response_complete:
            return _Wait(bounds.idle_seconds + bounds.head_seconds, self.cycle)
        return _Wait(bounds.body_seconds, self.cycle) if self.cycle.more_body else None

    def _end(self, wait: _Wait) -> None:
        if wait.unread_bytes:
            self.transport.abort()
        else:
            self._end_with("408 Request Timeout", "the request took too long to arrive")

    def _end_with(self, status: str, words: str) -> None:
        """Close, and say why past the parser, which may be in the middle of a request; unless that was answered."""
        lines = (f"HTTP/1.1 {status}", "Content-Type: text/plain", f"Content-Length: {len(words)}", "Connection: close")
        if not self._has_refused_body:
            self.transport.write("\r\n".join([*lines, "", words]).encode())
            log_refusal(int(status[:3]), words)
        self.transport.close()


class _H11(h11.Connection):
    """Tells of each chunk as httptools does."""

    def __init__(self, on_chunk_header: Callable[[], None]) -> None:
        super().__init__(h11.SERVER, HEAD_BYTES_MAX)
        self._on_chunk_header = on_chunk_header

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Data) and event.chunk_start:
            self._on_chunk_header()
        return event


def _descriptors() -> int:
    """How many files and connections the process may have open at once."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource  # noqa: PLC0415 - there is none on Windows

    soft_limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft_limit == resource.RLIM_INFINITY else soft_limit
