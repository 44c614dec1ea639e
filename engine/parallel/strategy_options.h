// SPDX-License-Identifier: GPL-3.0-or-later
// What a layout says of a strategy beside its name.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/parallel/cost_model.h"
#include "engine/tensor/dtype.h"

namespace longscope {

// Which ranks exchange heads with each other, where others pass blocks round: neighbours, or those that have the same
// place in each ring of neighbours.
enum class Placement : std::uint8_t { head_first, context_first };

inline constexpr std::array<std::string_view, 2> placement_words{"head_first", "context_first"};

[[nodiscard]] inline std::string_view to_string(Placement placement) {
    return placement_words.at(static_cast<std::size_t>(placement));
}

// 0: the strategy chooses.
struct StrategyOptions {
    // Ranks that exchange heads with each other, of strategies that also do something else (StrategyEntry::has_degree).
    std::int64_t ulysses = 0;
    std::int64_t tolerance_percent = 0;  // by which work may stay uneven, of strategies that move it
    std::int64_t window = 0;             // ranks of an inner ring
    std::int64_t head_stride = 0;        // key/value heads that are gathered at once
    std::int64_t stages = 0;             // in which keys come, of strategies that can do so (StrategyEntry::has_stages)
    Placement placement = Placement::head_first;
    CostModel cost_model = default_cost_model;  // by which what is 0 above is chosen, where time counts

    // In which partial results and gradients travel between ranks (engine/parallel/wire_dtype.h).
    DType wire_dtype = DType::float32;

    [[nodiscard]] bool operator==(const StrategyOptions&) const = default;
};

// Those that are numbers, as a layout names them.
struct NumberOption {
    std::string_view name;
    std::int64_t StrategyOptions::*value;
    std::int64_t largest;
};

inline constexpr std::array<NumberOption, 5> number_options{{
    {"ulysses", &StrategyOptions::ulysses, 65536},
    {"tolerance_percent", &StrategyOptions::tolerance_percent, 1000},
    {"window", &StrategyOptions::window, 65536},
    {"head_stride", &StrategyOptions::head_stride, 65536},
    {"stages", &StrategyOptions::stages, 64},
}};

// Those that are not left to the strategy, as "ulysses 2, context_first"; empty where all are.
[[nodiscard]] std::string to_string(const StrategyOptions& options);

}  // namespace longscope
