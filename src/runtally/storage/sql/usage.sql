-- name: insert_usage_report
-- One entry of the append-only usage ledger.
INSERT INTO usage_reports (
    project_key, run_id, report_id, reported_at, source, late, model, provider, llm_calls, input_tokens, output_tokens,
    total_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, cost_nano_usd, cost_source, priced_by,
    unpriced_calls, prompt_preview
) VALUES (
    :project_key, :run_id, :report_id, :reported_at, :source, :late, :model, :provider, :llm_calls, :input_tokens, :output_tokens,
    :total_tokens, :cache_read_tokens, :cache_write_tokens, :reasoning_tokens, :cost_nano_usd, :cost_source, :priced_by,
    :unpriced_calls, :prompt_preview
);
