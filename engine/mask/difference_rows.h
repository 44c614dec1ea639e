// SPDX-License-Identifier: GPL-3.0-or-later
// Of two masks that differ: which queries see other keys, in numbers and words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/mask/mask_difference.h"

namespace longscope {

// The first queries that see other keys, at most so many.
[[nodiscard]] std::vector<std::int64_t> first_differing_rows(const MaskDifference& difference, std::size_t most);

[[nodiscard]] std::int64_t count_differing_rows(const MaskDifference& difference);

// The keys of a query: "[0, 4) [8, 12)", the first few of many, "no key".
[[nodiscard]] std::string keys_text(const Mask& mask, std::int64_t row);

}  // namespace longscope
