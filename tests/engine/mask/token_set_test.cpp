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

std::vector<Range> listed(const TokenSet& set) {
    const TokenRanges ranges = set.ranges();
    return {ranges.begin(), ranges.end()};
}

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
    RC_ASSERT(listed(set) == listed(in_order));
    RC_ASSERT(set.size() == in_order.size());
    RC_ASSERT(are_separate_runs(listed(set)));
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

// Kept as a rule, it answers as the same set of ranges.
RC_GTEST_PROP(TokenSet, EveryNthTokenIsTheSetOfTheseTokens, ()) {
    const std::int64_t first = *rc::gen::inRange<std::int64_t>(0, tokens);
    const std::int64_t step = *rc::gen::inRange<std::int64_t>(1, tokens);
    const std::int64_t end = *rc::gen::inRange<std::int64_t>(0, tokens);
    std::vector<std::int64_t> positions;
    for (std::int64_t token = first; token < end; token += step) {
        positions.push_back(token);
    }
    const TokenSet rule = TokenSet::every(first, step, end);
    const TokenSet set = token_set_of(positions);
    RC_ASSERT(rule.size() == set.size());
    RC_ASSERT(listed(rule) == listed(set));
    for (std::int64_t i = 0; i < set.size(); ++i) {
        RC_ASSERT(rule.position(i) == set.position(i));
    }
    for (std::size_t i = 0; i < set.ranges().size(); ++i) {
        RC_ASSERT(rule.first_local(i) == set.first_local(i));
    }
    for (std::int64_t position = -2; position <= tokens + 2; ++position) {
        RC_ASSERT(rule.count_before(position) == set.count_before(position));
    }
    const Range range = *range_inside(tokens);
    RC_ASSERT(rule.count_in(range) == set.count_in(range));
    RC_ASSERT(rule.ranges_meeting(range) == set.ranges_meeting(range));
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
