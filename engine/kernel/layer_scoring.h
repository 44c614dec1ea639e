// SPDX-License-Identifier: GPL-3.0-or-later
// The scoring of a whole layer with the values that it holds; whoever computes some of the heads takes a view of those.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/kernel/scoring.h"

namespace longscope {

struct LayerScoring {
    double soft_cap = 0.0;      // 0: none
    std::vector<float> slopes;  // of each query head; empty: no ALiBi
    std::vector<float> sinks;   // of each query head; empty: none
    std::optional<double> sigmoid_bias;

    // Of the query heads from `first` on. Valid as long as this.
    [[nodiscard]] Scoring of_heads(std::int64_t first) const {
        return {soft_cap, slopes.empty() ? nullptr : slopes.data() + first, {}, sigmoid_bias};
    }
    // Null: none.
    [[nodiscard]] const float* sinks_of_heads(std::int64_t first) const {
        return sinks.empty() ? nullptr : sinks.data() + first;
    }
    [[nodiscard]] MergeRule merge_rule() const { return of_heads(0).merge_rule(); }
};

}  // namespace longscope
