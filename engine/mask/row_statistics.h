// SPDX-License-Identifier: GPL-3.0-or-later
// How many keys the queries of a mask see.
#pragma once

#include <cstdint>

#include "engine/mask/mask.h"

namespace longscope {

struct RowStatistics {
    std::int64_t min_keys = 0;
    std::int64_t max_keys = 0;
    double mean_keys = 0;
};

// Exact. Of a mask made of zones in time proportional to its zones, of others to its rows. A mask without queries
// gives zeros.
[[nodiscard]] RowStatistics row_statistics(const Mask& mask);

}  // namespace longscope
