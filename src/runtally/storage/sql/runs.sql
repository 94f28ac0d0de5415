-- name: insert_run
-- A new run. A run that the project already has is left as it is, and nothing is returned.
INSERT INTO runs (
    project_key, run_id, status, agent, label, ticket, intent, summary, parent_run_id, conversation_id, user_id,
    follows_act_id, client, trace_id, started_at, last_seen_at, ended_at, ended_by, start_meta_json, input, input_bytes
) VALUES (
    :project_key, :run_id, :status, :agent, :label, :ticket, :intent, :summary, :parent_run_id, :conversation_id, :user_id,
    :follows_act_id, :client, :trace_id, :started_at, :last_seen_at, :ended_at, :ended_by, :start_meta_json, :input, :input_bytes
)
ON CONFLICT (project_key, run_id) DO NOTHING
RETURNING run_id;

-- name: find_run
-- One run, without the text of its payloads.
SELECT project_key, run_id, status, agent, label, ticket, intent, summary, parent_run_id, conversation_id, user_id,
    follows_act_id, client, trace_id, started_at, last_seen_at, ended_at, ended_by, end_reason, reports, llm_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd,
    unpriced_calls, span_count, failure_count, start_meta_json, end_meta_json, input_bytes, output_bytes
FROM runs
WHERE project_key = :project_key AND run_id = :run_id;

-- name: find_run_start
-- What a run was started with, to compare a repeated start with what stands.
SELECT agent, label, ticket, intent, parent_run_id, conversation_id, user_id, follows_act_id, start_meta_json, input
FROM runs
WHERE project_key = :project_key AND run_id = :run_id;

-- name: add_to_run
-- Usage, spans and failures more, and a sign of life. Unknown plus known is known: only what nobody reported stays unknown.
UPDATE runs SET
    last_seen_at = :now,
    reports = reports + :reports,
    llm_calls = coalesce(llm_calls + :llm_calls, :llm_calls, llm_calls),
    input_tokens = coalesce(input_tokens + :input_tokens, :input_tokens, input_tokens),
    output_tokens = coalesce(output_tokens + :output_tokens, :output_tokens, output_tokens),
    total_tokens = coalesce(total_tokens + :total_tokens, :total_tokens, total_tokens),
    cache_read_tokens = coalesce(cache_read_tokens + :cache_read_tokens, :cache_read_tokens, cache_read_tokens),
    cache_write_tokens = coalesce(cache_write_tokens + :cache_write_tokens, :cache_write_tokens, cache_write_tokens),
    reasoning_tokens = coalesce(reasoning_tokens + :reasoning_tokens, :reasoning_tokens, reasoning_tokens),
    cost_nano_usd = coalesce(cost_nano_usd + :cost_nano_usd, :cost_nano_usd, cost_nano_usd),
    unpriced_calls = unpriced_calls + :unpriced_calls,
    span_count = span_count + :spans,
    failure_count = failure_count + :failures
WHERE project_key = :project_key AND run_id = :run_id
RETURNING status, span_count, reports, llm_calls, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, reasoning_tokens, cost_nano_usd, unpriced_calls;

-- name: end_run
-- Final is final: only a running run, or one that a sweep ended for its agent, can be ended.
UPDATE runs SET
    status = :status,
    last_seen_at = :ended_at,
    ended_at = :ended_at,
    ended_by = 'agent',
    end_reason = NULL,
    summary = coalesce(:summary, summary),
    end_meta_json = :end_meta_json,
    output = :output,
    output_bytes = :output_bytes
WHERE project_key = :project_key AND run_id = :run_id AND (status = 'running' OR ended_by = 'sweep')
RETURNING run_id;

-- name: has_stale_run
-- Whether a sweep would find anything, so that a read need not take the write lock to know.
SELECT 1 AS stale FROM runs
WHERE project_key = :project_key AND status = 'running' AND last_seen_at < :stale_before
LIMIT 1;

-- name: sweep_runs
-- A run without a sign of life since :stale_before was interrupted when it was last seen.
UPDATE runs SET
    status = 'interrupted',
    ended_at = last_seen_at,
    ended_by = 'sweep',
    end_reason = :end_reason
WHERE project_key = :project_key AND status = 'running' AND last_seen_at < :stale_before;

-- name: list_runs
-- Newest first. A line that ends in "if :x" is left out when x is not given, so that each list can use its index.
SELECT project_key, run_id, status, agent, label, ticket, intent, summary, parent_run_id, conversation_id, user_id,
    follows_act_id, client, trace_id, started_at, last_seen_at, ended_at, ended_by, end_reason, reports, llm_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd,
    unpriced_calls, span_count, failure_count, NULL AS start_meta_json, NULL AS end_meta_json, input_bytes, output_bytes
FROM runs
WHERE project_key = :project_key
    AND status = :status                               -- if :status
    AND agent = :agent                                 -- if :agent
    AND label = :label                                 -- if :label
    AND parent_run_id = :parent_run_id                 -- if :parent_run_id
    AND conversation_id = :conversation_id             -- if :conversation_id
    AND started_at >= :since                           -- if :since
    AND started_at < :until                            -- if :until
    AND (started_at, run_id) < (:before_at, :before_id) -- if :before_id
    AND (lower(summary) LIKE lower(:pattern) ESCAPE '\' OR lower(intent) LIKE lower(:pattern) ESCAPE '\' OR lower(ticket) LIKE lower(:pattern) ESCAPE '\') -- if :pattern
ORDER BY started_at DESC, run_id DESC
LIMIT :limit;
