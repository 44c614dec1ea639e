// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies on examples that are the same for all, for the page that compares them: schedules small enough to be
// drawn, and bytes at the size of a published benchmark.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/parallel/strategy.h"

namespace longscope {

// The forward pass of a causal mask on four ranks, in the strategy's own choice of a dispatch.
[[nodiscard]] std::vector<Schedule> example_schedules(const StrategyEntry& strategy);

// Of the rank that has most, with 8,192 tokens a rank under a causal mask in the strategy's own choice of a dispatch,
// 64 query heads to 8 key/value heads of 128 elements, bfloat16 (as LongCA-bench).
struct WorkedBytes {
    std::string infeasible;  // why; empty: the figures below hold
    std::int64_t received_forward = 0;
    std::int64_t buffers_forward = 0;
    std::optional<std::int64_t> received_backward;  // beside those of the forward pass
    std::optional<std::int64_t> buffers_backward;   // of both passes
};
[[nodiscard]] AttentionShape worked_shape();
inline constexpr std::int64_t worked_tokens_per_rank = 8192;
[[nodiscard]] const std::vector<std::int64_t>& worked_ranks();
[[nodiscard]] WorkedBytes worked_bytes(const StrategyEntry& strategy, std::int64_t ranks);

}  // namespace longscope
