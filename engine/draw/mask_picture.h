// SPDX-License-Identifier: GPL-3.0-or-later
// A mask as a picture: queries down, keys right, cells shaded by the exact share of kept pairs; borders of documents;
// which rank holds which queries and keys; and the figures that belong to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/draw/display_list.h"
#include "engine/draw/theme.h"
#include "engine/mask/mask.h"
#include "engine/mask/mask_difference.h"
#include "engine/mask/token_set.h"

namespace longscope {

struct MaskPictureOptions {
    Theme theme = light_theme();
    std::string title;
    double width = 1100;                   // at least 480; the height follows
    std::int32_t max_cells = 1024;         // along either side, where the plot has as many points
    std::optional<Box> region;             // the part that is shown; absent: all of it
    std::vector<std::int64_t> cu_seqlens;  // of the documents; empty: none are drawn
    std::vector<TokenSet> ranks;           // what each rank holds, of queries and of keys; empty: not drawn
};

// Two masks: what both keep, what only A and what only B keeps. No ranks are drawn. Throws as draw_mask does.
[[nodiscard]] DisplayList draw_mask_difference(const MaskDifference& difference, const MaskPictureOptions& options);

// Throws Error(bad_input) for a region that is empty or leaves the mask.
[[nodiscard]] DisplayList draw_mask(const Mask& mask, const MaskPictureOptions& options);

// How many tokens of each cell a rank holds, as a share: one row a cell, one column a lane. Up to 64 ranks have a lane
// each; of more, neighbours share one.
[[nodiscard]] CellGrid ownership_grid(const std::vector<TokenSet>& ranks, const std::vector<std::int64_t>& edges,
                                      const Theme& theme);

}  // namespace longscope
