// SPDX-License-Identifier: GPL-3.0-or-later
// Soft cap, ALiBi, bias, sinks and sigmoid attention in the backward pass: every variant of the cpu kernel against the
// float64 reference, whose gradients are those of finite differences (backward_properties_test.cpp). Bounds: DESIGN.md
// section 6.
#include <gtest/gtest.h>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/backends.h"
#include "tests/support/expect_error.h"
#include "tests/support/forward_case.h"
#include "tests/support/scoring_cases.h"

namespace longscope {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr auto full = R"({"full": {}})";
constexpr auto causal = R"({"causal": {}})";

void expect_within(const GradientError& error, double bound) {
    EXPECT_LE(error.queries, bound);
    EXPECT_LE(error.keys, bound);
    EXPECT_LE(error.values, bound);
    EXPECT_LE(error.bias, bound);
}

void expect_exact(const AttentionCase& c) {
    SCOPED_TRACE(c.text());
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (variant.refusal(c.shape.dtype).empty()) {
            SCOPED_TRACE(variant.name);
            const auto kernel = cpu::make_kernel_of(variant, 2);
            expect_within(error_of_gradients(reference, run_backward(*kernel, c, inputs, reference)),
                          gradient_bound(c.shape.dtype, std::max(c.domain.query_tokens, c.domain.key_tokens)));
        }
    }
    for (const std::string_view backend : every_backend()) {
        SCOPED_TRACE(backend);
        expect_within(error_of_gradients(reference, run_backward(backend_of(backend, 2), c, inputs, reference)),
                      gradient_bound(c.shape.dtype, std::max(c.domain.query_tokens, c.domain.key_tokens)));
    }
}

TEST(ScoringBackward, EveryOptionAndEveryTwoOfThemOnEveryVariant) {
    for (const ScoringCase& scoring : scoring_options(4, 270)) {
        expect_exact(scored_case(140, 270, causal, {1, 4, 2, 24, 40, DType::float32}, scoring));
    }
}

TEST(ScoringBackward, LengthsAroundTheTiles) {
    const ScoringCase softmax{3.0, true, 2, 0.1, std::nullopt, true};
    const ScoringCase sigmoid{3.0, true, 1, 0.1, -4.0, false};
    for (const std::int64_t queries : {1, 11, 13, 95, 96, 97, 193}) {
        for (const std::int64_t keys : {1, 31, 33, 191, 192, 193}) {
            for (const ScoringCase& scoring : {softmax, sigmoid}) {
                expect_exact(scored_case(queries, keys, full, {1, 2, 1, 16, 16, DType::float32}, scoring));
            }
        }
    }
}

TEST(ScoringBackward, HeadRatiosMasksAndDimensions) {
    for (const auto& shape : std::vector<AttentionShape>{
             {1, 6, 3, 17, 33, DType::float32}, {1, 5, 1, 80, 7, DType::float32}, {1, 3, 3, 128, 16, DType::float32}}) {
        for (const char* mask : {R"({"window": {"left": 37, "right": 3}})",
                                 R"({"crop": {"queries": [30, 70], "keys": [55, 58], "mask": {"full": {}}}})"}) {
            for (const ScoringCase& scoring : {ScoringCase{2.0, true, 1, 0.0, std::nullopt, false},
                                               ScoringCase{2.0, true, shape.query_heads, 0.2, -3.0, false}}) {
                expect_exact(scored_case(141, 141, mask, shape, scoring));
            }
        }
    }
}

TEST(ScoringBackward, ShorterTypes) {
    for (const DType dtype : {DType::bfloat16, DType::float16}) {
        for (const ScoringCase& scoring : scoring_options(2, 259)) {
            expect_exact(scored_case(97, 259, causal, {1, 2, 1, 64, 33, dtype}, scoring));
        }
    }
}

TEST(ScoringBackward, CapsThatAllScoresReach) {
    // Where 1 - tanh^2 is small, its error must be as well.
    AttentionCase c = scored_case(100, 200, full, {1, 1, 1, 24, 40, DType::float32}, {});
    c.scoring.soft_cap = 0.5;
    BackwardInputs inputs(c);
    for (float& value : inputs.forward.queries) {
        value *= 4.0F;
    }
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const std::string_view backend : every_backend()) {
        SCOPED_TRACE(backend);
        expect_within(error_of_gradients(reference, run_backward(backend_of(backend, 2), c, inputs, reference)), 3e-6);
    }
}

TEST(ScoringBackward, EndToEndWithSinks) {
    // lse and delta after the sinks: nothing else of the backward pass changes.
    AttentionCase c = scored_case(200, 300, causal, {1, 4, 2, 32, 32, DType::float32}, {});
    c.scoring.sinks = true;
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet rows({{0, 200}});
    const TokenSet columns({{0, 300}});
    const LocalMask local(*mask, rows, columns);
    for (const std::string_view backend : every_backend()) {
        SCOPED_TRACE(backend);
        const Kernel& kernel = backend_of(backend, 2);
        const Partial partial = run_whole(kernel, c, inputs.forward);
        std::vector<float> delta(4 * 200);
        compute_delta(inputs.dout(), partial.output(), delta.data());
        Gradients out(inputs.forward);
        kernel.attend_backward({{inputs.forward.q(), inputs.forward.k(), inputs.forward.v(), &local, c.scale()},
                                inputs.dout(),
                                partial.lse(0),
                                delta.data()},
                               out.view(inputs.forward), {});
        expect_within(error_of_gradients(reference, out), gradient_bound(DType::float32, 300));
        std::vector<float> sinks(4);
        add_sink_gradients(inputs.forward.sinks.data(), partial.lse(0), delta.data(), 4, 200, sinks.data());
        EXPECT_LE(relative_l2(reference.sinks, sinks, reference.sinks_before_cancelling), 3e-6);
    }
}

TEST(ScoringBackward, TheGradientOfScoresWithoutABiasIsThatOfABiasOfZero) {
    AttentionCase c = scored_case(97, 200, causal, {1, 2, 1, 16, 16, DType::float32}, {});
    c.scoring.bias_heads = 2;
    BackwardInputs inputs(c);
    std::fill(inputs.forward.bias.begin(), inputs.forward.bias.end(), 0.0F);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    const std::vector<float> lse(reference.forward.lse.begin(), reference.forward.lse.end());
    const std::vector<float> delta(reference.delta.begin(), reference.delta.end());
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet rows({{0, 97}});
    const TokenSet columns({{0, 200}});
    const LocalMask local(*mask, rows, columns);
    for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        Gradients out(inputs.forward);
        backend_of(backend, 2)
            .attend_backward({{inputs.forward.q(), inputs.forward.k(), inputs.forward.v(), &local, c.scale()},
                              inputs.dout(),
                              lse.data(),
                              delta.data()},
                             out.view(inputs.forward), {});
        expect_within(error_of_gradients(reference, out), 3e-6);
    }
}

TEST(ScoringBackward, IsBitEqualForAnyNumberOfThreads) {
    for (const ScoringCase& scoring :
         {ScoringCase{2.0, true, 1, 0.1, std::nullopt, true}, ScoringCase{2.0, true, 4, 0.1, -5.0, false}}) {
        const AttentionCase c = scored_case(400, 500, causal, {1, 4, 2, 16, 16, DType::float32}, scoring);
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
            const Gradients one = run_backward(backend_of(backend, 1), c, inputs, reference);
            for (const int threads : {2, 3, 5}) {
                EXPECT_EQ(run_backward(backend_of(backend, threads), c, inputs, reference), one)
                    << backend << " " << threads;
            }
        }
    }
}

TEST(ScoringBackward, AddsToWhatIsThere) {
    const AttentionCase c =
        scored_case(97, 193, causal, {1, 2, 1, 16, 16, DType::float32}, {2.0, true, 1, 0.1, {}, false});
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        const Kernel& kernel = backend_of(backend, 2);
        const Gradients once = run_backward(kernel, c, inputs, reference);
        Gradients twice = once;
        add_gradients(kernel, c, inputs, reference, twice);
        for (std::size_t i = 0; i < once.bias.size(); ++i) {
            ASSERT_NEAR(twice.bias[i], 2 * once.bias[i], 1e-6F * (1.0F + std::abs(once.bias[i]))) << backend << i;
        }
    }
}

TEST(ScoringBackward, SkipsWhatLiesBetweenRows) {
    const AttentionCase c =
        scored_case(97, 259, causal, {1, 2, 1, 24, 40, DType::float32}, {2.0, true, 2, 0.1, {}, false});
    const BackwardInputs inputs(c);
    const ReferenceGradients reference = reference_gradients(c, inputs);
    for (const std::string_view backend : every_backend()) {
        SCOPED_TRACE(backend);
        const Kernel& kernel = backend_of(backend, 2);
        EXPECT_EQ(run_backward(kernel, c, inputs, reference, {.hooks = {}, .row_gap = 3}),
                  run_backward(kernel, c, inputs, reference));
    }
}

TEST(ScoringBackward, PartsOfTheKeysAddUp) {
    for (const ScoringCase& scoring : scoring_options(2, 300)) {
        const AttentionCase c = scored_case(150, 300, causal, {1, 2, 1, 16, 16, DType::float32}, scoring);
        SCOPED_TRACE(c.text());
        const BackwardInputs inputs(c);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        for (const std::string_view backend : backends_of_options(scoring)) {
            SCOPED_TRACE(backend);
            Gradients sum(inputs.forward);
            for (const TokenSet& keys : {TokenSet::every(0, 2, 300), TokenSet::every(1, 2, 300)}) {
                BackwardCall call;
                call.keys = keys;
                add_gradients(backend_of(backend, 2), c, inputs, reference, sum, call);
            }
            expect_within(error_of_gradients(reference, sum), gradient_bound(DType::float32, 300));
        }
    }
}

TEST(ScoringBackward, WhatABiasHidesAddsNothingWhateverItIs) {
    for (const std::optional<double>& sigmoid : {std::optional<double>(), std::optional<double>(-3.0)}) {
        AttentionCase c =
            scored_case(150, 200, causal, {1, 2, 1, 16, 16, DType::float32}, {1.5, true, 2, 0.0, sigmoid, false});
        BackwardInputs inputs(c);
        for (std::int64_t row = 0; row < 2 * 150; ++row) {
            inputs.forward.bias[static_cast<std::size_t>(row * 200 + 40)] = -infinity;  // key 40 of every row
        }
        const ReferenceGradients clean = reference_gradients(c, inputs);
        for (const bool of_key : {true, false}) {
            BackwardInputs poisoned = inputs;
            (of_key ? poisoned.forward.keys : poisoned.forward.values)[40 * 16 + 3] = nan_value;
            const ReferenceGradients reference = reference_gradients(c, poisoned);
            EXPECT_EQ(reference.queries, clean.queries);
            for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
                const Gradients got = run_backward(backend_of(backend, 2), c, poisoned, reference);
                expect_within(error_of_gradients(clean, got), 3e-6);
            }
        }
    }
}

TEST(ScoringBackward, NaNOfABiasReachesItsRowAndTheKeysThatThisSees) {
    for (const std::optional<double>& sigmoid : {std::optional<double>(), std::optional<double>(-3.0)}) {
        const AttentionCase c =
            scored_case(150, 150, R"({"and": [{"causal": {}}, {"window": {"left": 20, "right": 0}}]})",
                        {1, 2, 2, 16, 16, DType::float32}, {0.0, false, 2, 0.0, sigmoid, false});
        BackwardInputs inputs(c);
        inputs.forward.bias[70 * 150 + 60] = nan_value;  // of the first head
        inputs.forward.bias[70 * 150 + 71] = nan_value;  // hidden
        const ReferenceGradients reference = reference_gradients(c, inputs);
        const auto expect_gradients = [&](const Kernel& kernel) {
            const Gradients got = run_backward(kernel, c, inputs, reference);
            const auto expect_same = [](const std::vector<double>& expected, const std::vector<float>& gradients) {
                for (std::size_t i = 0; i < expected.size(); ++i) {
                    ASSERT_EQ(std::isnan(gradients[i]), std::isnan(expected[i])) << i;
                    if (!std::isnan(expected[i])) {
                        ASSERT_NEAR(gradients[i], expected[i], 1e-5) << i;
                    }
                }
            };
            expect_same(reference.queries, got.queries);
            expect_same(reference.keys, got.keys);
            expect_same(reference.values, got.values);
            expect_same(reference.bias, got.bias);
            EXPECT_TRUE(std::isnan(got.queries[70 * 16]));
            EXPECT_FALSE(std::isnan(got.queries[71 * 16]));
        };
        for (const cpu::TileVariant& variant : cpu::tile_variants()) {
            if (variant.refusal(DType::float32).empty()) {
                SCOPED_TRACE(variant.name);
                expect_gradients(*cpu::make_kernel_of(variant, 2));
            }
        }
        for (const std::string_view backend : every_backend()) {
            SCOPED_TRACE(backend);
            expect_gradients(backend_of(backend, 2));
        }
    }
}

TEST(ScoringBackward, RefusesGradientsThatDoNotFit) {
    const AttentionCase c = scored_case(3, 4, full, {1, 2, 1, 4, 4, DType::float32}, {});
    const BackwardInputs inputs(c);
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet rows({{0, 3}});
    const TokenSet columns({{0, 4}});
    const LocalMask local(*mask, rows, columns);
    const std::vector<float> of_rows(6);
    Gradients out(inputs.forward);
    AttendGradients view = out.view(inputs.forward);
    std::vector<float> bias(24);
    view.bias = {bias.data(), 2, 4, 3};
    for (const char* backend : {"cpu", "opencl", "opencl_tiled", "reference"}) {
        expect_error(ErrorKind::bad_input, {"gradients.bias: 2 x 4 x 3", "accepted: 1 or 2 x 3 x 4"}, [&] {
            backend_of(backend, 1)
                .attend_backward({{inputs.forward.q(), inputs.forward.k(), inputs.forward.v(), &local, c.scale()},
                                  inputs.dout(),
                                  of_rows.data(),
                                  of_rows.data()},
                                 view, {});
        });
    }
}

}  // namespace
}  // namespace longscope
