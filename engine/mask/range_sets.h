// SPDX-License-Identifier: GPL-3.0-or-later
// Sets of numbers as ascending, disjoint ranges, such as the runs of a row of a mask; each in one pass over both.
#pragma once

#include <vector>

#include "engine/mask/zone.h"

namespace longscope {

using RangeSet = std::vector<Range>;

[[nodiscard]] RangeSet common_ranges(const RangeSet& a, const RangeSet& b);
// Those of a that are not in b.
[[nodiscard]] RangeSet rest_of_ranges(const RangeSet& a, const RangeSet& b);
// Of ascending ranges that may overlap or border on one another: the set of them all.
[[nodiscard]] RangeSet joined_ranges(RangeSet ranges);
// Ranges that border on one another are joined.
[[nodiscard]] RangeSet united_ranges(const RangeSet& a, const RangeSet& b);

}  // namespace longscope
