// SPDX-License-Identifier: GPL-3.0-or-later
// Two masks in one grid of cells: what both keep in greys, what only one keeps in a colour of its own, which wins where
// a cell has both, so that one pair among a million shows.
#pragma once

#include <array>

#include "engine/draw/density_grid.h"
#include "engine/draw/theme.h"
#include "engine/mask/mask_difference.h"

namespace longscope {

// Blue, orange and purple of the theme's categories, which colour-blind readers tell apart: pairs that only A keeps,
// that only B keeps, and both kinds in one cell.
[[nodiscard]] std::array<Colour, 3> difference_colours(const Theme& theme);
// Of what both keep, as CellGrid::ramp.
[[nodiscard]] std::vector<Colour> agreement_ramp(const Theme& theme);

struct DifferenceGrid {
    CellGrid cells;  // without a place
    std::vector<std::int64_t> q_edges;
    std::vector<std::int64_t> k_edges;
};

// 1 <= rows <= region.q.size(), 1 <= columns <= region.k.size().
[[nodiscard]] DifferenceGrid difference_grid(const MaskDifference& difference, const Box& region, std::int32_t rows,
                                             std::int32_t columns, const Theme& theme);

}  // namespace longscope
