-- name: insert_receipt
-- What a write was asked and what it answered.
INSERT INTO receipts (project_key, operation, receipt_key, format, run_id, recorded_at, digests_json, answer_json)
VALUES (:project_key, :operation, :receipt_key, :format, :run_id, :recorded_at, :digests_json, :answer_json);

-- name: find_receipt
-- What an earlier write under this key was asked and what it answered.
SELECT format, run_id, recorded_at, digests_json, answer_json FROM receipts
WHERE project_key = :project_key AND operation = :operation AND receipt_key = :receipt_key;
