"""A client that is slow, silent or one of too many costs the HTTP server little, and costs the others nothing."""

import select
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from runtally.cli.http_connections import BODY_PARTS_MAX
from runtally.domain.limits import MESSAGE_BYTES
from tests.interfaces.keyed_door import new_key
from tests.interfaces.raw_http import HEALTH, PARSERS, TunedServer, answer, call, dripped, head, heard, statuses
from tests.journeys.processes import BOUND_SECONDS, ERAS, Process

SOON = {"head_seconds": 1, "body_seconds": 1, "unread_seconds": 1, "idle_seconds": 1, "shutdown_seconds": 1}
DRIPS = 300
"""Half a minute of drops: many times what the tuned server waits for."""
CLOSE = "Connection: close"
TELLS_THAT_IT_BEGINS = """
import sys
from runtally import bootstrap
from runtally.cli.main import main
refuse_bad_path = bootstrap.refuse_bad_path
bootstrap.refuse_bad_path = lambda settings: (print("begins", file=sys.stderr, flush=True), refuse_bad_path(settings))
sys.exit(main(sys.argv[1:]))
"""
UNFINISHED = head("POST", "/mcp", "Content-Type: application/json", "Content-Length: 1000") + b'{"jsonrpc"'


@pytest.fixture(scope="module", params=PARSERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TunedServer]:
    database = tmp_path_factory.mktemp("connections") / "ledger.db"
    with TunedServer(database, request.param, SOON) as server:
        yield server
        assert "Traceback" not in server.stderr


@pytest.fixture(params=PARSERS)
def parser(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("sent", [b"", b"POST /mc", HEALTH[:-2]])
def test_a_request_whose_head_does_not_come_is_not_waited_for(server: TunedServer, sent: bytes) -> None:
    assert statuses(server.ask(sent)) == [408]
    with server.connect(HEALTH) as connection:
        assert statuses(answer(connection)) == [200]
        connection.sendall(sent)
        assert statuses(heard(connection)) == ([408] if sent else []), "between requests it is enough to close"


def test_a_request_whose_body_does_not_come_is_not_waited_for(server: TunedServer) -> None:
    assert statuses(server.ask(UNFINISHED)) == [408]
    assert statuses(server.ask(HEALTH, UNFINISHED)) == [200, 408]
    chunked = head("POST", "/mcp", "Content-Type: application/json", "Transfer-Encoding: chunked") + b"2\r\n{"
    assert statuses(server.ask(chunked)) == [408]


def test_a_head_without_end_is_not_kept(server: TunedServer) -> None:
    endless = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000
    assert statuses(server.ask(endless)) in ([400], [431])
    with server.connect(HEALTH) as connection:
        assert statuses(answer(connection)) == [200]
        connection.sendall(endless)
        assert statuses(heard(connection)) in ([400], [431])


def test_a_refused_body_is_not_read_for_ever(server: TunedServer) -> None:
    refused = head("POST", "/mcp", "Content-Type: text/plain", f"Content-Length: {100 * MESSAGE_BYTES}")
    with server.connect(refused) as connection:
        assert statuses(answer(connection)) == [415]
        with pytest.raises(ConnectionError):
            connection.sendall(b" " * (100 * MESSAGE_BYTES))
        assert heard(connection) == b""


CHUNKED = ("Content-Type: application/json", "Transfer-Encoding: chunked")


@pytest.mark.parametrize("kind", ["application/json", "text/plain"], ids=["awaited", "refused"])
def test_nobody_keeps_the_server_busy_with_small_chunks(server: TunedServer, kind: str) -> None:
    asked = head("POST", "/mcp", f"Content-Type: {kind}", "Transfer-Encoding: chunked")
    with server.connect(asked) as connection:
        if kind == "text/plain":
            assert statuses(answer(connection)) == [415]
        with suppress(ConnectionError):
            connection.sendall(b"1\r\n \r\n" * 650_000)
        told = heard(connection)
        assert statuses(told) in ([], [413]), "nothing where the client has sent too much to hear it"
    assert statuses(server.ask(asked, b"1\r\n \r\n" * (BODY_PARTS_MAX + 1))) == [413]


def test_a_body_may_come_in_as_many_chunks_as_any_client_makes(server: TunedServer) -> None:
    asked = call("list_runs", CLOSE)
    lines, body = asked.split(b"\r\n\r\n")
    lines = lines.replace(f"Content-Length: {len(body)}".encode(), b"Transfer-Encoding: chunked")
    first = f"{len(body):x};told=here\r\n".encode() + body + b"\r\n"
    assert statuses(server.ask(lines, b"\r\n\r\n", first, b"1\r\n \r\n" * 2_000, b"0\r\n\r\n")) == [200]
    foreign = b"0\r\nHost: evil.example\r\nContent-Type: text/plain\r\n\r\n"
    assert statuses(server.ask(lines, b"\r\n\r\n", first, foreign)) == [200], "trailers are no headers"


@pytest.mark.parametrize(
    "endless", [b"0\r\n" + b"X: y\r\n" * 3_000_000, b"1;" + b"x" * 20_000_000], ids=["trailers", "extension"]
)
def test_what_is_around_chunks_is_not_read_for_ever(server: TunedServer, endless: bytes) -> None:
    with server.connect(head("POST", "/mcp", *CHUNKED), b"2\r\n{}\r\n") as connection:
        with pytest.raises(ConnectionError):
            connection.sendall(endless)
        assert statuses(heard(connection)) in ([], [400], [413])


def test_nonsense_in_a_body_that_was_refused_ends_the_connection(server: TunedServer) -> None:
    with server.connect(head("POST", "/mcp", "Content-Type: text/plain", "Transfer-Encoding: chunked")) as connection:
        assert statuses(answer(connection)) == [415]
        connection.sendall(b"nonsense\r\n")
        assert heard(connection) == b""
    assert "Fatal error" not in server.stderr


def test_nobody_stays_by_dripping(server: TunedServer) -> None:
    with server.connect(b"GET /healthz HTTP/1.1\r\nX: ") as connection:
        assert statuses(dripped(connection, b"x", DRIPS)) == [408]
    with server.connect(UNFINISHED) as connection:
        assert statuses(dripped(connection, b" ", DRIPS)) == [408]
    refused = head("POST", "/mcp", "Content-Type: text/plain", "Content-Length: 1000000")
    with server.connect(refused) as connection:
        assert statuses(answer(connection)) == [415]
        assert dripped(connection, b" ", DRIPS) == b"", "what was refused is not waited for either"


def test_a_client_that_reads_no_answer_is_not_waited_for(server: TunedServer) -> None:
    with stuck_reader(server) as connection:
        watch = select.poll()
        watch.register(connection, select.POLLERR | select.POLLHUP)
        for _ in range(DRIPS):
            try:
                connection.send(b"x")
            except BlockingIOError:
                pass
            except ConnectionError:
                return
            watch.poll(100)
    raise AssertionError("the connection is still there")


def test_a_client_that_says_no_more_gets_its_answers(server: TunedServer) -> None:
    one = call("record_run", agent="a", summary="half closed")
    for asked in (HEALTH, one, HEALTH + one + HEALTH):
        with server.connect(asked) as connection:
            connection.shutdown(socket.SHUT_WR)
            assert statuses(heard(connection)) == [200] * asked.count(b" HTTP/1.1\r\n"), asked[:60]
    with server.connect(UNFINISHED) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert heard(connection) == b"", "a body that can never be whole is not answered"


def test_there_are_never_more_connections_than_descriptors(tmp_path: Path, parser: str) -> None:
    tuned = {"descriptors": 256, "head_seconds": BOUND_SECONDS}
    with TunedServer(tmp_path / "ledger.db", parser, tuned) as server, ExitStack() as opened:
        friend = opened.enter_context(server.connect())
        flood = [opened.enter_context(server.connect(b"POST /mcp HTTP/1.1\r\nHost: loc")) for _ in range(600)]
        refused = select.select(flood, [], [], BOUND_SECONDS)[0]
        assert statuses(heard(refused[0])) == [503]
        friend.sendall(call("record_run", CLOSE, agent="a", summary="in the flood"))
        assert statuses(heard(friend)) == [200], "whoever is in is served"
        for connection in flood:
            connection.close()
        asked = head("GET", "/healthz", CLOSE)
        assert any(statuses(server.ask(asked)) == [200] for _ in range(1_000)), "there is room again"
        assert server.stderr.count("\n") == 1, server.stderr[:2000]


def test_a_flood_of_nonsense_does_not_flood_the_log(tmp_path: Path, parser: str) -> None:
    with TunedServer(tmp_path / "ledger.db", parser) as server:
        assert [statuses(server.ask(b"\0\r\n\r\n")) for _ in range(50)] == [[400]] * 50
        server.process.send_signal(signal.SIGTERM)
        assert server.wait() == 0
        assert server.stderr.count("Invalid HTTP request") == 1


def test_bodies_have_room_together_and_small_ones_always(tmp_path: Path, parser: str) -> None:
    asked = call("record_run", agent="a", summary="large")
    lines, body = asked.split(b"\r\n\r\n")
    lines = lines.replace(f"Content-Length: {len(body)}".encode(), f"Content-Length: {MESSAGE_BYTES}".encode())
    large = lines + b"\r\n\r\n" + body + b" " * (MESSAGE_BYTES - len(body) - 1)
    with TunedServer(tmp_path / "ledger.db", parser) as server, ExitStack() as opened:
        held = [opened.enter_context(server.connect(large)) for _ in range(17)]
        refused = select.select(held, [], [], BOUND_SECONDS)[0]
        assert len(refused) == 1, "for sixteen there is room"
        told = answer(refused[0])
        assert statuses(told) == [503]
        assert b"retry-after: 1\r\n" in told.lower()
        held.remove(refused[0])
        assert statuses(server.ask(call("list_runs", CLOSE))) == [200], "ordinary calls need no room"
        for connection in held:
            connection.sendall(b" ")
            assert statuses(answer(connection)) == [200]
        with server.connect(large + b" ") as connection:
            assert statuses(answer(connection)) == [200], "there is room again"


def test_a_stranger_is_refused_before_its_body_is_here(tmp_path: Path, parser: str) -> None:
    database = tmp_path / "ledger.db"
    new_key(database, "--project", "demo", "--role", "write")
    with TunedServer(database, parser) as server, server.connect(UNFINISHED) as connection:
        assert statuses(answer(connection)) == [401]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_whatever_its_clients_do(tmp_path: Path, parser: str, end: signal.Signals) -> None:
    database = tmp_path / "ledger.db"
    with TunedServer(database, parser, {"shutdown_seconds": 1}) as server, ExitStack() as opened:
        assert statuses(server.ask(call("record_run", CLOSE, agent="a", summary="stored"))) == [200]
        for sent in (b"", b"POST /mc", UNFINISHED):
            opened.enter_context(server.connect(sent))
        idle = opened.enter_context(server.connect(HEALTH))
        assert statuses(answer(idle)) == [200]
        opened.enter_context(stuck_reader(server))
        server.process.send_signal(end)
        assert server.wait() == 0
        assert server.stderr.count("\n") == 1, server.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"], "closed, and its log moved into the file"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_do_not_stop_coming_change_nothing_of_its_end(
    tmp_path: Path, parser: str, end: signal.Signals
) -> None:
    with TunedServer(tmp_path / "ledger.db", parser) as server:
        assert statuses(server.ask(call("record_run", CLOSE, agent="a", summary="stored"))) == [200]
        for _ in range(100 * int(BOUND_SECONDS)):
            server.process.send_signal(end)
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(0.01)
                break
        assert server.wait() == 0
        assert server.stderr.count("\n") == 1, server.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db"]


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_server_that_waits_for_its_file(tmp_path: Path, end: signal.Signals) -> None:
    database = tmp_path / "ledger.db"
    new_key(database, "--project", "demo", "--role", "write")
    options = ("--db", str(database), "serve", "--http", "--port", "0")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with Process(*options, program=("-c", TELLS_THAT_IT_BEGINS), RUNTALLY_BUSY_SECONDS="900") as server:
            server.wait_for("begins")
            server.process.send_signal(end)
            assert server.wait() == 0
            assert server.stderr == "begins\n"


def test_what_is_being_served_when_the_signal_comes_is_answered(tmp_path: Path, parser: str) -> None:
    database = tmp_path / "ledger.db"
    with TunedServer(database, parser) as server, closing(sqlite3.connect(database, isolation_level=None)) as other:
        assert statuses(server.ask(call("record_run", CLOSE, agent="a", summary="before"))) == [200]
        other.execute("BEGIN IMMEDIATE")
        with server.connect(call("record_run", agent="a", summary="under way")) as connection:
            assert statuses(server.ask(HEALTH, head("GET", "/healthz", CLOSE))) == [200, 200]
            server.process.send_signal(signal.SIGTERM)
            other.execute("ROLLBACK")
            assert statuses(heard(connection)) == [200]
        assert server.wait() == 0
        assert other.execute("SELECT summary FROM runs ORDER BY summary").fetchall() == [("before",), ("under way",)]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("signals", [1, 2])
def test_what_cannot_be_served_does_not_keep_the_server(tmp_path: Path, parser: str, era: str, signals: int) -> None:
    database = tmp_path / "ledger.db"
    tuned = {"shutdown_seconds": 1 if signals == 1 else BOUND_SECONDS}
    with (
        TunedServer(database, parser, tuned, RUNTALLY_BUSY_SECONDS="900") as server,
        closing(sqlite3.connect(database, isolation_level=None)) as other,
    ):
        assert statuses(server.ask(call("record_run", CLOSE, agent="a", summary="before"))) == [200]
        other.execute("BEGIN IMMEDIATE")
        asked = call("record_run", f"MCP-Protocol-Version: {era}", agent="a", summary="never")
        with server.connect(asked) as connection, server.connect() as other_connection:
            assert statuses(server.ask(head("GET", "/healthz", CLOSE))) == [200]
            server.process.send_signal(signal.SIGTERM)
            assert heard(other_connection) == b"", "the signal has arrived"
            if signals == 2:
                server.process.send_signal(signal.SIGINT)
            assert heard(connection) == b""
        assert server.wait() == 0
        assert "Traceback" not in server.stderr
        assert other.execute("SELECT summary FROM runs").fetchall() == [("before",)]


def stuck_reader(server: TunedServer) -> socket.socket:
    """A connection full of answers that nobody reads."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", server.port))
    connection.setblocking(False)
    listing = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    lines = ("Content-Type: application/json", "Accept: application/json", f"Content-Length: {len(listing)}")
    asked = (head("POST", "/mcp", *lines, "MCP-Protocol-Version: 2025-11-25") + listing) * 400
    while asked and select.select([], [connection], [], 1)[1]:
        asked = asked[connection.send(asked) :]
    return connection
