// SPDX-License-Identifier: GPL-3.0-or-later
// Token sets against plain lists of positions.
#include "engine/mask/token_set.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/mask_generators.h"
#include "tests/support/range_lists.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens = 40;

RC_GTEST_PROP(TokenSet, HoldsThePositionsInOrder, ()) {
    const std::vector<std::int64_t> positions = *positions_below(tokens);
    const TokenSet set = token_set_of(positions);
    RC_ASSERT(set.size() == static_cast<std::int64_t>(positions.size()));
    for (std::size_t i = 0; i < positions.size(); ++i) {
        RC_ASSERT(set.position(static_cast<std::int64_t>(i)) == positions[i]);
    }
}

RC_GTEST_PROP(TokenSet, RangesAreSortedJoinedAndNotEmpty, ()) {
    const std::vector<std::int64_t> positions = *positions_below(tokens);
    std::vector<Range> pieces;
    for (const std::int64_t position : positions) {
        pieces.push_back({position, position + 1});
        pieces.push_back({position, position});
    }
    const std::vector<std::size_t> order =
        *rc::gen::container<std::vector<std::size_t>>(pieces.size(), rc::gen::arbitrary<std::size_t>());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        std::swap(pieces[i], pieces[order[i] % pieces.size()]);
    }
    const TokenSet set(pieces);
    const TokenSet in_order = token_set_of(positions);
    RC_ASSERT(set.ranges() == in_order.ranges());
    RC_ASSERT(set.size() == in_order.size());
    RC_ASSERT(are_separate_runs(set.ranges()));
    std::int64_t local = 0;
    for (std::size_t i = 0; i < set.ranges().size(); ++i) {
        RC_ASSERT(set.first_local(i) == local);
        local += set.ranges()[i].size();
    }
}

RC_GTEST_PROP(TokenSet, CountBeforeCountsThePositionsBelow, ()) {
    const std::vector<std::int64_t> positions = *positions_below(tokens);
    const TokenSet set = token_set_of(positions);
    for (std::int64_t position = -2; position <= tokens + 2; ++position) {
        const auto below =
            std::count_if(positions.begin(), positions.end(), [&](std::int64_t member) { return member < position; });
        RC_ASSERT(set.count_before(position) == below);
    }
}

RC_GTEST_PROP(TokenSet, LocalIsTheRunOfLocalIndicesOfARange, ()) {
    const std::vector<std::int64_t> positions = *positions_below(tokens);
    const TokenSet set = token_set_of(positions);
    const Range range = *range_inside(tokens);
    const Range local = set.local(range);
    for (std::size_t i = 0; i < positions.size(); ++i) {
        RC_ASSERT(local.contains(static_cast<std::int64_t>(i)) == range.contains(positions[i]));
    }
}

RC_GTEST_PROP(TokenSet, FindsTheRangesThatMeetARange, ()) {
    const std::vector<std::int64_t> positions = *positions_below(tokens);
    const TokenSet set = token_set_of(positions);
    const Range range = *range_inside(tokens);
    const auto [first, last] = set.ranges_meeting(range);
    std::int64_t met = 0;
    for (std::size_t i = 0; i < set.ranges().size(); ++i) {
        const bool meets = !intersect(set.ranges()[i], range).empty();
        RC_ASSERT(meets == (first <= i && i < last));
        met += intersect(set.ranges()[i], range).size();
    }
    RC_ASSERT(set.count_in(range) == met);
}

TEST(TokenSet, NothingHoldsNothing) {
    const TokenSet nothing;
    EXPECT_EQ(nothing.size(), 0);
    EXPECT_TRUE(nothing.ranges().empty());
    EXPECT_EQ(nothing.count_before(5), 0);
    EXPECT_TRUE(nothing.local({0, 100}).empty());
}

}  // namespace
}  // namespace longscope
