// SPDX-License-Identifier: GPL-3.0-or-later
// What every list of runs promises.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

// Ascending, disjoint, not adjacent, none of them empty.
[[nodiscard]] inline bool are_separate_runs(const std::vector<Range>& ranges) {
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (ranges[i].empty() || (i > 0 && ranges[i - 1].end >= ranges[i].begin)) {
            return false;
        }
    }
    return true;
}

}  // namespace longscope
