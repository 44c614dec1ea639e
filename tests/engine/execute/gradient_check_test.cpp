// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/gradient_check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "engine/execute/row_check.h"
#include "engine/kernel/kernel.h"
#include "engine/kernel/sinks.h"
#include "engine/workload/inputs.h"
#include "tests/support/attention_case.h"

namespace longscope {
namespace {

constexpr std::uint64_t seed = 78;

AttentionCase ragged_case() {
    AttentionCase c;
    c.shape = {1, 4, 2, 32, 48, DType::float32};
    c.domain = {331, 331, {0, 1, 3, 60, 61, 190, 331}};
    // Queries from 190 on see nothing, and nothing sees their keys: their gradients are zero.
    c.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}, {"prefix": {"tokens": 190}}]})";
    return c;
}

// What a rank that holds all tokens computes with the inputs of `seed`.
struct Computed {
    Computed(const AttentionCase& c, const LayerScoring& scoring)
        : output(c.shape.query_heads, c.domain.query_tokens, c.shape.head_dim_v, scoring.merge_rule()),
          query_gradients(static_cast<std::size_t>(c.shape.query_heads * c.domain.query_tokens * c.shape.head_dim_qk)),
          key_gradients(static_cast<std::size_t>(c.shape.key_value_heads * c.domain.key_tokens * c.shape.head_dim_qk)),
          value_gradients(
              static_cast<std::size_t>(c.shape.key_value_heads * c.domain.key_tokens * c.shape.head_dim_v)) {
        const std::int64_t n = c.domain.key_tokens;
        std::vector<std::int64_t> positions(static_cast<std::size_t>(n));
        std::iota(positions.begin(), positions.end(), 0);
        std::vector<std::vector<std::byte>> memory;
        const auto filled = [&](InputTensor tensor, std::int64_t heads, std::int64_t dim) {
            memory.emplace_back(static_cast<std::size_t>(heads * n * dim * size_bytes(c.shape.dtype)));
            fill_inputs(seed, tensor, {memory.back(), c.shape.dtype, heads, n, dim}, positions);
            return HeadView(memory.back().data(), c.shape.dtype, heads, n, dim);
        };
        const HeadMasks masks = c.masks();
        const TokenSet all({{0, n}});
        const LocalMask local(masks, all, all);
        const AttendInput input{filled(InputTensor::query, c.shape.query_heads, c.shape.head_dim_qk),
                                filled(InputTensor::key, c.shape.key_value_heads, c.shape.head_dim_qk),
                                filled(InputTensor::value, c.shape.key_value_heads, c.shape.head_dim_v),
                                &local,
                                c.scale(),
                                scoring.of_heads(0)};
        const HeadView dout = filled(InputTensor::output_gradient, c.shape.query_heads, c.shape.head_dim_v);
        const std::unique_ptr<Kernel> kernel = make_kernel("cpu", 1, c.shape.dtype);
        kernel->attend(input, output, {});
        if (const float* sinks = scoring.sinks_of_heads(0)) {
            apply_sinks(output, sinks);
        }
        std::vector<float> delta(static_cast<std::size_t>(c.shape.query_heads * n));
        compute_delta(dout, output.output(), delta.data());
        if (const float* sinks = scoring.sinks_of_heads(0)) {
            sink_gradients.resize(static_cast<std::size_t>(c.shape.query_heads));
            add_sink_gradients(sinks, output.lse(0), delta.data(), c.shape.query_heads, n, sink_gradients.data());
        }
        kernel->attend_backward({input, dout, output.lse(0), delta.data()},
                                {{query_gradients.data(), c.shape.query_heads, n, c.shape.head_dim_qk},
                                 {key_gradients.data(), c.shape.key_value_heads, n, c.shape.head_dim_qk},
                                 {value_gradients.data(), c.shape.key_value_heads, n, c.shape.head_dim_v}},
                                {});
    }

    Partial output;
    std::vector<float> query_gradients;
    std::vector<float> key_gradients;
    std::vector<float> value_gradients;
    std::vector<float> sink_gradients;  // none without sinks
};

struct Checked {
    GradientSums queries;
    GradientSums keys;
    GradientSums values;
};

class GradientCheckOfAllRows : public testing::Test {
  protected:
    // As one rank that holds everything does.
    Checked check(const Computed& of, std::uint64_t input_seed = seed, const LayerScoring* scoring = nullptr) const {
        const CheckedProblem problem{masks_, case_.shape, input_seed, scoring == nullptr ? plain_ : *scoring};
        const std::vector<std::int64_t> positions = sample_positions(331, 331, 1);
        const KeyGradientSums sums = sum_key_gradients(of.output, problem, tokens_, positions);
        const KeyGradientCheck of_keys =
            check_key_gradients({of.key_gradients.data(), 2, 331, 32}, {of.value_gradients.data(), 2, 331, 48},
                                sums.gradients, tokens_, positions);
        Checked checked{check_query_gradients({of.query_gradients.data(), 4, 331, 32}, problem, tokens_, positions),
                        of_keys.keys, of_keys.values};
        checked.keys.squared_terms = sums.squared_key_terms;
        checked.values.squared_terms = sums.squared_value_terms;
        return checked;
    }

    static void expect_within_limits(const Checked& checked, DType dtype = DType::float32) {
        for (const GradientSums& sums : {checked.queries, checked.keys, checked.values}) {
            EXPECT_GT(sums.squared_norm, 0.0);
            EXPECT_GT(sums.squared_error, 0.0) << "float32 is never exact: nothing was compared";
            EXPECT_LE(sums.relative_error(), gradient_error_limit(dtype, 331));
        }
    }

    AttentionCase case_ = ragged_case();
    HeadMasks masks_ = case_.masks();
    LayerScoring plain_;
    TokenSet tokens_ = TokenSet({{0, 331}});
    Computed computed_ = Computed(case_, plain_);
};

TEST_F(GradientCheckOfAllRows, CorrectGradientsAreWithinTheLimits) {
    expect_within_limits(check(computed_));
}

TEST_F(GradientCheckOfAllRows, OneWrongElementAddsTheSquareOfItsError) {
    const Checked before = check(computed_);
    computed_.query_gradients[(2 * 331 + 150) * 32 + 7] += 2.0F;
    computed_.key_gradients[(1 * 331 + 20) * 32 + 31] += 3.0F;
    computed_.value_gradients[(0 * 331 + 330) * 48 + 47] += 4.0F;  // of a key that nothing sees
    const Checked after = check(computed_);
    EXPECT_NEAR(after.queries.squared_error - before.queries.squared_error, 4.0, 1e-4);
    EXPECT_NEAR(after.keys.squared_error - before.keys.squared_error, 9.0, 1e-4);
    EXPECT_NEAR(after.values.squared_error - before.values.squared_error, 16.0, 1e-4);
}

TEST_F(GradientCheckOfAllRows, ThoseOfSinksAreComparedWithTheSumOverAllRows) {
    const LayerScoring scoring{0.0, {}, {0.0F, 1.0F, 2.0F, 3.0F}, {}};
    const Computed computed(case_, scoring);
    const CheckedProblem problem{masks_, case_.shape, seed, scoring};
    const SinkGradientTerms sums = sum_sink_gradients(computed.output, problem, tokens_);
    std::vector<double> gradients(computed.sink_gradients.begin(), computed.sink_gradients.end());
    const GradientSums right = check_sink_gradients(gradients, sums);
    EXPECT_GT(right.squared_norm, 0.0);
    EXPECT_GT(right.squared_error, 0.0) << "float32 is never exact: nothing was compared";
    EXPECT_LE(right.relative_error(), gradient_error_limit(DType::float32, 331));
    gradients[2] += 3.0;
    EXPECT_NEAR(check_sink_gradients(gradients, sums).squared_error - right.squared_error, 9.0, 1e-4);
    gradients[2] = std::numeric_limits<double>::quiet_NaN();
    EXPECT_FALSE(check_sink_gradients(gradients, sums).relative_error() <= 1e300);
    const LayerScoring other{0.0, {}, {0.0F, 1.0F, 2.5F, 3.0F}, {}};
    const SinkGradientTerms of_other = sum_sink_gradients(computed.output, {masks_, case_.shape, seed, other}, tokens_);
    EXPECT_NE(of_other.gradients[2], sums.gradients[2]);
    EXPECT_EQ(of_other.gradients[1], sums.gradients[1]);
}

TEST_F(GradientCheckOfAllRows, NanIsNeverWithinALimit) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    computed_.query_gradients[0] = computed_.key_gradients[0] = computed_.value_gradients[0] = nan;
    const Checked checked = check(computed_);
    for (const GradientSums& sums : {checked.queries, checked.keys, checked.values}) {
        EXPECT_FALSE(sums.relative_error() <= 1e300);
    }
}

TEST_F(GradientCheckOfAllRows, OtherInputsAreNoticed) {
    const Checked other = check(computed_, seed + 1);
    for (const GradientSums& sums : {other.queries, other.keys, other.values}) {
        EXPECT_GT(sums.relative_error(), 0.1);
    }
}

TEST_F(GradientCheckOfAllRows, EveryScoringIsComparedWithItself) {
    for (const LayerScoring& scoring :
         {LayerScoring{0.5, {}, {}, {}}, LayerScoring{0.0, standard_slopes(4), {}, {}},
          LayerScoring{0.0, {}, {0.0F, 1.0F, 2.0F, 3.0F}, {}}, LayerScoring{0.0, {}, {}, -5.0}}) {
        const Computed computed(case_, scoring);
        expect_within_limits(check(computed, seed, &scoring));
        EXPECT_GT(check(computed).queries.relative_error(), 0.01) << "against plain attention";
    }
}

// Rows that see one key only: P is 1 whatever Q and K are, and all that is left of dQ and dK is rounding.
TEST_F(GradientCheckOfAllRows, WhereEverythingCancelsErrorsAreRelativeToWhatCancelled) {
    case_.mask_json = R"({"window": {"left": 0, "right": 0}})";
    masks_ = case_.masks();
    const Checked checked = check(Computed(case_, plain_));
    EXPECT_LT(std::sqrt(checked.queries.squared_norm), 1e-3 * std::sqrt(checked.queries.squared_terms));
    EXPECT_LE(checked.queries.relative_error(), gradient_error_limit(DType::float32, 331));
    EXPECT_LE(checked.keys.relative_error(), gradient_error_limit(DType::float32, 331));
}

TEST_F(GradientCheckOfAllRows, TheSumsOfRanksAddUpToThoseOfAll) {
    const CheckedProblem problem{masks_, case_.shape, seed, plain_};
    const std::vector<std::int64_t> positions = sample_positions(331, 100, 5);
    const KeyGradientSums whole = sum_key_gradients(computed_.output, problem, tokens_, positions);
    KeyGradientSums sum;
    sum.gradients.resize(whole.gradients.size());
    for (const TokenSet& part : {TokenSet({{0, 40}, {200, 331}}), TokenSet({{40, 200}})}) {
        Partial own(4, part.size(), 48);
        for (std::int64_t head = 0; head < 4; ++head) {
            for (std::int64_t row = 0; row < part.size(); ++row) {
                const std::int64_t position = part.position(row);
                std::copy_n(computed_.output.output().row(head, position), 48, own.output().row(head, row));
                own.lse(head)[row] = computed_.output.lse(head)[position];
            }
        }
        const KeyGradientSums of_part = sum_key_gradients(own, problem, part, positions);
        for (std::size_t i = 0; i < sum.gradients.size(); ++i) {
            sum.gradients[i] += of_part.gradients[i];
        }
        sum.squared_key_terms += of_part.squared_key_terms;
    }
    for (std::size_t i = 0; i < sum.gradients.size(); ++i) {
        EXPECT_NEAR(sum.gradients[i], whole.gradients[i], 1e-12);
    }
    EXPECT_NEAR(sum.squared_key_terms, whole.squared_key_terms, 1e-9 * whole.squared_key_terms);
}

TEST(GradientCheckOfShorterTypes, ComparesWithTheReferenceOnTheRoundedInputs) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        AttentionCase c = ragged_case();
        c.shape.dtype = dtype;
        const LayerScoring plain;
        const Computed computed(c, plain);
        const HeadMasks masks = c.masks();
        const TokenSet tokens({{0, 331}});
        const CheckedProblem problem{masks, c.shape, seed, plain};
        const GradientSums queries = check_query_gradients({computed.query_gradients.data(), 4, 331, 32}, problem,
                                                           tokens, sample_positions(331, 331, 1));
        EXPECT_GT(queries.squared_error, 0.0);
        EXPECT_LE(queries.relative_error(), gradient_error_limit(dtype, 331));
    }
}

}  // namespace
}  // namespace longscope
