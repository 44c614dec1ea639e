// SPDX-License-Identifier: GPL-3.0-or-later
// bfloat16 in units of two, with float32 sums, by the instructions of AVX-512 for it.
// Included by files that are compiled with the flags of that instruction set, once each; hence no #pragma once but
// Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_BFLOAT16_ARITHMETIC_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_BFLOAT16_ARITHMETIC_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_BFLOAT16_ARITHMETIC_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_BFLOAT16_ARITHMETIC_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/tile_product-inl.h"

static_assert(HWY_TARGET == HWY_AVX3, "the flags of the including file make Highway's AVX3 the one target");

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

struct Bfloat16 {
    using Element = std::uint16_t;
    static constexpr std::int64_t unit = 2;
    // sum + a0 b0 + a1 b1 in each lane; Highway 1.0.3 has no name for it.
    static HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) {
        return Vector{_mm512_dpbf16_ps(sum.raw, reinterpret_cast<__m512bh>(a.raw), reinterpret_cast<__m512bh>(b.raw))};
    }
    static HWY_INLINE void store_weights(Vector e0, Vector e1, float* row, std::int64_t column) {
        _mm512_store_ps(row + column / 2, reinterpret_cast<__m512>(_mm512_cvtne2ps_pbh(e1.raw, e0.raw)));
    }
    // A vector of what store_weights() stored, from a column on, as it is kept.
    static HWY_ATTR HWY_INLINE Vector stored_weights(const float* row, std::int64_t column) {
        return hn::Load(Lanes(), row + column / unit);
    }
    // What was kept, of a vector of columns.
    static HWY_INLINE Vector load_weights(const float* row, std::int64_t column) {
        const __m256i halves = _mm256_load_si256(reinterpret_cast<const __m256i*>(row + column / 2));
        return Vector{_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
    }
    // Two rows side by side in each unit: the transposed product sums over rows.
    static HWY_INLINE void store_row_pair(Vector r0, Vector r1, float* rows, std::int64_t stride, std::int64_t row,
                                          std::int64_t column) {
        const __m512i low = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(r0.raw)));
        const __m512i high = _mm512_cvtepu16_epi32(reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(r1.raw)));
        _mm512_store_si512(rows + row / 2 * stride + column, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
    }
    static HWY_INLINE void store_rows(Vector r0, Vector r1, float* rows, std::int64_t stride, std::int64_t row,
                                      std::int64_t column) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(rows + row * stride + column / 2),
                           reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(r0.raw)));
        _mm256_store_si256(reinterpret_cast<__m256i*>(rows + (row + 1) * stride + column / 2),
                           reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(r1.raw)));
    }
    static HWY_INLINE void clear_row_pair(float* rows, std::int64_t stride, std::int64_t row, std::int64_t columns) {
        std::memset(rows + row / 2 * stride, 0, static_cast<std::size_t>(columns) * sizeof(float));
    }
    // To the nearest, ties to even.
    static HWY_INLINE std::uint16_t element(float value) {
        std::uint32_t bits = 0;
        hwy::CopyBytes<4>(&value, &bits);
        if ((bits & 0x7FFF'FFFF) > 0x7F80'0000) {
            return static_cast<std::uint16_t>((bits >> 16) | 0x40);  // NaN stays NaN
        }
        return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
    // The last unit is filled up with zero.
    static HWY_INLINE void convert(const float* HWY_RESTRICT row, std::int64_t elements, float scale,
                                   float* HWY_RESTRICT units) {
        const __m512 factor = _mm512_set1_ps(scale);
        std::int64_t i = 0;
        for (; i + 32 <= elements; i += 32) {
            const __m512 low = _mm512_mul_ps(_mm512_loadu_ps(row + i), factor);
            const __m512 high = _mm512_mul_ps(_mm512_loadu_ps(row + i + 16), factor);
            _mm512_storeu_ps(units + i / 2, reinterpret_cast<__m512>(_mm512_cvtne2ps_pbh(high, low)));
        }
        auto* halves = reinterpret_cast<std::uint16_t*>(units);
        for (; i < elements; ++i) {
            halves[i] = element(row[i] * scale);
        }
        if (elements % 2 != 0) {
            halves[elements] = 0;
        }
    }
};

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
