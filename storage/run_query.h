// SPDX-License-Identifier: GPL-3.0-or-later
// Reads one run back. Databases are untrusted: what does not have the form that RunStore writes is Error(bad_input).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/database.h"
#include "storage/records.h"

namespace longscope {

// All of a run but its events and plans, in one consistent view even while it is being written. Throws
// Error(bad_input) when there is no such run.
[[nodiscard]] StoredRun read_run(Database& database, std::int64_t run);

// The events of one repetition, by rank and start.
[[nodiscard]] std::vector<TraceEvent> read_events(Database& database, std::int64_t repetition);

struct StoredPlan {
    std::int64_t rank = 0;
    std::string schedule;  // JSON
};

// The schedules of a draw, by rank; empty when none were stored.
[[nodiscard]] std::vector<StoredPlan> read_plans(Database& database, std::int64_t draw);

}  // namespace longscope
