// SPDX-License-Identifier: GPL-3.0-or-later
// The second compiled form of masks: a zone cut by up to three congruences (stripe.h). A dilated window of any length
// is one of these, where it would be as many zones as it has diagonals. Closed under intersection; a difference of two
// is a few.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/mask/stripe.h"
#include "engine/mask/zone.h"

namespace longscope {

class StripedZone {
  public:
    static constexpr std::size_t max_stripes = 3;

    explicit StripedZone(const Zone& bounds) : zone(bounds) {}
    StripedZone(const Zone& bounds, const Stripe& stripe) : zone(bounds), stripes_{stripe}, count_(1) {}

    Zone zone;

    [[nodiscard]] std::span<const Stripe> stripes() const { return {stripes_.data(), count_}; }
    // There must be room.
    void add(const Stripe& stripe) { stripes_.at(count_++) = stripe; }
    void remove(std::size_t index) { stripes_.at(index) = stripes_.at(--count_); }
    void replace(std::size_t index, const Stripe& stripe) { stripes_.at(index) = stripe; }

    [[nodiscard]] bool contains(std::int64_t query, std::int64_t key) const;

  private:
    std::array<Stripe, max_stripes> stripes_;
    std::size_t count_ = 0;
};

// Disjoint zones; those that no congruence cuts, which are the most by far, on their own.
struct ZoneSet {
    ZoneList zones;
    std::vector<StripedZone> striped;

    [[nodiscard]] bool empty() const { return zones.empty() && striped.empty(); }
    void clear() {
        zones.clear();
        striped.clear();
    }
};

// The queries, keys or diagonals of a zone.
[[nodiscard]] Range extent(const Zone& zone, StripeAxis axis);
// The part of a zone whose queries, keys or diagonals lie in the range; tight.
[[nodiscard]] Zone cut(const Zone& zone, StripeAxis axis, Range range);

// Appends the part of `striped` inside the zone, as tight as it can be told: where one tooth of a stripe is left, its
// borders take the place of the stripe.
void append_part(const StripedZone& striped, const Zone& zone, ZoneSet& out);
// Appends a and b, and a \ b, in disjoint parts. Throw Error(bad_input) when more congruences meet than can be kept,
// and their teeth one by one are more than a mask may have zones.
void append_intersection(const StripedZone& a, const StripedZone& b, ZoneSet& out);
void append_difference(const StripedZone& a, const StripedZone& b, ZoneSet& out);

// The exact number of pairs: in constant time under one stripe; under more, in time proportional to the teeth of all
// but one of them.
[[nodiscard]] std::int64_t pairs(const StripedZone& striped);
// The same of one part of it, and of what a further stripe keeps.
[[nodiscard]] std::int64_t pairs(const StripedZone& striped, const Zone& inside);
[[nodiscard]] std::int64_t pairs(const StripedZone& striped, const Zone& inside, const Stripe& further);

// Appends the keys of one query, ascending.
void append_row_runs(const StripedZone& striped, std::int64_t query, std::vector<Range>& runs);

// Appends the same pairs as zones without stripes: one a tooth. Throws Error(bad_input) when `out` would have more than
// a mask may have.
void append_teeth(const StripedZone& striped, ZoneList& out);

[[nodiscard]] StripedZone transposed(const StripedZone& striped);
// Moved to (q + queries, k + keys).
[[nodiscard]] Zone translated(const Zone& zone, std::int64_t queries, std::int64_t keys);
[[nodiscard]] StripedZone translated(const StripedZone& striped, std::int64_t queries, std::int64_t keys);

}  // namespace longscope
