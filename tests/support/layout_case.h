// SPDX-License-Identifier: GPL-3.0-or-later
// What the ranks of a small experiment do, send and hold.
#pragma once

#include <string>
#include <vector>

#include "engine/parallel/memory_profile.h"
#include "engine/parallel/step_table.h"
#include "tests/support/dispatched_case.h"

namespace longscope {

struct LayoutCase {
    // Four heads of 16, causal, 100 tokens a rank.
    LayoutCase(const std::string& strategy, const std::string& dispatch, std::int64_t ranks,
               Pass pass = Pass::forward) {
        AttentionCase problem;
        problem.shape = {1, 4, 4, 16, 16, DType::float32};
        problem.domain = {100 * ranks, 100 * ranks, {}};
        problem.mask_json = R"({"causal": {}})";
        const DispatchedCase c(std::move(problem), dispatch, ranks);
        shape = c.problem.shape;
        std::vector<StepTableRow> rows;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            const Schedule schedule = find_strategy(strategy).write(pass, c.input(rank));
            rows.push_back(step_table_row(schedule));
            memory.push_back(memory_profile(schedule, shape, c.tokens[static_cast<std::size_t>(rank)].size()));
        }
        steps = step_table(std::move(rows));
    }

    AttentionShape shape;
    StepTable steps;
    std::vector<MemoryProfile> memory;
};

}  // namespace longscope
