// SPDX-License-Identifier: GPL-3.0-or-later
// What two masks over the same matrix have in common, and what only one of them keeps: exactly, and without the matrix.
// Time is near-linear in their zones; where rows are many ranges that are not zones, in the ranges of these rows.
#pragma once

#include <memory>
#include <vector>

#include "engine/mask/mask.h"

namespace longscope {

struct MaskDifference {
    std::unique_ptr<Mask> both;
    std::unique_ptr<Mask> only_a;
    std::unique_ptr<Mask> only_b;

    [[nodiscard]] bool equal() const { return only_a->pairs() == 0 && only_b->pairs() == 0; }
};

// Throws Error(bad_input) where they are not over the same queries and keys, or differ in too many places to hold.
[[nodiscard]] MaskDifference mask_difference(const Mask& a, const Mask& b);

// The first rows in which a difference lies, at most so many, ascending.
[[nodiscard]] std::vector<std::int64_t> differing_rows(const MaskDifference& difference, std::size_t most);

// The number of rows in which a difference lies.
[[nodiscard]] std::int64_t count_differing_rows(const MaskDifference& difference);

}  // namespace longscope
