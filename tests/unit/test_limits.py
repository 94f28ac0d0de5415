"""Every field has the limit of its kind, and no field keeps what a database or JSON cannot."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from runtally.domain import limits
from runtally.domain.errors import InvalidInput, LimitExceeded
from runtally.domain.fields import Content
from runtally.domain.requests import GetRun, ListRuns, RecordFailure, ReportUsage, StartRun
from runtally.domain.traces import Trace
from runtally.domain.usage import TokenUsage
from runtally.domain.validation import parse
from runtally.mcp_server.tools.registry import TOOLS
from tests.contract.minimal import MINIMAL, RUN

CHARACTERS = {
    **dict.fromkeys(("agent_id", "agent", "agent_name", "label", "task_id", "error_type"), 128),
    **dict.fromkeys(("tool", "tool_name", "server", "client"), 128),
    "ticket": 64,
    **dict.fromkeys(("user_id", "user", "conversation_id", "session_id", "model", "provider", "idempotency_key"), 256),
    **dict.fromkeys(("name", "span_id", "parent_span_id"), 256),
    **dict.fromkeys(("summary", "prompt_preview", "query"), 2_000),
    "error": 8_000,
}
OBJECTS = {"meta_json", "context", "meta", "attributes"}
PAYLOADS = {"input", "output"}
COMPARED_ONLY = {"cursor"}
"""Text that is never stored."""


class Place:
    """Somewhere in a request that takes a value."""

    def __init__(self, model: type[BaseModel], field: str, within: str = "", *, listed: bool = False) -> None:
        self._model, self.field, self._within, self._listed = model, field, within, listed
        self.path = ".".join(filter(None, (f"{within}[0]" if listed else within, field)))
        self._minimal = next(MINIMAL[tool.name] for tool in TOOLS if tool.request is model)

    def __repr__(self) -> str:
        return f"{self._model.__name__}.{self.path}"

    def send(self, value: Any) -> Any:
        """The value as the request holds it."""
        entry: Any = {self.field: value}
        if self._within:
            entry = {self._within: [entry] if self._listed else entry}
        request: Any = parse(self._model, self._minimal | entry)
        holder = getattr(request, self._within) if self._within else request
        return getattr(holder[0] if self._listed else holder, self.field)


def _places() -> Iterator[tuple[Place, dict[str, Any]]]:
    """Every place of every tool with its JSON schema."""
    for tool in TOOLS:
        schema = tool.request.model_json_schema(by_alias=False)
        for field, described in schema["properties"].items():
            yield Place(tool.request, field), described
    for name, nested, listed in (("token_usage", TokenUsage, False), ("traces", Trace, True)):
        for field, described in nested.model_json_schema(by_alias=False)["properties"].items():
            yield Place(ReportUsage, field, name, listed=listed), described


def _is(described: dict[str, Any], kind: str) -> bool:
    options = described.get("anyOf", [described])
    return any(option.get("type") == kind and not option.keys() & {"enum", "format", "$ref"} for option in options)


PLACES = list(_places())
NOT_TEXTS = {"project_key"} | COMPARED_ONLY | PAYLOADS
NOT_OBJECTS = {"token_usage", "traces"} | PAYLOADS
TEXTS = [place for place, schema in PLACES if _is(schema, "string") and place.field not in NOT_TEXTS]
JSON_OBJECTS = [place for place, schema in PLACES if _is(schema, "object") and place.field not in NOT_OBJECTS]
CONTENTS = [place for place, _ in PLACES if place.field in PAYLOADS]
COUNTS = [place for place, schema in PLACES if _is(schema, "integer") and place.field not in ("limit", "max_chars")]


def test_every_text_object_and_payload_of_every_tool_is_here():
    assert {place.field for place in TEXTS} == set(CHARACTERS)
    assert {place.field for place in JSON_OBJECTS} == OBJECTS
    assert {place.field for place in CONTENTS} == PAYLOADS
    assert len(COUNTS) == 15


def test_an_argument_that_no_schema_tells_has_a_limit_too():
    assert parse(StartRun, {"follows_act_id": "é" * 256}).follows_act_id == "é" * 256
    for beyond in ({"follows_act_id": "é" * 257}, {"task_id": "é" * 129}):
        with pytest.raises(LimitExceeded) as caught:
            parse(StartRun, beyond)
        assert caught.value.field in beyond
    with pytest.raises(LimitExceeded) as caught:
        parse(RecordFailure, {"message": "é" * 8_001})
    assert caught.value.field == "message"


@pytest.mark.parametrize("place", TEXTS, ids=repr)
def test_a_text_may_be_as_long_as_its_limit_in_characters_and_no_longer(place: Place):
    limit = CHARACTERS[place.field]
    assert place.send("é" * limit) == "é" * limit
    with pytest.raises(LimitExceeded) as caught:
        place.send("é" * (limit + 1))
    assert caught.value.field == place.path
    assert caught.value.message == f"{place.path} is {limit + 1:,} characters; the limit is {limit:,}. Cut it"


@pytest.mark.parametrize("place", TEXTS, ids=repr)
def test_a_text_holds_neither_nul_nor_half_of_a_surrogate_pair(place: Place):
    for text, wrong in (
        ("a\0b", "contains a NUL character; remove it"),
        ("a\ud83d", "contains half of a surrogate pair; send whole characters"),
        ("\ude00\ud83d", "contains half of a surrogate pair; send whole characters"),
    ):
        with pytest.raises(InvalidInput) as caught:
            place.send(text)
        assert (caught.value.field, caught.value.message) == (place.path, f"{place.path} {wrong}")
    assert place.send("a😀\t\x01\\u0000") == "a😀\t\x01\\u0000"


@pytest.mark.parametrize("place", JSON_OBJECTS + CONTENTS, ids=repr)
@pytest.mark.parametrize(
    "value",
    [
        {"a": "{}"},
        {"a": {"b": [1, ["x{}"]]}},
        {"k{}": 1},
        {"a": [{"k{}": {}}]},
        {"a": "\\{}"},
    ],
    ids=["value", "nested value", "key", "nested key", "after a backslash"],
)
def test_json_holds_neither_nul_nor_half_of_a_surrogate_pair_anywhere(place: Place, value):
    def with_text(item: Any, text: str) -> Any:
        if isinstance(item, dict):
            return {with_text(key, text): with_text(inner, text) for key, inner in item.items()}
        if isinstance(item, list):
            return [with_text(inner, text) for inner in item]
        return item.replace("{}", text) if isinstance(item, str) else item

    for text, wrong in (
        ("\0", "contains a NUL character; remove it"),
        ("\ud83d", "contains half of a surrogate pair; send whole characters"),
    ):
        with pytest.raises(InvalidInput) as caught:
            place.send(with_text(value, text))
        assert (caught.value.field, caught.value.message) == (place.path, f"{place.path} {wrong}")
    fine = with_text(value, "😀\\u0000")
    kept = place.send(fine)
    assert (kept.value if isinstance(kept, Content) else kept) == fine


@pytest.mark.parametrize("place", JSON_OBJECTS, ids=repr)
def test_an_object_may_take_16_kib_as_json_and_no_more(place: Place):
    room = limits.JSON_BYTES - len('{"k":""}')
    assert limits.JSON_BYTES == 16 * 1024
    for fits in ({"k": "x" * room}, {"k": "é" * (room // 2)}):
        assert place.send(fits) == fits
    for beyond, size in (({"k": "x" * (room + 1)}, 16_385), ({"k": "é" * (room // 2 + 1)}, 16_386)):
        with pytest.raises(LimitExceeded) as caught:
            place.send(beyond)
        assert caught.value.message == f"{place.path} is {size:,} bytes as JSON; the limit is 16,384. Send less"


def nested(depth: int) -> dict[str, Any]:
    """An object with so many levels of objects and arrays, its own included."""
    value: Any = 1
    for level in range(depth - 1):
        value = {"k": value} if level % 2 else [value]
    return {"k": value}


@pytest.mark.parametrize("place", JSON_OBJECTS, ids=repr)
def test_an_object_may_be_16_levels_deep_and_no_deeper(place: Place):
    assert limits.JSON_DEPTH == 16
    assert place.send(nested(16)) == nested(16)
    with pytest.raises(LimitExceeded) as caught:
        place.send(nested(17))
    assert caught.value.message == f"{place.path} is nested deeper than 16 levels. Flatten it"


def test_the_keys_that_a_trace_has_no_field_for_share_one_limit_with_its_attributes():
    half = {"attributes": {"a": "x" * 8_000}, "b": "y" * 8_000}
    request = {"run_id": RUN, "token_usage": {}}
    parse(ReportUsage, request | {"traces": [half]})
    for beyond in ({"c": "z" * 1_000}, {"c": nested(16)}, {"\0": 1}):
        with pytest.raises((LimitExceeded, InvalidInput)) as caught:
            parse(ReportUsage, request | {"traces": [half | beyond]})
        assert caught.value.field == "traces[0]"


@pytest.mark.parametrize("place", COUNTS, ids=repr)
def test_a_count_may_be_as_large_as_every_json_reader_is_exact(place: Place):
    assert limits.COUNT_MAX == 2**53 - 1
    assert place.send(2**53 - 1) == 2**53 - 1
    assert place.send(0) == 0
    with pytest.raises(LimitExceeded) as caught:
        place.send(2**53)
    assert caught.value.message == f"{place.path} is more than 9,007,199,254,740,991"


@pytest.mark.parametrize(
    "place", [place for place, _ in PLACES if place.field in ("cost_usd", "duration_ms")], ids=repr
)
def test_costs_and_durations_are_bounded_too(place: Place):
    most = limits.COST_USD_MAX if place.field == "cost_usd" else limits.COUNT_MAX
    assert place.send(most) == most
    with pytest.raises(LimitExceeded) as caught:
        place.send(most * 1.1)
    assert caught.value.field == place.path


@pytest.mark.parametrize(
    ("key", "is_one"),
    [
        ("a", True),
        ("7", True),
        ("A" * 64, True),
        ("a.b_c-D9", True),
        ("A" * 65, False),
        ("-a", False),
        ("_a", False),
        ("a b", False),
        ("a/b", False),
        ("é", False),
        ("a\n", False),
        ("a\0", False),
        ("\u0661", False),
    ],
)
def test_a_project_key_is_short_and_plain(key, is_one):
    if is_one:
        assert parse(StartRun, {"project_key": key}).project_key == key
        return
    with pytest.raises(InvalidInput) as caught:
        parse(StartRun, {"project_key": key})
    assert caught.value.message == (
        "project_key must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or a digit"
    )


@pytest.mark.parametrize(
    "tool", [tool for tool in TOOLS if "traces" in tool.request.model_fields], ids=lambda t: t.name
)
def test_a_call_may_carry_200_traces_and_no_more(tool):
    assert limits.TRACES_PER_CALL == 200
    minimal = MINIMAL[tool.name]
    request: Any = parse(tool.request, minimal | {"traces": [{}] * 200})
    assert len(request.traces) == 200
    with pytest.raises(LimitExceeded) as caught:
        parse(tool.request, minimal | {"traces": [{}] * 201})
    assert caught.value.message == "traces has 201 entries; the limit is 200. Split the call"


@pytest.mark.parametrize(
    ("model", "arguments", "field", "least", "most"),
    [(ListRuns, {}, "limit", 1, 200), (GetRun, {"run_id": RUN}, "max_chars", 2_500, 100_000)],
)
def test_the_size_of_an_answer_is_bounded(model, arguments, field, least, most):
    for value in (least, most):
        assert getattr(parse(model, arguments | {field: value}), field) == value
    for value, kind, sentence in (
        (least - 1, InvalidInput, f"{field} is less than {least:,}; send more, or leave it out"),
        (most + 1, LimitExceeded, f"{field} is more than {most:,}"),
    ):
        with pytest.raises(kind) as caught:
            parse(model, arguments | {field: value})
        assert caught.value.message == sentence
