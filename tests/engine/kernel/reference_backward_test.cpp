// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of the reference kernel: an example by hand, and what Kernel promises. That its formulas are right
// is shown in backward_properties_test.cpp.
#include <gtest/gtest.h>

#include "tests/support/backward_case.h"

namespace longscope {
namespace {

// Query 1 sees the keys 0 and ln 3 with the weights 1/4 and 3/4, query 0 only the first key.
struct ByHand {
    AttentionCase c{{1, 1, 1, 1, 1, DType::float32}, {2, 2, {}}, R"({"causal": {}})"};
    BackwardInputs inputs{c};
    Gradients gradients{inputs.forward};

    ByHand() {
        c.scale_factor = 0.5;
        inputs.forward.queries = {7, 2};
        inputs.forward.keys = {0, static_cast<float>(std::log(3.0))};
        inputs.forward.values = {2, 6};
        inputs.output_gradients = {2, 4};
    }
};

TEST(ReferenceBackward, TwoQueriesAndTwoKeysByHand) {
    ByHand example;
    // O = (2, 2/4 + 3 * 6/4) = (2, 5); delta = dO O = (4, 20); lse = (0, ln(1 + 3)).
    const std::vector<float> output{2, 5};
    std::vector<float> delta(2);
    compute_delta(example.inputs.dout(), HeadMatrix<const float>{output.data(), 1, 2, 1}, delta.data());
    EXPECT_EQ(delta, (std::vector<float>{4, 20}));
    const std::vector<float> lse{0, static_cast<float>(std::log(4.0))};
    const std::unique_ptr<Mask> mask = example.c.mask();
    const TokenSet tokens({{0, 2}});
    const LocalMask local(*mask, tokens, tokens);
    const AttentionInputs& forward = example.inputs.forward;
    make_reference_kernel(1)->attend_backward({{forward.q(), forward.k(), forward.v(), &local, example.c.scale()},
                                               example.inputs.dout(),
                                               lse.data(),
                                               delta.data()},
                                              example.gradients.view(forward), {});
    // Of query 1: dP = dO V = (8, 24), dS = P (dP - delta) = (1/4 * -12, 3/4 * 4) = (-3, 3). Of query 0: dS = 0.
    EXPECT_EQ(example.gradients.queries[0], 0.0F);
    EXPECT_NEAR(example.gradients.queries[1], 0.5 * 3 * std::log(3.0), 1e-6);
    EXPECT_NEAR(example.gradients.keys[0], 0.5 * -3 * 2, 1e-6);
    EXPECT_NEAR(example.gradients.keys[1], 0.5 * 3 * 2, 1e-6);
    EXPECT_NEAR(example.gradients.values[0], 2 + 4 * 0.25, 1e-6);
    EXPECT_NEAR(example.gradients.values[1], 4 * 0.75, 1e-6);
}

// What the other tests compare with says the same.
TEST(ReferenceBackward, TheReferenceOfTestsAgreesWithTheExampleByHand) {
    const ByHand example;
    const ReferenceGradients reference = reference_gradients(example.c, example.inputs);
    const auto expect_near = [](const std::vector<double>& got, const std::vector<double>& expected) {
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_NEAR(got[i], expected[i], 1e-6) << i;
        }
    };
    expect_near(reference.forward.output, {2, 5});
    expect_near(reference.delta, {4, 20});
    expect_near(reference.queries, {0, 1.5 * std::log(3.0)});
    expect_near(reference.keys, {-3, 3});
    expect_near(reference.values, {3, 3});
}

AttentionCase make_case(const char* mask, DType dtype = DType::float32) {
    return {{1, 4, 2, 8, 12, dtype}, {90, 130, {}}, mask, 5};
}

TEST(ReferenceBackward, ReadsEveryTypeAndSkipsWhatLiesBetweenRows) {
    for (const DType dtype : {DType::float32, DType::bfloat16, DType::float16}) {
        const AttentionCase c = make_case(R"({"causal": {}})", dtype);
        SCOPED_TRACE(c.text());
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        const auto kernel = make_reference_kernel(2);
        const Gradients gradients = run_backward(*kernel, c, inputs, reference);
        // lse and delta are rounded to float32, and so are the gradients; nothing else is.
        EXPECT_LE(error_of_gradients(reference, gradients).worst(), 5e-7);
        EXPECT_EQ(run_backward(*kernel, c, inputs, reference, {.row_gap = 3}), gradients);
    }
}

TEST(ReferenceBackward, IsBitEqualForAnyNumberOfThreads) {
    const AttentionCase c = make_case(R"({"window": {"left": 40, "right": 9}})");
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const Gradients one = run_backward(*make_reference_kernel(1), c, inputs, reference);
    for (const int threads : {2, 3, 5}) {
        EXPECT_EQ(run_backward(*make_reference_kernel(threads), c, inputs, reference), one) << threads;
    }
}

TEST(ReferenceBackward, AddsToWhatIsThere) {
    const AttentionCase c = make_case(R"({"causal": {}})");
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const auto kernel = make_reference_kernel(2);
    const Gradients once = run_backward(*kernel, c, inputs, reference);
    Gradients twice = once;
    add_gradients(*kernel, c, inputs, reference, twice);
    // Doubling is exact; the sum in float64 that is added may lie half a unit beside the float32 that it became.
    for (std::size_t i = 0; i < once.keys.size(); ++i) {
        ASSERT_FLOAT_EQ(twice.keys[i], 2 * once.keys[i]) << i;
        ASSERT_FLOAT_EQ(twice.values[i % once.values.size()], 2 * once.values[i % once.values.size()]) << i;
    }
    for (std::size_t i = 0; i < once.queries.size(); ++i) {
        ASSERT_FLOAT_EQ(twice.queries[i], 2 * once.queries[i]) << i;
    }
}

TEST(ReferenceBackward, RowsWithoutAKeyAddNothing) {
    const AttentionCase c = make_case(R"({"not": {"full": {}}})");
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    ASSERT_EQ(reference.forward.lse[0], -std::numeric_limits<double>::infinity());
    EXPECT_EQ(run_backward(*make_reference_kernel(2), c, inputs, reference), Gradients(inputs.forward));
}

TEST(ReferenceBackward, ARowWhoseKeysAllWeighNothingAddsNothing) {
    // Visible, but with a score of -inf: the forward pass gives O = 0 and lse = -inf.
    AttentionCase c{{1, 1, 1, 1, 1, DType::float32}, {1, 1, {}}, R"({"full": {}})"};
    BackwardInputs inputs(c);
    inputs.forward.queries = {1};
    inputs.forward.keys = {-std::numeric_limits<float>::infinity()};
    const ReferenceGradients reference = reference_gradients(c, inputs);
    EXPECT_EQ(run_backward(*make_reference_kernel(1), c, inputs, reference), Gradients(inputs.forward));
}

TEST(ReferenceBackward, CountsEveryPairOnceAndPollsOnTheCallingThreadOnly) {
    const AttentionCase c = make_case(R"({"window": {"left": 7, "right": 2}})");  // an odd number of pairs
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    std::atomic<std::int64_t> pairs{0};
    std::atomic<int> foreign_polls{0};
    int polls = 0;
    const auto caller = std::this_thread::get_id();
    const AttendHooks hooks{[&] { std::this_thread::get_id() == caller ? ++polls : ++foreign_polls; }, &pairs, nullptr};
    Gradients out(inputs.forward);
    add_gradients(*make_reference_kernel(3), c, inputs, reference, out, {.hooks = hooks});
    EXPECT_EQ(pairs, c.shape.query_heads * c.mask()->pairs());
    EXPECT_GT(polls, 0);
    EXPECT_EQ(foreign_polls, 0);
}

TEST(ReferenceBackward, StopsWhenCancelled) {
    const AttentionCase c = make_case(R"({"full": {}})");
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    // From the beginning, among the 360 rows of the first pass, and in the second.
    for (const int polls_before : {0, 100, 400}) {
        std::atomic<bool> cancelled{polls_before == 0};
        int polls = 0;
        Gradients out(inputs.forward);
        try {
            add_gradients(*make_reference_kernel(1), c, inputs, reference, out,
                          {.hooks = {[&] { cancelled = cancelled || ++polls > polls_before; }, nullptr, &cancelled}});
            FAIL() << "not cancelled";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::cancelled);
        }
    }
}

}  // namespace
}  // namespace longscope
