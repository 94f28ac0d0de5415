"""A text is one JSON-RPC message, or is answered by an error response that says why not and can itself be sent."""

import json

import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from runtally.domain.limits import MESSAGE_CONTAINERS, MESSAGE_VALUES
from runtally.mcp_server.messages import as_json, error_response, id_at_start, parse_message

NOT_JSON = (-32700, "The line is not JSON in UTF-8.")
TOO_DEEP = (-32700, "The line is nested too deeply.")
NOT_A_MESSAGE = (-32600, "The line is not a JSON-RPC 2.0 message.")
LONE_SURROGATE = (
    -32600, "The line holds a lone surrogate, half of a character such as \\ud800. Send whole characters."
)  # fmt: skip


def request(request_id: str) -> bytes:
    return f'{{"jsonrpc":"2.0","id":{request_id},"method":"ping"}}'.encode()


def nested(depth: int) -> bytes:
    return b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"in":' + b"[" * depth + b"]" * depth + b"}}"


def accepted(text: bytes) -> object:
    item = parse_message(text)
    assert isinstance(item, SessionMessage), item
    return item.message


def refused(text: bytes) -> JSONRPCError:
    item = parse_message(text)
    assert isinstance(item, JSONRPCError), item
    assert json.loads(item.model_dump_json(by_alias=True, exclude_unset=True))["id"] == item.id
    return item


@pytest.mark.parametrize(
    ("text", "request_id"),
    [("7", 7), ("-7", -7), ("0", 0), ('"seven"', "seven"), ('""', ""), (str(2**70), 2**70), ('"\\ud83d\\ude00"', "😀")],
)
def test_a_request_keeps_its_id(text: str, request_id: int | str) -> None:
    assert accepted(request(text)) == JSONRPCRequest(jsonrpc="2.0", id=request_id, method="ping")


@pytest.mark.parametrize(
    "text",
    [
        b'{"jsonrpc":"2.0","method":"note"}',
        b' {"jsonrpc":"2.0","method":"note"} \r',
        b'{"jsonrpc":"2.0","method":"note","params":{}}',
        b'{"jsonrpc":"2.0","method":"note","params":{"id":null}}',
        b'{"jsonrpc":"2.0","method":"note","params":{"id":' + b"1" * 4_300 + b"}}",
    ],
)
def test_a_message_without_an_id_is_a_notification(text: bytes) -> None:
    message = accepted(text)
    assert isinstance(message, JSONRPCNotification)
    assert message.method == "note"


def test_responses_are_messages() -> None:
    assert isinstance(accepted(b'{"jsonrpc":"2.0","id":7,"result":{}}'), JSONRPCResponse)
    assert isinstance(accepted(b'{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"no"}}'), JSONRPCError)


@pytest.mark.parametrize("text", ["null", "true", "false", "1.5", "1.0", "1e3", "NaN", "[7]", "{}"])
def test_a_request_with_an_id_that_no_answer_can_carry_is_answered_without_one(text: str) -> None:
    error = refused(request(text))
    assert (error.error.code, error.error.message) == NOT_A_MESSAGE
    assert error.id is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", NOT_JSON),
        (b"hello", NOT_JSON),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping"', NOT_JSON),
        (b'{"jsonrpc":"2.0","id":7,"method":"\xff"}', NOT_JSON),
        (b"\xef\xbb\xbf" + request("7"), NOT_JSON),
        (request("7").decode().encode("utf-16-le"), NOT_JSON),
        pytest.param(request("9" * 5_000), NOT_JSON, id="more digits than are read"),
        pytest.param(b"[" * 100_000, TOO_DEEP, id="100000 levels, never closed"),
        (b"[]", NOT_A_MESSAGE),
        (b"[" + request("7") + b"," + request("8") + b"]", NOT_A_MESSAGE),
        (b"null", NOT_A_MESSAGE),
        (b"3", NOT_A_MESSAGE),
        (b'"ping"', NOT_A_MESSAGE),
        (b"{}", NOT_A_MESSAGE),
    ],
)
def test_what_is_no_object_or_no_json_is_answered_without_an_id(text: bytes, told: tuple[int, str]) -> None:
    error = refused(text)
    assert (error.error.code, error.error.message) == told
    assert error.id is None


@pytest.mark.parametrize(
    ("text", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7}', 7),
        (b'{"jsonrpc":"2.0","id":7,"method":7}', 7),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', 7),
        (b'{"jsonrpc":"2.0","\\u0069d":null,"method":"ping"}', None),
        (b'{"jsonrpc":"1.0","id":"seven","method":"ping"}', "seven"),
        (b'{"id":7,"method":"ping"}', 7),
        (b'{"jsonrpc":"2.0","id":7,"result":"no object"}', None),
        (b'{"jsonrpc":"2.0","id":7,"error":"no object"}', None),
    ],
)
def test_a_bad_request_is_answered_by_its_id_and_a_bad_response_is_not(text: bytes, request_id: object) -> None:
    error = refused(text)
    assert (error.error.code, error.error.message) == NOT_A_MESSAGE
    assert error.id == request_id


def holding(value: str) -> bytes:
    return f'{{"jsonrpc":"2.0","id":7,"method":"ping","params":{{"in":{value}}}}}'.encode()


def many(count: int, value: str, ends: str = "[]") -> str:
    return ends[0] + ",".join([value] * count) + ends[1]


FOUND = {
    "lists": (many(MESSAGE_CONTAINERS, "[]"), "lists and objects; a message has at most 100,000"),
    "objects": (many(MESSAGE_CONTAINERS, '{"a":{}}'), "lists and objects; a message has at most 100,000"),
    "nested lists": (many(20_000, "[[[[[]]]]]"), "lists and objects; a message has at most 100,000"),
    "numbers": (many(MESSAGE_VALUES, "1"), "names and values; a message has at most 600,000"),
    "names": (many(300_000, '"n":1', "{}"), "names and values; a message has at most 600,000"),
    "behind a quote that is escaped": (r'["\\\"",' + many(MESSAGE_CONTAINERS, "[]") + "]", "lists and objects"),
    "behind what is no JSON": ('["' + many(MESSAGE_VALUES, "1") + r"\"," + many(MESSAGE_CONTAINERS, "[]"), "not JSON"),
}


@pytest.mark.parametrize(("value", "told"), FOUND.values(), ids=FOUND)
def test_a_message_of_too_many_values_is_refused_before_it_is_parsed(value: str, told: str) -> None:
    error = refused(holding(value))
    assert told in error.error.message
    assert error.error.code == (-32700 if told == "not JSON" else -32600)
    assert error.id == (None if told == "not JSON" else 7)


@pytest.mark.parametrize(
    "value",
    [
        many(MESSAGE_CONTAINERS - 3, "[]"),
        many(MESSAGE_VALUES - 20, "1"),
        json.dumps('if (a[0] == "x\\\\") { b = {"k": [1, 2]} }\n' * 50_000),
        json.dumps(['{"row": [1, 2]}, \\'] * 90_000),
        json.dumps([{"id": number, "text": "x" * 30, "done": True} for number in range(60_000)]),
        json.dumps([[0.123456789] * 1_536] * 190),
    ],
    ids=["lists", "numbers", "code", "texts of JSON", "rows", "embeddings"],
)
def test_a_large_message_that_is_ordinary_is_read(value: str) -> None:
    assert isinstance(accepted(holding(value)), JSONRPCRequest)


@pytest.mark.parametrize(
    ("before", "after", "request_id"),
    [
        ('{"method":"ping","params":', ',"jsonrpc":"2.0","id":7}', 7),
        ('{"method":"ping","params":', ',"jsonrpc":"2.0" , "id" : "seven" } \r', "seven"),
        ('{"id":7,"params":', ',"id":8}', 7),
        ('{"method":"ping","params":', ',"id":7,"jsonrpc":"2.0"}', None),
        ('{"method":"ping","params":', r',"jsonrpc":"\"id\":7"}', None),
        ('{"method":"ping","params":', ',"id":null}', None),
        ('{"method":"ping","params":{"a":', ',"b":{"id":7}}}', None),
        ('{"result":', ',"jsonrpc":"2.0","id":7}', None),
        ('{"method":"ping","params":', ',"id":' + "7" * 5_000 + "}", None),
    ],
)
def test_the_request_of_too_many_values_is_answered_by_its_id_where_that_is_certain(
    before: str, after: str, request_id: object
) -> None:
    assert refused((before + many(MESSAGE_CONTAINERS, "[]") + after).encode()).id == request_id


def test_nesting_that_an_agent_may_send_is_read() -> None:
    assert isinstance(accepted(nested(150)), JSONRPCRequest)


@pytest.mark.parametrize("depth", [200, 201, 300, 900, 1_000, 2_000, 90_000])
def test_deeper_nesting_is_called_that_and_answered_by_its_id(depth: int) -> None:
    error = refused(nested(depth))
    assert (error.error.code, error.error.message) == TOO_DEEP
    assert error.id == 7


@pytest.mark.parametrize("depth", range(195, 205))
def test_no_depth_is_refused_for_another_reason(depth: int) -> None:
    item = parse_message(nested(depth))
    assert isinstance(item, SessionMessage) or item.error.message == TOO_DEEP[1]


@pytest.mark.parametrize(
    ("text", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"\\ud800"}', 7),
        (b'{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"arguments":{"summary":"a\\udfffb"}}}', "x"),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"\\ud800":1}}', 7),
        (b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}', None),
        (b'{"jsonrpc":"2.0","id":7,"result":{"text":"\\ud800"}}', None),
    ],
)
def test_a_lone_surrogate_is_called_that(text: bytes, request_id: object) -> None:
    error = refused(text)
    assert (error.error.code, error.error.message) == LONE_SURROGATE
    assert error.id == request_id


@pytest.mark.parametrize(
    ("text", "request_id"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"arguments":{"id":8,"text":"xxx', 7),
        (b' {\t"params" : {"id":8,"in":[{"id":9}]} , "id" : "seven" , "method":"x', "seven"),
        (b'{"\\u0069d":7,"method":"caf\xc3', 7),
        (b'{"id":12345678901234567890,"x":"', 12345678901234567890),
        (b'{"id":7,"params":' + b"[" * 50_000, 7),
        (b'{"method":"tools/call","params":{"id":8,"text":"xxx', None),
        (b'{"method":"tools/call","params":"\\"id\\":8,xxx', None),
        (b'{"id":7', None),
        (b'{"id":7 ', None),
        (b'{"id":7 x', None),
        (b'{"id":"sev', None),
        (b'{"id":7,"id":8,"x":"', None),
        (b'{"id":7,"result":{"x":"', None),
        (b'{"id":true,"x":"', None),
        (b'{"id":null,"x":"', None),
        (b'{"id":7.0,"x":"', None),
        (b'{"id":"\\ud800","x":"', None),
        (b'{"id":{"id":7},"x":"', None),
        (b'[{"id":7,"x":"', None),
        (b'"id":7,"x":"', None),
        (b'\xff{"id":7,"x":"', None),
        (b"", None),
    ],
)
def test_the_id_at_the_start_of_a_text_is_taken_only_when_it_is_certain(text: bytes, request_id: object) -> None:
    assert id_at_start(text) == request_id


def answered(result: dict[str, object]) -> dict[str, object]:
    answer: dict[str, object] = json.loads(as_json(JSONRPCResponse(jsonrpc="2.0", id="seven", result=result)))
    return answer


def test_an_answer_that_cannot_be_written_becomes_an_internal_error_to_its_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert answered({"text": "fine"}) == {"jsonrpc": "2.0", "id": "seven", "result": {"text": "fine"}}
    for unwritable in ("\ud800", object()):
        answer = answered({"text": unwritable})
        assert answer["id"] == "seven"
        assert answer["error"] == {"code": -32603, "message": "Runtally could not write its answer. Its log says why."}
    assert len(caplog.records) == 2


def test_a_refusal_calls_the_text_what_its_sender_does() -> None:
    for text in (b"hello", b"{}", b"[" * 100_000):
        error = parse_message(text, "body")
        assert isinstance(error, JSONRPCError)
        assert error.error.message.startswith("The body is n")


def test_an_error_response_says_when_it_knows_no_request() -> None:
    assert json.loads(error_response(-32600, "Why.").model_dump_json(by_alias=True, exclude_unset=True)) == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32600, "message": "Why."},
    }
