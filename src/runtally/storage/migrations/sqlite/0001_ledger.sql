-- compatible from: 1
-- The ledger. Every key begins with project_key, the isolation boundary.
-- Times are microseconds since the epoch in UTC, money is nano-dollars, durations are milliseconds.
-- Free text may grow when a short secret becomes [REDACTED:kind], so its CHECKs allow eight times the limit at the door.

CREATE TABLE runs (
    project_key        TEXT NOT NULL CONSTRAINT runs_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    run_id             TEXT NOT NULL CONSTRAINT runs_run_id CHECK (length(run_id) = 36),
    status             TEXT NOT NULL
                       CONSTRAINT runs_status CHECK (status IN ('running', 'completed', 'partial', 'failed', 'interrupted')),
    agent              TEXT CONSTRAINT runs_agent CHECK (length(agent) <= 128),
    label              TEXT CONSTRAINT runs_label CHECK (length(label) <= 128),
    ticket             TEXT CONSTRAINT runs_ticket CHECK (length(ticket) <= 64),
    intent             TEXT CONSTRAINT runs_intent CHECK (length(intent) <= 16000),
    summary            TEXT CONSTRAINT runs_summary CHECK (length(summary) <= 16000),
    parent_run_id      TEXT CONSTRAINT runs_parent CHECK (length(parent_run_id) = 36 AND parent_run_id <> run_id),
    conversation_id    TEXT CONSTRAINT runs_conversation_id CHECK (length(conversation_id) <= 256),
    user_id            TEXT CONSTRAINT runs_user_id CHECK (length(user_id) <= 256),
    follows_act_id     TEXT CONSTRAINT runs_follows_act_id CHECK (length(follows_act_id) = 36),
    client             TEXT CONSTRAINT runs_client CHECK (length(client) <= 128),
    trace_id           TEXT CONSTRAINT runs_trace_id CHECK (length(trace_id) = 32),
    started_at         INTEGER NOT NULL CONSTRAINT runs_started_at CHECK (started_at >= 0),
    last_seen_at       INTEGER NOT NULL,
    ended_at           INTEGER,
    ended_by           TEXT CONSTRAINT runs_ended_by CHECK (ended_by IN ('agent', 'record', 'sweep')),
    end_reason         TEXT,
    -- What the run adds up to: always the sum of its usage_reports, kept here so that an answer costs one row.
    reports            INTEGER NOT NULL DEFAULT 0,
    llm_calls          INTEGER,
    input_tokens       INTEGER,
    output_tokens      INTEGER,
    total_tokens       INTEGER,
    cache_read_tokens  INTEGER,
    cache_write_tokens INTEGER,
    reasoning_tokens   INTEGER,
    cost_nano_usd      INTEGER,
    unpriced_calls     INTEGER NOT NULL DEFAULT 0,
    span_count         INTEGER NOT NULL DEFAULT 0,
    failure_count      INTEGER NOT NULL DEFAULT 0,
    start_meta_json    TEXT CONSTRAINT runs_start_meta CHECK (start_meta_json IS NULL OR json_valid(start_meta_json)),
    end_meta_json      TEXT CONSTRAINT runs_end_meta CHECK (end_meta_json IS NULL OR json_valid(end_meta_json)),
    -- Payloads come last: SQLite reads no overflow page of a row before the column it is asked for.
    input              TEXT,
    input_bytes        INTEGER,
    output             TEXT,
    output_bytes       INTEGER,
    CONSTRAINT runs_primary_key PRIMARY KEY (project_key, run_id),
    CONSTRAINT runs_ended_or_running CHECK ((status = 'running') = (ended_at IS NULL)),
    CONSTRAINT runs_end_is_told CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CONSTRAINT runs_input_size CHECK ((input IS NULL) = (input_bytes IS NULL)),
    CONSTRAINT runs_output_size CHECK ((output IS NULL) = (output_bytes IS NULL)),
    CONSTRAINT runs_totals_are_exact CHECK (
        coalesce(llm_calls, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(input_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(output_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(total_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cache_read_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cache_write_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(reasoning_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cost_nano_usd, 0) BETWEEN 0 AND 9007199254740991
        AND unpriced_calls BETWEEN 0 AND 9007199254740991
    )
) STRICT;

CREATE INDEX runs_newest ON runs (project_key, started_at, run_id);
CREATE INDEX runs_by_status ON runs (project_key, status, started_at, run_id);
CREATE INDEX runs_by_parent ON runs (project_key, parent_run_id, started_at, run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_by_conversation ON runs (project_key, conversation_id, started_at, run_id)
    WHERE conversation_id IS NOT NULL;
-- Running runs are few, so the sweep reads this and looks at each; last_seen_at stays out of every index.
CREATE INDEX runs_running ON runs (project_key) WHERE status = 'running';

-- Append-only: a report is never changed. Clustered by run, in the order reported (ids are version 7).
CREATE TABLE usage_reports (
    project_key        TEXT NOT NULL,
    run_id             TEXT NOT NULL,
    report_id          TEXT NOT NULL CONSTRAINT usage_reports_report_id CHECK (length(report_id) = 36),
    reported_at        INTEGER NOT NULL,
    source             TEXT NOT NULL CONSTRAINT usage_reports_source CHECK (source IN ('report', 'final')),
    late               INTEGER NOT NULL CONSTRAINT usage_reports_late CHECK (late IN (0, 1)),
    model              TEXT CONSTRAINT usage_reports_model CHECK (length(model) <= 256),
    provider           TEXT CONSTRAINT usage_reports_provider CHECK (length(provider) <= 256),
    llm_calls          INTEGER CONSTRAINT usage_reports_llm_calls CHECK (llm_calls >= 0),
    input_tokens       INTEGER CONSTRAINT usage_reports_input_tokens CHECK (input_tokens >= 0),
    output_tokens      INTEGER CONSTRAINT usage_reports_output_tokens CHECK (output_tokens >= 0),
    total_tokens       INTEGER CONSTRAINT usage_reports_total_tokens CHECK (total_tokens >= 0),
    cache_read_tokens  INTEGER CONSTRAINT usage_reports_cache_read_tokens CHECK (cache_read_tokens >= 0),
    cache_write_tokens INTEGER CONSTRAINT usage_reports_cache_write_tokens CHECK (cache_write_tokens >= 0),
    reasoning_tokens   INTEGER CONSTRAINT usage_reports_reasoning_tokens CHECK (reasoning_tokens >= 0),
    cost_nano_usd      INTEGER CONSTRAINT usage_reports_cost CHECK (cost_nano_usd >= 0),
    cost_source        TEXT NOT NULL
                       CONSTRAINT usage_reports_cost_source CHECK (cost_source IN ('reported', 'computed', 'unpriced')),
    priced_by          TEXT,
    -- A final cost covers the calls that had none, so a final report may take some back.
    unpriced_calls     INTEGER NOT NULL
                       CONSTRAINT usage_reports_unpriced_calls CHECK (unpriced_calls >= 0 OR source = 'final'),
    prompt_preview     TEXT CONSTRAINT usage_reports_prompt_preview CHECK (length(prompt_preview) <= 16000),
    CONSTRAINT usage_reports_primary_key PRIMARY KEY (project_key, run_id, report_id),
    CONSTRAINT usage_reports_run FOREIGN KEY (project_key, run_id) REFERENCES runs (project_key, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE spans (
    project_key        TEXT NOT NULL CONSTRAINT spans_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    span_id            TEXT NOT NULL CONSTRAINT spans_span_id CHECK (length(span_id) BETWEEN 1 AND 256),
    run_id             TEXT,
    -- The place among the run's spans, in the order they were recorded.
    position           INTEGER,
    parent_span_id     TEXT CONSTRAINT spans_parent CHECK (length(parent_span_id) BETWEEN 1 AND 256),
    kind               TEXT NOT NULL
                       CONSTRAINT spans_kind CHECK (kind IN ('llm', 'tool', 'retrieval', 'agent', 'group', 'mcp', 'other')),
    name               TEXT NOT NULL CONSTRAINT spans_name CHECK (length(name) BETWEEN 1 AND 256),
    status             TEXT NOT NULL CONSTRAINT spans_status CHECK (status IN ('ok', 'error')),
    recorded_at        INTEGER NOT NULL,
    started_at         INTEGER CONSTRAINT spans_started_at CHECK (started_at >= 0),
    ended_at           INTEGER CONSTRAINT spans_ended_at CHECK (ended_at >= started_at),
    duration_ms        INTEGER CONSTRAINT spans_duration_ms CHECK (duration_ms >= 0),
    late               INTEGER NOT NULL CONSTRAINT spans_late CHECK (late IN (0, 1)),
    error              TEXT CONSTRAINT spans_error CHECK (length(error) <= 64000),
    model              TEXT CONSTRAINT spans_model CHECK (length(model) <= 256),
    provider           TEXT CONSTRAINT spans_provider CHECK (length(provider) <= 256),
    input_tokens       INTEGER CONSTRAINT spans_input_tokens CHECK (input_tokens >= 0),
    output_tokens      INTEGER CONSTRAINT spans_output_tokens CHECK (output_tokens >= 0),
    total_tokens       INTEGER CONSTRAINT spans_total_tokens CHECK (total_tokens >= 0),
    cache_read_tokens  INTEGER CONSTRAINT spans_cache_read_tokens CHECK (cache_read_tokens >= 0),
    cache_write_tokens INTEGER CONSTRAINT spans_cache_write_tokens CHECK (cache_write_tokens >= 0),
    reasoning_tokens   INTEGER CONSTRAINT spans_reasoning_tokens CHECK (reasoning_tokens >= 0),
    cost_nano_usd      INTEGER CONSTRAINT spans_cost CHECK (cost_nano_usd >= 0),
    tool_name          TEXT CONSTRAINT spans_tool_name CHECK (length(tool_name) <= 128),
    server             TEXT CONSTRAINT spans_server CHECK (length(server) <= 128),
    client             TEXT CONSTRAINT spans_client CHECK (length(client) <= 128),
    user_id            TEXT CONSTRAINT spans_user_id CHECK (length(user_id) <= 256),
    session_id         TEXT CONSTRAINT spans_session_id CHECK (length(session_id) <= 256),
    trace_id           TEXT CONSTRAINT spans_trace_id CHECK (length(trace_id) = 32),
    attributes_json    TEXT CONSTRAINT spans_attributes CHECK (attributes_json IS NULL OR json_valid(attributes_json)),
    input              TEXT,
    input_bytes        INTEGER,
    output             TEXT,
    output_bytes       INTEGER,
    CONSTRAINT spans_primary_key PRIMARY KEY (project_key, span_id),
    CONSTRAINT spans_run FOREIGN KEY (project_key, run_id) REFERENCES runs (project_key, run_id),
    CONSTRAINT spans_place_in_run CHECK ((run_id IS NULL) = (position IS NULL)),
    CONSTRAINT spans_input_size CHECK ((input IS NULL) = (input_bytes IS NULL)),
    CONSTRAINT spans_output_size CHECK ((output IS NULL) = (output_bytes IS NULL))
) STRICT;

CREATE UNIQUE INDEX spans_of_run ON spans (project_key, run_id, position) WHERE run_id IS NOT NULL;
CREATE INDEX spans_runless ON spans (project_key, tool_name, recorded_at) WHERE run_id IS NULL;

CREATE TABLE failures (
    project_key  TEXT NOT NULL CONSTRAINT failures_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    failure_id   TEXT NOT NULL CONSTRAINT failures_failure_id CHECK (length(failure_id) = 36),
    run_id       TEXT,
    recorded_at  INTEGER NOT NULL,
    late         INTEGER NOT NULL CONSTRAINT failures_late CHECK (late IN (0, 1)),
    fingerprint  TEXT NOT NULL CONSTRAINT failures_fingerprint CHECK (length(fingerprint) = 16),
    agent        TEXT CONSTRAINT failures_agent CHECK (length(agent) <= 128),
    task_id      TEXT CONSTRAINT failures_task_id CHECK (length(task_id) <= 128),
    error_type   TEXT CONSTRAINT failures_error_type CHECK (length(error_type) <= 128),
    summary      TEXT NOT NULL CONSTRAINT failures_summary CHECK (length(summary) <= 16000),
    error        TEXT CONSTRAINT failures_error CHECK (length(error) <= 64000),
    context_json TEXT CONSTRAINT failures_context CHECK (context_json IS NULL OR json_valid(context_json)),
    meta_json    TEXT CONSTRAINT failures_meta CHECK (meta_json IS NULL OR json_valid(meta_json)),
    CONSTRAINT failures_primary_key PRIMARY KEY (project_key, failure_id),
    CONSTRAINT failures_run FOREIGN KEY (project_key, run_id) REFERENCES runs (project_key, run_id)
) STRICT;

CREATE INDEX failures_newest ON failures (project_key, recorded_at, failure_id);
CREATE INDEX failures_by_fingerprint ON failures (project_key, fingerprint, recorded_at, failure_id);
CREATE INDEX failures_of_run ON failures (project_key, run_id) WHERE run_id IS NOT NULL;

CREATE TABLE failure_groups (
    project_key   TEXT NOT NULL,
    fingerprint   TEXT NOT NULL CONSTRAINT failure_groups_fingerprint CHECK (length(fingerprint) = 16),
    seen          INTEGER NOT NULL CONSTRAINT failure_groups_seen CHECK (seen > 0),
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    CONSTRAINT failure_groups_primary_key PRIMARY KEY (project_key, fingerprint)
) STRICT, WITHOUT ROWID;

-- What a write was asked, as one digest per field, and what it answered: so that asking again changes nothing.
CREATE TABLE receipts (
    project_key   TEXT NOT NULL,
    operation     TEXT NOT NULL,
    receipt_key   TEXT NOT NULL CONSTRAINT receipts_receipt_key CHECK (length(receipt_key) BETWEEN 1 AND 256),
    recorded_at   INTEGER NOT NULL,
    digests_json  TEXT NOT NULL CONSTRAINT receipts_digests CHECK (digests_json IS NULL OR json_valid(digests_json)),
    answer_json   TEXT NOT NULL CONSTRAINT receipts_answer CHECK (answer_json IS NULL OR json_valid(answer_json)),
    CONSTRAINT receipts_primary_key PRIMARY KEY (project_key, operation, receipt_key)
) STRICT, WITHOUT ROWID;

-- Bearer keys are what callers are made of, so they belong to no project: each names the projects it opens.
CREATE TABLE access_keys (
    key_hash   TEXT NOT NULL CONSTRAINT access_keys_key_hash CHECK (length(key_hash) = 64),
    key_id     TEXT NOT NULL CONSTRAINT access_keys_key_id UNIQUE,
    role       TEXT NOT NULL CONSTRAINT access_keys_role CHECK (role IN ('read', 'write', 'admin')),
    projects   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT access_keys_primary_key PRIMARY KEY (key_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE schema_migrations (
    version         INTEGER NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    checksum        TEXT NOT NULL,
    compatible_from INTEGER NOT NULL,
    applied_at      INTEGER NOT NULL,
    applied_by      TEXT NOT NULL
) STRICT;
