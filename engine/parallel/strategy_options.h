// SPDX-License-Identifier: GPL-3.0-or-later
// What a layout says of a strategy beside its name.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace longscope {

// 0: the strategy chooses.
struct StrategyOptions {
    // Ranks that exchange heads with each other, of strategies that also do something else (StrategyEntry::has_degree).
    std::int64_t ulysses = 0;

    // In which partial results and gradients travel between ranks (engine/parallel/wire_dtype.h), of strategies that
    // say so (wire_dtype_strategies).
    DType wire_dtype = DType::float32;

    [[nodiscard]] bool operator==(const StrategyOptions&) const = default;
};

}  // namespace longscope
