-- name: insert_span
-- One timed step. A span that its scope already has is refused, never passed over.
INSERT INTO spans (
    project_key, scope, span_id, run_id, position, parent_span_id, kind, name, status, recorded_at, started_at, ended_at,
    duration_ms, late, error, model, provider, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, cost_nano_usd, tool_name, server, user_id, session_id,
    client, host_session_id, host_thread_id, host_call_id, host_model, trace_id, trace_span_id, attributes_json, input,
    input_bytes, input_truncated, output, output_bytes, output_truncated
) VALUES (
    :project_key, :scope, :span_id, :run_id, :position, :parent_span_id, :kind, :name, :status, :recorded_at, :started_at, :ended_at,
    :duration_ms, :late, :error, :model, :provider, :input_tokens, :output_tokens, :total_tokens, :cache_read_tokens,
    :cache_write_tokens, :cache_write_1h_tokens, :reasoning_tokens, :cost_nano_usd, :tool_name, :server, :user_id, :session_id,
    :client, :host_session_id, :host_thread_id, :host_call_id, :host_model, :trace_id, :trace_span_id, :attributes_json, :input,
    :input_bytes, :input_truncated, :output, :output_bytes, :output_truncated
);

-- name: find_span
-- One span as it was recorded, payloads included.
SELECT * FROM spans WHERE project_key = :project_key AND scope = :scope AND span_id = :span_id;

-- name: list_spans_recorded_at
-- The spans of a run that came with one call.
SELECT * FROM span_rows
WHERE project_key = :project_key AND run_id = :run_id AND recorded_at = :recorded_at
ORDER BY position;

-- name: list_spans
-- The spans of a run in the order they were recorded.
SELECT * FROM span_rows
WHERE project_key = :project_key AND run_id = :run_id AND position > :after
ORDER BY position
LIMIT :limit;
