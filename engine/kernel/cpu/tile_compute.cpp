// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled once for every instruction set: this file includes itself through foreach_target.h.
#include "engine/kernel/cpu/tile_compute.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernel/cpu/tile_compute.cpp"
// Register tiles are arrays of vectors, which sizeless vector types do not allow.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include <hwy/foreach_target.h>  // NOLINT(misc-header-include-cycle)
#include <hwy/highway.h>

#include <limits>

#include "engine/kernel/cpu/exp2-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;

// 12 x 2 accumulators, two vectors of B and one broadcast fill 27 of 32 registers and give each of two FMA units 12
// independent chains, more than their latency of 4 to 5 cycles. With 16 registers, 6 x 2 do.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int row_group = 12;
#else
constexpr int row_group = 6;
#endif
constexpr int panel_vectors = 2;

// Columns of a tile, and the distance of two rows of scores.
constexpr std::int64_t k_tile = 256;

// C[row_group x panel] = A[row_group x depth] * B[depth x panel]; with Accumulate, C = C * scale[row] + A * B. The element
// of A in row r and column i stands at r * RowStride + i * ColumnStride: constants, so that no row needs its own pointer.
template <bool Accumulate, std::int64_t RowStride, std::int64_t ColumnStride>
HWY_ATTR HWY_INLINE void multiply(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t depth,
                                  float* HWY_RESTRICT c, std::int64_t c_stride, const float* HWY_RESTRICT scale) {
    const Lanes d;
    constexpr auto width = static_cast<std::int64_t>(hn::MaxLanes(d));
    Vector sum[row_group][panel_vectors];
#pragma GCC unroll 12
    for (int r = 0; r < row_group; ++r) {
        sum[r][0] = hn::Zero(d);
        sum[r][1] = hn::Zero(d);
    }
    for (std::int64_t i = 0; i < depth; ++i) {
        const Vector b0 = hn::Load(d, b + i * panel_vectors * width);
        const Vector b1 = hn::Load(d, b + i * panel_vectors * width + width);
#pragma GCC unroll 12
        for (int r = 0; r < row_group; ++r) {
            const Vector ar = hn::Set(d, a[r * RowStride + i * ColumnStride]);
            sum[r][0] = hn::MulAdd(ar, b0, sum[r][0]);
            sum[r][1] = hn::MulAdd(ar, b1, sum[r][1]);
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < row_group; ++r) {
        float* out = c + r * c_stride;
        if constexpr (Accumulate) {
            const Vector s = hn::Set(d, scale[r]);
            hn::Store(hn::MulAdd(hn::Load(d, out), s, sum[r][0]), d, out);
            hn::Store(hn::MulAdd(hn::Load(d, out + width), s, sum[r][1]), d, out + width);
        } else {
            hn::Store(sum[r][0], d, out);
            hn::Store(sum[r][1], d, out + width);
        }
    }
}

// One row of scores in columns [begin, end), multiples of the panel: hides what is not visible, turns scores into
// exponentials, updates maximum and sum, returns the factor by which the earlier output shrinks.
HWY_ATTR HWY_INLINE float softmax_row(float* HWY_RESTRICT scores, std::int64_t begin, std::int64_t end,
                                      const std::uint64_t* HWY_RESTRICT visible, float& maximum, float* HWY_RESTRICT sums) {
    constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
    const Lanes d;
    const auto width = static_cast<std::int64_t>(hn::Lanes(d));
    const Vector hidden = hn::Set(d, minus_infinity);
    Vector highest0 = hidden;
    Vector highest1 = hidden;
    if (visible != nullptr) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(visible);
        for (std::int64_t c = begin; c < end; c += width) {
            // Fewer than eight lanes: the mask begins inside a byte. LoadMaskBits reads up to eight bytes.
            std::uint64_t bits = visible[c / 64] >> (c % 64);
            const auto mask = width >= 8 ? hn::LoadMaskBits(d, bytes + c / 8)
                                         : hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(&bits));
            const Vector s = hn::IfThenElse(mask, hn::Load(d, scores + c), hidden);
            hn::Store(s, d, scores + c);
            highest0 = hn::Max(highest0, s);
        }
    } else {
        for (std::int64_t c = begin; c < end; c += 2 * width) {
            highest0 = hn::Max(highest0, hn::Load(d, scores + c));
            highest1 = hn::Max(highest1, hn::Load(d, scores + c + width));
        }
    }
    // A new maximum only where it is far above the old one: the reduction over lanes and the rescaling are rare then, and
    // no exponential is above 2^8.
    constexpr float headroom = 8.0F;
    float shrink = 1.0F;
    const Vector highest = hn::Max(highest0, highest1);
    if (!hn::AllFalse(d, hn::Gt(highest, hn::Set(d, maximum + headroom)))) {
        const float next = hn::GetLane(hn::MaxOfLanes(d, highest));
        shrink = hn::GetLane(exp2(d, hn::Set(d, maximum - next)));
        maximum = next;
    }
    if (maximum == minus_infinity) {
        // Nothing seen so far: exponentials of -inf less -inf would be NaN.
        for (std::int64_t c = begin; c < end; c += width) {
            hn::Store(hn::Zero(d), d, scores + c);
        }
        return 1.0F;
    }
    const Vector subtracted = hn::Set(d, maximum);
    Vector total0 = hn::Zero(d);
    Vector total1 = hn::Zero(d);
    for (std::int64_t c = begin; c < end; c += 2 * width) {
        const Vector e0 = exp2(d, hn::Sub(hn::Load(d, scores + c), subtracted));
        const Vector e1 = exp2(d, hn::Sub(hn::Load(d, scores + c + width), subtracted));
        hn::Store(e0, d, scores + c);
        hn::Store(e1, d, scores + c + width);
        total0 = hn::Add(total0, e0);
        total1 = hn::Add(total1, e1);
    }
    hn::Store(hn::MulAdd(hn::Load(d, sums), hn::Set(d, shrink), hn::Add(total0, total1)), d, sums);
    return shrink;
}

HWY_ATTR void attend_tile_impl(const RowBlock& block, const KeyTile& tile) {
    const Lanes d;
    const std::int64_t panel = panel_vectors * static_cast<std::int64_t>(hn::Lanes(d));
    const std::int64_t panels = k_tile / panel;

    // Panel by panel, so that each stays in the first-level cache while all row groups pass over it.
    for (std::int64_t p = 0; p < panels; ++p) {
        const float* keys = tile.keys + p * block.dim_qk * panel;
        for (std::int64_t g = 0; g < block.row_groups; ++g) {
            if (tile.group_panels != nullptr && (p < tile.group_panels[2 * g] || p >= tile.group_panels[2 * g + 1])) {
                continue;
            }
            multiply<false, 1, row_group>(block.queries + g * row_group * block.dim_qk, keys, block.dim_qk,
                            block.scores + g * row_group * k_tile + p * panel, k_tile, nullptr);
        }
    }

    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const std::int64_t begin = tile.group_panels == nullptr ? 0 : tile.group_panels[2 * g] * panel;
        const std::int64_t end = tile.group_panels == nullptr ? k_tile : tile.group_panels[2 * g + 1] * panel;
        if (begin >= end) {
            continue;
        }
        for (std::int64_t row = g * row_group; row < (g + 1) * row_group; ++row) {
            const std::uint64_t* visible = tile.visible == nullptr ? nullptr : tile.visible + row * (k_tile / 64);
            block.rescale[row] =
                softmax_row(block.scores + row * k_tile, begin, end, visible, block.maximum[row], block.sums + row * panel / panel_vectors);
        }
    }

    for (std::int64_t p = 0; p < block.dim_v_padded / panel; ++p) {
        const float* values = tile.values + p * k_tile * panel;
        for (std::int64_t g = 0; g < block.row_groups; ++g) {
            const std::int64_t begin = tile.group_panels == nullptr ? 0 : tile.group_panels[2 * g] * panel;
            const std::int64_t end = tile.group_panels == nullptr ? k_tile : tile.group_panels[2 * g + 1] * panel;
            if (begin >= end) {
                continue;
            }
            multiply<true, k_tile, 1>(block.scores + g * row_group * k_tile + begin, values + begin * panel, end - begin,
                           block.output + g * row_group * block.dim_v_padded + p * panel, block.dim_v_padded,
                           block.rescale + g * row_group);
        }
    }
}

TileGeometry tile_geometry_impl() {
    const auto panel = static_cast<std::int64_t>(panel_vectors * hn::Lanes(Lanes()));
    return {panel, row_group, 96, k_tile};
}

const char* target_name_impl() {
    return hwy::TargetName(HWY_TARGET);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace longscope::cpu {

HWY_EXPORT(attend_tile_impl);
HWY_EXPORT(tile_geometry_impl);
HWY_EXPORT(target_name_impl);

TileGeometry tile_geometry() {
    return HWY_DYNAMIC_DISPATCH(tile_geometry_impl)();
}

std::string simd_target_name() {
    return HWY_DYNAMIC_DISPATCH(target_name_impl)();
}

void attend_tile(const RowBlock& block, const KeyTile& tile) {
    HWY_DYNAMIC_DISPATCH(attend_tile_impl)(block, tile);
}

}  // namespace longscope::cpu
#endif  // HWY_ONCE
