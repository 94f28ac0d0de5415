-- name: insert_run
-- A new run. A run that the project already has is left as it is, and nothing is returned.
INSERT INTO runs (
    project_key, run_id, status, agent, label, ticket, intent, summary, parent_run_id, conversation_id, user_id,
    follows_act_id, client, host_session_id, host_thread_id, host_call_id, host_model, trace_id, trace_span_id,
    started_at, last_seen_at, ended_at, ended_by, start_meta_json, input, input_bytes, input_truncated
) VALUES (
    :project_key, :run_id, :status, :agent, :label, :ticket, :intent, :summary, :parent_run_id, :conversation_id, :user_id,
    :follows_act_id, :client, :host_session_id, :host_thread_id, :host_call_id, :host_model, :trace_id, :trace_span_id,
    :started_at, :last_seen_at, :ended_at, :ended_by, :start_meta_json, :input, :input_bytes, :input_truncated
)
ON CONFLICT (project_key, run_id) DO NOTHING
RETURNING run_id;

-- name: find_run
-- One run, or none.
SELECT * FROM run_rows WHERE project_key = :project_key AND run_id = :run_id;

-- name: lock_run
-- One run, before what is read of it decides what is written to it. Here the transaction holds the only write lock.
SELECT * FROM run_rows WHERE project_key = :project_key AND run_id = :run_id;

-- name: find_run_meta
-- What was told of a run at its start and at its end.
SELECT start_meta_json, end_meta_json FROM runs WHERE project_key = :project_key AND run_id = :run_id;

-- name: find_final_usage
-- What a run's end told as its final totals.
SELECT final_usage_json FROM runs WHERE project_key = :project_key AND run_id = :run_id;

-- name: add_reported
-- Reported usage, spans and failures more, and a sign of life. Unknown plus known is known: only what nobody reported
-- stays unknown. Clocks of several servers differ, and the last sign of life is the latest.
UPDATE runs SET
    last_seen_at = CASE WHEN :now > last_seen_at THEN :now ELSE last_seen_at END,
    reports = reports + :reports,
    llm_calls = coalesce(llm_calls + :llm_calls, :llm_calls, llm_calls),
    input_tokens = coalesce(input_tokens + :input_tokens, :input_tokens, input_tokens),
    output_tokens = coalesce(output_tokens + :output_tokens, :output_tokens, output_tokens),
    total_tokens = coalesce(total_tokens + :total_tokens, :total_tokens, total_tokens),
    cache_read_tokens = coalesce(cache_read_tokens + :cache_read_tokens, :cache_read_tokens, cache_read_tokens),
    cache_write_tokens = coalesce(cache_write_tokens + :cache_write_tokens, :cache_write_tokens, cache_write_tokens),
    cache_write_1h_tokens =
        coalesce(cache_write_1h_tokens + :cache_write_1h_tokens, :cache_write_1h_tokens, cache_write_1h_tokens),
    reasoning_tokens = coalesce(reasoning_tokens + :reasoning_tokens, :reasoning_tokens, reasoning_tokens),
    cost_nano_usd = coalesce(cost_nano_usd + :cost_nano_usd, :cost_nano_usd, cost_nano_usd),
    unpriced_calls = unpriced_calls + :unpriced_calls,
    span_count = span_count + :spans,
    failure_count = failure_count + :failures
WHERE project_key = :project_key AND run_id = :run_id
RETURNING status, ended_by, span_count, reports, llm_calls, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, cost_nano_usd, unpriced_calls, observed_reports;

-- name: add_observed
-- The same for observed usage, which is a sum of its own.
UPDATE runs SET
    last_seen_at = CASE WHEN :now > last_seen_at THEN :now ELSE last_seen_at END,
    observed_reports = observed_reports + :reports,
    observed_llm_calls = coalesce(observed_llm_calls + :llm_calls, :llm_calls, observed_llm_calls),
    observed_input_tokens = coalesce(observed_input_tokens + :input_tokens, :input_tokens, observed_input_tokens),
    observed_output_tokens = coalesce(observed_output_tokens + :output_tokens, :output_tokens, observed_output_tokens),
    observed_total_tokens = coalesce(observed_total_tokens + :total_tokens, :total_tokens, observed_total_tokens),
    observed_cache_read_tokens =
        coalesce(observed_cache_read_tokens + :cache_read_tokens, :cache_read_tokens, observed_cache_read_tokens),
    observed_cache_write_tokens =
        coalesce(observed_cache_write_tokens + :cache_write_tokens, :cache_write_tokens, observed_cache_write_tokens),
    observed_cache_write_1h_tokens = coalesce(
        observed_cache_write_1h_tokens + :cache_write_1h_tokens, :cache_write_1h_tokens, observed_cache_write_1h_tokens
    ),
    observed_reasoning_tokens =
        coalesce(observed_reasoning_tokens + :reasoning_tokens, :reasoning_tokens, observed_reasoning_tokens),
    observed_cost_nano_usd = coalesce(observed_cost_nano_usd + :cost_nano_usd, :cost_nano_usd, observed_cost_nano_usd),
    observed_unpriced_calls = observed_unpriced_calls + :unpriced_calls,
    span_count = span_count + :spans,
    failure_count = failure_count + :failures
WHERE project_key = :project_key AND run_id = :run_id;

-- name: add_up_run
-- The reported totals anew from the standing reports, after one of them was corrected. There is one sum or none: where
-- all were taken back, nothing is known.
UPDATE runs SET (
    reports, llm_calls, input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens,
    cache_write_1h_tokens, reasoning_tokens, cost_nano_usd, unpriced_calls
) = (
    SELECT coalesce(max(reports), 0), max(llm_calls), max(input_tokens), max(output_tokens), max(total_tokens),
        max(cache_read_tokens), max(cache_write_tokens), max(cache_write_1h_tokens), max(reasoning_tokens),
        max(cost_nano_usd), coalesce(max(unpriced_calls), 0)
    FROM usage_sums
    WHERE project_key = :project_key AND run_id = :run_id AND basis = 'reported'
)
WHERE project_key = :project_key AND run_id = :run_id;

-- name: add_up_observed
-- The same for the observed totals.
UPDATE runs SET (
    observed_reports, observed_llm_calls, observed_input_tokens, observed_output_tokens, observed_total_tokens,
    observed_cache_read_tokens, observed_cache_write_tokens, observed_cache_write_1h_tokens, observed_reasoning_tokens,
    observed_cost_nano_usd, observed_unpriced_calls
) = (
    SELECT coalesce(max(reports), 0), max(llm_calls), max(input_tokens), max(output_tokens), max(total_tokens),
        max(cache_read_tokens), max(cache_write_tokens), max(cache_write_1h_tokens), max(reasoning_tokens),
        max(cost_nano_usd), coalesce(max(unpriced_calls), 0)
    FROM usage_sums
    WHERE project_key = :project_key AND run_id = :run_id AND basis = 'observed'
)
WHERE project_key = :project_key AND run_id = :run_id AND observed_reports > 0;

-- name: list_unpriced_calls
-- The runs that follow one in the order of their ids, and how many of their calls have no cost.
SELECT run_id, unpriced_calls + observed_unpriced_calls AS calls, last_seen_at FROM runs
WHERE project_key = :project_key AND run_id > :after
ORDER BY run_id
LIMIT :limit;

-- name: reopen_run
-- A run that a sweep ended and that its agent goes on with.
UPDATE runs SET status = 'running', ended_at = NULL, ended_by = NULL, end_reason = NULL
WHERE project_key = :project_key AND run_id = :run_id AND ended_by = 'sweep';

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
    final_usage_json = :final_usage_json,
    output = :output,
    output_bytes = :output_bytes,
    output_truncated = :output_truncated
WHERE project_key = :project_key AND run_id = :run_id AND (status = 'running' OR ended_by = 'sweep');

-- name: has_stale_run
-- Whether a sweep would find anything, so that a read need not take the write lock to know.
SELECT 1 AS stale FROM runs
WHERE project_key = :project_key AND status = 'running' AND started_at < :stale_before AND last_seen_at < :stale_before
LIMIT 1;

-- name: sweep_runs
-- A run without a sign of life since :stale_before was interrupted when it was last seen. A bounded number at a time.
UPDATE runs SET
    status = 'interrupted',
    ended_at = last_seen_at,
    ended_by = 'sweep',
    end_reason = :end_reason
WHERE project_key = :project_key AND status = 'running' AND last_seen_at < :stale_before AND run_id IN (
    SELECT run_id FROM runs
    WHERE project_key = :project_key AND status = 'running' AND started_at < :stale_before AND last_seen_at < :stale_before
    ORDER BY started_at, run_id
    LIMIT :limit
);

-- name: list_runs
-- Newest first. A line that ends in "if :x" is left out when x is not given, so that each list can use its index.
-- The cost is that of the sum that stands for the run (see `standing` in models.py). Which models a run names is found
-- by the run, so that each run that is looked at costs its own reports and spans alone.
-- instr, not LIKE, whose time is the product of both lengths: milliseconds a row. An override for Postgres says strpos.
SELECT * FROM run_rows
WHERE project_key = :project_key
    AND status = :status                               -- if :status
    AND agent = :agent                                 -- if :agent
    AND label = :label                                 -- if :label
    AND user_id = :user_id                             -- if :user_id
    AND ticket = :ticket                               -- if :ticket
    AND parent_run_id = :parent_run_id                 -- if :parent_run_id
    AND conversation_id = :conversation_id             -- if :conversation_id
    AND started_at >= :since                           -- if :since
    AND started_at < :until                            -- if :until
    AND (started_at, run_id) < (:before_at, :before_id) -- if :before_id
    AND (instr(lower(summary), lower(:text)) > 0 OR instr(lower(intent), lower(:text)) > 0 OR instr(lower(ticket), lower(:text)) > 0) -- if :text
    AND CASE WHEN failure_count > 0 THEN 1 ELSE 0 END = :has_failures -- if :has_failures
    AND CASE WHEN reports > 0 OR observed_reports = 0 THEN cost_nano_usd ELSE observed_cost_nano_usd END >= :min_cost_nano_usd -- if :min_cost_nano_usd
    AND (EXISTS (SELECT 1 FROM standing_usage u WHERE u.project_key = :project_key AND u.run_id = run_rows.run_id AND lower(u.model) = lower(:model)) -- if :model
        OR EXISTS (SELECT 1 FROM spans s WHERE s.project_key = :project_key AND s.run_id = run_rows.run_id AND lower(s.model) = lower(:model))) -- if :model
    AND (host_session_id = :host_session_id OR host_thread_id = :host_thread_id) -- if :origin
ORDER BY started_at DESC, run_id DESC
LIMIT :limit;
