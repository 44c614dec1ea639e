// SPDX-License-Identifier: GPL-3.0-or-later
// What the masks of all heads and layers answer together: each different one, their sums, and what none of them sees.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/heads.h"
#include "engine/mask/report/mask_report.h"

namespace longscope {

struct HeadReport {
    struct Group {
        HeadGroup heads;
        MaskReport report;
    };

    std::vector<Group> groups;
    std::int64_t heads = 0;    // of all layers
    double pairs = 0;          // of all heads
    double resident_keys = 0;  // the most of each head, added up

    // Of the pairs that a causal mask keeps those that at least one head sees; and of all pairs.
    std::int64_t causal_pairs = 0;
    std::int64_t causal_pairs_seen = 0;
    std::int64_t pairs_seen = 0;
    // The first causal pair that no head sees; -1 where there is none.
    std::int64_t first_unseen_query = -1;
    std::int64_t first_unseen_key = -1;

    [[nodiscard]] double coverage() const {
        return causal_pairs == 0 ? 1.0 : static_cast<double>(causal_pairs_seen) / static_cast<double>(causal_pairs);
    }
};

// Throws Error(bad_input) where a head has no mask, where one does not suit the domain, or where they fall into too
// many pieces.
[[nodiscard]] HeadReport head_report(const MaskExpression& expression, const MaskDomain& domain, std::int64_t heads,
                                     std::int64_t layers, const std::vector<TileShape>& tiles);

}  // namespace longscope
