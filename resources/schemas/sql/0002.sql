-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 2: what users say of their runs.

CREATE TABLE tag (
    run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    PRIMARY KEY (run, name)
) STRICT;
CREATE INDEX tag_by_name ON tag (name);

CREATE TABLE note (
    run INTEGER NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;

CREATE VIEW tags AS
SELECT run, name FROM tag;

CREATE VIEW notes AS
SELECT run, text FROM note;
