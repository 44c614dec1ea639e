// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank does in each step, from the schedules alone: for people who want to see how a strategy works.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/parallel/schedule.h"

namespace longscope {

enum class StepWork : std::uint8_t {
    idle,  // computes nothing
    own,   // computes with queries of its own tokens, alone or among others
    help,  // computes with queries of other ranks only
};

[[nodiscard]] std::string_view to_string(StepWork work);

struct RankStep {
    StepWork work = StepWork::idle;
    double flops = 0;
};

// What leaves a rank for another one in a step.
struct StepTransfer {
    std::int32_t step = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t bytes = 0;

    [[nodiscard]] bool operator==(const StepTransfer&) const = default;
};

struct StepTable {
    std::vector<std::vector<RankStep>> ranks;  // of each rank, its steps from 0; all have as many
    std::vector<StepTransfer> transfers;       // by step, sender and receiver

    [[nodiscard]] std::size_t steps() const { return ranks.empty() ? 0 : ranks.front().size(); }
};

// `schedules` are those of every rank, in their order.
[[nodiscard]] StepTable step_table(const std::vector<Schedule>& schedules);

}  // namespace longscope
