// SPDX-License-Identifier: GPL-3.0-or-later
// What two masks over the same matrix have in common, and what only one of them keeps: exactly, and without the matrix.
// Time is near-linear in their zones; of masks that are not made of zones, in the ranges of their rows.
#pragma once

#include <memory>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

struct MaskDifference {
    std::unique_ptr<Mask> both;
    std::unique_ptr<Mask> only_a;
    std::unique_ptr<Mask> only_b;
    std::vector<Range> rows;  // of queries that see other keys in A than in B; ascending, disjoint, not adjacent

    [[nodiscard]] bool equal() const { return rows.empty(); }
};

// Throws Error(bad_input) where they are not over the same queries and keys, or are of too many pieces to compare.
[[nodiscard]] MaskDifference mask_difference(const Mask& a, const Mask& b);

}  // namespace longscope
