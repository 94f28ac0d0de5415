"""Whatever arguments a tool is sent, it answers or refuses in our own words, and a refused call has changed nothing."""

import copy
import json
import math
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import anyio
import pytest
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcp.server.lowlevel import Server as McpServer
from mcp.shared.message import SessionMessage

from runtally.bootstrap import open_ledger, origin_of
from runtally.domain.caller import Caller
from runtally.domain.clock import rfc3339
from runtally.domain.lifecycle import SpanKind
from runtally.domain.usage import TokenUsage
from runtally.mcp_server import schemas
from runtally.mcp_server.messages import parse_message
from runtally.mcp_server.server import make_server
from runtally.mcp_server.tools.registry import BY_NAME
from runtally.settings import Settings
from tests.journeys.ledger_file import assert_sound
from tests.journeys.processes import BOUND_SECONDS, ENVELOPE, StdioClient, refusal

PROTOCOL_ERRORS = {-32700, -32600, -32602}
REFUSALS = {"invalid", "forbidden", "not_found", "conflict", "limit"}
NOT_OURS = re.compile(
    r"Traceback|pydantic|sqlite|errors\.|input_value|type=|File \"|<class|Exception|0x"
    r"|\b(?:SELECT|INSERT|UPDATE|CHECK|PRAGMA)\b"
)
MESSAGE_CHARS_MAX = 1_500
RUNNING, ENDED = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f", "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e60"
TOOLS = st.sampled_from(sorted(BY_NAME))


def nested(depth: int, inside: Any) -> Any:
    value = inside
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


NASTY = [
    None, True, 0, -1, 1.5, -0.0, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**400, -(10**30), 1e308, math.nan, math.inf,
    "", " ", "\0", "a\0b", "\ud800", "x\udfff", "\u202e", "x" * 129, "x" * 2_001, "x" * 8_001, "é" * 70_000, "1",
    "true", "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5", "2026-01-01", "2026-01-01T00:00:00",
    "9999-12-31T23:59:59.999999-23:59", "0001-01-01T00:00:00+23:59", "'; DROP TABLE runs; --", "%s%n{}", "../../etc",
    '{"a": 1}', "[{}]", '[{"name": ""}]', "null", '"{}"', "[[" * 500, '{"a": 1e999}', '{"\\ud800": 1}', "[1,2]",
    "8,400", "$0.12", "1e400", "9" * 400, "24h", "99999w", "2026-11-21 00:00:00z", "done", "0",
    [], {}, [[]], {"": {}}, [None] * 201, [{}] * 201, {"\ud800": 1}, {"\0": "\0"}, {"x" * 300: 1}, {"a": "x" * 17_000},
]  # fmt: skip
SCALARS = (
    # By number, because Hypothesis would print all of them in its reports. A copy, because it may be spoiled further.
    st.integers(0, len(NASTY) - 1).map(lambda number: copy.deepcopy(NASTY[number]))
    | st.integers()
    | st.floats()
    | st.text(max_size=40)
    | st.text(st.characters(codec=None), max_size=5)
)
JSON = st.recursive(
    SCALARS | st.builds(nested, st.sampled_from([14, 15, 16, 17, 40, 150]), SCALARS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
MOMENTS = st.integers(0, 250_000_000_000_000_000).map(rfc3339)
PARTS = st.integers(0, 4)
BY_FIELD: dict[str, st.SearchStrategy[Any]] = {
    "run_id": st.sampled_from([RUNNING, RUNNING, ENDED, ENDED.upper(), RUNNING.replace("-", "")]) | st.uuids().map(str),
    "parent_run_id": st.sampled_from([RUNNING, ENDED]),
    "follows_act_id": st.uuids().map(str),
    "project_key": st.sampled_from(["alpha"] * 7 + ["beta"]),
    "span_id": st.sampled_from(["one", "two"]) | st.uuids().map(str),
    "idempotency_key": st.sampled_from(["one", "two"]),
    "cache_read_tokens": PARTS, "cache_write_tokens": PARTS, "reasoning_tokens": PARTS,
    "limit": st.integers(1, 200),
    "max_chars": st.integers(500, 9_000),
    "status": st.sampled_from(["completed", "completed", "failed", "partial", "interrupted", "running", "ok", "error"]),
    "kind": st.sampled_from(get_args(SpanKind)),
    "detail": st.sampled_from(["summary", "spans"]),
    "cursor": st.none() | st.text(max_size=20),
    "since": MOMENTS, "until": MOMENTS, "started_at": MOMENTS, "ended_at": MOMENTS,
}  # fmt: skip
UNKNOWN = st.sampled_from(["runid", "sumary", "meta", "\ud800", "\n", "x" * 9_000]) | st.text(max_size=8)
NUMBERS = st.integers(10, 10**6)
TEXT = st.characters(codec="utf-8", exclude_characters="\0")
TAME = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(-1, 1) | st.text(TEXT, max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(TEXT, max_size=8), inner, max_size=3),
    max_leaves=6,
)


def of_schema(schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Values that a reader of the schema would send."""
    if name in BY_FIELD:
        return BY_FIELD[name]
    if schema.get("type") == "object" and "properties" in schema:
        fields = {field: of_schema(inner, field) for field, inner in schema["properties"].items()}
        required = {field: fields.pop(field) for field in schema.get("required", [])}
        return st.fixed_dictionaries(required, optional=fields)
    plain: dict[str, st.SearchStrategy[Any]] = {
        "string": st.text(TEXT, min_size=1, max_size=schema.get("maxLength", 60)),
        "integer": NUMBERS,
        "number": NUMBERS | st.floats(0, 10**6),
        "object": st.dictionaries(st.text(TEXT, max_size=8), TAME, max_size=3),
    }
    if schema.get("type") == "array":
        return st.lists(of_schema(schema["items"]), max_size=3)
    return plain.get(schema.get("type", ""), TAME)


# A client is told of the fields once, in core_report_usage; core_end_run has them too.
BY_FIELD["token_usage"] = of_schema(schemas.input_schema(TokenUsage, {}))
VALID = {name: of_schema(schemas.input_schema(tool.request, tool.arguments)) for name, tool in BY_NAME.items()}


@st.composite
def near_valid(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A tool and arguments for it, some of them spoiled."""
    tool = draw(TOOLS)
    arguments = copy.deepcopy(draw(VALID[tool]))
    for _ in range(draw(st.integers(0, 2))):
        boxes = [arguments, *(box for box in _boxes(arguments) if box)]
        spoil(draw, draw(st.sampled_from(boxes)))
    return tool, arguments


def spoil(draw: st.DrawFn, box: dict[str, Any] | list[Any]) -> None:
    if isinstance(box, list) or (box and draw(st.booleans())):
        slot = draw(st.sampled_from(range(len(box)) if isinstance(box, list) else sorted(box, key=repr)))
        box[slot] = draw(JSON | st.sampled_from([[box[slot]], nested(20, box[slot]), repr(box[slot])]))
    elif box and draw(st.booleans()):
        del box[draw(st.sampled_from(sorted(box, key=repr)))]
    else:
        box[draw(UNKNOWN)] = draw(JSON)


def _boxes(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    children = value.values() if isinstance(value, dict) else value
    for child in children:
        if isinstance(child, dict | list):
            yield child
            yield from _boxes(child)


@dataclass
class Server:
    """A server in this process with two runs in it, a wire of JSON to it, and a view of its file."""

    portal: BlockingPortal
    wire: tuple[ObjectSendStream[SessionMessage], ObjectReceiveStream[SessionMessage]]
    file: sqlite3.Connection

    def answer(self, tool: str, arguments: Any) -> dict[str, Any]:
        """The JSON-RPC answer to the text that a client would write."""
        params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        item = parse_message(json.dumps(message).encode())
        if isinstance(item, SessionMessage):
            item = self.portal.call(self._exchange, item).message
        return item.model_dump(mode="json", by_alias=True, exclude_unset=True)

    async def _exchange(self, request: SessionMessage) -> SessionMessage:
        to_server, from_server = self.wire
        with anyio.fail_after(BOUND_SECONDS):
            await to_server.send(request)
            return await from_server.receive()

    def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = self.answer(tool, arguments)["result"]["structuredContent"]
        return content

    @property
    def commits(self) -> int:
        """A number that changes whenever another connection commits a change of the file."""
        number: int = self.file.execute("PRAGMA data_version").fetchone()[0]
        return number

    @property
    def problems(self) -> list[Any]:
        """The refusals that the server has stored, which it does behind."""
        return self.file.execute("SELECT problem_id FROM recent_problems ORDER BY problem_id").fetchall()

    def check(self, tool: str, arguments: dict[str, Any]) -> None:
        before, problems = self.commits, self.problems
        answer = self.answer(tool, arguments)
        if "error" in answer:
            assert answer["error"]["code"] in PROTOCOL_ERRORS
            assert_in_our_words(answer["error"]["message"])
        elif answer["result"]["isError"]:
            error = refusal(answer["result"])
            assert error["code"] in REFUSALS, error
            assert_in_our_words(error["message"], error.get("field"), arguments.get("project_key"))
        elif BY_NAME[tool].writes:
            self.assert_readable(answer["result"]["structuredContent"])
            return
        has_written = self.commits != before and self.problems == problems
        assert not has_written, "nothing was accepted, and yet something was written"

    def assert_readable(self, answer: dict[str, Any]) -> None:
        """What was accepted does not spoil what is read later."""
        if "run_id" in answer:
            assert self.call("get_run", {"run_id": answer["run_id"], "detail": "spans", "max_chars": 100_000})["run"]
        assert self.call("list_runs", {"limit": 2})["runs"]


def assert_in_our_words(text: str, *callers_words: Any) -> None:
    text.encode()
    assert len(text) < MESSAGE_CHARS_MAX, text
    ours = text
    for word in callers_words:
        ours = ours.replace(word, "…") if word and isinstance(word, str) else ours
    assert not NOT_OURS.search(ours), text


@asynccontextmanager
async def running(
    app: McpServer[Any],
) -> AsyncIterator[tuple[ObjectSendStream[SessionMessage], ObjectReceiveStream[SessionMessage]]]:
    to_server, requests = anyio.create_memory_object_stream[SessionMessage | Exception](1)
    answers, from_server = anyio.create_memory_object_stream[SessionMessage](1)
    async with to_server, from_server, anyio.create_task_group() as tasks:
        tasks.start_soon(app.run, requests, answers, app.create_initialization_options())
        yield to_server, from_server
        await to_server.aclose()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    chosen = Settings(tmp_path_factory.mktemp("bad_input") / "ledger.db")
    ledger = open_ledger(chosen)
    app = make_server(ledger, lambda: Caller(("alpha",), "alpha"), origin_of(chosen))
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running(app)) as wire,
        closing(sqlite3.connect(chosen.database)) as file,
    ):
        server = Server(portal, wire, file)
        for run_id in (RUNNING, ENDED):
            assert server.call("core_start_run", {"run_id": run_id, "summary": "there"})["created"]
        assert server.call("core_end_run", {"run_id": ENDED, "status": "completed"})["status"] == "completed"
        yield server
        portal.call(ledger.close)
        assert_sound(chosen.database)


unhurried = settings(suppress_health_check=list(HealthCheck), max_examples=150)


@unhurried
@given(tool=TOOLS, arguments=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_json_is_answered_in_our_words(server: Server, tool: str, arguments: dict[str, Any]) -> None:
    server.check(tool, arguments)


@settings(unhurried, max_examples=600)
@given(call=near_valid())
def test_arguments_that_are_nearly_right_are_answered_in_our_words(
    server: Server, call: tuple[str, dict[str, Any]]
) -> None:
    server.check(*call)


@pytest.mark.parametrize("tool", sorted(BY_NAME))
def test_every_field_refuses_every_nasty_value_in_our_words(server: Server, tool: str) -> None:
    schema = schemas.input_schema(BY_NAME[tool].request, {})
    needed = {"run_id": RUNNING, "status": "failed", "summary": "s", "agent": "a", "tool": "t", "token_usage": {}}
    required = {name: needed[name] for name in schema.get("required", [])}
    for name, field in schema["properties"].items():
        for nasty in (*NASTY, nested(16, 1), nested(17, 1), nested(500, 1)):
            server.check(tool, required | {name: nasty})
            for inner in field.get("properties", {}):
                server.check(tool, required | {name: {inner: nasty}})


@pytest.mark.parametrize("tool", sorted(BY_NAME))
def test_every_tool_refuses_an_argument_that_it_does_not_know(server: Server, tool: str) -> None:
    error = refusal(server.answer(tool, {"no_such_argument": 1})["result"])
    assert error["code"] == "invalid"
    assert error["message"].startswith("no_such_argument is not a known argument")


@pytest.mark.parametrize(("tool", "more"), [("core_report_usage", {}), ("core_end_run", {"status": "failed"})])
def test_usage_with_a_count_that_is_not_known_is_refused(server: Server, tool: str, more: dict[str, Any]) -> None:
    arguments = {"run_id": RUNNING, "token_usage": {"no_such_count": 1}} | more
    error = refusal(server.answer(tool, arguments)["result"])
    assert error["code"] == "invalid"
    assert error["message"].startswith("token_usage.no_such_count is not a known argument")


WIRE = [
    b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"meta_json":' + b'{"a":' * 190 + b"1" + b"}" * 190 + b"}",
    b'{"input":' + b"[" * 190 + b"]" * 190 + b"}",
    b'{"summary":NaN}', b'{"input":[NaN,Infinity,-Infinity]}', b'{"input":' + b"9" * 5_000 + b"}",
    b'{"summary":"\\ud800"}', b'{"summary":"\\u0000"}', b'{"summary":"\xff"}', b'{"summary":"a","summary":"b"}',
    b'{"input":1e999}', b'{"\\udfff":1}', b'{"meta_json":{"\\u0000":1}}', b"null", b"[]", b'"x"', b"7",
]  # fmt: skip


def test_a_server_process_survives_every_kind_of_json_on_its_wire(tmp_path: Path) -> None:
    envelope = json.dumps(ENVELOPE).encode()
    with StdioClient(tmp_path / "ledger.db") as client:
        for number, arguments in enumerate(WIRE):
            head = b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":' % (1_000 + number)
            client.write(head + b'{"name":"core_start_run","_meta":' + envelope + b',"arguments":' + arguments + b"}}")
        assert client.call("core_start_run", summary="still there")["created"] is True
        answers = [json.loads(line) for line in client.unsolicited]
        client.unsolicited.clear()
        assert len(answers) == len(WIRE)
        for answer in answers:
            if "error" in answer or answer["result"]["isError"]:
                refused = answer.get("error") or refusal(answer["result"])
                assert_in_our_words(refused["message"], refused.get("field"))
                assert refused["code"] in REFUSALS | PROTOCOL_ERRORS
        assert "Traceback" not in client.stderr
    assert_sound(tmp_path / "ledger.db")
