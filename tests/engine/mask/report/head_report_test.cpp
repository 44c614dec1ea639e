// SPDX-License-Identifier: GPL-3.0-or-later
// The heads of a model together: what they see at least once, and what they keep.
#include "engine/mask/report/head_report.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/mask/mask_presets.h"
#include "tests/support/brute_force_mask.h"
#include "tests/support/mask_generators.h"

namespace longscope {
namespace {

HeadReport report_of(std::string_view expression, std::int64_t tokens, std::int64_t heads, std::int64_t layers) {
    return head_report(parse_mask(parse_json(expression, "test"), "mask"), {tokens, tokens, {}}, heads, layers,
                       {{128, 128}});
}

RC_GTEST_PROP(HeadReport, EqualsTheUnionOfAllHeads, ()) {
    const MaskCase drawn = *mask_case(2);
    constexpr std::int64_t heads = 5;
    constexpr std::int64_t layers = 3;
    std::vector<BruteForceMask> truths;
    double pairs = 0;
    for (std::int64_t i = 0; i < heads * layers; ++i) {
        MaskDomain domain = drawn.domain;
        domain.head = i % heads;
        domain.layer = i / heads;
        truths.emplace_back(drawn.expression, domain);
        pairs += static_cast<double>(truths.back().pairs());
    }
    std::int64_t seen = 0;
    std::int64_t causal = 0;
    std::int64_t causal_seen = 0;
    std::pair<std::int64_t, std::int64_t> first{-1, -1};
    for (std::int64_t query = 0; query < drawn.domain.query_tokens; ++query) {
        for (std::int64_t key = 0; key < drawn.domain.key_tokens; ++key) {
            const bool by_any = std::any_of(truths.begin(), truths.end(),
                                            [&](const BruteForceMask& truth) { return truth.contains(query, key); });
            const bool is_causal = key <= query + drawn.domain.diagonal();
            seen += by_any ? 1 : 0;
            causal += is_causal ? 1 : 0;
            causal_seen += is_causal && by_any ? 1 : 0;
            if (is_causal && !by_any && first.first < 0) {
                first = {query, key};
            }
        }
    }
    const HeadReport report = head_report(parse_mask(drawn.expression, "mask"), drawn.domain, heads, layers, {{4, 4}});
    RC_ASSERT(report.pairs_seen == seen);
    RC_ASSERT(report.causal_pairs == causal);
    RC_ASSERT(report.causal_pairs_seen == causal_seen);
    RC_ASSERT((std::pair{report.first_unseen_query, report.first_unseen_key}) == first);
    RC_ASSERT(report.pairs == pairs);
}

// Retrieval heads keep every key, streaming heads the sink and the window.
TEST(HeadReport, DuoAttentionKeepsLessInStreamingHeads) {
    const HeadReport report = report_of(find_mask_preset("duo_attention")->expression, 32'768, 32, 1);
    ASSERT_EQ(report.groups.size(), 2U);
    EXPECT_EQ(report.groups[0].report.lifetime.most_resident, 32'767);
    EXPECT_EQ(report.groups[1].report.lifetime.most_resident, 128 + 255);
    EXPECT_EQ(report.resident_keys, 16.0 * 32'767 + 16.0 * 383);
    EXPECT_EQ(report.coverage(), 1.0);
}

// Two thirds of the layers keep a sink and a window alone.
TEST(HeadReport, LongGenKeepsAThirdOfTheLayersFull) {
    const HeadReport report = report_of(find_mask_preset("longgen")->expression, 32'768, 1, 32);
    ASSERT_EQ(report.groups.size(), 2U);
    EXPECT_EQ(report.groups[0].heads.count, 21);
    EXPECT_EQ(members_text(report.groups[1].heads), "head 0 of layers 11-21");
}

// Keys between the sink and the recent ones are kept in some layer each.
TEST(HeadReport, LaddersOfAllLayersCoverEveryKey) {
    const HeadReport all = report_of(find_mask_preset("lacache")->expression, 16'384, 1, 32);
    EXPECT_EQ(all.coverage(), 1.0);
    const HeadReport one = report_of(find_mask_preset("lacache")->expression, 16'384, 1, 1);
    EXPECT_LT(one.coverage(), 0.9);
    EXPECT_EQ(one.first_unseen_key, 4 + 16 * 2);
}

TEST(HeadReport, ShardsOfFewHeadsLeaveKeysUnseen) {
    const auto shards = [](int heads) {
        return Json{{"head_shards",
                     {{"block", 64}, {"local", 4}, {"stride", 8}, {"heads", heads}, {"dense", 0}, {"shared", 1}}}}
            .dump();
    };
    EXPECT_EQ(report_of(shards(8), 8192, 8, 1).coverage(), 1.0);
    const HeadReport few = report_of(shards(3), 8192, 3, 1);
    EXPECT_LT(few.coverage(), 1.0);
    for (const HeadReport::Group& group : few.groups) {
        EXPECT_TRUE(group.report.lifetime.kv_efficient());
    }
}

}  // namespace
}  // namespace longscope
