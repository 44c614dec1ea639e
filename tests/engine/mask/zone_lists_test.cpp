// SPDX-License-Identifier: GPL-3.0-or-later
// Set operations on lists of zones against the cells that the lists hold; long lists go another way than short ones.
#include "engine/mask/zone_lists.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/random.h"

namespace longscope {
namespace {

constexpr std::int64_t side = 32;

class Draw {
  public:
    explicit Draw(std::uint64_t seed) : random_(seed, 0) {}
    std::int64_t from(std::int64_t first, std::int64_t last) {
        return first + static_cast<std::int64_t>(random_.next_below(static_cast<std::uint64_t>(last - first + 1)));
    }
    Range range(std::int64_t first, std::int64_t last) {
        const std::int64_t begin = from(first, last);
        return {begin, from(begin, last) + 1};
    }
    // Boxes, columns, bands and what lies between them; they may overlap.
    ZoneList zones(std::int64_t most) {
        ZoneList drawn;
        for (std::int64_t i = from(0, most); i > 0; --i) {
            const std::int64_t kind = from(0, 3);
            const std::int64_t at = from(0, side - 1);
            const std::int64_t d = from(-side, side);
            const Range all{0, side};
            const Range any{-2 * side, 2 * side};
            const Zone zone = kind == 0   ? Zone{all, {at, at + 1}, any}
                              : kind == 1 ? Zone{all, all, {d, d + 1}}
                              : kind == 2 ? Zone{range(0, side - 1), range(0, side - 1), any}
                                          : Zone{range(0, side - 1), range(0, side - 1), range(-side, side)};
            if (const Zone tight = tightened(zone); !tight.empty()) {
                drawn.push_back(tight);
            }
        }
        return drawn;
    }

  private:
    RandomStream random_;
};

bool holds(const ZoneList& zones, std::int64_t query, std::int64_t key) {
    return std::any_of(zones.begin(), zones.end(), [&](const Zone& zone) { return zone.contains(query, key); });
}

// Equal in every cell, and every cell in one zone only.
template <typename Expected>
void expect_cells(const ZoneList& zones, const Expected& expected) {
    for (std::int64_t query = 0; query < side; ++query) {
        for (std::int64_t key = 0; key < side; ++key) {
            const auto in =
                std::count_if(zones.begin(), zones.end(), [&](const Zone& zone) { return zone.contains(query, key); });
            ASSERT_EQ(in, expected(query, key) ? 1 : 0) << query << ", " << key;
        }
    }
    for (const Zone& zone : zones) {
        ASSERT_EQ(zone, tightened(zone));
    }
}

ZoneList made_disjoint(const ZoneList& zones) {
    ZoneList disjoint;
    for (const Zone& zone : zones) {
        unite_lists(disjoint, {zone});
    }
    return disjoint;
}

TEST(ZoneLists, AreTheSetsOfTheirCells) {
    Draw draw(5);
    for (int i = 0; i < 150; ++i) {
        const std::int64_t most = i % 2 == 0 ? 4 : 40;
        const ZoneList overlapping = draw.zones(most);
        const ZoneList a = made_disjoint(overlapping);
        const ZoneList b = made_disjoint(draw.zones(most));
        const ZoneList removed = draw.zones(most);
        ASSERT_NO_FATAL_FAILURE(
            expect_cells(a, [&](std::int64_t q, std::int64_t k) { return holds(overlapping, q, k); }));
        ZoneList difference = a;
        subtract(difference, removed);
        ASSERT_NO_FATAL_FAILURE(expect_cells(
            difference, [&](std::int64_t q, std::int64_t k) { return holds(a, q, k) && !holds(removed, q, k); }));
        ZoneList common = a;
        intersect_lists(common, b);
        ASSERT_NO_FATAL_FAILURE(
            expect_cells(common, [&](std::int64_t q, std::int64_t k) { return holds(a, q, k) && holds(b, q, k); }));
        ZoneList both = a;
        unite_lists(both, b);
        ASSERT_NO_FATAL_FAILURE(
            expect_cells(both, [&](std::int64_t q, std::int64_t k) { return holds(a, q, k) || holds(b, q, k); }));
    }
}

// The product of these lists is ten thousand million: it would take minutes.
TEST(ZoneLists, TakeTimeForZonesThatMeet) {
    constexpr std::int64_t count = 100'000;
    const Range rows{0, 64};
    ZoneList even;
    ZoneList odd;
    for (std::int64_t i = 0; i < count; ++i) {
        even.push_back(box_zone({rows, {20 * i, 20 * i + 10}}));
        odd.push_back(box_zone({rows, {20 * i + 10, 20 * i + 20}}));
    }
    ZoneList rest{box_zone({rows, {0, 20 * count}})};
    subtract(rest, even);
    EXPECT_EQ(rest.size(), odd.size());
    intersect_lists(rest, odd);
    EXPECT_EQ(rest.size(), odd.size());
    unite_lists(rest, even);
    EXPECT_EQ(rest.size(), 2 * odd.size());
    ZoneList diagonals;
    for (std::int64_t i = 0; i < 10'000; ++i) {
        diagonals.push_back(tightened({{0, 20 * count}, {0, 20 * count}, {20 * i, 20 * i + 1}}));
    }
    ZoneList between{box_zone({{0, 20 * count}, {0, 20 * count}})};
    subtract(between, diagonals);
    EXPECT_EQ(between.size(), diagonals.size() + 1);
}

}  // namespace
}  // namespace longscope
