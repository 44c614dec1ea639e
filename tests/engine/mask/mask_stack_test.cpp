// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/mask/mask_stack.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/support/brute_force_mask.h"
#include "tests/support/expect_error.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

using Join = MaskLayer::Join;

MaskStack stack_of(const char* expression) {
    return to_stack(parse_json(expression, "test"));
}

TEST(MaskStack, OfALeafIsOneLayer) {
    EXPECT_EQ(stack_of(R"({"causal": {}})"), (MaskStack{{Join::all_of, false, true, R"({"causal":{}})"}}));
    EXPECT_EQ(stack_of(R"({"not": {"causal": {}}})"), (MaskStack{{Join::all_of, true, true, R"({"causal":{}})"}}));
}

TEST(MaskStack, OfAnOperatorHasALayerForEachOperand) {
    EXPECT_EQ(stack_of(R"({"or": [{"and": [{"documents": {}}, {"causal": {}}]}, {"sink": {"tokens": 4}}]})"),
              (MaskStack{{Join::all_of, false, true, R"({"documents":{}})"},
                         {Join::all_of, false, true, R"({"causal":{}})"},
                         {Join::any_of, false, true, R"({"sink":{"tokens":4}})"}}));
}

TEST(MaskStack, KeepsWhatStandsAsideInsideOneLayer) {
    const MaskStack stack = stack_of(R"({"and": [{"causal": {}}, {"or": [{"full": {}}, {"documents": {}}]}]})");
    ASSERT_EQ(stack.size(), 2U);
    EXPECT_EQ(stack[1], (MaskLayer{Join::all_of, false, true, R"({"or":[{"full":{}},{"documents":{}}]})"}));
}

TEST(MaskStack, ReadsEveryExpressionAndMeansTheSame) {
    const bool held = rc::check("the expression of a stack keeps the same pairs", [] {
        const MaskCase mask = *mask_case();
        const Json again = to_expression(to_stack(mask.expression));
        const BruteForceMask before(mask.expression, mask.domain);
        const BruteForceMask after(again, mask.domain);
        for (std::int64_t query = 0; query < mask.domain.query_tokens; ++query) {
            for (std::int64_t key = 0; key < mask.domain.key_tokens; ++key) {
                RC_ASSERT(before.contains(query, key) == after.contains(query, key));
            }
        }
        RC_ASSERT(to_expression(to_stack(again)) == again);
    });
    EXPECT_TRUE(held);
}

TEST(MaskStack, LeavesOutHiddenLayers) {
    MaskStack stack = stack_of(R"({"and": [{"documents": {}}, {"causal": {}}, {"full": {}}]})");
    stack[1].visible = false;
    EXPECT_EQ(to_expression(stack).dump(), R"({"and":[{"documents":{}},{"full":{}}]})");
    stack[0].visible = false;
    EXPECT_EQ(to_expression(stack).dump(), R"({"full":{}})");
    stack[2].visible = false;
    EXPECT_EQ(to_expression(stack).dump(), R"({"full":{}})");
}

TEST(MaskStack, TakesTheTextOfALayerAsItIs) {
    EXPECT_EQ(to_expression({{Join::all_of, false, true, "5"}}).dump(), "5");
    EXPECT_THROW((void)to_expression({{Join::all_of, false, true, "{"}}), Error);
}

}  // namespace
}  // namespace longscope
