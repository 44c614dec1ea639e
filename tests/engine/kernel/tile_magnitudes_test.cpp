// SPDX-License-Identifier: GPL-3.0-or-later
// Inputs far from 1: some variants take numbers apart, and a matrix unit takes the smallest parts for zeros.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/backward_case.h"

namespace longscope {
namespace {

AttentionCase small_case() {
    AttentionCase c;
    c.shape = {1, 4, 2, 40, 33, DType::float32};
    c.domain = {150, 300, {}};
    c.mask_json = R"({"causal": {}})";
    return c;
}

void multiply(std::vector<float>& values, int exponent) {
    for (float& value : values) {
        value = std::ldexp(value, exponent);
    }
}

template <typename Check>
void with_every_variant(const Check& check) {
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (variant.refusal(DType::float32).empty()) {
            SCOPED_TRACE(variant.name);
            check(*cpu::make_kernel_of(variant, 2));
        }
    }
}

TEST(TileMagnitudes, OfValuesDoNotChangeTheRelativeErrorOfTheOutput) {
    const AttentionCase c = small_case();
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet queries({{0, 150}});
    const TokenSet keys({{0, 300}});
    const LocalMask local(*mask, queries, keys);
    for (const int exponent : {-110, -70, -61, -59, -40, 40, 100}) {
        SCOPED_TRACE(exponent);
        AttentionInputs inputs(c);
        multiply(inputs.values, exponent);
        const ReferenceResult reference = reference_attention(c, inputs);
        with_every_variant([&](const Kernel& kernel) {
            Partial out(4, 150, 33);
            kernel.attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {});
            EXPECT_LE(error_of(reference, out).output_relative_l2, 1e-6);
        });
    }
}

TEST(TileMagnitudes, OfQueriesAndKeysThatMakeUpForEachOtherChangeNothing) {
    const AttentionCase c = small_case();
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet queries({{0, 150}});
    const TokenSet keys({{0, 300}});
    const LocalMask local(*mask, queries, keys);
    for (const int exponent : {-90, -40, 40, 90}) {
        SCOPED_TRACE(exponent);
        AttentionInputs inputs(c);
        multiply(inputs.queries, exponent);
        multiply(inputs.keys, -exponent);
        const ReferenceResult reference = reference_attention(c, inputs);
        with_every_variant([&](const Kernel& kernel) {
            Partial out(4, 150, 33);
            kernel.attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {});
            const AttentionError error = error_of(reference, out);
            EXPECT_LE(error.output_relative_l2, 1e-6);
            EXPECT_LE(error.lse_absolute, 1e-5);
        });
    }
}

// As they are at the first layers of a model, or with a loss that is a mean over many tokens.
TEST(TileMagnitudes, OfOutputGradientsDoNotChangeTheRelativeErrorOfGradients) {
    const AttentionCase c = small_case();
    for (const int exponent : {-110, -61, -59, -30, 30}) {
        SCOPED_TRACE(exponent);
        BackwardInputs inputs(c);
        multiply(inputs.output_gradients, exponent);
        const ReferenceGradients reference = reference_gradients(c, inputs);
        with_every_variant([&](const Kernel& kernel) {
            const GradientError error = error_of_gradients(reference, run_backward(kernel, c, inputs, reference));
            EXPECT_LE(error.worst(), gradient_bound(DType::float32, 300));
        });
    }
}

}  // namespace
}  // namespace longscope
