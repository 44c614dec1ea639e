// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <string_view>

#include "engine/base/error.h"
#include "engine/kernel/cpu/tile_amx.h"
#include "engine/kernel/cpu/tile_bfloat16.h"
#include "engine/kernel/cpu/tile_float32.h"
#include "engine/kernel/cpu/tile_variant.h"

namespace longscope::cpu {

namespace {

std::string lacks_instructions(DType /*inputs*/, std::int64_t simd_target) {
    // Asked for once: under a hypervisor each question to the processor takes microseconds, and Highway asks many.
    static const std::int64_t targets = hwy::SupportedTargets();
    return (targets & simd_target) != 0 ? "" : "this processor does not have these instructions";
}

#if defined(__x86_64__)
std::string lacks_bfloat16(DType inputs, std::int64_t simd_target) {
    if (inputs != DType::bfloat16) {
        return fmt::format("it takes bfloat16 only: {} is given", to_string(inputs));
    }
    if (__builtin_cpu_supports("avx512bf16") == 0) {
        return "this processor has no dot product of bfloat16";
    }
    return lacks_instructions(inputs, simd_target);
}
#endif

#if defined(__x86_64__)
std::string lacks_matrix_unit(DType inputs, std::int64_t simd_target) {
    if (std::string reason = lacks_bfloat16(inputs, simd_target); !reason.empty()) {
        return reason;
    }
    return may_use_matrix_unit() ? "" : "this processor has no matrix unit, or the system keeps it back";
}

std::string lacks_split_unit(DType /*inputs*/, std::int64_t simd_target) {
    return lacks_matrix_unit(DType::bfloat16, simd_target);
}

// With decoding as the widest variant of float32 does it.
TileFunctions split_unit_and_decoding(const std::vector<TileVariant>& of_float32) {
    TileFunctions functions = split_unit_functions();
    functions.pack_decode_queries = of_float32.front().functions.pack_decode_queries;
    functions.decode_tile = of_float32.front().functions.decode_tile;
    return functions;
}
#endif

std::vector<TileVariant> make_variants() {
    std::vector<TileVariant> variants;
    for (const SimdFunctions& simd : float32_functions()) {
        variants.push_back({fmt::format("float32 {}", hwy::TargetName(simd.target)), DType::float32, lacks_instructions,
                            simd.target, simd.functions});
    }
#if defined(__x86_64__)
    // Asked for only where they run: the files that they stand in are compiled for that processor.
    const bool has_bfloat16 = __builtin_cpu_supports("avx512bf16") != 0;
    const bool has_matrix_unit = has_bfloat16 && may_use_matrix_unit();
    variants.insert(variants.begin(), {"float32 AMX", DType::float32, lacks_split_unit, HWY_AVX3,
                                       has_matrix_unit ? split_unit_and_decoding(variants) : TileFunctions{}});
    // Processors with a matrix unit take the dot product at half the rate of float32's multiply-add (bench attention
    // prints both): there it comes behind the widest float32.
    variants.insert(variants.begin() + (has_matrix_unit ? 2 : 0),
                    {"bfloat16 AVX3", DType::bfloat16, lacks_bfloat16, HWY_AVX3,
                     has_bfloat16 ? bfloat16_functions() : TileFunctions{}});
    variants.insert(variants.begin(), {matrix_unit_variant, DType::bfloat16, lacks_matrix_unit, HWY_AVX3,
                                       has_matrix_unit ? matrix_unit_functions() : TileFunctions{}});
#endif
    return variants;
}

}  // namespace

const std::vector<TileVariant>& tile_variants() {
    static const std::vector<TileVariant> variants = make_variants();
    return variants;
}

const TileVariant& choose_tile_variant(DType inputs) {
    const char* asked = std::getenv(variant_variable);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    std::string accepted;
    for (const TileVariant& variant : tile_variants()) {
        if (!variant.refusal(inputs).empty()) {
            continue;
        }
        if (asked == nullptr || std::string_view(variant.name).ends_with(asked)) {
            return variant;
        }
        accepted += (accepted.empty() ? "" : ", ") + variant.name;
    }
    throw bad_input(variant_variable, asked == nullptr ? "" : asked, "is no variant for these inputs on this processor",
                    accepted);
}

}  // namespace longscope::cpu
