-- name: count_wrong_totals
-- How many runs do not equal the sums of their standing reports: always none. It looks across projects, for the person
-- who owns the file; no tool and no server runs it.
SELECT count(*) AS wrong FROM runs
LEFT JOIN usage_sums AS reported
    ON reported.project_key = runs.project_key AND reported.run_id = runs.run_id AND reported.basis = 'reported'
LEFT JOIN usage_sums AS observed
    ON observed.project_key = runs.project_key AND observed.run_id = runs.run_id AND observed.basis = 'observed'
WHERE runs.reports <> coalesce(reported.reports, 0)
    OR runs.unpriced_calls <> coalesce(reported.unpriced_calls, 0)
    OR coalesce(runs.llm_calls, -1) <> coalesce(reported.llm_calls, -1)
    OR coalesce(runs.input_tokens, -1) <> coalesce(reported.input_tokens, -1)
    OR coalesce(runs.output_tokens, -1) <> coalesce(reported.output_tokens, -1)
    OR coalesce(runs.total_tokens, -1) <> coalesce(reported.total_tokens, -1)
    OR coalesce(runs.cache_read_tokens, -1) <> coalesce(reported.cache_read_tokens, -1)
    OR coalesce(runs.cache_write_tokens, -1) <> coalesce(reported.cache_write_tokens, -1)
    OR coalesce(runs.cache_write_1h_tokens, -1) <> coalesce(reported.cache_write_1h_tokens, -1)
    OR coalesce(runs.reasoning_tokens, -1) <> coalesce(reported.reasoning_tokens, -1)
    OR coalesce(runs.cost_nano_usd, -1) <> coalesce(reported.cost_nano_usd, -1)
    OR runs.observed_reports <> coalesce(observed.reports, 0)
    OR runs.observed_unpriced_calls <> coalesce(observed.unpriced_calls, 0)
    OR coalesce(runs.observed_llm_calls, -1) <> coalesce(observed.llm_calls, -1)
    OR coalesce(runs.observed_input_tokens, -1) <> coalesce(observed.input_tokens, -1)
    OR coalesce(runs.observed_output_tokens, -1) <> coalesce(observed.output_tokens, -1)
    OR coalesce(runs.observed_total_tokens, -1) <> coalesce(observed.total_tokens, -1)
    OR coalesce(runs.observed_cache_read_tokens, -1) <> coalesce(observed.cache_read_tokens, -1)
    OR coalesce(runs.observed_cache_write_tokens, -1) <> coalesce(observed.cache_write_tokens, -1)
    OR coalesce(runs.observed_cache_write_1h_tokens, -1) <> coalesce(observed.cache_write_1h_tokens, -1)
    OR coalesce(runs.observed_reasoning_tokens, -1) <> coalesce(observed.reasoning_tokens, -1)
    OR coalesce(runs.observed_cost_nano_usd, -1) <> coalesce(observed.cost_nano_usd, -1);

-- name: count_runs
-- How many runs there are in all, and when the newest was started.
SELECT count(*) AS runs, max(started_at) AS newest FROM runs;
