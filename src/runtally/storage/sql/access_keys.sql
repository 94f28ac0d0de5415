-- name: insert_access_key
-- A new bearer key: its hash, never the key.
INSERT INTO access_keys (key_hash, key_id, role, projects, created_at, expires_at)
VALUES (:key_hash, :key_id, :role, :projects, :created_at, :expires_at);

-- name: find_access_key
-- The key with this hash, unless it was revoked or has expired.
SELECT key_id, role, projects, created_at, expires_at, revoked_at FROM access_keys
WHERE key_hash = :key_hash AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now);

-- name: list_access_keys
-- Every key there is, oldest first.
SELECT key_id, role, projects, created_at, expires_at, revoked_at FROM access_keys ORDER BY created_at, key_id;

-- name: has_access_key
-- Whether any key was ever made; none is ever deleted.
SELECT 1 AS made FROM access_keys LIMIT 1;

-- name: revoke_access_key
-- Revoked once and for good.
UPDATE access_keys SET revoked_at = :now WHERE key_id = :key_id AND revoked_at IS NULL RETURNING key_id;
