// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/results/row_edits.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace longscope {
namespace {

using Numbers = std::vector<std::int64_t>;

Numbers apply(Numbers list, const RowEdits& edits, const Numbers& to) {
    for (auto range = edits.removed.rbegin(); range != edits.removed.rend(); ++range) {
        list.erase(list.begin() + range->first, list.begin() + range->first + range->count);
    }
    for (const RowRange& range : edits.inserted) {
        list.insert(list.begin() + range.first, to.begin() + range.first, to.begin() + range.first + range.count);
    }
    return list;
}

TEST(RowEdits, NewRunsOnTopAreOneInsertion) {
    const auto edits = row_edits({3, 2, 1}, {5, 4, 3, 2, 1}, 32);
    ASSERT_TRUE(edits);
    EXPECT_TRUE(edits->removed.empty());
    EXPECT_EQ(edits->inserted, (std::vector<RowRange>{{0, 2}}));
}

TEST(RowEdits, AnotherOrderIsNone) {
    EXPECT_FALSE(row_edits({1, 2}, {2, 1}, 32));
}

TEST(RowEdits, TooManyRangesAreNone) {
    EXPECT_TRUE(row_edits({1, 3, 5}, {3}, 2));
    EXPECT_FALSE(row_edits({1, 3, 5}, {3}, 1));
}

RC_GTEST_PROP(RowEdits, LeadFromOneListToTheOther, ()) {
    const auto all = *rc::gen::unique<Numbers>(rc::gen::inRange<std::int64_t>(0, 60));
    const auto part = [&] {
        Numbers some;
        std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                     [](std::int64_t) { return *rc::gen::arbitrary<bool>(); });
        return some;
    };
    const Numbers from = part();
    const Numbers to = part();
    const auto edits = row_edits(from, to, 1000);
    RC_ASSERT(edits.has_value());
    RC_ASSERT(apply(from, *edits, to) == to);
}

}  // namespace
}  // namespace longscope
