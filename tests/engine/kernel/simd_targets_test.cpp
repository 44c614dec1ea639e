// SPDX-License-Identifier: GPL-3.0-or-later
// The cpu kernel is compiled once for every instruction set: each that this machine has must be exact, not only the
// best one.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <set>

#include "engine/kernel/cpu/tile_compute.h"
#include "tests/support/attention_case.h"

namespace longscope {
namespace {

class SimdTargets : public ::testing::Test {
  protected:
    static void choose(std::int64_t target) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
    void TearDown() override { choose(0); }
};

AttentionCase make_case(std::int64_t tokens, const char* mask, std::int64_t dim) {
    AttentionCase c;
    c.shape = {1, 4, 2, dim, dim, DType::float32};
    c.domain = {tokens, tokens, {0, tokens / 3, tokens}};
    c.mask_json = mask;
    return c;
}

TEST_F(SimdTargets, EachOneEqualsTheReference) {
    std::set<std::string> names;
    for (std::int64_t bits = hwy::SupportedTargets() & HWY_TARGETS; bits != 0; bits &= bits - 1) {
        choose(bits & -bits);
        SCOPED_TRACE(cpu::simd_target_name());
        names.insert(cpu::simd_target_name());
        for (const char* mask : {R"({"full": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                                 R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 50, "right": 9}}]})"}) {
            for (const std::int64_t dim : {7, 64}) {
                const AttentionCase c = make_case(301, mask, dim);
                SCOPED_TRACE(c.text());
                const AttentionInputs inputs(c);
                const ReferenceResult reference = reference_attention(c, inputs);
                const std::unique_ptr<Mask> compiled = c.mask();
                const TokenSet all({{0, 301}});
                const LocalMask local(*compiled, all, all);
                Partial out(4, 301, dim);
                make_cpu_kernel(1)->attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {});
                const AttentionError error = error_of(reference, out);
                EXPECT_LE(error.output_relative_l2, 1e-6);
                EXPECT_LE(error.lse_absolute, 1e-5);
            }
        }
    }
#if HWY_ARCH_X86_64
    EXPECT_GE(names.size(), 2U) << "every 64-bit x86 processor has SSE2 or better, and AVX2 for ten years";
#endif
}

}  // namespace
}  // namespace longscope
