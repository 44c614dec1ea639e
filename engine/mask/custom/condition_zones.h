// SPDX-License-Identifier: GPL-3.0-or-later
// From a condition to zones. Comparisons of sums of q and k, and those of one of q, k and k - q alone, become zones
// straight away; those of documents pair by pair of documents; the rest row by row, by halving the keys until interval
// arithmetic decides. What would take too long is refused.
#pragma once

#include <string>

#include "engine/mask/custom/condition.h"
#include "engine/mask/leaf.h"
#include "engine/mask/zone_tree.h"

namespace longscope {

// The pairs of the domain for which the condition is true. Throws Error(bad_input) that names `field`.
[[nodiscard]] ZoneTree condition_zones(const Condition& condition, const MaskDomain& domain, const std::string& field);

}  // namespace longscope
