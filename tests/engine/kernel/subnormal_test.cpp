// SPDX-License-Identifier: GPL-3.0-or-later
// Peaked rows, whose weights fall through all magnitudes down to 0: no instruction of the kernels makes or reads a
// subnormal number on the way, since some processors take a hundred cycles for each. The processor itself keeps count:
// its flags say whether one was met since they were cleared, whatever else the machine does meanwhile.
#include <gtest/gtest.h>

#if defined(__x86_64__)

#include <hwy/targets.h>
#include <immintrin.h>

#include <limits>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "tests/support/backward_case.h"
#include "tests/support/forward_case.h"

namespace longscope {
namespace {

// Did an instruction read a subnormal number, or make one that is not exact?
template <typename Action>
bool meets_subnormals(const Action& action) {
    constexpr unsigned denormal_operand = 1U << 1U;
    constexpr unsigned underflow = 1U << 4U;
    _mm_setcsr(_mm_getcsr() & ~(denormal_operand | underflow));
    action();
    return (_mm_getcsr() & (denormal_operand | underflow)) != 0;
}

TEST(Subnormals, AreNoticed) {
    volatile float small = 1e-30F;
    volatile float result = 0.0F;
    EXPECT_TRUE(meets_subnormals([&] { result = small * 1.1e-10F; }));
    EXPECT_GT(result, 0.0F);
    EXPECT_FALSE(meets_subnormals([&] { result = small * 1.1F; }));
}

AttentionCase peaked(std::int64_t queries, DType dtype, const ScoringCase& scoring) {
    AttentionCase c{{1, 2, 1, 16, 32, dtype}, {queries, 600, {}}, R"({"causal": {}})", 4};
    c.scale_factor = 20.0;
    c.scoring = scoring;
    return c;
}

// Every row has its peak at the first key: with a scale of 5 that score is 95, and the others are of a standard
// deviation of 19, so that a good part of the weights lies between 2^-150 and 2^-100. (A maximum that rises far makes
// subnormal numbers of the sums so far, a vector of each row: seldom enough.)
void make_peaks(AttentionInputs& inputs) {
    const std::int64_t dim = inputs.shape.head_dim_qk;
    for (std::size_t i = 0; i < inputs.queries.size(); i += static_cast<std::size_t>(dim)) {
        inputs.queries[i] = 1.0F;
    }
    for (std::size_t i = 0; i < inputs.keys.size(); i += static_cast<std::size_t>(dim)) {
        inputs.keys[i] = 0.0F;
    }
    std::fill_n(inputs.keys.begin(), dim, 0.0F);
    inputs.keys[0] = 19.0F;
}

class SubnormalsOf : public testing::Test {
  protected:
    static std::vector<ScoringCase> scorings() { return {{}, {0.0, true, 0, 0.0, std::nullopt, false}}; }

    // Calls `check(kernel, dtype)` for each variant and type that it takes, in both orders of the loops.
    template <typename Check>
    static void for_each_kernel(const Check& check) {
        for (const cpu::TileVariant& variant : cpu::tile_variants()) {
            for (const DType dtype : {DType::float32, DType::bfloat16}) {
                if (!variant.refusal(dtype).empty()) {
                    continue;
                }
                for (const cpu::LoopOrder order : {cpu::LoopOrder::query_major, cpu::LoopOrder::key_major}) {
                    SCOPED_TRACE(variant.name + " " + std::string(to_string(dtype)) + " " +
                                 std::string(cpu::to_string(order)));
                    check(*cpu::make_kernel_of(variant, 1, order), dtype);
                }
            }
        }
    }
};

TEST_F(SubnormalsOf, TheCasesAreThere) {
    const AttentionCase c = peaked(300, DType::float32, {});
    AttentionInputs inputs(c);
    make_peaks(inputs);
    const ReferenceResult reference = reference_attention(c, inputs);
    std::int64_t subnormal = 0;
    for (std::int64_t k = 0; k < 300; ++k) {
        const double score = c.scale() * dot({inputs.q().row(0, 299), 16}, {inputs.k().row(0, k), 16});
        const double weight = std::exp(score - reference.lse[299]);
        subnormal += weight > 0x1p-150 && weight < 0x1p-126 ? 1 : 0;
    }
    EXPECT_GT(subnormal, 50);
}

TEST_F(SubnormalsOf, TheForwardPassAreNone) {
    for_each_kernel([](const Kernel& kernel, DType dtype) {
        for (const std::int64_t queries : {2, 300}) {  // the first is decoding
            for (const ScoringCase& scoring : scorings()) {
                const AttentionCase c = peaked(queries, dtype, scoring);
                AttentionInputs inputs(c);
                make_peaks(inputs);
                Partial out(2, queries, 32);
                EXPECT_FALSE(meets_subnormals([&] { out = run_forward(kernel, c, inputs); })) << c.text();
                const AttentionError error = error_of(reference_attention(c, inputs), out);
                EXPECT_LE(error.output_relative_l2, dtype == DType::bfloat16 ? 8e-3 : 3e-6) << c.text();
            }
        }
    });
}

TEST_F(SubnormalsOf, TheBackwardPassAreNone) {
    for_each_kernel([](const Kernel& kernel, DType dtype) {
        for (const ScoringCase& scoring : scorings()) {
            const AttentionCase c = peaked(300, dtype, scoring);
            BackwardInputs inputs(c);
            make_peaks(inputs.forward);
            const ReferenceGradients reference = reference_gradients(c, inputs);
            Gradients gradients(inputs.forward);
            EXPECT_FALSE(meets_subnormals([&] { gradients = run_backward(kernel, c, inputs, reference); })) << c.text();
            EXPECT_LE(error_of_gradients(reference, gradients).worst(), gradient_bound(dtype, 600) * 4) << c.text();
        }
    });
}

}  // namespace
}  // namespace longscope

#endif  // x86
