-- SPDX-License-Identifier: GPL-3.0-or-later
-- Revision 6: the gradients of attention sinks. Of checks whether there were some, and their relative error, for which
-- the limit of the other gradients holds. NULL where there were none; an error that is not a number is NULL too.

ALTER TABLE check_result ADD COLUMN has_sinks INTEGER NOT NULL DEFAULT 0 CHECK (has_sinks IN (0, 1));
ALTER TABLE check_result ADD COLUMN sink_gradient_error REAL;

DROP VIEW checks;
CREATE VIEW checks AS
SELECT draw.run, draw.number AS draw, check_result.rows, check_result.output_relative_error,
       check_result.lse_absolute_error, check_result.output_limit, check_result.lse_limit, check_result.passed,
       check_result.query_gradient_error, check_result.key_gradient_error, check_result.value_gradient_error,
       check_result.gradient_limit, check_result.has_sinks, check_result.sink_gradient_error
FROM check_result JOIN draw ON draw.id = check_result.draw;
