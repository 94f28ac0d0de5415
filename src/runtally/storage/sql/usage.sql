-- name: insert_usage_entry
-- One entry of the append-only usage ledger.
INSERT INTO usage_reports (
    project_key, run_id, report_id, part, reported_at, source, basis, late, corrects, model, provider, llm_calls,
    input_tokens, output_tokens, total_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens,
    reasoning_tokens, cost_nano_usd, cost_source, priced_by, unpriced_calls, prompt_preview, client, host_session_id,
    host_thread_id, host_call_id, host_model, trace_id, trace_span_id, attributes_json
) VALUES (
    :project_key, :run_id, :report_id, :part, :reported_at, :source, :basis, :late, :corrects, :model, :provider, :llm_calls,
    :input_tokens, :output_tokens, :total_tokens, :cache_read_tokens, :cache_write_tokens, :cache_write_1h_tokens,
    :reasoning_tokens, :cost_nano_usd, :cost_source, :priced_by, :unpriced_calls, :prompt_preview, :client, :host_session_id,
    :host_thread_id, :host_call_id, :host_model, :trace_id, :trace_span_id, :attributes_json
);

-- name: find_report
-- What a report is, and which one took its place: never more than one. (For min() SQLite would read the whole run.)
SELECT source, basis, late, (
    SELECT correction.report_id FROM usage_reports AS correction
    WHERE correction.project_key = :project_key AND correction.run_id = :run_id AND correction.corrects = :report_id
    LIMIT 1
) AS corrected_by
FROM usage_reports
WHERE project_key = :project_key AND run_id = :run_id AND report_id = :report_id
LIMIT 1;

-- name: list_reported_at
-- When each report of a chain of corrections was made, from one back to the first.
WITH RECURSIVE chain AS (
    SELECT 0 AS steps_back, reported_at, corrects FROM usage_reports
    WHERE project_key = :project_key AND run_id = :run_id AND report_id = :report_id AND part = 0
    UNION ALL
    SELECT chain.steps_back + 1, earlier.reported_at, earlier.corrects FROM chain
    JOIN usage_reports AS earlier ON earlier.project_key = :project_key AND earlier.run_id = :run_id
        AND earlier.report_id = chain.corrects AND earlier.part = 0
)
SELECT reported_at FROM chain ORDER BY steps_back;

-- name: find_standing_report
-- The entries of a report that counts.
SELECT * FROM standing_usage
WHERE project_key = :project_key AND run_id = :run_id AND report_id = :report_id
ORDER BY part;

-- name: list_unpriced_reports
-- Whose calls have no cost, not even one that the final totals told for all that was reported before the end.
SELECT DISTINCT report_id FROM standing_usage
WHERE project_key = :project_key AND run_id = :run_id AND unpriced_calls > 0 AND (
    late = 1 OR basis = 'observed' OR NOT EXISTS (
        SELECT 1 FROM standing_usage AS told
        WHERE told.project_key = :project_key AND told.run_id = :run_id AND told.source = 'final'
            AND told.unpriced_calls < 0
    )
)
ORDER BY report_id;

-- name: find_final_report
-- What a run's final totals added to its reports.
SELECT * FROM standing_usage
WHERE project_key = :project_key AND run_id = :run_id AND source = 'final'
LIMIT 1;

-- name: sum_before_end
-- What the reports came to that a run's final totals are weighed against.
SELECT count(DISTINCT report_id) AS reports, CAST(sum(llm_calls) AS bigint) AS llm_calls,
    CAST(sum(input_tokens) AS bigint) AS input_tokens, CAST(sum(output_tokens) AS bigint) AS output_tokens,
    CAST(sum(total_tokens) AS bigint) AS total_tokens, CAST(sum(cache_read_tokens) AS bigint) AS cache_read_tokens,
    CAST(sum(cache_write_tokens) AS bigint) AS cache_write_tokens,
    CAST(sum(cache_write_1h_tokens) AS bigint) AS cache_write_1h_tokens,
    CAST(sum(reasoning_tokens) AS bigint) AS reasoning_tokens, CAST(sum(cost_nano_usd) AS bigint) AS cost_nano_usd,
    coalesce(CAST(sum(unpriced_calls) AS bigint), 0) AS unpriced_calls
FROM standing_usage
WHERE project_key = :project_key AND run_id = :run_id AND basis = 'reported' AND source <> 'final' AND late = 0;
