// SPDX-License-Identifier: GPL-3.0-or-later
// The results of a sweep: a line a combination.
#pragma once

#include <string>
#include <vector>

#include "app/headless/sweep/sweep_plan.h"
#include "storage/run_statistics.h"

namespace longscope {

// The varied fields, the run and how it ended, its median time, rate and errors: the output's, and the
// largest of the gradients.
[[nodiscard]] std::string sweep_table(const std::vector<SweepPoint>& points, Database& database);
// An array of objects, a point each.
[[nodiscard]] Json sweep_json(const std::vector<SweepPoint>& points, Database& database);

// Before anything has run: what would be run, and what has been.
[[nodiscard]] std::string sweep_plan_table(const std::vector<SweepPoint>& points);

// "median 12.3 ms, 45 GFLOP/s"; empty when nothing was measured.
[[nodiscard]] std::string figures_text(const RunFigures& figures);

}  // namespace longscope
