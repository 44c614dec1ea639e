// SPDX-License-Identifier: GPL-3.0-or-later
// The combinations of a sweep as experiments that are known to be good, and which of them have been measured before.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/headless/run/experiment_runner.h"
#include "engine/experiment/experiment.h"
#include "engine/experiment/variation.h"

namespace longscope {

struct SweepPoint {
    Combination names;  // of the axes, with the case of each
    Experiment experiment;
    std::optional<std::int64_t> run = {};  // that has measured it; absent: none
    RunState state = RunState::queued;
    std::string message = {};
    bool done_before = false;  // by an earlier command
};

struct SweepPlan {
    std::vector<SweepPoint> points;
    std::vector<std::string> mistakes;  // a line for each combination that is no experiment
};

// What a sweep starts from: the document of an experiment in `file`, and how it is varied.
struct SweepSource {
    std::filesystem::path file;
    Json experiment;
    std::vector<GridPoint> points;
};

[[nodiscard]] SweepPlan plan_sweep(const SweepSource& source);

// Finds the points that a run of the same experiment has done, on the same machine, with the same build and launcher,
// and with the same documents where their lengths come from a file; also those that it found unsupported or infeasible,
// which they still are.
void find_settled_points(Database& database, const ExperimentRunner::Place& place, std::vector<SweepPoint>& points);

// Such a state is an answer, not a failure.
[[nodiscard]] bool is_settled(RunState state);

}  // namespace longscope
