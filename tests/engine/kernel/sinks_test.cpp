// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/sinks.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"

namespace longscope {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

AttentionCase sink_case(std::int64_t queries, std::int64_t keys, const char* mask) {
    AttentionCase c{{1, 4, 2, 24, 16, DType::float32}, {queries, keys, {}}, mask, 9};
    c.scoring.sinks = true;
    return c;
}

TEST(Sinks, TakePartInTheSoftmaxWithoutAValue) {
    Partial partial(1, 1, 1);
    partial.output().data[0] = 8.0F;
    partial.lse(0)[0] = std::log(3.0F);
    const float sink = 0.0F;
    apply_sinks(partial, &sink);
    EXPECT_NEAR(partial.output().data[0], 8.0 * 3 / (3 + 1), 1e-6);
    EXPECT_NEAR(partial.lse(0)[0], std::log(4.0), 1e-6);
}

TEST(Sinks, OfARowThatSeesNoKeyAreItsLse) {
    Partial partial(2, 1, 1);
    partial.reset();
    const std::vector<float> sinks{1.5F, -infinity};
    apply_sinks(partial, sinks.data());
    EXPECT_EQ(partial.output().data[0], 0.0F);
    EXPECT_EQ(partial.lse(0)[0], 1.5F);
    EXPECT_EQ(partial.lse(1)[0], -infinity) << "a sink of -inf is none";
}

TEST(Sinks, OfMinusInfinityChangeNothing) {
    Partial partial(1, 1, 1);
    partial.output().data[0] = 8.0F;
    partial.lse(0)[0] = 2.0F;
    const float sink = -infinity;
    apply_sinks(partial, &sink);
    EXPECT_EQ(partial.output().data[0], 8.0F);
    EXPECT_EQ(partial.lse(0)[0], 2.0F);
}

TEST(Sinks, DoNotOverflowFarFromTheScores) {
    for (const float distance : {2000.0F, -2000.0F}) {
        Partial partial(1, 1, 1);
        partial.output().data[0] = 8.0F;
        partial.lse(0)[0] = 0.0F;
        apply_sinks(partial, &distance);
        EXPECT_EQ(partial.output().data[0], distance > 0 ? 0.0F : 8.0F);
        EXPECT_EQ(partial.lse(0)[0], std::max(distance, 0.0F));
    }
}

TEST(Sinks, AreThoseOfOnePassWhereverKeysWereMerged) {
    // The last mask lets rows see nothing.
    for (const char* mask :
         {R"({"causal": {}})", R"({"crop": {"queries": [20, 60], "keys": [0, 260], "mask": {"full": {}}}})"}) {
        const AttentionCase c = sink_case(100, 260, mask);
        const AttentionInputs inputs(c);
        const ReferenceResult reference = reference_attention(c, inputs);
        const std::vector<std::vector<Range>> splits{
            {{0, 260}}, {{0, 130}, {130, 260}}, {{130, 260}, {0, 130}}, {{0, 1}, {1, 2}, {2, 259}, {259, 260}}};
        for (const std::vector<Range>& split : splits) {
            Partial sum(4, 100, 16);
            sum.reset();
            for (const Range keys : split) {
                ForwardCall call;
                call.keys = TokenSet({keys});
                merge(sum, run_forward(*make_cpu_kernel(2), c, inputs, call));
            }
            apply_sinks(sum, inputs.sinks.data());
            const AttentionError error = error_of(reference, sum);
            EXPECT_LE(error.output_relative_l2, 1e-6);
            EXPECT_LE(error.lse_absolute, 1e-5);
        }
    }
}

TEST(Sinks, GoThroughTheDecodingOfFewRowsAsWell) {
    const AttentionCase c = sink_case(2, 700, R"({"causal": {}})");
    const AttentionInputs inputs(c);
    const AttentionError error = error_of(reference_attention(c, inputs), run_whole(*make_cpu_kernel(2), c, inputs));
    EXPECT_LE(error.output_relative_l2, 1e-6);
    EXPECT_LE(error.lse_absolute, 1e-5);
}

TEST(Sinks, HaveNoPartInSigmoidAttention) {
    Partial partial(1, 1, 1, MergeRule::sum);
    partial.reset();
    const float sink = 0.0F;
    expect_error(ErrorKind::unsupported, {"sigmoid attention has none"}, [&] { apply_sinks(partial, &sink); });
}

TEST(SinkGradients, AreMinusTheWeightOfTheSinkTimesDelta) {
    const std::vector<float> sinks{0.0F, -infinity};
    const std::vector<float> lse{std::log(4.0F), std::log(2.0F), 1.0F, -infinity};
    const std::vector<float> delta{8.0F, -2.0F, 5.0F, 5.0F};
    std::vector<float> gradients{10.0F, 10.0F};
    add_sink_gradients(sinks.data(), lse.data(), delta.data(), 2, 2, gradients.data());
    EXPECT_NEAR(gradients[0], 10.0 - (8.0 / 4 - 2.0 / 2), 1e-6);
    EXPECT_EQ(gradients[1], 10.0F);
}

TEST(SinkGradients, AreThatOfTheLossByFiniteDifferences) {
    // The loss is the sum of dO x O; some rows see nothing but the sink.
    const AttentionCase c =
        sink_case(40, 60, R"({"crop": {"queries": [5, 40], "keys": [0, 60], "mask": {"causal": {}}}})");
    AttentionInputs inputs(c);
    const std::vector<float> output_gradients = normal_tensor(77, 1, 4 * 40 * 16);
    const auto loss = [&] {
        const ReferenceResult result = reference_attention(c, inputs);
        double sum = 0.0;
        for (std::size_t i = 0; i < result.output.size(); ++i) {
            sum += double{output_gradients[i]} * result.output[i];
        }
        return sum;
    };
    const ReferenceResult result = reference_attention(c, inputs);
    const std::vector<float> output(result.output.begin(), result.output.end());
    const std::vector<float> lse(result.lse.begin(), result.lse.end());
    std::vector<float> delta(4 * 40);
    compute_delta(HeadMatrix<const float>{output_gradients.data(), 4, 40, 16},
                  HeadMatrix<const float>{output.data(), 4, 40, 16}, delta.data());
    std::vector<float> gradients(4);
    add_sink_gradients(inputs.sinks.data(), lse.data(), delta.data(), 4, 40, gradients.data());
    for (std::size_t head = 0; head < 4; ++head) {
        const float sink = inputs.sinks[head];
        const float step = 1.0F / 256;
        inputs.sinks[head] = sink + step;
        const double above = loss();
        const double h_above = double{inputs.sinks[head]} - sink;
        inputs.sinks[head] = sink - step;
        const double below = loss();
        const double h_below = double{sink} - inputs.sinks[head];
        inputs.sinks[head] = sink;
        EXPECT_NEAR(gradients[head], (above - below) / (h_above + h_below), 1e-4 * (1 + std::abs(gradients[head])));
    }
}

}  // namespace
}  // namespace longscope
