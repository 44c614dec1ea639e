// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/row_check.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "engine/kernel/kernel.h"
#include "engine/workload/inputs.h"
#include "tests/support/attention_case.h"

namespace longscope {
namespace {

constexpr std::uint64_t seed = 77;

AttentionCase ragged_case() {
    AttentionCase c;
    c.shape = {1, 4, 2, 32, 48, DType::float32};
    c.domain = {331, 331, {0, 1, 3, 60, 61, 190, 331}};
    // Queries 60 and from 190 on see nothing: their rows are zero and their lse is -inf.
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}, {"prefix": {"tokens": 190}},
                              {"not": {"and": [{"prefix": {"tokens": 61}}, {"not": {"prefix": {"tokens": 60}}}]}}]})";
    return c;
}

// What a rank that holds `tokens` computes, over all keys, with the inputs of `seed`.
Partial computed(const AttentionCase& c, const HeadMasks& masks, const TokenSet& tokens) {
    const std::int64_t n = c.domain.key_tokens;
    std::vector<std::int64_t> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    std::vector<std::int64_t> own;
    for (std::int64_t i = 0; i < tokens.size(); ++i) {
        own.push_back(tokens.position(i));
    }
    std::vector<std::vector<std::byte>> memory;
    const auto filled = [&](InputTensor tensor, std::int64_t heads, std::int64_t dim,
                            const std::vector<std::int64_t>& positions) {
        const auto rows = static_cast<std::int64_t>(positions.size());
        memory.emplace_back(static_cast<std::size_t>(heads * rows * dim * size_bytes(c.shape.dtype)));
        fill_inputs(seed, tensor, {memory.back(), c.shape.dtype, heads, rows, dim}, positions);
        return HeadView(memory.back().data(), c.shape.dtype, heads, rows, dim);
    };
    const HeadView queries = filled(InputTensor::query, c.shape.query_heads, c.shape.head_dim_qk, own);
    const HeadView key_rows = filled(InputTensor::key, c.shape.key_value_heads, c.shape.head_dim_qk, all);
    const HeadView value_rows = filled(InputTensor::value, c.shape.key_value_heads, c.shape.head_dim_v, all);
    const TokenSet keys = TokenSet({{0, n}});
    const LocalMask local(masks, tokens, keys);
    Partial partial(c.shape.query_heads, tokens.size(), c.shape.head_dim_v);
    make_kernel("cpu", 1, c.shape.dtype)->attend({queries, key_rows, value_rows, &local, c.scale()}, partial, {});
    return partial;
}

class RowCheckOfAllRows : public testing::Test {
  protected:
    RowCheck check(const Partial& output) const {
        return check_rows(output, tokens_, masks_, case_.shape, seed, sample_positions(331, 331, 1));
    }

    AttentionCase case_ = ragged_case();
    HeadMasks masks_ = case_.masks();
    TokenSet tokens_ = TokenSet({{0, 331}});
    Partial output_ = computed(case_, masks_, tokens_);
};

TEST_F(RowCheckOfAllRows, ACorrectOutputIsWithinTheLimits) {
    const RowCheck check = this->check(output_);
    EXPECT_EQ(check.rows, 4 * 331);
    EXPECT_GT(check.squared_norm, 0.0);
    EXPECT_GT(check.squared_error, 0.0) << "float32 is never exact: nothing was compared";
    EXPECT_LE(std::sqrt(check.squared_error / check.squared_norm), output_error_limit(DType::float32, 331));
    EXPECT_LE(check.lse_absolute_error, lse_error_limit);
}

TEST_F(RowCheckOfAllRows, OneWrongElementAddsTheSquareOfItsError) {
    const double before = check(output_).squared_error;
    output_.output().row(3, 150)[47] += 2.0F;
    EXPECT_NEAR(check(output_).squared_error - before, 4.0, 1e-4);
}

TEST_F(RowCheckOfAllRows, AWrongLseIsFound) {
    output_.lse(2)[100] += 0.5F;
    EXPECT_NEAR(check(output_).lse_absolute_error, 0.5, 1e-5);
}

TEST_F(RowCheckOfAllRows, ALseThatIsFiniteWhereNoKeyIsSeenIsInfinitelyWrong) {
    ASSERT_EQ(output_.lse(0)[60], -std::numeric_limits<float>::infinity());
    output_.lse(0)[60] = 0.0F;
    EXPECT_EQ(check(output_).lse_absolute_error, std::numeric_limits<double>::infinity());
}

TEST_F(RowCheckOfAllRows, NanIsNeverWithinALimit) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    output_.output().row(1, 5)[0] = nan;
    EXPECT_FALSE(check(output_).squared_error <= 1e300);
    output_ = computed(case_, masks_, tokens_);
    output_.lse(1)[5] = nan;
    EXPECT_FALSE(check(output_).lse_absolute_error <= 1e300);
}

TEST_F(RowCheckOfAllRows, OtherInputsAreNoticed) {
    const RowCheck other = check_rows(output_, tokens_, masks_, case_.shape, seed + 1, sample_positions(331, 331, 1));
    EXPECT_GT(std::sqrt(other.squared_error / other.squared_norm), 0.1);
}

TEST_F(RowCheckOfAllRows, OtherScoringsAreNoticed) {
    for (const LayerScoring& other :
         {LayerScoring{0.5, {}, {}, {}}, LayerScoring{0.0, standard_slopes(4), {}, {}},
          LayerScoring{0.0, {}, {0.0F, 1.0F, 2.0F, 3.0F}, {}}, LayerScoring{0.0, {}, {}, -5.0}}) {
        const RowCheck check =
            check_rows(output_, tokens_, masks_, case_.shape, seed, sample_positions(331, 331, 1), other);
        EXPECT_GT(std::sqrt(check.squared_error / check.squared_norm), 0.01);
        EXPECT_GT(check.lse_absolute_error, 0.01);
    }
}

TEST(RowCheckOfShorterTypes, ComparesWithTheReferenceOnTheRoundedInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        AttentionCase c = ragged_case();
        c.shape.dtype = dtype;
        const HeadMasks masks = c.masks();
        const TokenSet tokens({{0, 331}});
        const std::vector<std::int64_t> positions = sample_positions(331, 331, 1);
        const Partial output = computed(c, masks, tokens);
        const RowCheck check = check_rows(output, tokens, masks, c.shape, seed, positions);
        EXPECT_LE(std::sqrt(check.squared_error / check.squared_norm), output_error_limit(dtype, 331));
        EXPECT_LE(check.lse_absolute_error, lse_error_limit);
        // The reference on inputs that were not rounded is further away than computing ever is: it shows in lse, which
        // the rounding of weights does not touch.
        AttentionShape unrounded = c.shape;
        unrounded.dtype = DType::float32;
        const RowCheck other = check_rows(output, tokens, masks, unrounded, seed, positions);
        EXPECT_GT(other.lse_absolute_error, 10 * lse_error_limit);
        EXPECT_GT(other.squared_error, check.squared_error);
    }
}

TEST_F(RowCheckOfAllRows, TheRowsOfRanksAddUpToThoseOfAll) {
    const std::vector<std::int64_t> positions = sample_positions(331, 100, 5);
    const RowCheck whole = check_rows(output_, tokens_, masks_, case_.shape, seed, positions);
    RowCheck sum;
    for (const TokenSet& part : {TokenSet({{0, 40}, {200, 331}}), TokenSet({{40, 200}})}) {
        const RowCheck own = check_rows(computed(case_, masks_, part), part, masks_, case_.shape, seed, positions);
        sum.rows += own.rows;
        sum.squared_norm += own.squared_norm;
        EXPECT_LE(std::sqrt(own.squared_error / own.squared_norm), output_error_limit(DType::float32, 331));
    }
    EXPECT_EQ(sum.rows, 4 * 100);
    EXPECT_EQ(sum.rows, whole.rows);
    EXPECT_NEAR(sum.squared_norm, whole.squared_norm, 1e-9 * whole.squared_norm);
}

RC_GTEST_PROP(SamplePositions, AreDifferentAscendingAndOfTheSequence, ()) {
    const auto tokens = *rc::gen::inRange<std::int64_t>(1, 500);
    const auto count = *rc::gen::inRange<std::int64_t>(0, 600);
    const std::vector<std::int64_t> positions = sample_positions(tokens, count, *rc::gen::arbitrary<std::uint64_t>());
    RC_ASSERT(static_cast<std::int64_t>(positions.size()) == std::min(tokens, count));
    for (std::size_t i = 0; i < positions.size(); ++i) {
        RC_ASSERT(positions[i] >= 0);
        RC_ASSERT(positions[i] < tokens);
        // In its own parentheses: RC_ASSERT evaluates both sides of a bare ||.
        RC_ASSERT((i == 0 || positions[i - 1] < positions[i]));
    }
}

TEST(SamplePositions, EveryPositionIsAsLikelyAsAnyOther) {
    // 3 of 12 positions, 4,000 times: each is drawn 1,000 times on average, with a standard deviation of 27.
    std::vector<int> drawn(12);
    for (std::uint64_t s = 0; s < 4000; ++s) {
        for (const std::int64_t position : sample_positions(12, 3, s)) {
            ++drawn[static_cast<std::size_t>(position)];
        }
    }
    for (const int times : drawn) {
        EXPECT_NEAR(times, 1000, 5 * 27);
    }
}

TEST(SamplePositions, DependOnTheSeedAlone) {
    EXPECT_EQ(sample_positions(1 << 20, 64, 4), sample_positions(1 << 20, 64, 4));
    EXPECT_NE(sample_positions(1 << 20, 64, 4), sample_positions(1 << 20, 64, 5));
}

TEST(OutputErrorLimit, OfShorterTypesIsTheirOwn) {
    EXPECT_DOUBLE_EQ(output_error_limit(DType::float16, 16384), 1e-3);
    EXPECT_DOUBLE_EQ(output_error_limit(DType::bfloat16, 16384), 8e-3);
    EXPECT_DOUBLE_EQ(output_error_limit(DType::bfloat16, 1 << 20), 8e-3);
}

TEST(OutputErrorLimit, GrowsAsTheSquareRootFrom16384KeysOn) {
    EXPECT_DOUBLE_EQ(output_error_limit(DType::float32, 1), 1e-6);
    EXPECT_DOUBLE_EQ(output_error_limit(DType::float32, 16384), 1e-6);
    EXPECT_DOUBLE_EQ(output_error_limit(DType::float32, 65536), 2e-6);
    EXPECT_DOUBLE_EQ(output_error_limit(DType::float32, 1 << 20), 8e-6);
}

}  // namespace
}  // namespace longscope
