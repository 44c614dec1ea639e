// SPDX-License-Identifier: GPL-3.0-or-later
// A ring of all ranks, in windows or in one: what every rank computes is the same, only the way of the blocks differs.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/parallel/strategy.h"

namespace longscope {

// `window` ranks are neighbours of an inner ring (strategy/key_value_ring.h); it divides the ranks.
[[nodiscard]] Schedule write_ring(std::string_view strategy, const StrategyInput& input, std::int64_t window,
                                  Pass pass);

// What totals() of that schedule must equal.
[[nodiscard]] StrategyTotals ring_totals(const StrategyInput& input, const TokenCounts& tokens, std::int64_t window,
                                         Pass pass);

}  // namespace longscope
