"""Where a call came from is kept with everything it records, and decides nothing."""

import pytest

from runtally.domain.caller import Origin
from tests.door import Door, LedgerDatabase

pytestmark = pytest.mark.anyio

HERE = Origin("claude-code 2.1", "session-1", "thread-1", "toolu_1", "claude-opus-4-1", "a" * 32, "b" * 16)
THERE = Origin("codex 1.0", "session-2", "thread-2", "call-2", "gpt-5", "c" * 32, "d" * 16)


def origins(database: LedgerDatabase, table: str) -> list[Origin]:
    return [Origin(*(row[name] for name in Origin._fields)) for row in database.rows()[table]]


async def test_runs_reports_spans_and_failures_keep_the_origin_of_their_own_call(door: Door, database: LedgerDatabase):
    run_id = (await door("core_start_run", HERE))["run_id"]
    traces = [{"span_id": "s1", "input_tokens": 1}]
    await door("core_report_usage", THERE, run_id=run_id, token_usage={}, traces=traces)
    await door("core_record_failure", THERE, run_id=run_id, summary="It broke")
    await door("core_end_run", HERE, run_id=run_id, status="completed", token_usage={"input_tokens": 2})
    await door("record_run", THERE, agent="coder", summary="Fixed it")
    await door("track_mcp", HERE, tool="search", session_id="of the caller", client="of the caller")
    assert origins(database, "runs") == [HERE, THERE]
    assert origins(database, "usage_reports") == [THERE, HERE]
    assert origins(database, "failures") == [THERE]
    assert sorted(origins(database, "spans")) == sorted([THERE, HERE._replace(client="of the caller")])
    assert {row["session_id"] for row in database.rows()["spans"]} == {None, "of the caller"}
    run = await door.look(run_id)
    assert (run["client"], run["trace_id"]) == ("claude-code 2.1", "a" * 32)
