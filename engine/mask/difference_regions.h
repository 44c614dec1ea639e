// SPDX-License-Identifier: GPL-3.0-or-later
// Where two masks differ, as places to go to one after the other.
#pragma once

#include <vector>

#include "engine/mask/mask_difference.h"

namespace longscope {

// Boxes in reading order that hold every pair of which only one mask keeps it, each at least one. Differences that
// touch when the matrix is seen in 64 x 64 cells are one place, unless it is wider or higher than 8 of these cells:
// then it is cut, so that there is something to see when it fills a view. Places may overlap.
[[nodiscard]] std::vector<Box> difference_regions(const MaskDifference& difference);

// The smallest box with the same differences as `box`, which has one.
[[nodiscard]] Box tight_region(const MaskDifference& difference, const Box& box);

}  // namespace longscope
