-- compatible from: 1
-- The refusals that servers gave lately, for the person whose host hides what they say. Never what was sent, nor a
-- message that was made of it. It belongs to no project: what is wrong with a file or a host is everybody's.
-- `door` and `tool` are Runtally's own words; of those there will be more, so no vocabulary is kept here.

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
