"""Every answer of a tool that reads is as short as was asked, whatever is recorded, and its pages miss nothing."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtally.domain.caller import NOWHERE, Caller, Origin
from runtally.domain.fields import compact_json
from runtally.domain.limits import (
    ANSWER_CHARS_DEFAULT,
    ANSWER_CHARS_MAX,
    ANSWER_CHARS_MIN,
    COUNT_MAX,
    ERROR_CHARS,
    IDENTIFIER_CHARS,
    JSON_BYTES,
    LIST_LIMIT_MAX,
    NAME_CHARS,
    TEXT_CHARS,
    TICKET_CHARS,
    TRACES_PER_CALL,
)
from runtally.domain.ports import Database
from runtally.domain.records import Addition, Spent
from runtally.domain.usage import Counts
from tests.door import START, Answer, CountingClock, Door, an_id

pytestmark = pytest.mark.anyio

KEY = "p" * 64
"""A project's key as long as it may be."""
CHARACTERS = {"plain": "x", "control": "\x01", "of 4 bytes": "\U0001f600", "quoted": '"'}
SIZES = (ANSWER_CHARS_MIN, ANSWER_CHARS_DEFAULT, ANSWER_CHARS_DEFAULT + 1, 20_000, ANSWER_CHARS_MAX)
MOST = {
    "input_tokens": COUNT_MAX // 2,
    "output_tokens": COUNT_MAX // 2,
    "total_tokens": COUNT_MAX,
    "cache_read_tokens": COUNT_MAX // 4,
    "cache_write_tokens": COUNT_MAX // 4,
    "cache_write_1h_tokens": COUNT_MAX // 4,
    "reasoning_tokens": COUNT_MAX // 2,
    "cost_usd": 9_007_199.123456789,
}
OBSERVED = Spent(Counts(*[COUNT_MAX // 4] * 3, COUNT_MAX, *[COUNT_MAX // 4] * 4), COUNT_MAX, COUNT_MAX)


def an_object(character: str) -> dict[str, str]:
    """As large as an object may be."""
    room = JSON_BYTES - len('{"k":""}')
    return {"k": character * (room // len(compact_json(character).encode()[1:-1]))}


async def fill(door: Door, opened: Database, character: str, *, runs: int = 3, spans: int = 5) -> None:
    """Runs of which every field is as long as it may be, the first with spans that are."""
    name, identifier = character * NAME_CHARS, character * IDENTIFIER_CHARS
    origin = Origin(name, identifier, identifier, identifier, identifier, "a" * 32, "b" * 16)
    for number in range(runs):
        start = {
            "agent_id": name,
            "label": name,
            "summary": character * TEXT_CHARS,
            "meta_json": an_object(character),
            "parent_run_id": an_id(number - 1) if number else None,
            "conversation_id": identifier,
            "user_id": identifier,
            "follows_act_id": identifier,
            "input": "x" * 100_000,
        }
        await door("core_start_run", origin, run_id=an_id(number), **start)
    step = {
        "name": identifier,
        "kind": "retrieval",
        "parent_span_id": identifier,
        "started_at": "2026-01-01T00:00:00.000001Z",
        "duration_ms": COUNT_MAX // 4000,
        "status": "error",
        "error": character * ERROR_CHARS,
        "tool_name": name,
        "provider": identifier,
        "model": identifier,
        "attributes": an_object(character),
        "input": "x" * 100,
        "output": "x" * 100,
    }
    steps = [step | MOST | {"span_id": f"{n:03}{character * (IDENTIFIER_CHARS - 3)}"} for n in range(spans)]
    usage = MOST | {"llm_calls": COUNT_MAX}
    for first in range(0, spans, 50):
        batch = steps[first:][:50]
        reported = {"input_tokens": 0} if first else usage
        await door("core_report_usage", origin, run_id=an_id(0), token_usage=reported, traces=batch)
    await opened.write(
        lambda store: store.runs.add(KEY, an_id(0), Addition(START, "observed", reports=1, spent=OBSERVED))
    )
    for number in range(1, runs):
        await door("core_report_usage", origin, run_id=an_id(number), token_usage=usage)
        end = {"summary": character * (TEXT_CHARS - 1) + "!", "meta_json": {"end": 1}, "output": "x" * 100_000}
        await door("core_end_run", origin, run_id=an_id(number), status="interrupted", **end)
    await door("record_run", agent=name, summary=character * TEXT_CHARS, ticket=character * TICKET_CHARS)


async def pages(
    door: Door, tool: str, max_chars: int | None, origin: Origin = NOWHERE, **question: Any
) -> list[Answer]:
    """The answers to a question, each of which was proven to keep to its size."""
    asked = question if max_chars is None else question | {"max_chars": max_chars}
    answers = [await door(tool, origin, **asked)]
    while "next_cursor" in answers[-1]:
        answers.append(await door(tool, origin, **asked, cursor=answers[-1]["next_cursor"]))
        assert answers[-1].get("runs") or answers[-1].get("spans")
    for answer in answers:
        assert len(compact_json(answer)) <= (ANSWER_CHARS_DEFAULT if max_chars is None else max_chars)
    return answers


@pytest.fixture
def longest(door: Door) -> Door:
    return door.by(Caller((KEY,), KEY))


@pytest.mark.parametrize("character", CHARACTERS.values(), ids=CHARACTERS)
@pytest.mark.parametrize("max_chars", [None, *SIZES])
async def test_the_longest_answers_keep_to_their_size(longest: Door, opened: Database, character, max_chars):
    await fill(longest, opened, character)
    for limit in (1, LIST_LIMIT_MAX):
        listed = [run for page in await pages(longest, "list_runs", max_chars, limit=limit) for run in page["runs"]]
        assert [run["run_id"] for run in listed][:3] == [an_id(number) for number in (2, 1, 0)]
        assert len(listed) == 4
    for number in range(3):
        (answer,) = await pages(longest, "get_run", max_chars, run_id=an_id(number))
        assert (answer["run"]["run_id"], answer["run"]["status"]) == (
            an_id(number),
            "interrupted" if number else "running",
        )
    answers = await pages(longest, "get_run", max_chars, run_id=an_id(0), detail="spans")
    assert [span["position"] for page in answers for span in page["spans"]] == [1, 2, 3, 4, 5]
    assert answers[0]["run"]["span_count"] == 5


async def test_two_hundred_spans_of_16_kib_come_in_pages(longest: Door, opened: Database):
    await fill(longest, opened, "\x01", runs=1, spans=TRACES_PER_CALL)
    answers = await pages(longest, "get_run", None, run_id=an_id(0), detail="spans")
    positions = [span["position"] for page in answers for span in page["spans"]]
    assert positions == list(range(1, TRACES_PER_CALL + 1))


async def test_twenty_typical_runs_take_about_6_000_characters(door: Door, clock: CountingClock):
    for number in range(25):
        run_id = await door.run(agent_id="claude-code", label="bugfix", summary=f"Fix the flaky checkout test {number}")
        clock.advance(seconds=61, micros=123_456)
        usage = {"input_tokens": 41_234, "output_tokens": 3_456, "model": "claude-opus-4-1", "provider": "anthropic"}
        await door("core_report_usage", run_id=run_id, token_usage=usage)
        if number % 5 == 0:
            await door("core_record_failure", run_id=run_id, summary="It broke")
        summary = f"Found the race in the checkout test {number}, added a lock and a test for it"
        await door("core_end_run", run_id=run_id, status="completed", summary=summary)
    answer = await door("list_runs")
    assert len(answer["runs"]) == 20
    assert len(compact_json(answer)) <= 6_200


async def test_a_long_text_is_cut_and_the_answer_says_how_long_it_is_and_what_shows_it_whole(door: Door):
    summary, error = "é" * TEXT_CHARS, "e" * ERROR_CHARS
    run_id = await door.run(summary=summary, agent_id="coder")
    attributes = {"note": "x" * 500}
    step = {"name": "grep", "error": error, "attributes": attributes}
    await door("core_report_usage", run_id=run_id, token_usage={}, traces=[step])
    listed = await door("list_runs")
    assert listed["runs"][0]["summary"] == "é" * 200 + "…[2,000 characters]"
    assert listed["to_see_all"] == "get_run"
    found = await door("get_run", run_id=run_id)
    assert found["run"]["summary"] == summary
    assert "to_see_all" not in found
    spans = await door("get_run", run_id=run_id, detail="spans")
    assert spans["spans"][0]["error"] == "e" * 500 + "…[8,000 characters]"
    assert spans["spans"][0]["attributes_bytes"] == 511
    assert "attributes" not in spans["spans"][0]
    assert spans["to_see_all"] == "the same call with max_chars from 8001 to 100000"
    whole = await door("get_run", run_id=run_id, detail="spans", max_chars=12_000)
    assert (whole["spans"][0]["error"], whole["spans"][0]["attributes"]) == (error, attributes)
    assert "to_see_all" not in whole


@pytest.mark.parametrize("length", [199, 200, 201])
async def test_what_is_no_longer_than_its_limit_is_left_as_it_is(door: Door, length):
    await door.run(summary="é" * length)
    answer = await door("list_runs")
    assert (answer["runs"][0]["summary"] == "é" * length) == (length <= 200) == ("to_see_all" not in answer)


async def test_an_answer_keeps_to_its_size_to_the_character(door: Door):
    """Each is as long as can be at one of these sizes: what is not told of a run, and a row more, do not fit."""
    run_id = await door.run(summary="i" * 1_000, meta_json={"note": "x" * 10_000})
    await door("core_end_run", run_id=run_id, status="completed", summary="s" * 2_000)
    without_meta = len(compact_json(await door("get_run", run_id=run_id)))
    for max_chars in range(without_meta - 10, without_meta + 10):
        (answer,) = await pages(door, "get_run", max_chars, run_id=run_id)
        is_whole = answer["run"]["summary"] == "s" * 2_000
        assert is_whole == (max_chars >= without_meta)
    for _ in range(10):
        await door.run(summary="y" * 201)
    row = len(compact_json((await door("list_runs"))["runs"][0])) + len(",")
    for max_chars in range(ANSWER_CHARS_MIN, ANSWER_CHARS_MIN + row):
        first, *_ = await pages(door, "list_runs", max_chars)
        assert len(compact_json(first)) + row >= max_chars


TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from('\x01"\\\n'), max_size=2_000
)
NAMED = TEXT.map(lambda text: text[:100]) | st.sampled_from(["x", "y" * 128])
STEP = st.fixed_dictionaries(
    {"name": NAMED.filter(bool)},
    optional={
        "error": TEXT.filter(bool).flatmap(lambda text: st.integers(1, 4).map(lambda times: (text * times)[:8_000])),
        "model": NAMED.filter(bool),
        "tool_name": NAMED.filter(bool),
        "attributes": st.dictionaries(NAMED, TEXT, max_size=2),
        "input_tokens": st.integers(0, COUNT_MAX // 4),
    },
)
RUN = st.fixed_dictionaries(
    {"summary": TEXT.filter(bool)},
    optional={"agent_id": NAMED.filter(bool), "meta_json": st.dictionaries(NAMED, TEXT, max_size=2)},
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    runs=st.lists(RUN, min_size=1, max_size=5),
    steps=st.lists(STEP, max_size=8),
    max_chars=st.integers(ANSWER_CHARS_MIN, 12_000) | st.integers(ANSWER_CHARS_MIN, ANSWER_CHARS_MAX),
    limit=st.integers(1, 6),
)
async def test_whatever_is_recorded_answers_fit_and_their_pages_lead_through_everything_once(
    door: Door, clock: CountingClock, runs: list[Answer], steps: list[Answer], max_chars: int, limit: int
):
    clock.advance(seconds=1)
    here = Origin(host_session_id="here")
    conversation = str(clock())
    ids = []
    for number, start in enumerate(runs):
        origin = here if number % 2 else Origin()
        ids.append((await door("core_start_run", origin, conversation_id=conversation, **start))["run_id"])
    question = {"status": "running", "conversation_id": conversation, "limit": limit}
    listed = [
        run["run_id"] for page in await pages(door, "list_runs", max_chars, here, **question) for run in page["runs"]
    ]
    assert sorted(listed) == sorted(ids)
    await door("core_report_usage", run_id=ids[0], token_usage={}, traces=steps)
    for run_id in ids:
        assert len(await pages(door, "get_run", max_chars, run_id=run_id)) == 1
    answers = await pages(door, "get_run", max_chars, run_id=ids[0], detail="spans")
    shown = [span for page in answers for span in page["spans"]]
    assert [span["position"] for span in shown] == list(range(1, len(steps) + 1))
    is_whole = not any("to_see_all" in answer for answer in answers)
    if is_whole:
        assert [span.get("error") for span in shown] == [step.get("error") for step in steps]
