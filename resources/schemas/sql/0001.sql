-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 1 of the result database. Tables are private and may change with a revision; the views at the end keep
-- their names and columns (resources/docs/database.md). A released revision is never edited: add the next file.
-- Times are integer nanoseconds, sizes bytes, instants UTC text.

CREATE TABLE meta (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- One row per distinct environment: processor, caches, memory, operating system, compiler, build revision, ...
CREATE TABLE environment (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 16),
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

-- One row per distinct experiment document, canonical.
CREATE TABLE experiment (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 16),
    name TEXT NOT NULL,
    document TEXT NOT NULL CHECK (json_valid(document))
) STRICT;

CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),
    experiment INTEGER NOT NULL REFERENCES experiment (id) ON DELETE RESTRICT,
    environment INTEGER NOT NULL REFERENCES environment (id) ON DELETE RESTRICT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'timed out', 'cancelled', 'lost',
                                         'out of memory', 'unsupported', 'infeasible')),
    message TEXT NOT NULL,
    command_line TEXT NOT NULL,
    backend TEXT NOT NULL,
    ranks INTEGER NOT NULL CHECK (ranks > 0),
    started_utc TEXT NOT NULL,
    ended_utc TEXT CHECK (ended_utc IS NULL OR state NOT IN ('queued', 'running')),
    run_folder TEXT NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL CHECK (pid >= 0)
) STRICT;
CREATE INDEX run_by_experiment ON run (experiment);
CREATE INDEX run_by_environment ON run (environment);
CREATE INDEX run_by_state ON run (state);

CREATE TABLE draw (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    seed INTEGER NOT NULL,
    documents INTEGER NOT NULL CHECK (documents >= 0),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    pairs INTEGER NOT NULL CHECK (pairs >= 0),
    flops REAL NOT NULL CHECK (flops >= 0),
    lengths TEXT NOT NULL CHECK (json_valid(lengths) AND lengths LIKE '[%'),
    plan_hash TEXT NOT NULL,
    UNIQUE (run, number)
) STRICT;

-- The schedule of one rank.
CREATE TABLE plan (
    draw INTEGER NOT NULL REFERENCES draw (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL CHECK (rank >= 0),
    schedule TEXT NOT NULL CHECK (json_valid(schedule)),
    PRIMARY KEY (draw, rank)
) STRICT;

CREATE TABLE repetition (
    id INTEGER PRIMARY KEY,
    draw INTEGER NOT NULL REFERENCES draw (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    kind TEXT NOT NULL CHECK (kind IN ('warm-up', 'measured')),
    duration_ns INTEGER NOT NULL CHECK (duration_ns >= 0),
    UNIQUE (draw, kind, number)
) STRICT;

CREATE TABLE rank_result (
    repetition INTEGER NOT NULL REFERENCES repetition (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL CHECK (rank >= 0),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    pairs INTEGER NOT NULL CHECK (pairs >= 0),
    computing_ns INTEGER NOT NULL CHECK (computing_ns >= 0),
    exposed_communication_ns INTEGER NOT NULL CHECK (exposed_communication_ns >= 0),
    waiting_ns INTEGER NOT NULL CHECK (waiting_ns >= 0),
    other_ns INTEGER NOT NULL CHECK (other_ns >= 0),
    bytes_sent INTEGER NOT NULL CHECK (bytes_sent >= 0),
    bytes_received INTEGER NOT NULL CHECK (bytes_received >= 0),
    peak_memory_bytes INTEGER NOT NULL CHECK (peak_memory_bytes >= 0),
    PRIMARY KEY (repetition, rank)
) STRICT;

-- A draw's output against the reference, on a sample of rows. An error that is not a number is stored as NULL.
CREATE TABLE check_result (
    id INTEGER PRIMARY KEY,
    draw INTEGER NOT NULL REFERENCES draw (id) ON DELETE CASCADE,
    rows INTEGER NOT NULL CHECK (rows >= 0),
    output_relative_error REAL,
    lse_absolute_error REAL,
    output_limit REAL NOT NULL,
    lse_limit REAL NOT NULL,
    passed INTEGER NOT NULL CHECK (passed IN (0, 1))
) STRICT;
CREATE INDEX check_result_by_draw ON check_result (draw);

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    repetition INTEGER NOT NULL REFERENCES repetition (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL CHECK (rank >= 0),
    stream TEXT NOT NULL,
    category TEXT NOT NULL,
    start_ns INTEGER NOT NULL,
    duration_ns INTEGER NOT NULL CHECK (duration_ns >= 0),
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    flops REAL NOT NULL CHECK (flops >= 0),
    operation INTEGER NOT NULL,
    flow INTEGER NOT NULL,
    step INTEGER NOT NULL
) STRICT;
CREATE INDEX event_by_repetition ON event (repetition, rank, start_ns);

-- What is added to a rank's clock to get the time of rank 0, and how far off that may be.
CREATE TABLE clock (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    rank INTEGER NOT NULL CHECK (rank >= 0),
    offset_ns INTEGER NOT NULL,
    error_ns INTEGER NOT NULL CHECK (error_ns >= 0),
    PRIMARY KEY (run, rank)
) STRICT;

-- Files that belong to a run: pictures, logs.
CREATE TABLE artifact (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    UNIQUE (run, kind, path)
) STRICT;

-- No JSON function stands in a view: SQLite 3.38 to 3.40 refuses them there under trusted_schema = OFF
-- (storage/json_valid.h). Queries may use them on `document`.
CREATE VIEW environments AS
SELECT hash, document FROM environment;

CREATE VIEW experiments AS
SELECT hash, name, document FROM experiment;

CREATE VIEW runs AS
SELECT run.id AS run, run.uuid, experiment.name, run.state, run.message, run.backend, run.ranks, run.started_utc,
       run.ended_utc, run.host, run.pid, run.command_line, run.run_folder, experiment.hash AS experiment_hash,
       environment.hash AS environment_hash
FROM run JOIN experiment ON experiment.id = run.experiment JOIN environment ON environment.id = run.environment;

CREATE VIEW draws AS
SELECT run, number AS draw, seed, documents, tokens, pairs, flops, lengths, plan_hash FROM draw;

CREATE VIEW repetitions AS
SELECT draw.run, draw.number AS draw, repetition.number AS repetition, repetition.kind, repetition.duration_ns
FROM repetition JOIN draw ON draw.id = repetition.draw;

CREATE VIEW rank_results AS
SELECT draw.run, draw.number AS draw, repetition.number AS repetition, repetition.kind, rank_result.rank,
       rank_result.tokens, rank_result.pairs, rank_result.computing_ns, rank_result.exposed_communication_ns,
       rank_result.waiting_ns, rank_result.other_ns, rank_result.bytes_sent, rank_result.bytes_received,
       rank_result.peak_memory_bytes
FROM rank_result JOIN repetition ON repetition.id = rank_result.repetition JOIN draw ON draw.id = repetition.draw;

CREATE VIEW checks AS
SELECT draw.run, draw.number AS draw, check_result.rows, check_result.output_relative_error,
       check_result.lse_absolute_error, check_result.output_limit, check_result.lse_limit, check_result.passed
FROM check_result JOIN draw ON draw.id = check_result.draw;

CREATE VIEW events AS
SELECT draw.run, draw.number AS draw, repetition.number AS repetition, repetition.kind, event.rank, event.stream,
       event.category, event.start_ns, event.duration_ns, event.bytes, event.flops, event.operation, event.flow,
       event.step
FROM event JOIN repetition ON repetition.id = event.repetition JOIN draw ON draw.id = repetition.draw;

CREATE VIEW clocks AS
SELECT run, rank, offset_ns, error_ns FROM clock;

CREATE VIEW artifacts AS
SELECT run, kind, path FROM artifact;

-- Over the measured repetitions, warm-up excluded. A quantile p lies at position p (n - 1) of the n sorted durations,
-- linearly interpolated: a weight of 1 - distance for the one or two durations that are nearer than 1.
CREATE VIEW draw_statistics AS
WITH sorted AS (
    SELECT draw, duration_ns, row_number() OVER (PARTITION BY draw ORDER BY duration_ns) - 1 AS position,
           count(*) OVER (PARTITION BY draw) - 1 AS last
    FROM repetition WHERE kind = 'measured'
), quantiles AS (
    SELECT draw, count(*) AS repetitions, min(duration_ns) AS minimum_ns,
           sum(duration_ns * max(0.0, 1.0 - abs(0.25 * last - position))) AS first_quartile_ns,
           sum(duration_ns * max(0.0, 1.0 - abs(0.5 * last - position))) AS median_ns,
           sum(duration_ns * max(0.0, 1.0 - abs(0.75 * last - position))) AS third_quartile_ns,
           max(duration_ns) AS maximum_ns
    FROM sorted GROUP BY draw
)
SELECT draw.run, experiment.name, draw.number AS draw, quantiles.repetitions, quantiles.minimum_ns,
       quantiles.first_quartile_ns, quantiles.median_ns, quantiles.third_quartile_ns, quantiles.maximum_ns,
       draw.tokens, draw.pairs, draw.flops, draw.flops * 1e9 / nullif(quantiles.median_ns, 0) AS flops_per_s
FROM quantiles JOIN draw ON draw.id = quantiles.draw JOIN run ON run.id = draw.run
     JOIN experiment ON experiment.id = run.experiment;
