"""What somebody who used a name that Runtally does not know may have meant."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Final

from runtally.domain.usage import TokenUsage

_CUTOFF: Final = 0.85
"""Of similar spelling; a wrong hint is worse than none."""
_CHARS_MAX: Final = 64
"""Longer than any name that is meant; comparing much longer ones would hold up others."""
KNOWN_ARE: Final = "; known are "
_NO_SIGN: Final = re.compile(r"[^a-z0-9]")

_OURS: Final[Mapping[str, tuple[str, ...]]] = {
    "project_key": ("project", "project_id", "project_name", "proj", "workspace", "site_id"),
    "run_id": ("run", "id", "uuid", "run_uuid", "execution_id", "task_run_id"),
    "parent_run_id": ("parent", "parent_id", "parent_run", "parent_uuid", "parent_task_id"),
    "agent_id": ("agent", "agent_id", "agent_name", "agent_type", "bot", "worker", "name", "actor"),
    "agent": ("agent", "agent_id", "agent_name", "agent_type", "bot", "worker", "name", "actor"),
    "conversation_id": ("conversation", "session", "session_id", "thread", "thread_id", "chat_id"),
    "session_id": ("session", "conversation", "conversation_id", "thread", "thread_id"),
    "user_id": ("user", "distinct_id", "end_user", "username", "customer_id", "user_email"),
    "user": ("user_id", "distinct_id", "end_user", "username"),
    "min_cost_usd": ("cost", "cost_usd", "min_cost", "cost_min", "min_usd", "cost_above"),
    "has_failures": ("failures", "failed", "with_failures", "has_errors", "has_failure", "failed_only"),
    "client": ("client_label", "client_name", "client_info", "host"),
    "server": ("server_name", "mcp_server", "service", "service_name"),
    "tool": ("tool_name", "method", "function", "function_name", "name"),
    "label": ("workflow", "type", "category", "kind", "run_name", "task_type"),
    "ticket": ("issue", "ticket_id", "issue_id", "ticket_key", "jira", "task_id"),
    "task_id": ("task", "task_uuid"),
    "error": ("exception", "stack", "stack_trace", "stacktrace", "traceback", "error_message", "error_text", "err"),
    "error_type": ("error_code", "error_kind", "error_class", "error_name", "exception_type", "type", "failure_type"),
    "status": ("state", "result_status", "run_status", "final_status", "success", "status_code"),
    "meta_json": ("metadata", "meta", "tags", "extra", "properties", "attributes", "opts", "data", "custom", "context"),
    "meta": ("metadata", "meta_json", "tags", "extra", "properties", "attributes", "data"),
    "attributes": ("metadata", "meta", "meta_json", "tags", "extra", "properties"),
    "input": ("prompt", "request", "query", "args", "arguments", "params", "user_prompt", "inputs", "tool_input"),
    "output": ("response", "result", "outputs", "completion", "answer", "return_value", "tool_output", "tool_response"),
    "duration_ms": ("duration", "latency", "latency_ms", "elapsed", "elapsed_ms", "time_ms"),
    "started_at": ("start", "start_time", "started", "begin", "timestamp", "start_timestamp"),
    "ended_at": ("end", "end_time", "ended", "finished_at", "completed_at", "end_timestamp"),
    "token_usage": ("usage", "tokens", "token_count", "usage_metadata", "usage_details", "token_usages", "final_usage"),
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
    "input_tokens": (
        *("prompt_tokens", "tokens_in", "total_tokens_in", "prompt_token_count", "input_token_count", "input"),
        *("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "in_tokens"),
    ),
    "output_tokens": (
        *("completion_tokens", "tokens_out", "total_tokens_out", "candidates_token_count", "output_token_count"),
        *("output", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "out_tokens"),
    ),
    "total_tokens": ("total", "tokens", "token_count", "total_token_count"),
    "cache_read_tokens": (
        *("cached_tokens", "cache_read_input_tokens", "cached_input_tokens", "cached_content_token_count"),
        *("cache_read", "cache_hit_tokens", "gen_ai.usage.cache_read.input_tokens"),
    ),
    "cache_write_tokens": (
        *("cache_creation_input_tokens", "cache_creation_tokens", "cache_write_input_tokens", "cache_write"),
        *("cache_creation", "gen_ai.usage.cache_creation.input_tokens"),
    ),
    "cache_write_1h_tokens": ("ephemeral_1h_input_tokens", "cache_creation_1h_tokens"),
    "reasoning_tokens": ("reasoning", "thoughts_token_count", "thinking_tokens", "reasoning_output_tokens"),
    "cost_usd": ("cost", "price", "total_cost", "total_cost_usd", "usd", "cost_in_usd", "amount", "spend", "dollars"),
    "model": ("model_name", "model_id", "llm", "gen_ai.request.model", "gen_ai.response.model", "engine"),
    "provider": ("vendor", "gen_ai.system", "gen_ai.provider.name", "model_provider", "llm_provider"),
    "llm_calls": ("calls", "num_calls", "requests", "call_count", "api_calls", "n_calls", "num_requests"),
    "prompt_preview": ("prompt", "preview", "prompt_text", "prompt_excerpt"),
    "summary": (
        *("title", "description", "message", "reason", "text", "goal", "intent", "objective", "task", "comment"),
        *("details", "what", "outcome", "end_reason", "status_message", "error_summary", "failure", "notes", "result"),
        "error_message",
    ),
}  # fmt: skip
"""Ours, each with what others call it. A name that stands with several of ours means the first that the tool knows."""


_ELSEWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "core_record_failure takes it": ("error", "exception", "stack", "stack_trace", "traceback", "error_type"),
    "core_report_usage takes it": ("token_usage", *_OURS["token_usage"], *TokenUsage.model_fields, *_OURS["cost_usd"]),
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
"""What is right somewhere else, each with the names under which it is told to a tool that knows nothing like it. Not to
one that looks up: what that cannot look for is of no use to it elsewhere."""


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


def meant_by(name: str, known: Collection[str]) -> str | None:
    """Which of the known names an unknown one stands for, as far as that can be told: by its spelling in another
    style, then by what others call things, then by a slip of the pen.
    """
    if len(name) > _CHARS_MAX:
        return None
    squashed = _squashed(name)
    for one in known:
        if _squashed(one) == squashed:
            return one
    if squashed in _MEANINGS:
        return next((ours for ours in _MEANINGS[squashed] if ours in known), None)
    near = get_close_matches(name.lower(), sorted(known), n=1, cutoff=_CUTOFF)
    return near[0] if near else None


def hint(name: str, known: Collection[str]) -> str:
    """What to say after an unknown name, where these are known: which is meant, where it goes, or all of them."""
    if meant := meant_by(name, known):
        return f"; did you mean {meant}?"
    if "token_usage" in known and (inner := meant_by(name, TokenUsage.model_fields)):
        return f"; did you mean token_usage.{inner}?"
    if len(name) <= _CHARS_MAX and "cursor" not in known and (told := _ELSEWHERE_BY_NAME.get(_squashed(name))):
        return f"; {told[0]}"
    return f"{KNOWN_ARE}{', '.join(sorted(known))}"
