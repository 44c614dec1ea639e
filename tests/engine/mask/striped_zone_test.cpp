// SPDX-License-Identifier: GPL-3.0-or-later
// The algebra of striped zones against sets of pairs that are listed one by one.
#include "engine/mask/striped_zone.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "engine/mask/zone_sets.h"
#include "tests/support/mask_generators.h"
#include "tests/support/striped_generators.h"

namespace longscope {
namespace {

using Pairs = std::multiset<std::pair<std::int64_t, std::int64_t>>;

template <typename Contains>
Pairs listed_where(Contains contains) {
    Pairs pairs;
    for (std::int64_t query = -striped_tokens; query <= 2 * striped_tokens; ++query) {
        for (std::int64_t key = -striped_tokens; key <= 2 * striped_tokens; ++key) {
            if (contains(query, key)) {
                pairs.emplace(query, key);
            }
        }
    }
    return pairs;
}

Pairs listed(const StripedZone& striped) {
    return listed_where([&](std::int64_t query, std::int64_t key) { return striped.contains(query, key); });
}

// A pair that two zones hold stands in it twice.
Pairs listed(const ZoneSet& set) {
    Pairs pairs;
    for (const Zone& zone : set.zones) {
        pairs.merge(listed(StripedZone(zone)));
    }
    for (const StripedZone& striped : set.striped) {
        pairs.merge(listed(striped));
    }
    return pairs;
}

std::vector<StripedZone> some_striped_zones() {
    return *rc::gen::resize(4, rc::gen::container<std::vector<StripedZone>>(any_striped_zone()));
}

// Their union, in disjoint parts.
ZoneSet united(const std::vector<StripedZone>& all) {
    ZoneSet set;
    for (const StripedZone& striped : all) {
        ZoneSet one;
        append_part(striped, striped.zone, one);
        unite_sets(set, one);
    }
    return set;
}

bool any_contains(const std::vector<StripedZone>& all, std::int64_t query, std::int64_t key) {
    return std::any_of(all.begin(), all.end(), [&](const StripedZone& one) { return one.contains(query, key); });
}

RC_GTEST_PROP(StripedZone, PairsAreExactAlsoInPartsAndUnderOneStripeMore, ()) {
    const StripedZone striped = *any_striped_zone();
    const Zone inside = (*any_striped_zone()).zone;
    const Stripe further = *any_stripe();
    RC_ASSERT(pairs(striped) == static_cast<std::int64_t>(listed(striped).size()));
    const auto in_part = [&](std::int64_t query, std::int64_t key) {
        return striped.contains(query, key) && inside.contains(query, key);
    };
    RC_ASSERT(pairs(striped, inside) == static_cast<std::int64_t>(listed_where(in_part).size()));
    const StripedZone stripe_alone({{-90, 90}, {-90, 90}, {-180, 180}}, further);
    const auto under_further = [&](std::int64_t query, std::int64_t key) {
        return in_part(query, key) && stripe_alone.contains(query, key);
    };
    RC_ASSERT(pairs(striped, inside, further) == static_cast<std::int64_t>(listed_where(under_further).size()));
}

RC_GTEST_PROP(StripedZone, IntersectionAndDifferenceAreThoseOfSets, ()) {
    const StripedZone a = *any_striped_zone();
    const StripedZone b = *any_striped_zone();
    ZoneSet common;
    append_intersection(a, b, common);
    RC_ASSERT(listed(common) ==
              listed_where([&](auto query, auto key) { return a.contains(query, key) && b.contains(query, key); }));
    ZoneSet rest;
    append_difference(a, b, rest);
    RC_ASSERT(listed(rest) ==
              listed_where([&](auto query, auto key) { return a.contains(query, key) && !b.contains(query, key); }));
}

RC_GTEST_PROP(StripedZone, PartsHaveNoStripeOfOneTooth, ()) {
    const StripedZone striped = *any_striped_zone();
    ZoneSet parts;
    append_part(striped, {{0, 20}, {0, 20}, {-20, 20}}, parts);
    for (const StripedZone& part : parts.striped) {
        for (const Stripe& stripe : part.stripes()) {
            RC_ASSERT(stripe.teeth_in(extent(part.zone, stripe.axis)).size() > 1);
        }
    }
}

RC_GTEST_PROP(StripedZone, TeethAreTheSamePairs, ()) {
    const StripedZone striped = *any_striped_zone();
    ZoneSet teeth;
    append_teeth(striped, teeth.zones);
    RC_ASSERT(listed(teeth) == listed(striped));
}

RC_GTEST_PROP(StripedZone, RowRunsAscendAndAreItsKeys, ()) {
    const StripedZone striped = *any_striped_zone();
    for (std::int64_t query = 0; query < striped_tokens; ++query) {
        std::vector<Range> runs;
        append_row_runs(striped, query, runs);
        std::int64_t end = -striped_tokens;
        Pairs keys;
        for (const Range run : runs) {
            RC_ASSERT(run.begin > end);
            end = run.end;
            for (std::int64_t key = run.begin; key < run.end; ++key) {
                keys.emplace(query, key);
            }
        }
        RC_ASSERT(keys == listed_where([&](auto row, auto key) { return row == query && striped.contains(row, key); }));
    }
}

RC_GTEST_PROP(StripedZone, TransposedAndTranslatedMoveEveryPair, ()) {
    const StripedZone striped = *any_striped_zone();
    const StripedZone mirror = transposed(striped);
    RC_ASSERT(listed(mirror) == listed_where([&](auto query, auto key) { return striped.contains(key, query); }));
    const std::int64_t queries = *integer_from(-9, 9);
    const std::int64_t keys = *integer_from(-9, 9);
    const StripedZone moved = translated(striped, queries, keys);
    RC_ASSERT(listed(moved) ==
              listed_where([&](auto query, auto key) { return striped.contains(query - queries, key - keys); }));
}

RC_GTEST_PROP(ZoneSets, OperationsAreThoseOfSets, ()) {
    const std::vector<StripedZone> a = some_striped_zones();
    const std::vector<StripedZone> b = some_striped_zones();
    const ZoneSet set_a = united(a);
    const ZoneSet set_b = united(b);
    const auto in_a = [&](auto query, auto key) { return any_contains(a, query, key); };
    const auto in_b = [&](auto query, auto key) { return any_contains(b, query, key); };
    RC_ASSERT(listed(set_a) == listed_where(in_a));
    ZoneSet made = set_a;
    subtract(made, set_b);
    RC_ASSERT(listed(made) == listed_where([&](auto q, auto k) { return in_a(q, k) && !in_b(q, k); }));
    made = set_a;
    intersect_sets(made, set_b);
    RC_ASSERT(listed(made) == listed_where([&](auto q, auto k) { return in_a(q, k) && in_b(q, k); }));
}

}  // namespace
}  // namespace longscope
