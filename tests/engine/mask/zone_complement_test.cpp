// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/zone_complement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

Range range_in(Range all) {
    const std::int64_t begin = *integer_from(all.begin, all.end - 1);
    return {begin, *integer_from(begin + 1, all.end)};
}

// Every cell of the box is either in the set or in exactly one zone of its complement.
void check_complement(const Box& box, const ZoneSet& set) {
    ZoneSet rest = set;
    complement(box, rest);
    for (const Zone& zone : rest.zones) {
        RC_ASSERT(zone == tightened(zone));
    }
    for (std::int64_t query = box.q.begin - 1; query <= box.q.end; ++query) {
        for (std::int64_t key = box.k.begin - 1; key <= box.k.end; ++key) {
            const auto holders = [&](const ZoneList& zones) {
                return std::count_if(zones.begin(), zones.end(),
                                     [&](const Zone& zone) { return zone.contains(query, key); });
            };
            const bool inside = box.q.contains(query) && box.k.contains(key);
            RC_ASSERT(holders(rest.zones) == (inside && holders(set.zones) == 0 ? 1 : 0));
        }
    }
}

RC_GTEST_PROP(ZoneComplement, OfBoxesIsWhatLiesBetweenThem, ()) {
    const Box box{range_in({3, 40}), range_in({5, 60})};
    ZoneSet set;
    for (std::int64_t count = *integer_from(0, 12); count > 0; --count) {
        set.zones.push_back(box_zone({range_in(box.q), range_in(box.k)}));
    }
    check_complement(box, set);
}

RC_GTEST_PROP(ZoneComplement, OfBandsAsWell, ()) {
    const Box box{range_in({0, 40}), range_in({0, 40})};
    ZoneSet set;
    for (std::int64_t count = *integer_from(0, 6); count > 0; --count) {
        if (const Zone zone = tightened({range_in(box.q), range_in(box.k), range_in({-40, 40})}); !zone.empty()) {
            set.zones.push_back(zone);
        }
    }
    check_complement(box, set);
}

TEST(ZoneComplement, OfStepsHasNoMoreZonesThanSteps) {
    // Blocks down the diagonal of 64 keys: what is left of each step, and what is right of it.
    ZoneSet set;
    for (std::int64_t begin = 0; begin < 64; begin += 4) {
        set.zones.push_back(box_zone({{begin, begin + 4}, {begin, begin + 4}}));
    }
    complement({{0, 64}, {0, 64}}, set);
    EXPECT_EQ(set.zones.size(), 15U + 15U);
}

TEST(ZoneComplement, AGapThatGoesOnIsOneZone) {
    ZoneSet set;
    set.zones = {box_zone({{0, 4}, {0, 10}}), box_zone({{4, 8}, {2, 10}}), box_zone({{8, 12}, {4, 10}})};
    complement({{0, 12}, {0, 20}}, set);
    // Right of all three, and left of the second and the third.
    EXPECT_EQ(set.zones.size(), 3U);
}

}  // namespace
}  // namespace longscope
