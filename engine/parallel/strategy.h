// SPDX-License-Identifier: GPL-3.0-or-later
// Strategies write schedules. To add one: a file with its function, one line in strategy_registry.cpp, one test line,
// one doc line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/schedule.h"
#include "engine/parallel/token_counts.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// All that a strategy may look at. References; the caller keeps them alive for the call.
struct StrategyInput {
    const AttentionShape& shape;
    const HeadMasks& masks;
    const std::vector<TokenSet>& tokens;  // of every rank
    std::int64_t rank = 0;

    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens.size()); }
};

// Of one rank, by closed formulas: no schedule is written.
struct StrategyTotals {
    std::int64_t bytes_sent = 0;         // payload, to other ranks
    std::int64_t bytes_received = 0;     // payload, from other ranks
    std::int64_t peak_buffer_bytes = 0;  // the most that is held at once beside the rank's own inputs

    [[nodiscard]] bool operator==(const StrategyTotals&) const = default;
};

struct StrategyEntry {
    std::string_view name;
    std::string_view meaning;
    // Why it cannot serve this shape on so many ranks, in one line; empty when it can. The functions below may be
    // called only then.
    std::string (*infeasible)(const AttentionShape& shape, std::int64_t ranks);
    // The part of one rank in the forward pass.
    Schedule (*forward)(const StrategyInput& input);
    // What totals() of that schedule must equal, in a time that does not grow with the number of ranks.
    StrategyTotals (*forward_totals)(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank);
    // The same with the backward pass after it.
    Schedule (*forward_backward)(const StrategyInput& input);
    StrategyTotals (*forward_backward_totals)(const AttentionShape& shape, const TokenCounts& tokens,
                                              std::int64_t rank);
    // Pairs of all heads that the rank computes, exactly; the same in each pass.
    std::int64_t (*head_pairs)(const StrategyInput& input);

    [[nodiscard]] Schedule write(Pass pass, const StrategyInput& input) const {
        return pass == Pass::forward ? forward(input) : forward_backward(input);
    }
    [[nodiscard]] StrategyTotals totals(Pass pass, const AttentionShape& shape, const TokenCounts& tokens,
                                        std::int64_t rank) const {
        return pass == Pass::forward ? forward_totals(shape, tokens, rank)
                                     : forward_backward_totals(shape, tokens, rank);
    }
};

[[nodiscard]] const std::vector<StrategyEntry>& strategies();

// Throws Error(bad_input) that lists the names.
[[nodiscard]] const StrategyEntry& find_strategy(std::string_view name);

// Throws Error(infeasible) with the strategy's reason when it cannot serve this shape on so many ranks.
void require_feasible(const StrategyEntry& strategy, const AttentionShape& shape, std::int64_t ranks);

[[nodiscard]] std::string always_feasible(const AttentionShape& shape, std::int64_t ranks);

// Of strategies whose ranks compute all heads of the queries that they hold.
[[nodiscard]] std::int64_t head_pairs_of_own_queries(const StrategyInput& input);

// What a rank holds of the backward pass for so many of its tokens: delta and dQ of all heads.
[[nodiscard]] std::int64_t row_gradient_bytes(const AttentionShape& shape, std::int64_t tokens);

[[nodiscard]] Schedule ring_forward(const StrategyInput& input);
[[nodiscard]] Schedule ring_forward_backward(const StrategyInput& input);
[[nodiscard]] StrategyTotals ring_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                                          std::int64_t rank);
[[nodiscard]] StrategyTotals ring_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank);

[[nodiscard]] Schedule all_gather_forward(const StrategyInput& input);
[[nodiscard]] Schedule all_gather_forward_backward(const StrategyInput& input);
[[nodiscard]] StrategyTotals all_gather_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                                                std::int64_t rank);
[[nodiscard]] StrategyTotals all_gather_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                               std::int64_t rank);

[[nodiscard]] std::string ulysses_infeasible(const AttentionShape& shape, std::int64_t ranks);
[[nodiscard]] Schedule ulysses_forward(const StrategyInput& input);
[[nodiscard]] Schedule ulysses_forward_backward(const StrategyInput& input);
[[nodiscard]] StrategyTotals ulysses_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                                             std::int64_t rank);
[[nodiscard]] StrategyTotals ulysses_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank);
[[nodiscard]] std::int64_t ulysses_head_pairs(const StrategyInput& input);

}  // namespace longscope
