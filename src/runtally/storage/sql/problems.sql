-- name: insert_problem
-- A refusal that was noted a while ago. One that was stored though nobody heard of it comes again, under its own id.
INSERT INTO recent_problems (problem_id, noted_at, code, door, tool, reference)
VALUES (:problem_id, :noted_at, :code, :door, :tool, :reference)
ON CONFLICT (problem_id) DO NOTHING;

-- name: delete_older_problems
-- All but the newest ones.
DELETE FROM recent_problems WHERE problem_id NOT IN (
    SELECT problem_id FROM recent_problems ORDER BY noted_at DESC, problem_id DESC LIMIT :kept
);

-- name: list_recent_problems
-- The newest ones, for the person who owns the file.
SELECT problem_id, noted_at, code, door, tool, reference FROM recent_problems
ORDER BY noted_at DESC, problem_id DESC
LIMIT :limit;
