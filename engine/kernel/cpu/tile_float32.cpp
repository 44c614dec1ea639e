// SPDX-License-Identifier: GPL-3.0-or-later
// The float32 variants. Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "engine/kernel/cpu/tile_float32.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernel/cpu/tile_float32.cpp"
// Register tiles are arrays of vectors, which sizeless vector types do not allow.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include <cstring>

#include "engine/kernel/cpu/tile_compute-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

struct Float32 {
    using Element = float;
    static constexpr std::int64_t unit = 1;
    static HWY_ATTR HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) { return hn::MulAdd(a, b, sum); }
    static HWY_ATTR HWY_INLINE void store_weights(Vector e0, Vector e1, float* row, std::int64_t column) {
        hn::Store(e0, Lanes(), row + column);
        hn::Store(e1, Lanes(), row + column + lanes);
    }
    // What store_weights() stored, of a vector of columns.
    static HWY_ATTR HWY_INLINE Vector load_weights(const float* row, std::int64_t column) {
        return hn::Load(Lanes(), row + column);
    }
    // One layout serves both: the transposed product reads along columns.
    static HWY_ATTR HWY_INLINE void store_row_pair(Vector r0, Vector r1, float* rows, std::int64_t stride,
                                                   std::int64_t row, std::int64_t column) {
        hn::Store(r0, Lanes(), rows + row * stride + column);
        hn::Store(r1, Lanes(), rows + (row + 1) * stride + column);
    }
    static HWY_ATTR HWY_INLINE void store_rows(Vector /*r0*/, Vector /*r1*/, float* /*rows*/, std::int64_t /*stride*/,
                                               std::int64_t /*row*/, std::int64_t /*column*/) {}
    static HWY_INLINE void clear_row_pair(float* rows, std::int64_t stride, std::int64_t row, std::int64_t columns) {
        std::memset(rows + row * stride, 0, static_cast<std::size_t>(columns) * sizeof(float));
        std::memset(rows + (row + 1) * stride, 0, static_cast<std::size_t>(columns) * sizeof(float));
    }
    static HWY_ATTR HWY_INLINE void convert(const float* HWY_RESTRICT row, std::int64_t elements, float scale,
                                            float* HWY_RESTRICT units) {
        for (std::int64_t i = 0; i < elements; ++i) {
            units[i] = row[i] * scale;
        }
    }
    static HWY_INLINE float element(float value) { return value; }
};

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
