// SPDX-License-Identifier: GPL-3.0-or-later
// What leaves are made of: checks of their parameters, the documents and blocks of a sequence, and zones given by where
// queries stand among the keys.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/mask/leaf.h"
#include "engine/mask/stripe.h"

namespace longscope {

using LeafZones = std::function<ZoneList(const MaskDomain& domain, const std::string& path)>;

// A leaf of these parameters, in the order in which they are written.
[[nodiscard]] std::shared_ptr<const MaskLeaf> make_leaf(Json parameters, LeafZones zones);

// A leaf of one zone under one stripe: the part of it in the domain.
using LeafStriped = std::function<StripedZone(const MaskDomain& domain, const std::string& path)>;
[[nodiscard]] std::shared_ptr<const MaskLeaf> make_striped_leaf(Json parameters, LeafStriped striped);

// The zone under a stripe; alone when the stripe leaves nothing out.
[[nodiscard]] StripedZone under_stripe(const Zone& zone, StripeAxis axis, std::int64_t modulus, std::int64_t first,
                                       std::int64_t width);

// Of lists in parameters. Longer ones are refused before they are copied.
inline constexpr std::int64_t max_list_entries = std::int64_t{1} << 20U;

// At least `least` integers, each from min to max.
[[nodiscard]] std::vector<std::int64_t> checked_integers(JsonObject& parameters, const std::string& name,
                                                         std::int64_t min, std::int64_t max, std::int64_t least);
// A list of such lists, with max_list_entries in all.
[[nodiscard]] std::vector<std::vector<std::int64_t>> checked_integer_lists(JsonObject& parameters,
                                                                           const std::string& name, std::int64_t min,
                                                                           std::int64_t max, std::int64_t least);

// The numbers as ascending runs; those that stand in the list twice count once.
[[nodiscard]] std::vector<Range> runs_of(std::vector<std::int64_t> numbers);

// Throws Error(bad_input) when a leaf would have more zones than a mask may have.
void check_zone_count(std::int64_t count, const std::string& path);

// Throws Error(bad_input) unless value <= most, which the sequence bounds; least is named with it.
void check_at_most(const std::string& field, std::int64_t value, std::int64_t least, std::int64_t most);

// Throws Error(bad_input) unless there are as many queries as keys.
void check_square(const MaskDomain& domain, const std::string& path);

// The documents that hold a token; the whole sequence when none are given. Throws Error(bad_input) unless there are as
// many queries as keys.
[[nodiscard]] std::vector<Range> documents_of(const MaskDomain& domain, const std::string& path);

// From the position of the first query to the end; begins below 0 when there are more queries than keys.
[[nodiscard]] inline Range query_positions(const MaskDomain& domain) {
    return {domain.diagonal(), domain.key_tokens};
}

// Of a zone over positions, with k minus the query's position in `d`: the part inside the domain, over rows.
[[nodiscard]] Zone zone_at(const MaskDomain& domain, Range positions, Range keys, Range d);
[[nodiscard]] Zone box_at(const MaskDomain& domain, Range positions, Range keys);
// Of these pairs those with k <= q.
[[nodiscard]] Zone causal_at(const MaskDomain& domain, Range positions, Range keys);

// k = q + d for all queries. Not tight: many of them would begin and end in a row each, and their slabs with them.
[[nodiscard]] Zone diagonal_at(const MaskDomain& domain, std::int64_t d);

}  // namespace longscope
