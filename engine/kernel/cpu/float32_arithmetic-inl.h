// SPDX-License-Identifier: GPL-3.0-or-later
// float32 in units of one.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_FLOAT32_ARITHMETIC_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_FLOAT32_ARITHMETIC_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_FLOAT32_ARITHMETIC_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_FLOAT32_ARITHMETIC_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/tile_product-inl.h"

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
    // A vector of what store_weights() stored, from a column on, as it is kept.
    static HWY_ATTR HWY_INLINE Vector stored_weights(const float* row, std::int64_t column) {
        return hn::Load(Lanes(), row + column);
    }
    // What was kept, of a vector of columns.
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

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
