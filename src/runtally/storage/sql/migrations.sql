-- name: insert_migration
-- The record of a migration, written in the transaction that applied it.
INSERT INTO schema_migrations (version, name, checksum, compatible_from, applied_at, applied_by) VALUES (:version, :name, :checksum, :compatible_from, :applied_at, :applied_by);
