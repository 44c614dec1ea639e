// SPDX-License-Identifier: GPL-3.0-or-later
// Which runs a database holds, and how a user names one.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.h"
#include "storage/run_state.h"

namespace longscope {

struct RunFilter {
    std::optional<RunState> state;
    std::optional<std::string> name;  // of the experiment, whole
    std::optional<std::string> tag = {};
    std::int64_t limit = std::numeric_limits<std::int64_t>::max();
};

struct RunSummary {
    std::int64_t id = 0;
    std::string uuid;
    std::string name;
    RunState state = RunState::queued;
    std::string message;
    std::string backend;
    std::int64_t ranks = 0;
    std::string started_utc;
    std::string ended_utc;
    std::string host;
    std::int64_t draws = 0;
    std::int64_t measured_repetitions = 0;
    // Over all draws: their FLOP by the sum of their median durations. NaN without measured repetitions.
    double flops_per_s = std::numeric_limits<double>::quiet_NaN();
};

// Newest first.
[[nodiscard]] std::vector<RunSummary> list_runs(Database& database, const RunFilter& filter = {});

// The number of the run that `text` names: a number, a uuid or the beginning of one, or "last". Throws
// Error(bad_input) when no run or more than one is meant.
[[nodiscard]] std::int64_t resolve_run(Database& database, std::string_view text);

}  // namespace longscope
