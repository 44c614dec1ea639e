// SPDX-License-Identifier: GPL-3.0-or-later
// The float32 variants. Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "engine/kernel/cpu/tile_float32.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernel/cpu/tile_float32.cpp"
// Register tiles are arrays of vectors, which sizeless vector types do not allow.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include "engine/kernel/cpu/float32_arithmetic-inl.h"
#include "engine/kernel/cpu/tile_compute-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

SimdFunctions simd_functions() {
    return {HWY_TARGET, tile_functions<Float32>()};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope::cpu {

std::vector<SimdFunctions> float32_functions() {
    std::vector<SimdFunctions> all;
    // Asked for only where they run: what fills them in is compiled for that instruction set as well.
    const auto add = [&](std::int64_t target, SimdFunctions (*functions)()) {
        all.push_back((hwy::SupportedTargets() & target) != 0 ? functions() : SimdFunctions{target, {}});
    };
#if HWY_TARGETS & HWY_AVX3
    add(HWY_AVX3, N_AVX3::simd_functions);
#endif
#if HWY_TARGETS & HWY_AVX2
    add(HWY_AVX2, N_AVX2::simd_functions);
#endif
#if HWY_TARGETS & HWY_SSE4
    add(HWY_SSE4, N_SSE4::simd_functions);
#endif
#if HWY_TARGETS & HWY_SSSE3
    add(HWY_SSSE3, N_SSSE3::simd_functions);
#endif
#if HWY_TARGETS & HWY_NEON
    add(HWY_NEON, N_NEON::simd_functions);
#endif
#if HWY_TARGETS & HWY_PPC8
    add(HWY_PPC8, N_PPC8::simd_functions);
#endif
#if HWY_TARGETS & HWY_EMU128
    add(HWY_EMU128, N_EMU128::simd_functions);
#endif
#if HWY_TARGETS & HWY_SCALAR
    add(HWY_SCALAR, N_SCALAR::simd_functions);
#endif
    return all;
}

}  // namespace longscope::cpu
#endif  // HWY_ONCE
