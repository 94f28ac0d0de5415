-- name: note_project_write
-- When a project was first and last written to.
INSERT INTO projects (project_key, first_write_at, last_write_at) VALUES (:project_key, :now, :now)
ON CONFLICT (project_key) DO UPDATE SET last_write_at = excluded.last_write_at
WHERE excluded.last_write_at > projects.last_write_at;

-- name: find_projects_having_run
-- Which projects have a run of this id.
SELECT project_key FROM projects
WHERE EXISTS (SELECT 1 FROM runs WHERE runs.project_key = projects.project_key AND runs.run_id = :run_id)
ORDER BY project_key
LIMIT :limit;

-- name: find_given_projects_having_run
-- Which of the projects given have a run of this id. An override for Postgres unnests an array: json_each is SQLite's.
SELECT project_key FROM runs
WHERE project_key IN (SELECT value FROM json_each(:projects)) AND run_id = :run_id
ORDER BY project_key
LIMIT :limit;

-- name: list_projects
-- The projects that follow one in the order of their keys.
SELECT project_key FROM projects WHERE project_key > :after ORDER BY project_key LIMIT :limit;

-- name: find_random_key
-- The random value that this database alone has.
SELECT random_key FROM database_key WHERE id = 1;
