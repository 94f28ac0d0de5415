"""The least that each tool takes."""

from tests.door import Answer, an_id

RUN = an_id(1)

MINIMAL: dict[str, Answer] = {
    "core_start_run": {},
    "core_report_usage": {"run_id": RUN, "token_usage": {"llm_calls": 1}},
    "core_end_run": {"run_id": RUN, "status": "completed"},
    "core_record_failure": {"run_id": RUN, "summary": "It broke"},
    "record_run": {"agent": "coder", "summary": "Fixed it"},
    "track_mcp": {"tool": "search"},
    "list_runs": {},
    "get_run": {"run_id": RUN},
}
