// SPDX-License-Identifier: GPL-3.0-or-later
// The algebra of zones against sets of pairs that are listed one by one.
#include "engine/mask/zone.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <utility>

#include "tests/support/mask_generators.h"

namespace longscope {

static std::ostream& operator<<(std::ostream& out, const Zone& zone) {
    return out << "q [" << zone.q.begin << ", " << zone.q.end << ") k [" << zone.k.begin << ", " << zone.k.end
               << ") d [" << zone.d.begin << ", " << zone.d.end << ")";
}

namespace {

using PairSet = std::set<std::pair<std::int64_t, std::int64_t>>;

// Generated bounds lie in [0, last_position].
constexpr std::int64_t last_position = 14;

PairSet listed(const Zone& zone) {
    PairSet pairs_of_zone;
    for (std::int64_t query = 0; query <= last_position; ++query) {
        for (std::int64_t key = 0; key <= last_position; ++key) {
            if (zone.contains(query, key)) {
                pairs_of_zone.emplace(query, key);
            }
        }
    }
    return pairs_of_zone;
}

// Bounds as they fall: often loose, sometimes empty.
rc::Gen<Zone> zone() {
    const auto range = [](std::int64_t first, std::int64_t last) {
        return rc::gen::map(rc::gen::pair(integer_from(first, last), integer_from(first, last)),
                            [](const std::pair<std::int64_t, std::int64_t>& ends) {
                                return Range{std::min(ends.first, ends.second), std::max(ends.first, ends.second)};
                            });
    };
    return rc::gen::map(
        rc::gen::tuple(range(0, last_position), range(0, last_position), range(-last_position, last_position + 1)),
        [](const std::tuple<Range, Range, Range>& ranges) {
            return Zone{std::get<0>(ranges), std::get<1>(ranges), std::get<2>(ranges)};
        });
}

// Every value at the ends of every range occurs in a pair.
bool is_tight(const Zone& zone) {
    const PairSet pairs_of_zone = listed(zone);
    const auto occurs = [&](auto value_of, std::int64_t value) {
        return std::any_of(pairs_of_zone.begin(), pairs_of_zone.end(),
                           [&](const auto& pair) { return value_of(pair) == value; });
    };
    const auto ends_occur = [&](auto value_of, Range range) {
        return occurs(value_of, range.begin) && occurs(value_of, range.end - 1);
    };
    return ends_occur([](const auto& pair) { return pair.first; }, zone.q) &&
           ends_occur([](const auto& pair) { return pair.second; }, zone.k) &&
           ends_occur([](const auto& pair) { return pair.second - pair.first; }, zone.d);
}

bool is_tight_or_nothing(const Zone& zone) {
    return zone.empty() ? zone == Zone{} : is_tight(zone);
}

RC_GTEST_PROP(Zone, TightenedIsTheSameSetWithEveryBoundAttained, ()) {
    const Zone loose = *zone();
    const Zone tight = tightened(loose);
    RC_ASSERT(listed(tight) == listed(loose));
    RC_ASSERT(is_tight_or_nothing(tight));
}

RC_GTEST_PROP(Zone, PairsAreCountedExactly, ()) {
    const Zone any = *zone();
    RC_ASSERT(pairs(any) == static_cast<std::int64_t>(listed(any).size()));
    const Progression rows{*rc::gen::inRange<std::int64_t>(-4, 20), *rc::gen::inRange<std::int64_t>(1, 9),
                           *rc::gen::inRange<std::int64_t>(0, 20)};
    std::int64_t of_rows = 0;
    for (std::int64_t i = 0; i < rows.count; ++i) {
        of_rows += pairs(Zone{{rows.at(i), rows.at(i) + 1}, any.k, any.d}) * (any.q.contains(rows.at(i)) ? 1 : 0);
    }
    RC_ASSERT(pairs(any, rows) == of_rows);
}

RC_GTEST_PROP(Zone, RowHoldsTheKeysOfOneQuery, ()) {
    const Zone any = *zone();
    for (std::int64_t query = -1; query <= last_position + 1; ++query) {
        for (std::int64_t key = -1; key <= last_position + 1; ++key) {
            RC_ASSERT(any.row(query).contains(key) == any.contains(query, key));
        }
    }
}

RC_GTEST_PROP(Zone, IntersectionIsTightAndDoesNotDependOnTheOrder, ()) {
    const Zone a = *zone();
    const Zone b = *zone();
    const PairSet in_a = listed(a);
    const PairSet in_b = listed(b);
    PairSet expected;
    std::set_intersection(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(),
                          std::inserter(expected, expected.begin()));
    const Zone common = intersect(a, b);
    RC_ASSERT(listed(common) == expected);
    RC_ASSERT(is_tight_or_nothing(common));
    RC_ASSERT(common == intersect(b, a));
}

RC_GTEST_PROP(Zone, DifferenceIsAtMostSixDisjointTightZones, ()) {
    const Zone a = *zone();
    const Zone b = *zone();
    const PairSet in_a = listed(a);
    const PairSet in_b = listed(b);
    PairSet expected;
    std::set_difference(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), std::inserter(expected, expected.begin()));

    const Zone kept_before{{100, 101}, {100, 101}, {0, 1}};
    ZoneList pieces{kept_before};
    append_difference(a, b, pieces);
    RC_ASSERT(pieces.front() == kept_before);
    pieces.erase(pieces.begin());

    RC_ASSERT(pieces.size() <= 6U);
    PairSet found;
    std::size_t sum = 0;
    for (const Zone& piece : pieces) {
        RC_ASSERT(!piece.empty());
        RC_ASSERT(is_tight(piece));
        const PairSet in_piece = listed(piece);
        found.insert(in_piece.begin(), in_piece.end());
        sum += in_piece.size();
    }
    RC_ASSERT(found == expected);
    RC_ASSERT(sum == found.size());
}

RC_GTEST_PROP(Zone, TransposedSwapsQueriesAndKeys, ()) {
    const Zone any = *zone();
    const Zone mirror = transposed(any);
    for (std::int64_t query = 0; query <= last_position; ++query) {
        for (std::int64_t key = 0; key <= last_position; ++key) {
            RC_ASSERT(mirror.contains(key, query) == any.contains(query, key));
        }
    }
    RC_ASSERT(transposed(mirror) == any);
}

TEST(Zone, DifferenceOfTwoBoxesConsistsOfBoxes) {
    const Zone whole = box_zone({{0, 10}, {0, 12}});
    const Zone hole = box_zone({{3, 7}, {4, 8}});
    ZoneList pieces;
    append_difference(whole, hole, pieces);
    const ZoneList expected{
        box_zone({{0, 3}, {0, 12}}),
        box_zone({{7, 10}, {0, 12}}),
        box_zone({{3, 7}, {0, 4}}),
        box_zone({{3, 7}, {8, 12}}),
    };
    EXPECT_EQ(pieces, expected);
}

TEST(Zone, DifferenceKeepsTheLongEdgeOfACausalDocumentWhole) {
    // Above the diagonal, and left of the document: two pieces, not a triangle more.
    const Zone rows = box_zone({{4, 8}, {0, 12}});
    const Zone document = tightened({{4, 8}, {4, 8}, {-12, 1}});
    ZoneList pieces;
    append_difference(rows, document, pieces);
    const ZoneList expected{tightened({{4, 8}, {0, 12}, {1, 12}}), box_zone({{4, 8}, {0, 4}})};
    EXPECT_EQ(pieces, expected);
}

TEST(Zone, LargestPositionsDoNotOverflow) {
    const std::int64_t n = max_tokens;
    EXPECT_EQ(pairs(box_zone({{0, n}, {0, n}})), n * n);
    EXPECT_EQ(pairs(Zone{{0, n}, {0, n}, {-n, 1}}), n * (n + 1) / 2);
    EXPECT_EQ(pairs(Zone{{0, n}, {0, n}, {0, n}}), n * (n + 1) / 2);
    EXPECT_EQ(pairs(Zone{{0, n}, {0, n}, {n - 1, n}}), 1);
    EXPECT_EQ(pairs(Zone{{0, n}, {0, n}, {1 - n, 2 - n}}), 1);
    EXPECT_EQ(pairs(Zone{{0, n}, {0, n}, {-1, 2}}), 3 * n - 2);
    EXPECT_EQ(pairs(Zone{{n - 1, n}, {n - 1, n}, {0, 1}}), 1);
}

}  // namespace
}  // namespace longscope
