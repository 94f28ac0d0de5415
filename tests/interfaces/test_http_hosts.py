"""The HTTP server answers to its own names, however they are spelt, and to no other on any path."""

from collections.abc import Iterator

import pytest

from tests.interfaces.raw_http import PARSERS, TunedServer, call, head, statuses

CLOSE = "Connection: close"


@pytest.fixture(scope="module", params=PARSERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TunedServer]:
    database = tmp_path_factory.mktemp("hosts") / "ledger.db"
    hosts = "Ledger.Example, ported.example:8080, [2001:DB8::0:1]"
    with TunedServer(database, request.param, RUNTALLY_ALLOWED_HOSTS=hosts) as server:
        yield server
        assert "Traceback" not in server.stderr


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "localhost.", "Localhost.:7878", "127.0.0.1", "127.0.0.1:1", "[::1]", "[0:0::1]:9999",
        "ledger.example", "LEDGER.example.:443", "ported.example:8080", "[2001:db8::1]", "[2001:DB8:0::1]:80",
    ],
)  # fmt: skip
def test_a_name_of_the_server_is_known_in_every_spelling(server: TunedServer, host: str) -> None:
    assert statuses(server.ask(call("list_runs", CLOSE, host=host))) == [200]
    assert statuses(server.ask(head("GET", "/healthz", CLOSE, host=host))) == [200]
    assert statuses(server.ask(call("list_runs", CLOSE, f"Origin: http://{host}"))) == [200]
    assert statuses(server.ask(call("list_runs", CLOSE, f"Origin: HTTPS://{host}"))) == [200]


FOREIGN = [
    "evil.example", "localhost:evil.com", "localhost:", "localhost:123456", "localhost:0", "localhost:65536",
    "localhost:80:80", "localhost:-1",
    "localhost..", ".localhost", "localhost.evil.example", "user@localhost", "localhost/", "localhost, evil.example",
    "[::2]", "[::1", "::1", "[::1]evil", "[::1%lo]", "[1.2.3]", "127.0.0.1.evil.example", "127.1", "2130706433",
    "ported.example", "ported.example:8081", "l\xf6calhost", "",
]  # fmt: skip


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_answered_nothing_on_any_path(server: TunedServer, host: str) -> None:
    for method, path in (("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/mcp/"), ("PUT", "/mcp"), ("GET", "/mcp")):
        answer = server.ask(head(method, path, CLOSE, "Content-Length: 0", host=host))
        assert statuses(answer) == [421], answer
        assert b"RUNTALLY_ALLOWED_HOSTS" in answer
    assert statuses(server.ask(call("list_runs", CLOSE, host=host))) == [421]


@pytest.mark.parametrize(
    "origin", ["null", "localhost", "ftp://localhost", "http://", "http://localhost/", "http:localhost"]
    + [f"http://{host}" for host in FOREIGN if host],
)  # fmt: skip
def test_a_page_of_a_foreign_origin_is_refused_on_any_path(server: TunedServer, origin: str) -> None:
    for method, path in (("GET", "/healthz"), ("GET", "/nothing"), ("POST", "/mcp/")):
        answer = server.ask(head(method, path, CLOSE, "Content-Length: 0", f"Origin: {origin}"))
        assert statuses(answer) == [403], answer
    assert statuses(server.ask(call("list_runs", CLOSE, f"Origin: {origin}"))) == [403]


def test_one_known_origin_does_not_open_the_door_for_another(server: TunedServer) -> None:
    origins = ("Origin: http://localhost", "Origin: http://evil.example")
    for told in (origins, origins[::-1]):
        assert statuses(server.ask(head("GET", "/healthz", CLOSE, *told))) == [403]


def test_there_is_exactly_one_host(server: TunedServer) -> None:
    for lines in ((), ("Host: localhost", "Host: localhost"), ("Host: localhost", "Host: evil.example")):
        assert statuses(server.ask(head("GET", "/healthz", CLOSE, *lines, host=None))) == [400], lines
    assert statuses(server.ask(b"GET /healthz HTTP/1.0\r\n\r\n")) == [400]


@pytest.mark.parametrize("path", ["/mcp/", "/healthz/", "/", "//localhost/mcp", "/MCP"])
def test_what_is_not_served_is_said_so_and_nobody_is_sent_elsewhere(server: TunedServer, path: str) -> None:
    answer = server.ask(call("list_runs", CLOSE, path=path))
    assert statuses(answer) == [404]
    assert b"/mcp" in answer
    assert b"location:" not in answer.lower()


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Type: APPLICATION/JSON",),
        ("Content-Type:  Application/Json ; Charset=UTF-8",),
        ("Accept: APPLICATION/JSON, Text/Event-Stream",),
        ("Accept: text/event-stream\r\nAccept: application/json",),
    ],
)
@pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25"])
def test_media_types_have_no_case(server: TunedServer, lines: tuple[str, ...], era: str) -> None:
    assert statuses(server.ask(call("list_runs", CLOSE, f"MCP-Protocol-Version: {era}", *lines))) == [200]


@pytest.mark.parametrize(
    "told",
    [
        "text/plain", "application/jsonp", "application/json-seq", "application/json, text/plain",
        "text/plain; application/json", "", "application/json\r\nContent-Type: application/json",
    ],
)  # fmt: skip
@pytest.mark.parametrize("era", ["2026-07-28", "2025-11-25"])
def test_what_is_not_said_to_be_json_is_not_read(server: TunedServer, told: str, era: str) -> None:
    answer = server.ask(call("list_runs", CLOSE, f"MCP-Protocol-Version: {era}", f"Content-Type: {told}"))
    assert statuses(answer) == [415]
    assert b"application/json" in answer
