// SPDX-License-Identifier: GPL-3.0-or-later
// Sequences that fork into branches which do not see one another, and join again.
#pragma once

#include <string>
#include <vector>

#include "engine/mask/leaf.h"

namespace longscope {

// Lengths of branches; a stage of one is a common segment.
using ForkJoinStages = std::vector<std::vector<std::int64_t>>;

// Tokens beyond the stages form one more common segment. Throws Error(bad_input), naming `field`, when the stages hold
// more tokens than there are keys.
[[nodiscard]] ZoneList fork_join_zones(const MaskDomain& domain, const ForkJoinStages& stages, bool branches_stay_seen,
                                       const std::string& field);

}  // namespace longscope
