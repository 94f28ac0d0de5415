"""Lines on a pipe become messages or refusals in our words, and messages become whole lines."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification

from runtally.mcp_server import json_lines
from runtally.mcp_server.json_lines import PipeReadStream, PipeWriteStream

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows threads carry the lines")

NOT_JSON = (-32700, "The line is not JSON in UTF-8.")
NOT_A_MESSAGE = (-32600, "The line is not a JSON-RPC 2.0 message.")
LONE_SURROGATE = (
    -32600, "The line holds a lone surrogate, half of a character such as \\ud800. Send whole characters."
)  # fmt: skip


class Pipes:
    """A reader and a writer with the client's two pipe ends."""

    def __init__(self) -> None:
        server_in, self.to_server = os.pipe()
        self.from_server, server_out = os.pipe()
        self.fds = [server_in, self.to_server, self.from_server, server_out]
        os.set_blocking(server_in, False)
        os.set_blocking(server_out, False)
        wake = asyncio.Event()
        self.writer = PipeWriteStream(server_out, wake)
        self.reader = PipeReadStream(server_in, self.writer, wake)

    async def line_from_server(self) -> bytes:
        received = b""
        while not received.endswith(b"\n"):
            await anyio.wait_readable(self.from_server)
            received += os.read(self.from_server, 65536)
        return received

    def close(self, fd: int) -> None:
        self.fds.remove(fd)
        os.close(fd)


@asynccontextmanager
async def open_pipes() -> AsyncIterator[Pipes]:
    pipes = Pipes()
    with anyio.fail_after(20):
        async with pipes.writer, pipes.reader:
            yield pipes
    for fd in pipes.fds:
        os.close(fd)


def in_loop(test: Callable[..., Awaitable[None]], *arguments: object) -> None:
    anyio.run(test, *arguments, backend="asyncio")


def notification(method: str) -> SessionMessage:
    return SessionMessage(JSONRPCNotification(jsonrpc="2.0", method=method))


@pytest.mark.parametrize(
    ("line", "error", "request_id"),
    [
        (b"hello", NOT_JSON, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"ping"', NOT_JSON, None),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', NOT_JSON, None),
        (b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"ping"}', NOT_JSON, None),
        ('{"jsonrpc":"2.0","id":1,"method":"ping"}'.encode("utf-16-le"), NOT_JSON, None),
        (b"[" * 100_000, (-32700, "The line is nested too deeply."), None),
        (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', NOT_A_MESSAGE, None),
        (b"3", NOT_A_MESSAGE, None),
        (b'{"jsonrpc":"2.0","id":7}', NOT_A_MESSAGE, 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"\\ud800"}', LONE_SURROGATE, 7),
        (b'{"jsonrpc":"1.0","id":"seven","method":"ping"}', NOT_A_MESSAGE, "seven"),
        (b'{"jsonrpc":"2.0","id":[7],"method":"ping"}', NOT_A_MESSAGE, None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', NOT_A_MESSAGE, None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', NOT_A_MESSAGE, None),
        (b'{"jsonrpc":"2.0","id":7,"result":"no object"}', NOT_A_MESSAGE, None),
    ],
    ids=lambda value: repr(value[:45]) if isinstance(value, bytes) else "",
)
def test_a_line_that_is_no_message_is_refused(line: bytes, error: tuple[int, str], request_id: object) -> None:
    async def read() -> None:
        async with open_pipes() as pipes, anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, os.write, pipes.to_server, line + b"\n")
            refused = await pipes.reader.receive()
        assert isinstance(refused, JSONRPCError)
        assert (refused.error.code, refused.error.message) == error
        assert refused.id == request_id

    in_loop(read)


def test_lines_are_put_together_from_any_pieces_and_blank_ones_skipped() -> None:
    async def read() -> None:
        async with open_pipes() as pipes:
            for byte in b'\n \r\n{"jsonrpc":"2.0","method":"one"}\r\n\n{"jsonrpc":"2.0","method":"\xc3\xa9","x":"id"}':
                os.write(pipes.to_server, bytes([byte]))
                await anyio.lowlevel.checkpoint()
            pipes.close(pipes.to_server)
            received = [item async for item in pipes.reader]
        assert received == [notification("one"), notification("é")]

    in_loop(read)


def test_a_line_waits_for_the_client_and_is_not_torn_when_its_sender_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_lines, "PARTING_SECONDS", 20)

    async def write() -> None:
        message = notification("x" * 300_000)
        async with open_pipes() as pipes:
            with anyio.move_on_after(0.05) as patience:
                await pipes.writer.send(message)
            assert patience.cancelled_caught
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pipes.writer.aclose)
                received = await pipes.line_from_server()
            assert json.loads(received) == message.message.model_dump(exclude_unset=True)
            with pytest.raises(anyio.BrokenResourceError):
                await pipes.writer.send(message)

    in_loop(write)


def test_nothing_more_is_returned_for_a_client_that_has_closed_its_reading_end() -> None:
    async def read() -> None:
        async with open_pipes() as pipes:
            os.write(pipes.to_server, b'{"jsonrpc":"2.0","method":"one"}\n{"jsonrpc":"2.0","method":"two"}\n')
            assert await pipes.reader.receive() == notification("one")
            pipes.close(pipes.from_server)
            with pytest.raises(anyio.BrokenResourceError):
                await pipes.writer.send(notification("lost"))
            with pytest.raises(anyio.EndOfStream):
                await pipes.reader.receive()

    in_loop(read)


def test_nothing_is_returned_while_the_client_does_not_read() -> None:
    async def exchange() -> None:
        async with open_pipes() as pipes, anyio.create_task_group() as tasks:
            os.write(pipes.to_server, b'{"jsonrpc":"2.0","method":"one"}\n')
            tasks.start_soon(pipes.writer.send, notification("x" * 300_000))
            with anyio.move_on_after(0.05) as patience:
                await pipes.reader.receive()
            assert patience.cancelled_caught
            await pipes.line_from_server()
            assert await pipes.reader.receive() == notification("one")

    in_loop(exchange)


def test_the_end_of_input_is_seen_while_the_client_does_not_read_and_costs_no_line() -> None:
    async def exchange() -> None:
        async with open_pipes() as pipes, anyio.create_task_group() as tasks:
            os.write(pipes.to_server, b'{"jsonrpc":"2.0","method":"one"}\n' * 1_000)
            received = [await pipes.reader.receive()]
            tasks.start_soon(pipes.writer.send, notification("x" * 300_000))
            await anyio.lowlevel.checkpoint()
            pipes.close(pipes.to_server)
            received += [item async for item in pipes.reader]
            tasks.cancel_scope.cancel()
        assert received == [notification("one")] * 1_000

    in_loop(exchange)
