-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 5: the backward pass. Of repetitions its share of the duration, of checks the relative errors of the
-- gradients of queries, keys and values, and what they may be. NULL where only the forward pass was computed; an error
-- that is not a number is NULL too, beside its limit.

ALTER TABLE repetition ADD COLUMN backward_ns INTEGER CHECK (backward_ns BETWEEN 0 AND duration_ns);

ALTER TABLE check_result ADD COLUMN query_gradient_error REAL;
ALTER TABLE check_result ADD COLUMN key_gradient_error REAL;
ALTER TABLE check_result ADD COLUMN value_gradient_error REAL;
ALTER TABLE check_result ADD COLUMN gradient_limit REAL CHECK (gradient_limit > 0);

DROP VIEW repetitions;
CREATE VIEW repetitions AS
SELECT draw.run, draw.number AS draw, repetition.number AS repetition, repetition.kind, repetition.duration_ns,
       repetition.duration_ns - coalesce(repetition.backward_ns, 0) AS forward_ns, repetition.backward_ns
FROM repetition JOIN draw ON draw.id = repetition.draw;

DROP VIEW checks;
CREATE VIEW checks AS
SELECT draw.run, draw.number AS draw, check_result.rows, check_result.output_relative_error,
       check_result.lse_absolute_error, check_result.output_limit, check_result.lse_limit, check_result.passed,
       check_result.query_gradient_error, check_result.key_gradient_error, check_result.value_gradient_error,
       check_result.gradient_limit
FROM check_result JOIN draw ON draw.id = check_result.draw;
