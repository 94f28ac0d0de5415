"""What somebody who used a name that Runtally does not know may have meant."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from runtally.domain.dialects import usage
from runtally.domain.usage import TokenUsage

_CUTOFF: Final = 0.85
"""Of similar spelling; a wrong hint is worse than none."""
_CHARS_MAX: Final = 64
"""Longer than any name that is meant; comparing much longer ones would hold up others."""
KNOWN_ARE: Final = "; known are "
_NO_SIGN: Final = re.compile(r"[^a-z0-9]")

_AGENT: Final = ("agent_type", "bot", "worker", "name", "actor")
_OURS: Final[Mapping[str, tuple[str, ...]]] = {
    "project_key": ("project", "project_id", "project_name", "proj", "workspace", "site_id"),
    "run_id": ("run", "id", "uuid", "run_uuid", "execution_id", "task_run_id"),
    "parent_run_id": ("parent", "parent_id", "parent_run", "parent_uuid", "parent_task_id"),
    "tool": ("tool_name", "method", "function", "function_name", "name"),
    "agent_id": _AGENT,
    "agent": _AGENT,
    "conversation_id": ("conversation", "session", "session_id", "thread", "thread_id", "chat_id"),
    "session_id": ("session", "conversation", "conversation_id", "thread", "thread_id"),
    "user_id": ("user", "end_user", "username", "customer_id", "user_email"),
    "user": ("end_user", "username"),
    "min_cost_usd": ("cost", "cost_usd", "min_cost", "cost_min", "min_usd", "cost_above"),
    "has_failures": ("failures", "failed", "with_failures", "has_errors", "has_failure", "failed_only"),
    "client": ("client_name", "client_info", "host"),
    "server": ("server_name", "mcp_server", "service", "service_name"),
    "label": ("workflow", "type", "category", "kind", "run_name", "task_type"),
    "ticket": ("issue", "ticket_id", "issue_id", "ticket_key", "jira", "task_id"),
    "task_id": ("task", "task_uuid"),
    "error": ("exception", "stack", "stack_trace", "stacktrace", "traceback", "error_message", "error_text", "err"),
    "error_type": ("error_code", "error_kind", "error_class", "error_name", "exception_type", "type", "failure_type"),
    "status": ("state", "result_status", "run_status", "final_status", "success", "status_code"),
    "meta_json": ("tags", "extra", "properties", "attributes", "opts", "data", "custom", "context"),
    "meta": ("tags", "extra", "properties", "attributes", "data"),
    "attributes": ("metadata", "meta", "meta_json", "tags", "extra", "properties"),
    "input": ("prompt", "request", "query", "args", "arguments", "params", "user_prompt", "inputs", "tool_input"),
    "output": ("response", "result", "outputs", "completion", "answer", "return_value", "tool_output", "tool_response"),
    "duration_ms": ("duration", "latency", "latency_ms", "elapsed", "elapsed_ms", "time_ms"),
    "started_at": ("start", "start_time", "started", "begin", "timestamp", "start_timestamp"),
    "ended_at": ("end", "end_time", "ended", "finished_at", "completed_at", "end_timestamp"),
    "token_usage": ("token_count", "token_usages", "final_usage"),
    "traces": ("trace", "steps", "spans", "tool_calls"),
    "corrects": ("correct", "replaces", "supersedes", "correction_of", "report_id"),
    "idempotency_key": ("idempotency", "request_id", "dedup_key", "dedupe_key", "idempotency_token"),
    "span_id": ("span", "call_id", "tool_call_id", "tool_use_id"),
    "since": ("from", "after", "start_date", "from_date", "started_after", "start_time", "started_at", "begin"),
    "until": ("to", "before", "end_date", "to_date", "started_before", "end_time", "ended_at"),
    "limit": ("page_size", "per_page", "max_results", "top", "size", "max_runs", "n", "take"),
    "cursor": ("offset", "page", "next_cursor", "page_token", "next_page_token", "continuation_token"),
    "query": ("search", "q", "text", "keyword", "keywords", "contains", "filter", "term"),
    "detail": ("details", "verbose", "include", "expand", "fields", "view"),
    "max_chars": ("max_length", "max_characters", "char_limit", "limit"),
    "input_tokens": ("input", "in_tokens"),
    "output_tokens": ("output", "out_tokens"),
    "total_tokens": ("total", "token_count"),
    "cache_read_tokens": ("cache_read", "cache_hit_tokens"),
    "cache_write_tokens": ("cache_write",),
    "reasoning_tokens": ("reasoning",),
    "cost_usd": ("price", "usd", "cost_in_usd", "amount", "spend", "dollars"),
    "model": ("model_name", "model_id", "llm", "engine"),
    "provider": ("vendor", "llm_provider"),
    "llm_calls": ("calls", "num_calls", "requests", "call_count", "api_calls", "n_calls", "num_requests"),
    "prompt_preview": ("prompt", "preview", "prompt_text", "prompt_excerpt"),
    "summary": (
        *("title", "message", "reason", "text", "goal", "intent", "objective", "task", "comment"),
        *("details", "what", "outcome", "end_reason", "status_message", "error_summary", "failure", "notes", "result"),
        "error_message",
    ),
}  # fmt: skip
"""Ours, each with what others call it and is not understood as it is. A name that stands with several of ours means the
first that the tool knows."""


_REPORTS_USAGE: Final = "core_report_usage takes it"
_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "core_record_failure takes it": ("error", "exception", "stack", "stack_trace", "traceback", "error_type"),
    _REPORTS_USAGE: (*_OURS["token_usage"], *_OURS["cost_usd"]),
    "core_end_run takes it": ("output", *_OURS["output"]),
    "Runtally notes the time itself": (
        "started_at",
        "ended_at",
        *_OURS["started_at"],
        *_OURS["ended_at"],
        "created_at",
    ),
    "the server's settings or its bearer key say who asks": ("api_key", "auth_token", "token", "role", "tenant"),
}
"""What is right somewhere else, each with the names under which it is told to a tool that knows nothing like it; names
that a usage object has are told beside these. Not to one that looks up: what that cannot look for is of no use to it
elsewhere."""


def _squashed(name: str) -> str:
    """Without what separates words, so that `runId`, `run-id` and `RUN_ID` are one."""
    return _NO_SIGN.sub("", name.lower())


def _by_other(table: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ours, others in table.items():
        for other in others:
            found.setdefault(_squashed(other), []).append(ours)
    return found


_MEANINGS: Final = _by_other(_OURS)
_ELSEWHERE_BY_NAME: Final = _by_other(_ELSEWHERE)
_OF_USAGE: Final = {name: name for name in TokenUsage.model_fields}


def meant_by(name: str, known: Mapping[str, str]) -> str | None:
    """Which argument an unknown name stands for, as far as that can be told: by its spelling in another style, then by
    what others call things, then by a slip of the pen. `known` has the argument for each name that is understood.
    """
    if len(name) > _CHARS_MAX:
        return None
    squashed = _squashed(name)
    for one, argument in known.items():
        if _squashed(one) == squashed:
            return argument
    if squashed in _MEANINGS:
        return next((known[ours] for ours in _MEANINGS[squashed] if ours in known), None)
    near = get_close_matches(name.lower(), sorted(known), n=1, cutoff=_CUTOFF)
    return known[near[0]] if near else None


def hint(name: str, known: Mapping[str, str], *, nested: bool = False) -> str:
    """What to say after an unknown name: which of the known is meant (as `meant_by` has them), where it goes, or all of
    them. What is `nested` in an argument is sent to no other tool.
    """
    if meant := meant_by(name, known):
        return f"; did you mean {meant}?"
    if not nested and len(name) <= _CHARS_MAX and (told := _elsewhere(name, known)):
        return f"; {told}"
    return f"{KNOWN_ARE}{', '.join(sorted(set(known.values())))}"


def _elsewhere(name: str, known: Mapping[str, str]) -> str | None:
    """Where a name goes that means nothing beside those that are known."""
    if "cursor" in known:
        return None
    if "token_usage" in known:
        if usage.is_known(name):
            return "send it within token_usage"
        if inner := meant_by(name, _OF_USAGE):
            return f"did you mean token_usage.{inner}?"
    elif usage.is_known(name):
        return _REPORTS_USAGE
    return next(iter(_ELSEWHERE_BY_NAME.get(_squashed(name), ())), None)
