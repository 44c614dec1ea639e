-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 3: how many events a rank's timeline of a repetition lacks because it was bounded. Of runs that were stored
-- before, only the message tells.

ALTER TABLE rank_result ADD COLUMN dropped_events INTEGER NOT NULL DEFAULT 0 CHECK (dropped_events >= 0);

DROP VIEW rank_results;
CREATE VIEW rank_results AS
SELECT draw.run, draw.number AS draw, repetition.number AS repetition, repetition.kind, rank_result.rank,
       rank_result.tokens, rank_result.pairs, rank_result.computing_ns, rank_result.exposed_communication_ns,
       rank_result.waiting_ns, rank_result.other_ns, rank_result.bytes_sent, rank_result.bytes_received,
       rank_result.peak_memory_bytes, rank_result.dropped_events
FROM rank_result JOIN repetition ON repetition.id = rank_result.repetition JOIN draw ON draw.id = repetition.draw;
