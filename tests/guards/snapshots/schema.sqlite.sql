CREATE VIEW run_rows AS
SELECT project_key, run_id, status, agent, label, ticket, intent, summary, parent_run_id, conversation_id, user_id,
    follows_act_id, client, host_session_id, host_thread_id, host_call_id, host_model, trace_id, trace_span_id,
    started_at, last_seen_at, ended_at, ended_by, end_reason,
    reports, llm_calls, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, cost_nano_usd, unpriced_calls,
    observed_reports, observed_llm_calls, observed_input_tokens, observed_output_tokens,
    observed_total_tokens, observed_cache_read_tokens, observed_cache_write_tokens,
    observed_cache_write_1h_tokens, observed_reasoning_tokens, observed_cost_nano_usd, observed_unpriced_calls,
    span_count, failure_count, input_bytes, input_truncated, output_bytes, output_truncated
FROM runs;

CREATE VIEW span_rows AS
SELECT project_key, scope, span_id, run_id, position, parent_span_id, kind, name, status, recorded_at, started_at,
    ended_at, duration_ms, late, error, model, provider, input_tokens, output_tokens, total_tokens, cache_read_tokens,
    cache_write_tokens, cache_write_1h_tokens, reasoning_tokens, cost_nano_usd, tool_name, server, user_id, session_id,
    client, host_session_id, host_thread_id, host_call_id, host_model, trace_id, trace_span_id, attributes_json,
    input_bytes, input_truncated, output_bytes, output_truncated
FROM spans;

CREATE VIEW standing_usage AS
SELECT * FROM usage_reports AS report
WHERE NOT EXISTS (
    SELECT 1 FROM usage_reports AS correction
    WHERE correction.project_key = report.project_key AND correction.run_id = report.run_id
        AND correction.corrects = report.report_id
) AND (
    llm_calls IS NOT NULL OR input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR total_tokens IS NOT NULL
    OR cache_read_tokens IS NOT NULL OR cache_write_tokens IS NOT NULL OR cache_write_1h_tokens IS NOT NULL
    OR reasoning_tokens IS NOT NULL OR cost_nano_usd IS NOT NULL OR unpriced_calls <> 0
    OR model IS NOT NULL OR provider IS NOT NULL OR prompt_preview IS NOT NULL
);

CREATE VIEW usage_sums AS
SELECT project_key, run_id, basis, count(DISTINCT report_id) AS reports,
    CAST(sum(llm_calls) AS bigint) AS llm_calls,
    CAST(sum(input_tokens) AS bigint) AS input_tokens,
    CAST(sum(output_tokens) AS bigint) AS output_tokens,
    CAST(sum(total_tokens) AS bigint) AS total_tokens,
    CAST(sum(cache_read_tokens) AS bigint) AS cache_read_tokens,
    CAST(sum(cache_write_tokens) AS bigint) AS cache_write_tokens,
    CAST(sum(cache_write_1h_tokens) AS bigint) AS cache_write_1h_tokens,
    CAST(sum(reasoning_tokens) AS bigint) AS reasoning_tokens,
    CAST(sum(cost_nano_usd) AS bigint) AS cost_nano_usd,
    CAST(sum(unpriced_calls) AS bigint) AS unpriced_calls
FROM standing_usage
GROUP BY project_key, run_id, basis;

CREATE TABLE access_keys (
    key_hash   TEXT NOT NULL CONSTRAINT access_keys_key_hash CHECK (length(key_hash) = 64),
    key_id     TEXT NOT NULL CONSTRAINT access_keys_key_id UNIQUE,
    role       TEXT NOT NULL CONSTRAINT access_keys_role CHECK (role = 'read' OR role = 'write' OR role = 'admin'),
    projects   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT access_keys_primary_key PRIMARY KEY (key_hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE database_key (
    id         INTEGER NOT NULL CONSTRAINT database_key_only_one CHECK (id = 1),
    random_key TEXT NOT NULL CONSTRAINT database_key_random_key CHECK (length(random_key) = 64),
    CONSTRAINT database_key_primary_key PRIMARY KEY (id)
) STRICT;

CREATE TABLE failure_groups (
    project_key      TEXT NOT NULL,
    fingerprint      TEXT NOT NULL CONSTRAINT failure_groups_fingerprint CHECK (length(fingerprint) BETWEEN 16 AND 64),
    seen             INTEGER NOT NULL CONSTRAINT failure_groups_seen CHECK (seen > 0),
    first_seen_at    INTEGER NOT NULL,
    previous_seen_at INTEGER,
    last_seen_at     INTEGER NOT NULL,
    CONSTRAINT failure_groups_primary_key PRIMARY KEY (project_key, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE failures (
    project_key        TEXT NOT NULL CONSTRAINT failures_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    failure_id         TEXT NOT NULL CONSTRAINT failures_failure_id CHECK (length(failure_id) = 36),
    run_id             TEXT CONSTRAINT failures_run_id CHECK (length(run_id) = 36),
    recorded_at        INTEGER NOT NULL,
    source             TEXT NOT NULL CONSTRAINT failures_source CHECK (
                              source = 'agent' OR source = 'span' OR source = 'host'
                          ),
    late               INTEGER NOT NULL CONSTRAINT failures_late CHECK (late IN (0, 1)),
    fingerprint        TEXT NOT NULL CONSTRAINT failures_fingerprint CHECK (length(fingerprint) BETWEEN 16 AND 64),
    agent              TEXT CONSTRAINT failures_agent CHECK (length(agent) <= 512),
    task_id            TEXT CONSTRAINT failures_task_id CHECK (length(task_id) <= 1024),
    error_type         TEXT CONSTRAINT failures_error_type CHECK (length(error_type) <= 1024),
    summary            TEXT NOT NULL CONSTRAINT failures_summary CHECK (length(summary) <= 16000),
    error              TEXT CONSTRAINT failures_error CHECK (length(error) <= 64000),
    context_json       TEXT CONSTRAINT failures_context CHECK (context_json IS NULL OR json_valid(context_json)),
    meta_json          TEXT CONSTRAINT failures_meta CHECK (meta_json IS NULL OR json_valid(meta_json)),
    client             TEXT CONSTRAINT failures_client CHECK (length(client) <= 1024),
    host_session_id    TEXT CONSTRAINT failures_host_session_id CHECK (length(host_session_id) <= 512),
    host_thread_id     TEXT CONSTRAINT failures_host_thread_id CHECK (length(host_thread_id) <= 2048),
    host_call_id       TEXT CONSTRAINT failures_host_call_id CHECK (length(host_call_id) <= 2048),
    host_model         TEXT CONSTRAINT failures_host_model CHECK (length(host_model) <= 2048),
    trace_id           TEXT CONSTRAINT failures_trace_id CHECK (length(trace_id) = 32),
    trace_span_id      TEXT CONSTRAINT failures_trace_span_id CHECK (length(trace_span_id) = 16),
    CONSTRAINT failures_primary_key PRIMARY KEY (project_key, failure_id)
) STRICT;

CREATE TABLE projects (
    project_key    TEXT NOT NULL CONSTRAINT projects_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    first_write_at INTEGER NOT NULL,
    last_write_at  INTEGER NOT NULL CONSTRAINT projects_last_write_at CHECK (last_write_at >= first_write_at),
    CONSTRAINT projects_primary_key PRIMARY KEY (project_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    project_key  TEXT NOT NULL,
    operation    TEXT NOT NULL,
    receipt_key  TEXT NOT NULL CONSTRAINT receipts_receipt_key CHECK (length(receipt_key) BETWEEN 32 AND 64),
    -- How the hashes were made: those of another format are not compared.
    format       INTEGER NOT NULL,
    run_id       TEXT CONSTRAINT receipts_run_id CHECK (length(run_id) = 36),
    recorded_at  INTEGER NOT NULL,
    digests_json TEXT NOT NULL CONSTRAINT receipts_digests CHECK (json_valid(digests_json)),
    answer_json  TEXT NOT NULL CONSTRAINT receipts_answer CHECK (json_valid(answer_json)),
    CONSTRAINT receipts_primary_key PRIMARY KEY (project_key, operation, receipt_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE recent_problems (
    problem_id TEXT NOT NULL CONSTRAINT recent_problems_problem_id CHECK (length(problem_id) = 36),
    noted_at   INTEGER NOT NULL CONSTRAINT recent_problems_noted_at CHECK (noted_at BETWEEN 0 AND 9007199254740991),
    code       TEXT NOT NULL CONSTRAINT recent_problems_code CHECK (
                   code = 'invalid' OR code = 'forbidden' OR code = 'not_found' OR code = 'conflict' OR code = 'limit'
                   OR code = 'unavailable' OR code = 'internal'
               ),
    door       TEXT NOT NULL CONSTRAINT recent_problems_door CHECK (length(door) BETWEEN 1 AND 32),
    tool       TEXT NOT NULL CONSTRAINT recent_problems_tool CHECK (length(tool) BETWEEN 1 AND 128),
    -- Under which the log of the server has the rest.
    reference  TEXT CONSTRAINT recent_problems_reference CHECK (length(reference) BETWEEN 1 AND 32),
    CONSTRAINT recent_problems_primary_key PRIMARY KEY (problem_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    project_key        TEXT NOT NULL CONSTRAINT runs_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    run_id             TEXT NOT NULL CONSTRAINT runs_run_id CHECK (length(run_id) = 36),
    status             TEXT NOT NULL
                       CONSTRAINT runs_status CHECK (
                           status = 'running' OR status = 'completed' OR status = 'partial' OR status = 'failed'
                           OR status = 'interrupted'
                       ),
    agent              TEXT CONSTRAINT runs_agent CHECK (length(agent) <= 512),
    label              TEXT CONSTRAINT runs_label CHECK (length(label) <= 512),
    ticket             TEXT CONSTRAINT runs_ticket CHECK (length(ticket) <= 512),
    intent             TEXT CONSTRAINT runs_intent CHECK (length(intent) <= 16000),
    summary            TEXT CONSTRAINT runs_summary CHECK (length(summary) <= 16000),
    parent_run_id      TEXT CONSTRAINT runs_parent CHECK (length(parent_run_id) = 36 AND parent_run_id <> run_id),
    conversation_id    TEXT CONSTRAINT runs_conversation_id CHECK (length(conversation_id) <= 512),
    user_id            TEXT CONSTRAINT runs_user_id CHECK (length(user_id) <= 512),
    -- An act may be another system's, so its id is any text.
    follows_act_id     TEXT CONSTRAINT runs_follows_act_id CHECK (length(follows_act_id) <= 2048),
    -- Where the call came from. It cannot be guessed later: what the host says, and the W3C trace context.
    client             TEXT CONSTRAINT runs_client CHECK (length(client) <= 1024),
    host_session_id    TEXT CONSTRAINT runs_host_session_id CHECK (length(host_session_id) <= 512),
    host_thread_id     TEXT CONSTRAINT runs_host_thread_id CHECK (length(host_thread_id) <= 2048),
    host_call_id       TEXT CONSTRAINT runs_host_call_id CHECK (length(host_call_id) <= 2048),
    host_model         TEXT CONSTRAINT runs_host_model CHECK (length(host_model) <= 2048),
    trace_id           TEXT CONSTRAINT runs_trace_id CHECK (length(trace_id) = 32),
    trace_span_id      TEXT CONSTRAINT runs_trace_span_id CHECK (length(trace_span_id) = 16),
    started_at         INTEGER NOT NULL CONSTRAINT runs_started_at CHECK (started_at >= 0),
    last_seen_at       INTEGER NOT NULL CONSTRAINT runs_last_seen_at CHECK (last_seen_at >= started_at),
    ended_at           INTEGER CONSTRAINT runs_ended_at CHECK (ended_at >= started_at),
    ended_by           TEXT
                       CONSTRAINT runs_ended_by CHECK (
                           ended_by = 'agent' OR ended_by = 'record' OR ended_by = 'sweep' OR ended_by = 'host'
                           OR ended_by = 'sdk' OR ended_by = 'otlp'
                       ),
    end_reason         TEXT,
    -- What agents and programs reported: always the sum of the standing usage_reports of that basis, kept here so that
    -- an answer costs one row.
    reports            INTEGER NOT NULL DEFAULT 0,
    llm_calls          INTEGER,
    input_tokens       INTEGER,
    output_tokens      INTEGER,
    total_tokens       INTEGER,
    cache_read_tokens  INTEGER,
    cache_write_tokens INTEGER,
    cache_write_1h_tokens INTEGER,
    reasoning_tokens   INTEGER,
    cost_nano_usd      INTEGER,
    unpriced_calls     INTEGER NOT NULL DEFAULT 0,
    -- What was observed of the same calls: a sum of its own, never added to the reported one.
    observed_reports           INTEGER NOT NULL DEFAULT 0,
    observed_llm_calls         INTEGER,
    observed_input_tokens      INTEGER,
    observed_output_tokens     INTEGER,
    observed_total_tokens      INTEGER,
    observed_cache_read_tokens INTEGER,
    observed_cache_write_tokens INTEGER,
    observed_cache_write_1h_tokens INTEGER,
    observed_reasoning_tokens  INTEGER,
    observed_cost_nano_usd     INTEGER,
    observed_unpriced_calls    INTEGER NOT NULL DEFAULT 0,
    span_count         INTEGER NOT NULL DEFAULT 0,
    failure_count      INTEGER NOT NULL DEFAULT 0,
    start_meta_json    TEXT CONSTRAINT runs_start_meta CHECK (start_meta_json IS NULL OR json_valid(start_meta_json)),
    end_meta_json      TEXT CONSTRAINT runs_end_meta CHECK (end_meta_json IS NULL OR json_valid(end_meta_json)),
    -- The final totals as the end told them, so that a later correction of a report can be weighed against them.
    final_usage_json   TEXT CONSTRAINT runs_final_usage CHECK (final_usage_json IS NULL OR json_valid(final_usage_json)),
    -- Payloads come last: SQLite reads no overflow page of a row before the column it is asked for.
    -- The size is that of what was sent; the text may be gone while its size is kept.
    input_bytes        INTEGER,
    input_truncated    INTEGER CONSTRAINT runs_input_truncated CHECK (input_truncated IN (0, 1)),
    output_bytes       INTEGER,
    output_truncated   INTEGER CONSTRAINT runs_output_truncated CHECK (output_truncated IN (0, 1)),
    input              TEXT CONSTRAINT runs_input CHECK (input IS NULL OR input_bytes IS NOT NULL),
    output             TEXT CONSTRAINT runs_output CHECK (output IS NULL OR output_bytes IS NOT NULL),
    CONSTRAINT runs_primary_key PRIMARY KEY (project_key, run_id),
    CONSTRAINT runs_ended_or_running CHECK ((status = 'running') = (ended_at IS NULL)),
    CONSTRAINT runs_end_is_told CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    -- Apart by basis: a statement pays for the CHECKs of the columns that it changes.
    CONSTRAINT runs_total_covers_its_parts CHECK (
        coalesce(total_tokens, 0) >= coalesce(input_tokens, 0) + coalesce(output_tokens, 0)
    ),
    CONSTRAINT runs_totals_are_exact CHECK (
        coalesce(llm_calls, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(input_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(output_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(total_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cache_read_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cache_write_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cache_write_1h_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(reasoning_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(cost_nano_usd, 0) BETWEEN 0 AND 9007199254740991
        AND unpriced_calls BETWEEN 0 AND 9007199254740991
    ),
    CONSTRAINT runs_observed_total_covers_its_parts CHECK (
        coalesce(observed_total_tokens, 0) >= coalesce(observed_input_tokens, 0) + coalesce(observed_output_tokens, 0)
    ),
    CONSTRAINT runs_observed_totals_are_exact CHECK (
        coalesce(observed_llm_calls, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_input_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_output_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_total_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_cache_read_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_cache_write_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_cache_write_1h_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_reasoning_tokens, 0) BETWEEN 0 AND 9007199254740991
        AND coalesce(observed_cost_nano_usd, 0) BETWEEN 0 AND 9007199254740991
        AND observed_unpriced_calls BETWEEN 0 AND 9007199254740991
    )
) STRICT;

CREATE TABLE schema_migrations (
    version         INTEGER NOT NULL PRIMARY KEY,
    name            TEXT NOT NULL,
    checksum        TEXT NOT NULL,
    compatible_from INTEGER NOT NULL,
    applied_at      INTEGER NOT NULL,
    applied_by      TEXT NOT NULL
) STRICT;

CREATE TABLE spans (
    project_key           TEXT NOT NULL CONSTRAINT spans_project_key CHECK (length(project_key) BETWEEN 1 AND 64),
    scope                 TEXT NOT NULL CONSTRAINT spans_scope
                          CHECK (length(scope) <= 256 AND scope GLOB '[a-z]*:*'),
    span_id               TEXT NOT NULL CONSTRAINT spans_span_id CHECK (length(span_id) BETWEEN 1 AND 512),
    run_id                TEXT CONSTRAINT spans_run_id CHECK (length(run_id) = 36),
    -- The place among the run's spans, in the order they were recorded.
    position              INTEGER
                          CONSTRAINT spans_position CHECK (position IS NULL OR (position > 0 AND run_id IS NOT NULL)),
    parent_span_id        TEXT CONSTRAINT spans_parent CHECK (length(parent_span_id) BETWEEN 1 AND 512),
    kind                  TEXT NOT NULL CONSTRAINT spans_kind
                          CHECK (
                              kind = 'llm' OR kind = 'tool' OR kind = 'retrieval' OR kind = 'agent'
                              OR kind = 'group' OR kind = 'mcp' OR kind = 'other'
                          ),
    name                  TEXT NOT NULL CONSTRAINT spans_name CHECK (length(name) BETWEEN 1 AND 2048),
    status                TEXT NOT NULL CONSTRAINT spans_status
                          CHECK (
                              status = 'ok' OR status = 'error' OR status = 'cancelled' OR status = 'denied'
                              OR status = 'unfinished'
                          ),
    recorded_at           INTEGER NOT NULL,
    started_at            INTEGER CONSTRAINT spans_started_at CHECK (started_at >= 0),
    ended_at              INTEGER CONSTRAINT spans_ended_at CHECK (ended_at >= started_at),
    duration_ms           INTEGER CONSTRAINT spans_duration_ms CHECK (duration_ms >= 0),
    late                  INTEGER NOT NULL CONSTRAINT spans_late CHECK (late IN (0, 1)),
    error                 TEXT CONSTRAINT spans_error CHECK (length(error) <= 64000),
    model                 TEXT CONSTRAINT spans_model CHECK (length(model) <= 2048),
    provider              TEXT CONSTRAINT spans_provider CHECK (length(provider) <= 2048),
    input_tokens          INTEGER CONSTRAINT spans_input_tokens CHECK (input_tokens >= 0),
    output_tokens         INTEGER CONSTRAINT spans_output_tokens CHECK (output_tokens >= 0),
    total_tokens          INTEGER CONSTRAINT spans_total_tokens CHECK (total_tokens >= 0),
    cache_read_tokens     INTEGER CONSTRAINT spans_cache_read_tokens CHECK (cache_read_tokens >= 0),
    cache_write_tokens    INTEGER CONSTRAINT spans_cache_write_tokens CHECK (cache_write_tokens >= 0),
    cache_write_1h_tokens INTEGER CONSTRAINT spans_cache_write_1h_tokens CHECK (cache_write_1h_tokens >= 0),
    reasoning_tokens      INTEGER CONSTRAINT spans_reasoning_tokens CHECK (reasoning_tokens >= 0),
    cost_nano_usd         INTEGER CONSTRAINT spans_cost CHECK (cost_nano_usd >= 0),
    tool_name             TEXT CONSTRAINT spans_tool_name CHECK (length(tool_name) <= 1024),
    server                TEXT CONSTRAINT spans_server CHECK (length(server) <= 1024),
    user_id               TEXT CONSTRAINT spans_user_id CHECK (length(user_id) <= 512),
    session_id            TEXT CONSTRAINT spans_session_id CHECK (length(session_id) <= 2048),
    client                TEXT CONSTRAINT spans_client CHECK (length(client) <= 1024),
    host_session_id       TEXT CONSTRAINT spans_host_session_id CHECK (length(host_session_id) <= 512),
    host_thread_id        TEXT CONSTRAINT spans_host_thread_id CHECK (length(host_thread_id) <= 2048),
    host_call_id          TEXT CONSTRAINT spans_host_call_id CHECK (length(host_call_id) <= 2048),
    host_model            TEXT CONSTRAINT spans_host_model CHECK (length(host_model) <= 2048),
    trace_id              TEXT CONSTRAINT spans_trace_id CHECK (length(trace_id) = 32),
    trace_span_id         TEXT CONSTRAINT spans_trace_span_id CHECK (length(trace_span_id) = 16),
    attributes_json       TEXT CONSTRAINT spans_attributes CHECK (attributes_json IS NULL OR json_valid(attributes_json)),
    input_bytes           INTEGER,
    input_truncated       INTEGER CONSTRAINT spans_input_truncated CHECK (input_truncated IN (0, 1)),
    output_bytes          INTEGER,
    output_truncated      INTEGER CONSTRAINT spans_output_truncated CHECK (output_truncated IN (0, 1)),
    input                 TEXT CONSTRAINT spans_input CHECK (input IS NULL OR input_bytes IS NOT NULL),
    output                TEXT CONSTRAINT spans_output CHECK (output IS NULL OR output_bytes IS NOT NULL),
    CONSTRAINT spans_primary_key PRIMARY KEY (project_key, scope, span_id)
) STRICT;

CREATE TABLE usage_reports (
    project_key           TEXT NOT NULL,
    run_id                TEXT NOT NULL,
    report_id             TEXT NOT NULL CONSTRAINT usage_reports_report_id CHECK (length(report_id) = 36),
    part                  INTEGER NOT NULL CONSTRAINT usage_reports_part CHECK (part >= 0),
    reported_at           INTEGER NOT NULL,
    source                TEXT NOT NULL CONSTRAINT usage_reports_source
                          CHECK (
                              source = 'report' OR source = 'final' OR source = 'client' OR source = 'otlp'
                              OR source = 'transcript' OR source = 'hook'
                          ),
    basis                 TEXT NOT NULL CONSTRAINT usage_reports_basis CHECK (basis IN ('reported', 'observed')),
    late                  INTEGER NOT NULL CONSTRAINT usage_reports_late CHECK (late IN (0, 1)),
    corrects              TEXT
                          CONSTRAINT usage_reports_corrects CHECK (length(corrects) = 36 AND corrects <> report_id),
    model                 TEXT CONSTRAINT usage_reports_model CHECK (length(model) <= 2048),
    provider              TEXT CONSTRAINT usage_reports_provider CHECK (length(provider) <= 2048),
    llm_calls             INTEGER CONSTRAINT usage_reports_llm_calls CHECK (llm_calls >= 0),
    input_tokens          INTEGER CONSTRAINT usage_reports_input_tokens CHECK (input_tokens >= 0),
    output_tokens         INTEGER CONSTRAINT usage_reports_output_tokens CHECK (output_tokens >= 0),
    total_tokens          INTEGER CONSTRAINT usage_reports_total_tokens CHECK (total_tokens >= 0),
    cache_read_tokens     INTEGER CONSTRAINT usage_reports_cache_read_tokens CHECK (cache_read_tokens >= 0),
    cache_write_tokens    INTEGER CONSTRAINT usage_reports_cache_write_tokens CHECK (cache_write_tokens >= 0),
    cache_write_1h_tokens INTEGER CONSTRAINT usage_reports_cache_write_1h_tokens CHECK (cache_write_1h_tokens >= 0),
    reasoning_tokens      INTEGER CONSTRAINT usage_reports_reasoning_tokens CHECK (reasoning_tokens >= 0),
    cost_nano_usd         INTEGER CONSTRAINT usage_reports_cost CHECK (cost_nano_usd >= 0),
    cost_source           TEXT NOT NULL CONSTRAINT usage_reports_cost_source
                          CHECK (
                              cost_source = 'reported' OR cost_source = 'computed' OR cost_source = 'unpriced'
                              OR cost_source = 'host' OR cost_source = 'subscription'
                          ),
    priced_by             TEXT,
    -- A final cost covers the calls that had none, so a final report may take some back.
    unpriced_calls        INTEGER NOT NULL
                          CONSTRAINT usage_reports_unpriced_calls CHECK (unpriced_calls >= 0 OR source = 'final'),
    prompt_preview        TEXT CONSTRAINT usage_reports_prompt_preview CHECK (length(prompt_preview) <= 16000),
    client                TEXT CONSTRAINT usage_reports_client CHECK (length(client) <= 1024),
    host_session_id       TEXT CONSTRAINT usage_reports_host_session_id CHECK (length(host_session_id) <= 512),
    host_thread_id        TEXT CONSTRAINT usage_reports_host_thread_id CHECK (length(host_thread_id) <= 2048),
    host_call_id          TEXT CONSTRAINT usage_reports_host_call_id CHECK (length(host_call_id) <= 2048),
    host_model            TEXT CONSTRAINT usage_reports_host_model CHECK (length(host_model) <= 2048),
    trace_id              TEXT CONSTRAINT usage_reports_trace_id CHECK (length(trace_id) = 32),
    trace_span_id         TEXT CONSTRAINT usage_reports_trace_span_id CHECK (length(trace_span_id) = 16), attributes_json TEXT,
    CONSTRAINT usage_reports_primary_key PRIMARY KEY (project_key, run_id, report_id, part),
    CONSTRAINT usage_reports_run FOREIGN KEY (project_key, run_id) REFERENCES runs (project_key, run_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX failures_by_fingerprint ON failures (project_key, fingerprint, recorded_at, failure_id);

CREATE INDEX failures_newest ON failures (project_key, recorded_at, failure_id);

CREATE INDEX failures_of_run ON failures (project_key, run_id) WHERE run_id IS NOT NULL;

CREATE INDEX receipts_of_run ON receipts (project_key, run_id) WHERE run_id IS NOT NULL;

CREATE INDEX runs_by_agent ON runs (project_key, agent, started_at, run_id) WHERE agent IS NOT NULL;

CREATE INDEX runs_by_conversation ON runs (project_key, conversation_id, started_at, run_id)
    WHERE conversation_id IS NOT NULL;

CREATE INDEX runs_by_host_session ON runs (project_key, host_session_id, started_at, run_id)
    WHERE host_session_id IS NOT NULL;

CREATE INDEX runs_by_label ON runs (project_key, label, started_at, run_id) WHERE label IS NOT NULL;

CREATE INDEX runs_by_parent ON runs (project_key, parent_run_id, started_at, run_id) WHERE parent_run_id IS NOT NULL;

CREATE INDEX runs_by_status ON runs (project_key, status, started_at, run_id);

CREATE INDEX runs_by_ticket ON runs (project_key, ticket, started_at, run_id) WHERE ticket IS NOT NULL;

CREATE INDEX runs_by_trace ON runs (project_key, trace_id, started_at, run_id) WHERE trace_id IS NOT NULL;

CREATE INDEX runs_by_user ON runs (project_key, user_id, started_at, run_id) WHERE user_id IS NOT NULL;

CREATE INDEX runs_newest ON runs (project_key, started_at, run_id);

CREATE UNIQUE INDEX spans_of_run ON spans (project_key, run_id, position) WHERE run_id IS NOT NULL;

CREATE INDEX spans_runless ON spans (project_key, recorded_at) WHERE run_id IS NULL;

CREATE UNIQUE INDEX usage_reports_corrected ON usage_reports (project_key, run_id, corrects, part)
    WHERE corrects IS NOT NULL;

