"""One run: its spans in pages without gaps or repeats, and answers that keep to a size and tell what they lack."""

import json

import pytest

from runtally.domain.caller import Caller
from runtally.domain.errors import InvalidInput
from runtally.domain.fields import compact_json
from runtally.domain.limits import COUNT_MAX, PAYLOAD_BYTES
from tests.contract.test_lookup import NOT_OF_THIS_QUESTION
from tests.door import Answer, Door, an_id

pytestmark = pytest.mark.anyio


async def with_spans(door: Door, count: int, *, size: int = 0) -> str:
    run_id = await door.run(run_id=an_id(1))
    for first in range(0, count, 200):
        steps = [
            {"span_id": f"s{n}", "name": f"step {n}", "note": "x" * size} for n in range(first, min(count, first + 200))
        ]
        await door("core_report_usage", run_id=run_id, token_usage={}, traces=steps)
    return run_id


async def pages(door: Door, run_id: str, max_chars: int) -> list[Answer]:
    answers: list[Answer] = [await door("get_run", run_id=run_id, detail="spans", max_chars=max_chars)]
    while "next_cursor" in answers[-1]:
        cursor = answers[-1]["next_cursor"]
        answers.append(await door("get_run", run_id=run_id, detail="spans", max_chars=max_chars, cursor=cursor))
    return answers


async def test_a_run_shows_its_spans_as_they_were_recorded_without_their_payloads(door: Door):
    run_id = await door.run()
    trace = {
        "span_id": "s1",
        "parent_span_id": "s0",
        "name": "ask",
        "kind": "llm",
        "model": "m",
        "provider": "p",
        "input_tokens": 10,
        "output_tokens": 5,
        "cost_usd": 0.25,
        "started_at": "2026-01-01T00:00:00Z",
        "ended_at": "2026-01-01T00:00:01.5Z",
        "error": "cut short",
        "input": {"q": 1},
        "output": "é",
        "temperature": 0.5,
        "attributes": {"top_p": 1},
    }
    await door(
        "core_report_usage", run_id=run_id, token_usage={}, traces=[trace, {"tool_name": "grep", "span_id": "s2"}]
    )
    assert "spans" not in await door("get_run", run_id=run_id)
    spans = (await door("get_run", run_id=run_id, detail="spans"))["spans"]
    both = {"recorded_at": "2026-01-01T00:00:00Z"}
    sent = {name: trace[name] for name in trace if name not in ("input", "output", "temperature")}
    assert spans == [
        both
        | sent
        | {
            "position": 1,
            "status": "error",
            "duration_ms": 1500,
            "ended_at": "2026-01-01T00:00:01.500000Z",
            "total_tokens": 15,
            "attributes": {"top_p": 1, "temperature": 0.5},
            "input_bytes": 7,
            "output_bytes": 4,
        },
        both | {"span_id": "s2", "position": 2, "name": "grep", "kind": "tool", "status": "ok"},
    ]


DAY = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ({}, {}),
        ({"duration_ms": 1500}, {"duration_ms": 1500}),
        ({"started_at": DAY}, {"started_at": DAY}),
        (
            {"started_at": DAY, "duration_ms": 1500},
            {"started_at": DAY, "duration_ms": 1500, "ended_at": "2026-01-01T00:00:01.500000Z"},
        ),
        (
            {"ended_at": DAY, "duration_ms": 1500},
            {"started_at": "2025-12-31T23:59:58.500000Z", "duration_ms": 1500, "ended_at": DAY},
        ),
        ({"started_at": DAY, "ended_at": DAY}, {"started_at": DAY, "ended_at": DAY, "duration_ms": 0}),
        (
            {"started_at": DAY, "ended_at": DAY, "duration_ms": 3},
            {"started_at": DAY, "ended_at": DAY, "duration_ms": 3},
        ),
        ({"started_at": DAY, "duration_ms": COUNT_MAX}, {"started_at": DAY, "duration_ms": COUNT_MAX}),
    ],
)
async def test_a_span_shows_the_times_that_follow_from_those_it_was_sent_with(door: Door, sent, shown):
    run_id = await door.run()
    await door("core_report_usage", run_id=run_id, token_usage={}, traces=[{"name": "step"} | sent])
    (span,) = (await door("get_run", run_id=run_id, detail="spans"))["spans"]
    assert {name: span[name] for name in ("started_at", "ended_at", "duration_ms") if name in span} == shown


@pytest.mark.parametrize(("size", "max_chars"), [(0, 2_500), (300, 2_500), (0, 8_000), (450, 8_000), (900, 9_000)])
async def test_spans_come_in_pages_that_keep_to_their_size_and_miss_and_repeat_none(door: Door, size, max_chars):
    run_id = await with_spans(door, 60, size=size)
    answers = await pages(door, run_id, max_chars)
    assert [span["span_id"] for answer in answers for span in answer["spans"]] == [f"s{n}" for n in range(60)]
    assert len(answers) > 1
    assert ["run" in answer for answer in answers] == [True] + [False] * (len(answers) - 1)
    for answer in answers:
        assert len(compact_json(answer)) <= max_chars
        assert all(span["attributes"] == {"note": "x" * size} for span in answer["spans"])


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (199, [199]), (200, [200]), (201, [200, 1]), (400, [200, 200])])
async def test_a_run_has_a_next_page_exactly_where_there_are_more_spans(door: Door, count, sizes):
    run_id = await with_spans(door, count)
    assert [len(answer["spans"]) for answer in await pages(door, run_id, 100_000)] == sizes


async def test_a_cursor_of_one_run_is_refused_for_another(door: Door):
    await with_spans(door, 9, size=450)
    cursor = (await door("get_run", run_id=an_id(1), detail="spans", max_chars=2_500))["next_cursor"]
    await door.run(run_id=an_id(2))
    error = await door.refused("get_run", run_id=an_id(2), detail="spans", cursor=cursor)
    assert isinstance(error, InvalidInput)
    assert error.message == NOT_OF_THIS_QUESTION
    beta = door.by(Caller(("beta",), "beta"))
    await beta.run(run_id=an_id(1))
    error = await beta.refused("get_run", run_id=an_id(1), detail="spans", cursor=cursor)
    assert error.message == NOT_OF_THIS_QUESTION


async def test_a_cursor_without_its_detail_is_refused(door: Door):
    run_id = await with_spans(door, 9, size=450)
    cursor = (await door("get_run", run_id=run_id, detail="spans", max_chars=2_500))["next_cursor"]
    for detail in ({}, {"detail": "summary"}):
        error = await door.refused("get_run", run_id=run_id, cursor=cursor, **detail)
        assert (error.code, error.field) == ("invalid", "cursor")
        assert 'detail "spans"' in error.message
    assert "spans" not in await door("get_run", run_id=run_id, cursor="")


async def test_meta_that_does_not_fit_is_left_out_and_its_size_told(door: Door):
    meta = {"note": "é" * 3_000}
    run_id = await door.run(meta_json=meta)
    small = await door("get_run", run_id=run_id, max_chars=3_000)
    assert "meta" not in small["run"]
    size = len(json.dumps(meta, ensure_ascii=False, separators=(",", ":")).encode())
    assert small["run"]["meta_bytes"] == size == 6_011
    assert small["to_see_all"] == "the same call with max_chars from 8001 to 100000"
    large = await door("get_run", run_id=run_id, max_chars=4_000)
    assert large["run"]["meta"] == meta
    assert not {"meta_bytes", "to_see_all"} & {*large, *large["run"]}


async def test_beside_spans_a_run_has_half_of_the_answer(door: Door):
    run_id = await door.run(run_id=an_id(1), meta_json={"note": "x" * 4_000})
    steps = [{"span_id": f"s{n}"} for n in range(10)]
    await door("core_report_usage", run_id=run_id, token_usage={}, traces=steps)
    answer = await door("get_run", run_id=run_id, detail="spans")
    assert (len(answer["spans"]), answer["run"]["meta_bytes"]) == (10, 4_011)
    assert "meta" in (await door("get_run", run_id=run_id))["run"]


@pytest.mark.parametrize(("text", "is_cut"), [("x" * (PAYLOAD_BYTES - 2), False), ("x" * (PAYLOAD_BYTES - 1), True)])
async def test_payloads_show_their_size_as_sent_and_whether_they_were_cut(door: Door, text, is_cut):
    size = len(text) + 2
    started = await door("core_start_run", input=text)
    run_id = started["run_id"]
    steps = [{"span_id": "s1", "input": text, "output": "short"}, {"span_id": "s2", "input": "short", "output": text}]
    reported = await door("core_report_usage", run_id=run_id, token_usage={}, traces=steps)
    tracked = await door("track_mcp", tool="search", input="short", output=text)
    ended = await door("core_end_run", run_id=run_id, status="completed", output=text)
    cut_from = size if is_cut else None
    assert started.get("input_truncated_from_bytes") == cut_from
    assert ended.get("output_truncated_from_bytes") == cut_from
    assert reported.get("spans_truncated") == ([0, 1] if is_cut else None)
    assert (tracked.get("input_truncated_from_bytes"), tracked.get("output_truncated_from_bytes")) == (None, cut_from)
    answer = await door("get_run", run_id=run_id, detail="spans")
    flag = True if is_cut else None
    shown = [
        tuple(each.get(name) for name in ("input_bytes", "input_truncated", "output_bytes", "output_truncated"))
        for each in (answer["run"], *answer["spans"])
    ]
    assert shown == [(size, flag, size, flag), (size, flag, 7, None), (7, None, size, flag)]
