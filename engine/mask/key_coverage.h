// SPDX-License-Identifier: GPL-3.0-or-later
// The keys that some queries need, whichever of them sees which.
#pragma once

#include <vector>

#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"

namespace longscope {

// The positions that at least one query of the set sees in at least one head, as ascending, disjoint, non-adjacent
// ranges. Throws Error(bad_input) where 256 rows have more runs of keys than fit in memory.
[[nodiscard]] std::vector<Range> covered_keys(const HeadMasks& masks, const TokenSet& queries);

}  // namespace longscope
