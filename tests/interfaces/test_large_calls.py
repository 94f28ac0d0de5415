"""A call that takes long to read and to redact holds up nobody else, over stdio and HTTP, and keeps to its bound."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from runtally.domain.fields import compact_json
from runtally.domain.json_size import LARGE_BYTES, about_bytes, is_large
from tests.journeys.ledger_file import value
from tests.journeys.processes import (
    BOUND_SECONDS,
    ERAS,
    LEGACY,
    HttpServer,
    Pending,
    Refused,
    StdioClient,
    http_call,
    outcome,
    structured,
)

PAYLOAD = 60_000
STEPS = 60
OTHERS_MIN = 2
"""How many small calls are answered, one after the other, before a large one, on however busy a machine: a server that
works on it in its event loop answers none.
"""
ROUNDS_MAX = 5
"""A call may happen to wait for as long as another is parsed in one piece, which is most of the time that it takes."""

SECRETIVE = "secret: a " * (PAYLOAD // 10)
PLAIN = "token_count=4 name: x, rows=[1, 2] # fine " * (PAYLOAD // 42)


def report(run_id: str, text: str) -> dict[str, Any]:
    traces = [{"name": "step", "output": text} for _ in range(STEPS)]
    return {"run_id": run_id, "token_usage": {"input_tokens": 1}, "traces": traces}


def numbers(run_id: str) -> dict[str, Any]:
    traces = [{"name": "step", "attributes": {"x": [0] * 2_900}} for _ in range(199)]
    return {"run_id": run_id, "token_usage": {"input_tokens": 1}, "traces": [*traces, {"status": "maybe"}]}


def steps_as_text(run_id: str) -> dict[str, Any]:
    plain = report(run_id, PLAIN)
    return plain | {"traces": compact_json(plain["traces"])}


CALLS = {
    "full of look-alikes": (lambda run_id: report(run_id, SECRETIVE), "limit"),
    "of plain text": (lambda run_id: report(run_id, PLAIN), None),
    "wrong at its end": (numbers, "invalid"),
    "of steps as JSON text": (steps_as_text, None),
}

MakeCall = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HttpServer, Path]]:
    database = tmp_path_factory.mktemp("large") / "ledger.db"
    with HttpServer(database, project="demo") as server:
        yield server, database


@pytest.mark.parametrize(("make", "code"), CALLS.values(), ids=CALLS)
def test_others_are_answered_over_stdio_while_a_large_call_is_worked_on(
    tmp_path: Path, make: MakeCall, code: str | None
) -> None:
    database = tmp_path / "ledger.db"
    with StdioClient(database) as client:
        run_id = client.call("core_start_run", summary="work")["run_id"]
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
        most, rounds = 0, 0
        while most < OTHERS_MIN and rounds < ROUNDS_MAX:
            large = client.send("core_report_usage", **make(run_id))
            others = 0
            while not large.done():
                client.call("get_run", run_id=run_id)
                others += 1
            assert told(large) == code
            most, rounds = max(most, others), rounds + 1
        assert most >= OTHERS_MIN
    assert stored(database) == 1 + (rounds if code is None else 0)


def test_a_ping_behind_a_large_call_is_answered_before_it(tmp_path: Path) -> None:
    with StdioClient(tmp_path / "ledger.db", era=LEGACY) as client:
        run_id = client.call("core_start_run", summary="work")["run_id"]
        client.call("core_report_usage", run_id=run_id, token_usage={"input_tokens": 1})
        answered: list[int] = []
        large = client.send("core_report_usage", **report(run_id, SECRETIVE))
        pings = [client.request("ping") for _ in range(3)]
        for one in (large, *pings):
            one.add_done_callback(lambda _, one=one: answered.append(one.request_id))
        assert told(large) == "limit"
        assert answered == [ping.request_id for ping in pings] + [large.request_id]


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("make", "code"), CALLS.values(), ids=CALLS)
def test_others_are_answered_over_http_while_a_large_call_is_worked_on(
    server: tuple[HttpServer, Path], make: MakeCall, code: str | None, era: str
) -> None:
    http_server, database = server
    address = urlsplit(http_server.url).netloc

    def ask(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        headers, body = http_call(tool, arguments, era)
        with closing(http.client.HTTPConnection(address, timeout=BOUND_SECONDS)) as connection:
            connection.request("POST", "/mcp", body, headers)
            answer: dict[str, Any] = json.load(connection.getresponse())
        return answer

    run_id = structured(ask("core_start_run", {"summary": "work"}))["run_id"]
    structured(ask("core_report_usage", {"run_id": run_id, "token_usage": {"input_tokens": 1}}))
    before = stored(database)
    large = Pending(1)
    sender = threading.Thread(target=lambda: large.set_result(ask("core_report_usage", make(run_id))), daemon=True)
    sender.start()
    others = 0
    while not large.done():
        structured(ask("get_run", {"run_id": run_id}))
        others += 1
    sender.join(BOUND_SECONDS)
    assert others >= OTHERS_MIN
    assert told(large) == code
    assert stored(database) == before + (code is None)


def told(answer: Pending) -> str | None:
    """The code of a refusal."""
    try:
        outcome(answer)
    except Refused as refusal:
        return refusal.code
    return None


def stored(database: Path) -> int:
    count: int = value(database, "SELECT count(*) FROM usage_reports")
    return count


@pytest.mark.parametrize(
    "large",
    [
        "x" * 70_000,
        ["x" * 70_000],
        {"x" * 70_000: 1},
        {"a": [{"b": ["x" * 700] * 100}]},
        [0] * 40_000,
        {str(n): None for n in range(20_000)},
    ],
)
def test_what_is_large_is_told(large: Any) -> None:
    assert is_large(large)


@pytest.mark.parametrize("small", [None, 1, True, "x", [], {}, {"a": ["x" * 60_000, 1, None]}, [[]] * 10_000])
def test_what_is_small_is_told(small: Any) -> None:
    assert not is_large(small)
    assert about_bytes(small, LARGE_BYTES) <= 4 + 4 * len(compact_json(small))


def test_no_more_is_looked_at_than_is_needed_to_tell() -> None:
    class Sealed(dict):
        def values(self) -> Any:
            raise AssertionError

    assert is_large([Sealed(), "x" * 70_000])
    assert is_large({str(n): Sealed() for n in range(20_000)})
