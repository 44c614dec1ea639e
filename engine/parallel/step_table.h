// SPDX-License-Identifier: GPL-3.0-or-later
// What each rank does in each step, from the schedules alone: for people who want to see how a strategy works.
#pragma once

#include <cstdint>
#include <optional>
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

// Where score rows are kept, a step has one half of what its pairs take.
enum class StepPart : std::uint8_t { whole, scores, values };

struct RankStep {
    StepWork work = StepWork::idle;
    StepPart part = StepPart::whole;
    double flops = 0;
    double backward_flops = 0;  // among them
};

// What leaves a rank for another one in a step.
struct StepTransfer {
    std::int32_t step = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t bytes = 0;
    std::int64_t messages = 1;  // a collective is one to each rank that it has bytes for
    Direction direction = Direction::forward;

    [[nodiscard]] bool operator==(const StepTransfer&) const = default;
};

struct StepTable {
    std::vector<std::vector<RankStep>> ranks;   // of each rank, its steps from 0; all have as many
    std::vector<StepTransfer> transfers;        // by step, sender, receiver and pass
    std::optional<std::int32_t> backward_from;  // the first step of the backward pass, where there is one

    [[nodiscard]] std::size_t steps() const { return ranks.empty() ? 0 : ranks.front().size(); }
    // Of the busiest cell.
    [[nodiscard]] double largest_flops() const;
    [[nodiscard]] std::int64_t bytes_moved() const;
};

// The part of one rank; its own row may be shorter than those of others.
struct StepTableRow {
    std::vector<RankStep> steps;
    std::vector<StepTransfer> sent;
    std::optional<std::int32_t> backward_from;
};

[[nodiscard]] StepTableRow step_table_row(const Schedule& schedule);
// `rows` are those of every rank, in their order.
[[nodiscard]] StepTable step_table(std::vector<StepTableRow> rows);

}  // namespace longscope
