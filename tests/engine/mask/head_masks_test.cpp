// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/head_masks.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/mask/heads.h"
#include "engine/mask/local_mask.h"
#include "tests/support/compiled_mask.h"

namespace longscope {
namespace {

// Heads 0, 1 and 4 see all, 2 and 3 a window, 5 and more what is before.
constexpr const char* three_kinds = R"({"per_heads": {
    "assignments": [{"heads": [2, 4], "mask": {"window": {"left": 3, "right": 0}}},
                    {"heads": [[0, 2], [4, 5]], "mask": {"full": {}}}],
    "otherwise": {"causal": {}}}})";

HeadMasks compiled_heads(const char* mask, std::int64_t tokens, std::int64_t heads) {
    return compile_head_masks(parse_mask(parse_json(mask, "test"), "mask"), {tokens, tokens, {}}, heads);
}

TEST(HeadMasks, HeadsOfOneExpressionShareAMask) {
    const HeadMasks masks = compiled_heads(three_kinds, 20, 7);
    EXPECT_EQ(masks.kinds(), 3);
    EXPECT_EQ(&masks.of(0), &masks.of(1));
    EXPECT_EQ(&masks.of(0), &masks.of(4));
    EXPECT_EQ(&masks.of(2), &masks.of(3));
    EXPECT_EQ(&masks.of(5), &masks.of(6));
    EXPECT_EQ(masks.of(0).pairs(), 400);
    EXPECT_EQ(masks.of(2).pairs(), 4 * 20 - 6);
    EXPECT_EQ(masks.of(6).pairs(), 210);
    EXPECT_EQ(masks.head_pairs({0, 7}), 3 * 400 + 2 * 74 + 2 * 210);
    EXPECT_EQ(masks.head_pairs({1, 3}), 400 + 74);
}

TEST(HeadMasks, OneKindServesAnyNumberOfHeads) {
    const HeadMasks masks = compiled_heads(R"({"causal": {}})", 10, 3);
    EXPECT_TRUE(masks.same_for_all());
    EXPECT_EQ(masks.kind_of(1'000'000), 0);
    EXPECT_EQ(masks.head_pairs({0, 3}), 3 * 55);
    // Also where the expression could differ, but does not between these heads.
    EXPECT_TRUE(compiled_heads(three_kinds, 10, 2).same_for_all());
}

TEST(HeadMasks, PartsAreRenumbered) {
    const HeadMasks masks = compiled_heads(three_kinds, 20, 7);
    const HeadMasks part = masks.part({3, 6});
    EXPECT_EQ(part.kinds(), 3);
    for (std::int64_t head = 0; head < 3; ++head) {
        EXPECT_EQ(&part.of(head), &masks.of(head + 3));
    }
    EXPECT_TRUE(masks.part({2, 4}).same_for_all());
    EXPECT_EQ(&masks.part({5, 7}).of(0), &masks.of(5));
}

TEST(HeadMasks, LocalMasksAskTheMaskOfTheHead) {
    const HeadMasks masks = compiled_heads(three_kinds, 20, 7);
    const TokenSet queries({{10, 15}});
    const TokenSet keys({{0, 4}, {12, 20}});
    const LocalMask local(masks, queries, keys);
    EXPECT_EQ(local.kinds(), 3);
    std::int64_t all = 0;
    for (std::int64_t head = 0; head < 7; ++head) {
        std::int64_t pairs = 0;
        for (std::int64_t row = 0; row < 5; ++row) {
            std::vector<Range> runs;
            local.row_runs(row, runs, local.kind_of(head));
            for (std::int64_t column = 0; column < keys.size(); ++column) {
                const bool seen = masks.of(head).contains(queries.position(row), keys.position(column));
                EXPECT_EQ(std::any_of(runs.begin(), runs.end(), [&](Range run) { return run.contains(column); }), seen);
                pairs += seen ? 1 : 0;
            }
        }
        EXPECT_EQ(local.pairs(local.kind_of(head)), pairs);
        EXPECT_EQ(local.head_pairs({head, head + 1}), pairs);
        all += pairs;
    }
    EXPECT_EQ(local.head_pairs({0, 7}), all);
}

}  // namespace
}  // namespace longscope
