// SPDX-License-Identifier: GPL-3.0-or-later
// What masks that come as zones answer from them, zone by zone.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/mask/striped_zone.h"
#include "engine/mask/token_set.h"

namespace longscope {

// The exact number of pairs of the queries in `rows` with the keys of a set. The zone is tight.
[[nodiscard]] std::int64_t pairs_with(const Zone& zone, Range rows, const TokenSet& keys);
[[nodiscard]] std::int64_t pairs_with(const StripedZone& striped, Range rows, const TokenSet& keys);

// The pairs of a part of a striped zone whose queries or keys follow a rule.
[[nodiscard]] std::int64_t pairs_of_rule(const StripedZone& striped, const Zone& part, StripeAxis axis,
                                         const Progression& rule);

// All pairs of a set.
[[nodiscard]] std::int64_t pairs(const ZoneSet& set);

// Widens `extent` by the keys of the zones in the rows. Begin it with the end of the keys and 0.
void add_key_extent(const Zone& zone, Range rows, Range& extent);
void add_key_extent(const StripedZone& striped, Range rows, Range& extent);

// Sorts disjoint runs and joins those that border on one another.
void join_runs(std::vector<Range>& runs);

}  // namespace longscope
