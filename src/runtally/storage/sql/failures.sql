-- name: insert_failure
-- One structured failure event.
INSERT INTO failures (
    project_key, failure_id, run_id, recorded_at, late, fingerprint, agent, task_id, error_type, summary, error,
    context_json, meta_json
) VALUES (
    :project_key, :failure_id, :run_id, :recorded_at, :late, :fingerprint, :agent, :task_id, :error_type, :summary, :error,
    :context_json, :meta_json
);

-- name: count_failure
-- The failure group of a fingerprint, one failure larger.
INSERT INTO failure_groups (project_key, fingerprint, seen, first_seen_at, last_seen_at)
VALUES (:project_key, :fingerprint, 1, :recorded_at, :recorded_at)
ON CONFLICT (project_key, fingerprint) DO UPDATE SET
    seen = failure_groups.seen + 1,
    last_seen_at = excluded.last_seen_at;

-- name: find_failure_group
-- How often a fingerprint was seen, and when.
SELECT seen, first_seen_at, last_seen_at FROM failure_groups
WHERE project_key = :project_key AND fingerprint = :fingerprint;
