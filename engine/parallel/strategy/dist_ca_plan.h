// SPDX-License-Identifier: GPL-3.0-or-later
// Core attention disaggregation (dist_ca.cpp): which rank computes which queries.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/mask/range_sets.h"
#include "engine/parallel/strategy.h"

namespace longscope {

// Queries of one rank that one rank computes.
struct DistCaTask {
    std::int64_t owner = 0;
    RangeSet within;  // its tokens at positions in these
    std::int64_t tokens = 0;
};

// What one rank computes of a nano-batch.
struct DistCaShare {
    std::vector<DistCaTask> tasks;  // by owner
    // Positions that the tasks see, and that this rank has not got for a nano-batch before.
    RangeSet keys;
    std::int64_t remote_keys = 0;  // how many of them others hold
    std::int64_t head_pairs = 0;

    [[nodiscard]] std::int64_t tokens() const;
    [[nodiscard]] const DistCaTask* task_of(std::int64_t owner) const;  // null: none
};

struct DistCaPlan : StrategyPlan {
    static constexpr std::size_t batches = 2;

    std::array<std::vector<DistCaShare>, batches> shares;  // of each nano-batch, by rank
    std::vector<std::int64_t> head_pairs_before;           // by rank, where nothing is moved

    [[nodiscard]] const DistCaShare& share(std::size_t batch, std::int64_t rank) const {
        return shares.at(batch)[static_cast<std::size_t>(rank)];
    }
    // Of both nano-batches.
    [[nodiscard]] std::int64_t head_pairs(std::int64_t rank) const;
    // Queries that are computed elsewhere.
    [[nodiscard]] std::int64_t moved_tokens() const;
};

// As long as a rank has more work than the mean and `tolerance_percent`, the rank with least work gets what brings it,
// or the rank that it comes from, to the mean. Of all ranks above the mean it comes from the one where it takes the
// fewest bytes for its work: queries and results, and keys and values that the receiver does not hold. Where rows have
// uneven work, pieces are as many rows of the beginning as of the end of what a rank has left, so that all pieces of a
// size have about the same work. Each nano-batch is half of the work that a rank then has.
[[nodiscard]] DistCaPlan make_dist_ca_plan(const StrategyInput& input, std::int64_t tolerance_percent);

// That of the input, or a new one.
[[nodiscard]] std::shared_ptr<const DistCaPlan> dist_ca_plan_of(const StrategyInput& input);

// Bytes of one token, for the parts of a share.
struct DistCaSizes {
    explicit DistCaSizes(const AttentionShape& shape);

    std::int64_t queries = 0;
    std::int64_t key_values = 0;
    std::int64_t result = 0;  // output and lse
    std::int64_t output_gradients = 0;
    std::int64_t delta = 0;
    std::int64_t query_gradients = 0;
    std::int64_t key_value_gradients = 0;
};

}  // namespace longscope
