// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/partial.h"

#include <gtest/gtest.h>

#include "tests/support/forward_case.h"

namespace longscope {
namespace {

// Attention over the key ranges, one kernel call each, merged in the order given.
Partial merged(const AttentionCase& c, const AttentionInputs& inputs, const std::vector<Range>& key_ranges) {
    Partial sum(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v, inputs.scoring().merge_rule());
    sum.reset();
    for (const Range range : key_ranges) {
        ForwardCall call;
        call.keys = TokenSet({range});
        merge(sum, run_forward(*make_cpu_kernel(1), c, inputs, call));
    }
    return sum;
}

void expect_any_split_equals_the_whole(const ScoringCase& scoring) {
    AttentionCase c{{1, 3, 1, 32, 48, DType::float32}, {100, 260, {}}, R"({"causal": {}})", 5};
    c.scoring = scoring;
    SCOPED_TRACE(c.text());
    const AttentionInputs inputs(c);
    const ReferenceResult reference = reference_attention(c, inputs);
    const std::vector<std::vector<Range>> splits{{{0, 260}},
                                                 {{0, 130}, {130, 260}},
                                                 {{130, 260}, {0, 130}},
                                                 {{0, 1}, {1, 2}, {2, 259}, {259, 260}},
                                                 {{200, 260}, {100, 200}, {50, 100}, {0, 50}}};
    for (const auto& split : splits) {
        const AttentionError error = error_of(reference, merged(c, inputs, split));
        EXPECT_LE(error.output_relative_l2, 1e-6);
        EXPECT_LE(error.lse_absolute, 1e-5);
    }
}

TEST(Merge, OfAnySplitOfTheKeysEqualsTheWhole) {
    expect_any_split_equals_the_whole({});
}

TEST(Merge, OfAnySplitOfTheKeysEqualsTheWholeUnderEveryScoring) {
    expect_any_split_equals_the_whole({2.0, true, 3, 0.1, std::nullopt, false});
    expect_any_split_equals_the_whole({0.0, false, 0, 0.0, -std::log(260.0), false});
    expect_any_split_equals_the_whole({2.0, true, 3, 0.1, -std::log(260.0), false});
}

TEST(Merge, BySumAddsOutputsAndLeavesLseAtMinusInfinity) {
    Partial a(1, 1, 2, MergeRule::sum);
    Partial b(1, 1, 2, MergeRule::sum);
    a.reset();
    b.reset();
    a.output().data[0] = 1.0F;
    b.output().data[0] = 2.0F;
    b.output().data[1] = 5.0F;
    merge(a, b);
    EXPECT_EQ(a.output().data[0], 3.0F);
    EXPECT_EQ(a.output().data[1], 5.0F);
    EXPECT_EQ(a.lse(0)[0], -std::numeric_limits<float>::infinity());
}

TEST(Merge, WithNothingChangesNothing) {
    Partial a(1, 2, 2);
    a.reset();
    a.output().row(0, 0)[0] = 3.0F;
    a.lse(0)[0] = 1.5F;
    Partial nothing(1, 2, 2);
    nothing.reset();
    merge(a, nothing);
    EXPECT_EQ(a.output().row(0, 0)[0], 3.0F);
    EXPECT_EQ(a.lse(0)[0], 1.5F);
    EXPECT_EQ(a.lse(0)[1], -std::numeric_limits<float>::infinity());
    merge(nothing, a);
    EXPECT_EQ(nothing.output().row(0, 0)[0], 3.0F);
    EXPECT_EQ(nothing.output().row(0, 1)[0], 0.0F);
}

TEST(Merge, DoesNotOverflowForDistantScores) {
    Partial a(1, 1, 1);
    Partial b(1, 1, 1);
    a.output().data[0] = 1.0F;
    a.lse(0)[0] = 2000.0F;
    b.output().data[0] = 5.0F;
    b.lse(0)[0] = -2000.0F;
    merge(a, b);
    EXPECT_EQ(a.output().data[0], 1.0F);
    EXPECT_EQ(a.lse(0)[0], 2000.0F);
    merge(b, a);
    EXPECT_EQ(b.output().data[0], 1.0F);
    EXPECT_EQ(b.lse(0)[0], 2000.0F);
}

TEST(Partial, SizeCountsOutputAndLse) {
    EXPECT_EQ(Partial::size_bytes(2, 3, 4), 2 * 3 * (4 + 1) * 4);
}

}  // namespace
}  // namespace longscope
