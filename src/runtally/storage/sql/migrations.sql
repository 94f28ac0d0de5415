-- name: insert_migration
-- The record of a migration, written in the transaction that applied it.
INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (:version, :name, :checksum, :applied_at);
