-- name: insert_migration
-- The record of a migration, written in the transaction that applied it.
INSERT INTO schema_migrations (version, name, checksum, compatible_from, applied_at, applied_by)
VALUES (:version, :name, :checksum, :compatible_from, :applied_at, :applied_by);

-- name: list_checksums
-- What the file was made with.
SELECT version, checksum FROM schema_migrations;

-- name: list_newer_migrations
-- What a Runtally that knows the schema up to :known has to go on beside, oldest first.
SELECT version, compatible_from, applied_by FROM schema_migrations WHERE version > :known ORDER BY version;

-- name: has_tables
-- Whether there is anything in the file, whatever it says of itself.
SELECT 1 AS found FROM sqlite_master LIMIT 1;
