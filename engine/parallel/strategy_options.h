// SPDX-License-Identifier: GPL-3.0-or-later
// What a layout says of a strategy beside its name.
#pragma once

#include <cstdint>

namespace longscope {

// 0: the strategy chooses.
struct StrategyOptions {
    // Ranks that exchange heads with each other, of strategies that also do something else (StrategyEntry::has_degree).
    std::int64_t ulysses = 0;
    std::int64_t tolerance_percent = 0;  // by which work may stay uneven, of strategies that move it

    [[nodiscard]] bool operator==(const StrategyOptions&) const = default;
};

}  // namespace longscope
