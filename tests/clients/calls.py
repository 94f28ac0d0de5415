"""The calls that clients play."""

from typing import Any

RUN = "0198c5a0-7b1e-7c3d-9f00-5a1b2c3d4e5f"
OTHER = "9a1d2f60-7c1b-4d0e-8a35-51f7c0e6b213"
USAGE = {"input_tokens": 8400, "output_tokens": 1200, "cost_usd": 0.028}

ACCEPTED: dict[str, dict[str, Any]] = {
    "core_start_run": {"run_id": RUN, "agent_id": "builder", "summary": "Deploy"},
    "core_report_usage": {"run_id": RUN, "token_usage": USAGE, "traces": [{"name": "grep", "output": "3 matches"}]},
    "core_record_failure": {"run_id": RUN, "summary": "No database", "error": "connect ETIMEDOUT"},
    "core_end_run": {"run_id": RUN, "status": "completed", "summary": "Deployed"},
    "record_run": {"agent": "builder", "summary": "Tidied up"},
    "track_mcp": {"tool": "query", "input": {"x": 1}, "duration_ms": 13},
    "list_runs": {"status": "completed"},
    "get_run": {"run_id": RUN, "detail": "spans"},
}
"""A run from its beginning to a look at it, with every tool."""

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("core_report_usage", {"run_id": RUN, "token_usage": {"input_tokens": -1}}, "invalid", "input_tokens"),
    ("core_start_run", {"nonsense": 1}, "invalid", "nonsense is not a known argument"),
    ("get_run", {"run_id": OTHER}, "not_found", OTHER),
    ("core_end_run", {"run_id": RUN, "status": "failed"}, "conflict", "final"),
    ("record_run", {"agent": "a", "summary": "s" * 2_001}, "limit", "the limit is 2,000"),
    ("list_runs", {"project_key": "another"}, "forbidden", "project"),
]
"""A call of each kind that is refused, the code it is refused with, and some of our words."""
