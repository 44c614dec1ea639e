// SPDX-License-Identifier: GPL-3.0-or-later
// The cpu kernel is compiled once for every instruction set: each that this machine has must be exact, not only the
// best one.
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <set>

#include "engine/kernel/cpu/cpu_kernel.h"
#include "engine/kernel/cpu/tile_float32.h"
#include "tests/support/attention_case.h"
#include "tests/support/typed_tensor.h"

namespace longscope {
namespace {

AttentionCase make_case(std::int64_t tokens, const char* mask, std::int64_t dim) {
    AttentionCase c;
    c.shape = {1, 4, 2, dim, dim, DType::float32};
    c.domain = {tokens, tokens, {0, tokens / 3, tokens}};
    c.mask_json = mask;
    return c;
}

TEST(TileVariants, EachOneOfFloat32EqualsTheReference) {
    std::set<std::string> names;
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (!variant.refusal(DType::float32).empty()) {
            continue;
        }
        SCOPED_TRACE(variant.name);
        names.insert(variant.name);
        for (const char* mask : {R"({"full": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
                                 R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 50, "right": 9}}]})"}) {
            for (const std::int64_t dim : {7, 64}) {
                const AttentionCase c = make_case(301, mask, dim);
                SCOPED_TRACE(c.text());
                const AttentionInputs inputs(c);
                const std::unique_ptr<Mask> compiled = c.mask();
                const TokenSet all({{0, 301}});
                const LocalMask local(*compiled, all, all);
                Partial out(4, 301, dim);
                cpu::make_kernel_of(variant, 1)
                    ->attend({inputs.q(), inputs.k(), inputs.v(), &local, c.scale()}, out, {});
                const AttentionError error = error_of(reference_attention(c, inputs), out);
                EXPECT_LE(error.output_relative_l2, 1e-6);
                EXPECT_LE(error.lse_absolute, 1e-5);
            }
        }
    }
#if defined(__x86_64__)
    EXPECT_GE(names.size(), 2U) << "every 64-bit x86 processor has SSSE3 or better, and AVX2 for ten years";
#endif
}

// Dimensions that fill units, panels and tiles of a matrix unit, and that do not; rows that fill groups, and that do
// not.
TEST(TileVariants, EachOneOfBfloat16EqualsTheReference) {
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (!variant.refusal(DType::bfloat16).empty() || variant.simd_target == HWY_SCALAR) {
            continue;
        }
        SCOPED_TRACE(variant.name);
        for (const char* mask :
             {R"({"full": {}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
              R"({"or": [{"sink": {"tokens": 3}}, {"window": {"left": 50, "right": 9}}]})",
              R"({"and": [{"causal": {}}, {"strided_columns": {"stride": 40, "first": 3, "width": 2}}]})"}) {
            for (const std::int64_t dim : {1, 7, 32, 33, 64, 80, 192}) {
                AttentionCase c = make_case(301, mask, dim);
                c.shape.dtype = DType::bfloat16;
                SCOPED_TRACE(c.text());
                const AttentionInputs inputs(c);
                const std::unique_ptr<Mask> compiled = c.mask();
                const TokenSet all({{0, 301}});
                const LocalMask local(*compiled, all, all);
                const TypedTensor q(inputs.q(), DType::bfloat16);
                const TypedTensor k(inputs.k(), DType::bfloat16);
                const TypedTensor v(inputs.v(), DType::bfloat16);
                Partial out(4, 301, dim);
                cpu::make_kernel_of(variant, 2)->attend({q.view(), k.view(), v.view(), &local, c.scale()}, out, {});
                const AttentionError error = error_of(reference_attention(c, inputs), out);
                EXPECT_LE(error.output_relative_l2, 8e-3);
                EXPECT_LE(error.lse_absolute, 1e-5);
            }
        }
    }
}

TEST(TileVariants, AreNotAskedForTheirFunctionsWhereTheyDoNotRun) {
    const std::int64_t widest = cpu::float32_functions().front().target;
    hwy::SetSupportedTargetsForTest(hwy::SupportedTargets() & ~widest);
    for (const cpu::SimdFunctions& simd : cpu::float32_functions()) {
        EXPECT_EQ(simd.functions.attend_tile != nullptr, (hwy::SupportedTargets() & simd.target) != 0)
            << hwy::TargetName(simd.target);
    }
    hwy::SetSupportedTargetsForTest(0);
}

TEST(TileVariants, SayWhyTheyRefuse) {
    for (const cpu::TileVariant& variant : cpu::tile_variants()) {
        if (variant.arithmetic == DType::bfloat16) {
            EXPECT_EQ(variant.refusal(DType::float32), "it takes bfloat16 only: float32 is given");
        }
    }
    EXPECT_TRUE(cpu::tile_variants().back().refusal(DType::float16).empty()) << "the last one takes everything";
}

TEST(TileVariants, AreForcedByName) {
    const cpu::TileVariant& lowest = cpu::tile_variants().back();
    ASSERT_EQ(setenv(cpu::variant_variable, lowest.name.c_str(), 1), 0);
    EXPECT_EQ(cpu::choose_tile_variant(DType::bfloat16).name, lowest.name);
    ASSERT_EQ(setenv(cpu::variant_variable, "MMX", 1), 0);
    try {
        static_cast<void>(cpu::choose_tile_variant(DType::float32));
        FAIL() << "accepted";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
        EXPECT_NE(std::string(error.what()).find("LONGSCOPE_CPU_VARIANT: MMX"), std::string::npos) << error.what();
    }
    ASSERT_EQ(unsetenv(cpu::variant_variable), 0);
}

}  // namespace
}  // namespace longscope
