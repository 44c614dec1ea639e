-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 4: what benches measured, and other libraries beside this program.

CREATE TABLE bench (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
    environment INTEGER NOT NULL REFERENCES environment (id) ON DELETE RESTRICT,
    version TEXT NOT NULL,
    command_line TEXT NOT NULL,
    host TEXT NOT NULL,
    started_utc TEXT NOT NULL,
    ended_utc TEXT NOT NULL,
    settings TEXT NOT NULL CHECK (json_valid(settings))
) STRICT;
CREATE INDEX bench_by_environment ON bench (environment);

-- One implementation of one case. Durations and ratios (of the duration of this program's implementation to this one's,
-- repetition by repetition) are NULL where nothing was measured.
CREATE TABLE bench_result (
    bench INTEGER NOT NULL REFERENCES bench (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 0),
    case_name TEXT NOT NULL,
    implementation TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('measured', 'wrong', 'unsupported', 'failed')),
    message TEXT NOT NULL,
    repetitions INTEGER NOT NULL CHECK (repetitions >= 0),
    minimum_ns REAL,
    first_quartile_ns REAL,
    median_ns REAL,
    third_quartile_ns REAL,
    maximum_ns REAL,
    ratio_minimum REAL,
    ratio_first_quartile REAL,
    ratio_median REAL,
    ratio_third_quartile REAL,
    ratio_maximum REAL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    PRIMARY KEY (bench, number)
) STRICT;

CREATE VIEW benches AS
SELECT bench.id AS bench, bench.uuid, bench.kind, bench.version, bench.command_line, bench.host, bench.started_utc,
       bench.ended_utc, bench.settings, environment.hash AS environment_hash
FROM bench JOIN environment ON environment.id = bench.environment;

CREATE VIEW bench_results AS
SELECT bench, number, case_name, implementation, outcome, message, repetitions, minimum_ns, first_quartile_ns,
       median_ns, third_quartile_ns, maximum_ns, ratio_minimum, ratio_first_quartile, ratio_median,
       ratio_third_quartile, ratio_maximum, details
FROM bench_result;
