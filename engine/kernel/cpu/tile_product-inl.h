// SPDX-License-Identifier: GPL-3.0-or-later
// The register tile: the product that takes nearly all of the time of attention.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PRODUCT_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PRODUCT_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PRODUCT_INL_H
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <cstdint>
#include <limits>

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;

// 12 x 2 accumulators, two vectors of B and one broadcast fill 27 of 32 registers and give each of two multiply-add
// units 12 independent chains, more than their latency of 4 to 5 cycles. With 16 registers, 6 x 2 do.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int row_group = 12;
#else
constexpr int row_group = 6;
#endif
constexpr int panel_vectors = 2;
constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));
constexpr std::int64_t panel = panel_vectors * lanes;

// Columns of a tile of the forward pass.
constexpr std::int64_t k_tile = 256;

// What becomes of the matrix that a product is written to.
enum class Into { overwrite, add, rescale };

// B streams from the second-level cache, 4 KiB ahead of the product. Of a tile of D = 128 that took the share of the
// peak from 79 to 83 % on a processor with 48 KiB of first-level and 2 MiB of second-level cache; the hardware's own
// prefetching stops at the ends of panels.
constexpr std::int64_t prefetch_rows = 32;

// A row of a panel.
HWY_ATTR HWY_INLINE void prefetch_panel(const float* HWY_RESTRICT row) {
    constexpr std::int64_t line = 16;  // floats of a cache line
    for (std::int64_t at = 0; at < panel; at += line) {
        hwy::Prefetch(row + at);
    }
}

// C[row_group x panel] = A[row_group x depth] * B[depth x panel], plus C, plus C * scale[row]. The unit of A in row r
// and column i stands at r * RowStride + i * ColumnStride: constants, so that no row needs its own pointer.
template <class Arithmetic, Into into, std::int64_t RowStride, std::int64_t ColumnStride>
HWY_ATTR HWY_INLINE void multiply(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t depth,
                                  float* HWY_RESTRICT c, std::int64_t c_stride,
                                  const float* HWY_RESTRICT scale = nullptr) {
    const Lanes d;
    Vector sum[row_group][panel_vectors];
#pragma GCC unroll 12
    for (int r = 0; r < row_group; ++r) {
        sum[r][0] = hn::Zero(d);
        sum[r][1] = hn::Zero(d);
    }
    for (std::int64_t i = 0; i < depth; ++i) {
        const Vector b0 = hn::Load(d, b + i * panel);
        const Vector b1 = hn::Load(d, b + i * panel + lanes);
        prefetch_panel(b + (i + prefetch_rows) * panel);
#pragma GCC unroll 12
        for (int r = 0; r < row_group; ++r) {
            const Vector ar = hn::Set(d, a[r * RowStride + i * ColumnStride]);
            sum[r][0] = Arithmetic::multiply_add(ar, b0, sum[r][0]);
            sum[r][1] = Arithmetic::multiply_add(ar, b1, sum[r][1]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < row_group; ++r) {
        float* out = c + r * c_stride;
        if constexpr (into == Into::rescale) {
            const Vector s = hn::Set(d, scale[r]);
            sum[r][0] = hn::MulAdd(hn::Load(d, out), s, sum[r][0]);
            sum[r][1] = hn::MulAdd(hn::Load(d, out + lanes), s, sum[r][1]);
        } else if constexpr (into == Into::add) {
            sum[r][0] = hn::Add(hn::Load(d, out), sum[r][0]);
            sum[r][1] = hn::Add(hn::Load(d, out + lanes), sum[r][1]);
        }
        hn::Store(sum[r][0], d, out);
        hn::Store(sum[r][1], d, out + lanes);
    }
}

// Bits [c, c + lanes) of a row of visible columns.
HWY_ATTR HWY_INLINE hn::Mask<Lanes> visible_lanes(const std::uint64_t* HWY_RESTRICT visible, std::int64_t c) {
    if constexpr (lanes >= 8) {
        return hn::LoadMaskBits(Lanes(), reinterpret_cast<const std::uint8_t*>(visible) + c / 8);
    } else {
        // The mask begins inside a byte. LoadMaskBits reads up to eight bytes.
        const std::uint64_t bits = visible[c / 64] >> (c % 64);
        return hn::LoadMaskBits(Lanes(), reinterpret_cast<const std::uint8_t*>(&bits));
    }
}

// -inf where a column is not visible.
HWY_ATTR HWY_INLINE Vector hide(Vector scores, const std::uint64_t* HWY_RESTRICT visible, std::int64_t c) {
    return hn::IfThenElse(visible_lanes(visible, c), scores, hn::Set(Lanes(), -std::numeric_limits<float>::infinity()));
}

// 0 where a column is not visible.
HWY_ATTR HWY_INLINE Vector show(Vector weights, const std::uint64_t* HWY_RESTRICT visible, std::int64_t c) {
    return hn::IfThenElseZero(visible_lanes(visible, c), weights);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
