// SPDX-License-Identifier: GPL-3.0-or-later
// Every layout that a draw could have on so many ranks: which are feasible, and what they would cost. Nothing runs, no
// schedule is written.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/experiment/cost.h"
#include "engine/parallel/pass.h"
#include "engine/parallel/strategy.h"

namespace longscope {

// What a dispatch does to a sequence, whatever the strategy.
struct DispatchFacts {
    std::string name;
    double largest_over_mean = 1.0;   // pairs that the queries of the busiest rank see, over the mean
    std::int64_t padding_tokens = 0;  // that implementations which cut evenly would add; Longscope adds none
    // Tiles of 128 x 128 that hold a pair, of all ranks together, in their local order and of all heads in the mean: a
    // dispatch that cuts the sequence into small pieces has more of them. Nothing for long sequences, where counting
    // takes too long.
    std::optional<std::int64_t> tiles;
};

struct LayoutOption {
    std::string strategy;
    StrategyOptions options;
    std::string dispatch;
    std::string infeasible;                // why, in one line; the rest is then 0
    std::int64_t bytes_received = 0;       // of the rank that receives most
    std::int64_t memory_bytes = 0;         // of the rank that needs most: inputs and buffers
    std::int64_t memory_of_all_bytes = 0;  // of all ranks together
    double largest_over_mean = 1.0;        // pairs that the busiest rank computes, over the mean
};

struct LayoutOptions {
    std::int64_t ranks = 1;
    Pass pass = Pass::forward;
    std::vector<DispatchFacts> dispatches;
    // Strategies in the order of the registry, those that have degrees once for each that divides the ranks, those that
    // have other options once for each of their candidates; each with every dispatch.
    std::vector<LayoutOption> layouts;
};

// Feasible ones first, then even work, then few bytes, then little memory.
[[nodiscard]] std::vector<LayoutOption> best_first(std::vector<LayoutOption> layouts);

// Sequences up to so many tokens have their tiles counted.
inline constexpr std::int64_t max_tokens_of_tile_counts = 1 << 18;

// ranks >= 1. Ends early with Error(cancelled).
[[nodiscard]] LayoutOptions layout_options(const CompiledDraw& draw, std::int64_t ranks, Pass pass,
                                           const std::atomic<bool>& cancelled);

}  // namespace longscope
