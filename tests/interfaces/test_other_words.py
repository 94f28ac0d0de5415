"""Raw JSON-RPC in the words of other recorders and of hosts that send everything, and what comes back."""

import json
from pathlib import Path

import pytest

from tests.journeys.processes import ERAS, Refused, StdioClient, outcome


@pytest.mark.parametrize("era", ERAS)
def test_a_run_is_recorded_as_a_host_that_writes_everything_as_text_sends_it(tmp_path: Path, era: str) -> None:
    with StdioClient(tmp_path / "ledger.db", era=era) as client:
        run_id = client.call("core_start_run", agent_name="coder", metadata='{"a": 1}', label="", parent_run_id="")[
            "run_id"
        ]
        reported = client.call(
            "core_report_usage",
            run_id=run_id,
            token_usage=json.dumps({"input_tokens": "8,400", "output_tokens": 1200, "cost_usd": "$0.028"}),
            traces='[{"name": "grep"}, {"name": "ls"}]',
            corrects="",
        )
        assert (reported["totals"]["input_tokens"], reported["totals"]["cost_usd"]) == (8400, 0.028)
        assert reported["spans_recorded"] == 2
        assert client.call("core_end_run", run_id=run_id, status="Success")["status"] == "completed"
        found = client.call("list_runs", status="done", since="24h", until="", limit="5", cursor="")
        assert [run["run_id"] for run in found["runs"]] == [run_id]


def test_a_refusal_tells_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    with StdioClient(tmp_path / "ledger.db") as client, pytest.raises(Refused) as refused:
        outcome(client.send("core_end_run", runId="x", status="timeout", token_usage="12k", meta_json="[]"))
    assert refused.value.code == "invalid"
    assert refused.value.message == (
        "runId is not a known argument; did you mean run_id?; "
        "status must be one of 'completed', 'partial', 'failed' or 'interrupted'; "
        'meta_json is the JSON of something else than an object; send one like {"key": "value"}; '
        "token_usage is text that is not JSON; send an object"
    )
