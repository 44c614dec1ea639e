// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/partial.h"

#include <gtest/gtest.h>

#include "tests/support/attention_case.h"

namespace longscope {
namespace {

// Attention over the key ranges, one kernel call each, merged in the order given.
Partial merged(const AttentionCase& c, const AttentionInputs& inputs, const std::vector<Range>& key_ranges) {
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet queries({{0, c.domain.query_tokens}});
    Partial sum(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
    sum.reset();
    for (const Range range : key_ranges) {
        const TokenSet keys({range});
        const LocalMask local(*mask, queries, keys);
        Partial part(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v);
        // One key/value head: a range of tokens is contiguous.
        const HeadMatrix<const float> k{inputs.k().row(0, range.begin), 1, range.size(), c.shape.head_dim_qk};
        const HeadMatrix<const float> v{inputs.v().row(0, range.begin), 1, range.size(), c.shape.head_dim_v};
        make_cpu_kernel(1)->attend({inputs.q(), k, v, &local, c.scale()}, part, {});
        merge(sum, part);
    }
    return sum;
}

TEST(Merge, OfAnySplitOfTheKeysEqualsTheWhole) {
    const AttentionCase c{{1, 3, 1, 32, 48, DType::float32}, {100, 260, {}}, R"({"causal": {}})", 5};
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
