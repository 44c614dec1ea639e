// SPDX-License-Identifier: GPL-3.0-or-later
// Masks of many heads: which head has which, what they are called, and what is refused.
#include "engine/mask/heads.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/brute_force_mask.h"
#include "tests/support/compiled_mask.h"
#include "tests/support/mask_generators.h"
#include "tests/support/message_of.h"

namespace longscope {
namespace {

MaskExpression parsed(const std::string& text) {
    return parse_mask(parse_json(text, "test"), "mask");
}

const std::string two_kinds = R"({"per_heads": {"assignments": [
    {"heads": [0, 4], "layers": [2, 6], "mask": {"causal": {}}},
    {"heads": [[5, 6], [7, 8]], "mask": {"window": {"left": 3, "right": 0}}}],
    "otherwise": {"sink": {"tokens": 2}}}})";

std::string name_at(std::int64_t head, std::int64_t layer) {
    return to_text(at_head(parsed(two_kinds), head, layer));
}

TEST(PerHeads, TheFirstAssignmentThatFitsIsTheMask) {
    EXPECT_EQ(name_at(0, 2), "causal");
    EXPECT_EQ(name_at(3, 5), "causal");
    EXPECT_EQ(name_at(4, 2), "sink(tokens 2)");
    EXPECT_EQ(name_at(0, 6), "sink(tokens 2)");
    EXPECT_EQ(name_at(5, 0), "window(left 3, right 0)");
    EXPECT_EQ(name_at(6, 0), "sink(tokens 2)");
    EXPECT_EQ(name_at(7, 100), "window(left 3, right 0)");
}

TEST(PerHeads, ReadsInTextAndJsonAsItWasWritten) {
    EXPECT_EQ(
        to_text(parsed(two_kinds)),
        "per_heads(heads 0-3 of layers 2-5: causal; heads 5, 7: window(left 3, right 0); others: sink(tokens 2))");
    EXPECT_EQ(to_json(parsed(two_kinds)), parse_json(two_kinds, "test"));
}

TEST(PerHeads, GroupsTheHeadsThatHaveTheSameMask) {
    const auto groups = head_groups(parsed(two_kinds), 8, 7);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(to_text(groups[0].expression), "sink(tokens 2)");
    EXPECT_EQ(members_text(groups[0]), "heads 0-4, 6 of layers 0-1, 6; heads 4, 6 of layers 2-5");
    EXPECT_EQ(groups[0].count, 6 * 3 + 2 * 4);
    EXPECT_EQ(members_text(groups[1]), "heads 5, 7 of layers 0-6");
    EXPECT_EQ(members_text(groups[2]), "heads 0-3 of layers 2-5");
    EXPECT_EQ(groups[2].first_head, 0);
    EXPECT_EQ(groups[2].first_layer, 2);
}

TEST(PerHeads, OneGroupWhereNothingDiffers) {
    const auto groups = head_groups(parsed(R"({"causal": {}})"), 32, 48);
    ASSERT_EQ(groups.size(), 1U);
    EXPECT_EQ(groups[0].count, 32 * 48);
    EXPECT_EQ(members_text(groups[0]), "heads 0-31 of layers 0-47");
}

RC_GTEST_PROP(PerHeads, AllHeadsAreInTheGroupOfTheirMask, ()) {
    const MaskCase drawn = *mask_case(2);
    const MaskExpression expression = parse_mask(drawn.expression, "mask");
    const auto groups = head_groups(expression, 5, 5);
    for (std::int64_t layer = 0; layer < 5; ++layer) {
        for (std::int64_t head = 0; head < 5; ++head) {
            MaskDomain domain = drawn.domain;
            domain.head = head;
            domain.layer = layer;
            const BruteForceMask truth(drawn.expression, domain);
            int times = 0;
            for (const HeadGroup& group : groups) {
                for (const HeadChoice& choice : group.members) {
                    if (choice.contains(head, layer)) {
                        ++times;
                        // The domain's own head is another.
                        RC_ASSERT(compile_mask(group.expression, drawn.domain)->pairs() == truth.pairs());
                    }
                }
            }
            RC_ASSERT(times == 1);
        }
    }
}

TEST(PerHeads, ConditionsKnowTheHead) {
    const MaskExpression expression =
        parsed(R"x({"custom": {"expression": "k <= q && (q - k < 2 + head * layer || head == 9)"}})x");
    EXPECT_TRUE(head_dependence(expression).head);
    EXPECT_TRUE(head_dependence(expression).layer);
    MaskDomain domain{20, 20, {}};
    domain.head = 2;
    domain.layer = 3;
    EXPECT_EQ(compile_mask(expression, domain)->pairs(), 20 * 8 - 8 * 7 / 2);
    EXPECT_EQ(to_json(at_head(expression, 2, 3)).dump(),
              R"x({"custom":{"expression":"k <= q && (q - k < 2 + 2 * 3 || 2 == 9)"}})x");
    domain.head = 9;
    EXPECT_EQ(compile_mask(expression, domain)->pairs(), 210);
    EXPECT_FALSE(head_dependence(parsed(R"({"custom": {"expression": "k <= q"}})")).any());
}

TEST(PerHeads, NamesTheHeadThatHasNoMask) {
    const std::string one = R"({"and": [{"causal": {}}, {"per_heads": {"assignments": [
        {"heads": [0, 4], "mask": {"causal": {}}}]}}]})";
    EXPECT_NO_THROW((void)compiled_mask(one, {8, 8, {}, 0, 3, 0}));
    EXPECT_EQ(message_of([&] {
                  (void)compiled_mask(one, {8, 8, {}, 0, 4, 7});
              }),
              "mask.and[1].per_heads: head 4 of layer 7 has no mask; accepted: an assignment that has it, or a "
              "mask under "
              "otherwise");
    EXPECT_EQ(
        message_of([&] {
            (void)compiled_mask(R"({"elastic_window": {"sink": 0, "spans": [[1, 0], [2, 0]]}})", {8, 8, {}, 0, 2, 0});
        }),
        "mask.elastic_window.spans: a list of 2 spans has none for head 2; accepted: one for each head, or one for "
        "all");
}

TEST(PerHeads, RefusesWhatIsNoAssignment) {
    const auto refusal = [](const std::string& content) {
        return message_of([&] { (void)parsed(R"({"per_heads": )" + content + "}"); });
    };
    EXPECT_NE(refusal(R"({"assignments": []})").find("mask.per_heads.assignments: [] is not a list of masks for heads"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"assignments": [{"heads": [4, 4], "mask": {"full": {}}}]})")
                  .find("mask.per_heads.assignments[0].heads: [4,4] is empty"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"assignments": [{"heads": [[4, 6], [5, 7]], "mask": {"full": {}}}]})")
                  .find("mask.per_heads.assignments[0].heads[1]: [5,7] begins before the one before it ends"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"assignments": [{"heads": 3, "mask": {"full": {}}}]})").find("3 is not a range"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"assignments": [{"heads": [0, 65537], "mask": {"full": {}}}]})").find("too large"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"assignments": [{"head": [0, 1], "mask": {"full": {}}}]})").find("unknown field"),
              std::string::npos);
    EXPECT_NE(message_of([] { (void)head_groups(parsed(R"({"full": {}})"), 65'536, 2); }).find("1 to 65536 heads"),
              std::string::npos);
}

TEST(PerHeads, RunsTakeMasksOfOneLayer) {
    EXPECT_EQ(layer_refusal(parsed(R"({"causal": {}})")), "");
    EXPECT_NE(layer_refusal(parsed(two_kinds)).find("from layer to layer"), std::string::npos);
    EXPECT_EQ(layer_refusal(parsed(R"({"per_heads": {"assignments": [{"heads": [0, 4], "mask": {"causal": {}}}],
        "otherwise": {"full": {}}}})")),
              "");
}

// Pitfall of S2-Attention: a union that holds every key needs as many heads as the stride, or a dense one.
TEST(HeadShards, CoverEveryKeyWithAsManyHeadsAsTheStride) {
    const auto covered = [](int heads, int dense) {
        const Json shards{
            {"head_shards",
             {{"block", 2}, {"local", 1}, {"stride", 8}, {"heads", heads}, {"dense", dense}, {"shared", 1}}}};
        std::vector<BruteForceMask> truths;
        for (std::int64_t head = 0; head < heads; ++head) {
            truths.emplace_back(shards, MaskDomain{64, 64, {}, 0, head, 0});
        }
        std::int64_t pairs = 0;
        for (std::int64_t query = 0; query < 64; ++query) {
            for (std::int64_t key = 0; key <= query; ++key) {
                pairs += std::any_of(truths.begin(), truths.end(),
                                     [&](const BruteForceMask& truth) { return truth.contains(query, key); })
                             ? 1
                             : 0;
            }
        }
        return pairs == 64 * 65 / 2;
    };
    EXPECT_TRUE(covered(8, 0));
    EXPECT_FALSE(covered(3, 0));
    EXPECT_TRUE(covered(3, 1));
}

}  // namespace
}  // namespace longscope
