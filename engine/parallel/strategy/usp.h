// SPDX-License-Identifier: GPL-3.0-or-later
// Heads are exchanged inside groups of ranks, keys and values make rounds between them (Fang and Zhao 2024, "USP: a
// unified sequence parallelism approach"). With one group this is Ulysses; with groups of one rank, a ring.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/parallel/strategy.h"

namespace longscope {

// Groups are `ulysses` consecutive ranks, which divides their number. Rounds are made by the ranks that have the same
// place in their groups.
[[nodiscard]] Schedule write_usp(std::string_view strategy, const StrategyInput& input, std::int64_t ulysses,
                                 Pass pass);

// What totals() of that schedule must equal.
[[nodiscard]] StrategyTotals usp_totals(const StrategyInput& input, const TokenCounts& tokens, std::int64_t ulysses,
                                        Pass pass);

}  // namespace longscope
