-- name: insert_failure
-- One structured failure event.
INSERT INTO failures (
    project_key, failure_id, run_id, recorded_at, source, late, fingerprint, agent, task_id, error_type, summary, error,
    context_json, meta_json, client, host_session_id, host_thread_id, host_call_id, host_model, trace_id, trace_span_id
) VALUES (
    :project_key, :failure_id, :run_id, :recorded_at, :source, :late, :fingerprint, :agent, :task_id, :error_type, :summary, :error,
    :context_json, :meta_json, :client, :host_session_id, :host_thread_id, :host_call_id, :host_model, :trace_id, :trace_span_id
);

-- name: count_failure
-- The failure group of a fingerprint, one failure larger. It is counted and told in one statement, so that two writers
-- at once get two numbers.
INSERT INTO failure_groups (project_key, fingerprint, seen, first_seen_at, last_seen_at)
VALUES (:project_key, :fingerprint, 1, :recorded_at, :recorded_at)
ON CONFLICT (project_key, fingerprint) DO UPDATE SET
    seen = failure_groups.seen + 1,
    previous_seen_at = failure_groups.last_seen_at,
    last_seen_at = CASE
        WHEN excluded.last_seen_at > failure_groups.last_seen_at THEN excluded.last_seen_at
        ELSE failure_groups.last_seen_at
    END
RETURNING seen, first_seen_at, previous_seen_at;
