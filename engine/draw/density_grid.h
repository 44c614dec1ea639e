// SPDX-License-Identifier: GPL-3.0-or-later
// The exact share of kept pairs in every cell of a grid over a part of a mask. The grid is halved again and again, and
// a half that is empty or full is done: the mask is asked along the edges of what it keeps, not once for every cell.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

// Where cells begin, and where the last one ends: `cells` + 1 positions, as evenly as integers allow.
[[nodiscard]] std::vector<std::int64_t> cell_edges(Range tokens, std::int32_t cells);

struct DensityGrid {
    std::vector<std::int64_t> q_edges;
    std::vector<std::int64_t> k_edges;
    std::vector<float> values;  // row by row
    std::int64_t pairs = 0;     // kept in the whole region

    [[nodiscard]] std::int32_t rows() const { return static_cast<std::int32_t>(q_edges.size()) - 1; }
    [[nodiscard]] std::int32_t columns() const { return static_cast<std::int32_t>(k_edges.size()) - 1; }
};

// 1 <= rows <= region.q.size(), 1 <= columns <= region.k.size().
[[nodiscard]] DensityGrid density_grid(const Mask& mask, const Box& region, std::int32_t rows, std::int32_t columns);

}  // namespace longscope
