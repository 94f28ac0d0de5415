-- name: count_wrong_totals
-- How many runs do not equal the sum of their reports: always none. The one query that looks across projects, for the
-- person who owns the file; no tool and no server runs it.
SELECT count(*) AS wrong FROM runs
LEFT JOIN (
    SELECT project_key, run_id, count(*) AS reports, sum(llm_calls) AS llm_calls, sum(input_tokens) AS input_tokens,
        sum(output_tokens) AS output_tokens, sum(total_tokens) AS total_tokens, sum(cache_read_tokens) AS cache_read_tokens,
        sum(cache_write_tokens) AS cache_write_tokens, sum(reasoning_tokens) AS reasoning_tokens,
        sum(cost_nano_usd) AS cost_nano_usd, sum(unpriced_calls) AS unpriced_calls
    FROM usage_reports
    GROUP BY project_key, run_id
) AS ledger ON ledger.project_key = runs.project_key AND ledger.run_id = runs.run_id
WHERE runs.reports <> coalesce(ledger.reports, 0)
    OR runs.unpriced_calls <> coalesce(ledger.unpriced_calls, 0)
    OR coalesce(runs.llm_calls, -1) <> coalesce(ledger.llm_calls, -1)
    OR coalesce(runs.input_tokens, -1) <> coalesce(ledger.input_tokens, -1)
    OR coalesce(runs.output_tokens, -1) <> coalesce(ledger.output_tokens, -1)
    OR coalesce(runs.total_tokens, -1) <> coalesce(ledger.total_tokens, -1)
    OR coalesce(runs.cache_read_tokens, -1) <> coalesce(ledger.cache_read_tokens, -1)
    OR coalesce(runs.cache_write_tokens, -1) <> coalesce(ledger.cache_write_tokens, -1)
    OR coalesce(runs.reasoning_tokens, -1) <> coalesce(ledger.reasoning_tokens, -1)
    OR coalesce(runs.cost_nano_usd, -1) <> coalesce(ledger.cost_nano_usd, -1);
