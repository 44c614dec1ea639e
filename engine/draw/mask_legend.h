// SPDX-License-Identifier: GPL-3.0-or-later
// What stands to the right of a mask: the meaning of its shades and lines, and the share of the work of each rank.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"

namespace longscope {

struct MaskLegendFacts {
    struct Rank {
        std::int64_t tokens = 0;
        double pair_share = 0;  // of all kept pairs, those whose query the rank holds
    };
    std::int64_t cell_q = 1;  // tokens a cell, the largest one
    std::int64_t cell_k = 1;
    std::optional<std::int64_t> outlined_from;  // documents of so many tokens and more are outlined
    std::vector<Rank> ranks;
    struct Difference {
        std::int64_t only_a = 0;  // pairs
        std::int64_t only_b = 0;
        std::int64_t both = 0;
    };
    std::optional<Difference> difference;  // of two masks, instead of how dense one is
};

// Draws from `at` downwards, and returns the y below the last line.
double draw_mask_legend(DisplayList& list, const Theme& theme, Point at, double width, const MaskLegendFacts& facts);

}  // namespace longscope
