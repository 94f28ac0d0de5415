-- name: insert_span
-- One timed step. A span that the project already has is left as it is, and nothing is returned.
INSERT INTO spans (
    project_key, span_id, run_id, position, parent_span_id, kind, name, status, recorded_at, started_at, ended_at,
    duration_ms, late, error, model, provider, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost_nano_usd, tool_name, server, client, user_id, session_id, trace_id,
    attributes_json, input, input_bytes, output, output_bytes
) VALUES (
    :project_key, :span_id, :run_id, :position, :parent_span_id, :kind, :name, :status, :recorded_at, :started_at, :ended_at,
    :duration_ms, :late, :error, :model, :provider, :input_tokens, :output_tokens, :total_tokens, :cache_read_tokens,
    :cache_write_tokens, :reasoning_tokens, :cost_nano_usd, :tool_name, :server, :client, :user_id, :session_id, :trace_id,
    :attributes_json, :input, :input_bytes, :output, :output_bytes
)
ON CONFLICT (project_key, span_id) DO NOTHING
RETURNING span_id;

-- name: find_span
-- One span as it was recorded, payloads included.
SELECT project_key, span_id, run_id, position, parent_span_id, kind, name, status, recorded_at, started_at, ended_at,
    duration_ms, late, error, model, provider, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost_nano_usd, tool_name, server, client, user_id, session_id, trace_id,
    attributes_json, input, input_bytes, output, output_bytes
FROM spans
WHERE project_key = :project_key AND span_id = :span_id;

-- name: list_spans
-- The spans of a run in the order they were recorded, without the text of their payloads.
SELECT project_key, span_id, run_id, position, parent_span_id, kind, name, status, recorded_at, started_at, ended_at,
    duration_ms, late, error, model, provider, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost_nano_usd, tool_name, server, client, user_id, session_id, trace_id,
    attributes_json, NULL AS input, input_bytes, NULL AS output, output_bytes
FROM spans
WHERE project_key = :project_key AND run_id = :run_id AND position > :after
ORDER BY position
LIMIT :limit;
