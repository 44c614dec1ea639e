// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank computes in each step and what leaves it for whom, in words for a picture, from the schedules alone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/parallel/schedule.h"

namespace longscope {

// What is multiplied: all three, or, where score rows are kept, two at a time.
enum class StepOperands : std::uint8_t { queries_keys_and_values, queries_and_keys, scores_and_values };

// Queries over keys that a rank computes with at once. Sets are named by the ranks that hold them: "2", "0-1", "all",
// "part of 1-3".
struct StepBlock {
    std::string queries;
    std::string keys;
    std::string heads;  // "0-1"; empty: all
    double flops = 0;
    StepOperands operands = StepOperands::queries_keys_and_values;

    [[nodiscard]] bool operator==(const StepBlock&) const = default;
};

enum class StepPayload : std::uint8_t { queries, key_values, results, gradients, keys, values };
[[nodiscard]] std::string_view to_string(StepPayload payload);

struct StepArrow {
    std::int32_t step = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    StepPayload payload = StepPayload::key_values;

    [[nodiscard]] auto operator<=>(const StepArrow&) const = default;
};

struct StepDiagram {
    std::vector<std::vector<std::vector<StepBlock>>> ranks;  // of each rank, of each of its steps; all have as many
    std::vector<StepArrow> arrows;                           // in their order, each once

    [[nodiscard]] std::size_t steps() const { return ranks.empty() ? 0 : ranks.front().size(); }
};

// `schedules` are those of every rank, in their order.
[[nodiscard]] StepDiagram step_diagram(const std::vector<Schedule>& schedules);

}  // namespace longscope
