// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of a tile variant over any multiply-add. Included by files that are compiled for one instruction set or, by
// Highway, once for every one; hence no #pragma once but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_COMPUTE_INL_H
#endif

#include <hwy/highway.h>

#include <cstring>
#include <limits>

#include "engine/kernel/cpu/exp2-inl.h"
#include "engine/kernel/cpu/tile_functions.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;

// 12 x 2 accumulators, two vectors of B and one broadcast fill 27 of 32 registers and give each of two multiply-add units
// 12 independent chains, more than their latency of 4 to 5 cycles. With 16 registers, 6 x 2 do.
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int row_group = 12;
#else
constexpr int row_group = 6;
#endif
constexpr int panel_vectors = 2;
constexpr auto lanes = static_cast<std::int64_t>(hn::MaxLanes(Lanes()));
constexpr std::int64_t panel = panel_vectors * lanes;
constexpr std::int64_t q_tile = 96;
// Columns of a tile, and the distance of two rows of scores.
constexpr std::int64_t k_tile = 256;

// C[row_group x panel] = A[row_group x depth] * B[depth x panel]; with Accumulate, C = C * scale[row] + A * B. The unit of
// A in row r and column i stands at r * RowStride + i * ColumnStride: constants, so that no row needs its own pointer.
template <class Arithmetic, bool Accumulate, std::int64_t RowStride, std::int64_t ColumnStride>
HWY_ATTR HWY_INLINE void multiply(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, std::int64_t depth,
                                  float* HWY_RESTRICT c, std::int64_t c_stride, const float* HWY_RESTRICT scale) {
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
        if constexpr (Accumulate) {
            const Vector s = hn::Set(d, scale[r]);
            hn::Store(hn::MulAdd(hn::Load(d, out), s, sum[r][0]), d, out);
            hn::Store(hn::MulAdd(hn::Load(d, out + lanes), s, sum[r][1]), d, out + lanes);
        } else {
            hn::Store(sum[r][0], d, out);
            hn::Store(sum[r][1], d, out + lanes);
        }
    }
}

// Scores of columns [c, c + lanes) of a row, -inf where the bits are 0.
HWY_ATTR HWY_INLINE Vector hide(Vector scores, const std::uint64_t* HWY_RESTRICT visible, std::int64_t c) {
    const Lanes d;
    const Vector hidden = hn::Set(d, -std::numeric_limits<float>::infinity());
    if constexpr (lanes >= 8) {
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(visible);
        return hn::IfThenElse(hn::LoadMaskBits(d, bytes + c / 8), scores, hidden);
    } else {
        // The mask begins inside a byte. LoadMaskBits reads up to eight bytes.
        const std::uint64_t bits = visible[c / 64] >> (c % 64);
        return hn::IfThenElse(hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(&bits)), scores, hidden);
    }
}

// One row of scores in columns [begin, end), multiples of the panel: hides what is not visible, turns scores into weights
// (over the scores, in the variant's type), updates maximum and sums, returns the factor by which the earlier output
// shrinks.
template <class Arithmetic>
HWY_ATTR HWY_INLINE float softmax_row(float* HWY_RESTRICT scores, std::int64_t begin, std::int64_t end,
                                      const std::uint64_t* HWY_RESTRICT visible, float scale, float& maximum,
                                      float* HWY_RESTRICT sums) {
    constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
    const Lanes d;
    Vector highest0 = hn::Set(d, minus_infinity);
    Vector highest1 = highest0;
    if (visible != nullptr) {
        for (std::int64_t c = begin; c < end; c += panel) {
            const Vector s0 = hide(hn::Load(d, scores + c), visible, c);
            const Vector s1 = hide(hn::Load(d, scores + c + lanes), visible, c + lanes);
            hn::Store(s0, d, scores + c);
            hn::Store(s1, d, scores + c + lanes);
            highest0 = hn::Max(highest0, s0);
            highest1 = hn::Max(highest1, s1);
        }
    } else {
        for (std::int64_t c = begin; c < end; c += panel) {
            highest0 = hn::Max(highest0, hn::Load(d, scores + c));
            highest1 = hn::Max(highest1, hn::Load(d, scores + c + lanes));
        }
    }
    // A new maximum only where it is far above the old one: the reduction over lanes and the rescaling are rare then, and
    // no weight is above 2^8.
    const float headroom = 8.0F / scale;
    float shrink = 1.0F;
    const Vector highest = hn::Max(highest0, highest1);
    if (!hn::AllFalse(d, hn::Gt(highest, hn::Set(d, maximum + headroom)))) {
        const float next = hn::GetLane(hn::MaxOfLanes(d, highest));
        shrink = hn::GetLane(exp2(d, hn::Set(d, (maximum - next) * scale)));
        maximum = next;
    }
    if (maximum == minus_infinity) {
        // Nothing seen so far: exponentials of -inf less -inf would be NaN.
        for (std::int64_t c = begin; c < end; c += panel) {
            Arithmetic::store_weights(hn::Zero(d), hn::Zero(d), scores, c);
        }
        return 1.0F;
    }
    const Vector factor = hn::Set(d, scale);
    const Vector subtracted = hn::Set(d, maximum * scale);
    Vector total0 = hn::Zero(d);
    Vector total1 = hn::Zero(d);
    for (std::int64_t c = begin; c < end; c += panel) {
        const Vector e0 = exp2(d, hn::MulSub(hn::Load(d, scores + c), factor, subtracted));
        const Vector e1 = exp2(d, hn::MulSub(hn::Load(d, scores + c + lanes), factor, subtracted));
        Arithmetic::store_weights(e0, e1, scores, c);
        total0 = hn::Add(total0, e0);
        total1 = hn::Add(total1, e1);
    }
    hn::Store(hn::MulAdd(hn::Load(d, sums), hn::Set(d, shrink), hn::Add(total0, total1)), d, sums);
    return shrink;
}

template <class Arithmetic>
HWY_ATTR void attend_tile(const RowBlock& block, const KeyTile& tile) {
    // Group by group: its scores stay in the first-level cache from the first product to the second, while keys and values
    // stream from the second.
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const std::int64_t begin = tile.group_panels == nullptr ? 0 : tile.group_panels[2 * g] * panel;
        const std::int64_t end = tile.group_panels == nullptr ? k_tile : tile.group_panels[2 * g + 1] * panel;
        if (begin >= end) {
            continue;
        }
        float* scores = block.scores;
        for (std::int64_t c = begin; c < end; c += panel) {
            multiply<Arithmetic, false, 1, row_group>(block.queries + g * row_group * block.depth,
                                                      tile.keys + c * block.depth, block.depth, scores + c, k_tile,
                                                      nullptr);
        }
        for (std::int64_t r = 0; r < row_group; ++r) {
            const std::int64_t row = g * row_group + r;
            const std::uint64_t* visible = tile.visible == nullptr ? nullptr : tile.visible + row * (k_tile / 64);
            block.rescale[row] = softmax_row<Arithmetic>(scores + r * k_tile, begin, end, visible, block.scale,
                                                         block.maximum[row], block.sums + row * lanes);
        }
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            const std::int64_t first = begin / Arithmetic::unit;
            multiply<Arithmetic, true, k_tile, 1>(scores + first,
                                                  tile.values + p * (k_tile / Arithmetic::unit) + first * panel,
                                                  end / Arithmetic::unit - first,
                                                  block.output + g * row_group * block.dim_v_padded + p,
                                                  block.dim_v_padded, block.rescale + g * row_group);
        }
    }
}

// One row, an element of each unit after the other, `stride` units apart; what is missing in the last unit stays.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void scatter_row(const float* HWY_RESTRICT row, std::int64_t dim, float scale,
                                     float* HWY_RESTRICT out, std::int64_t stride) {
    constexpr std::int64_t unit = Arithmetic::unit;
    auto* elements = reinterpret_cast<typename Arithmetic::Element*>(out);
    for (std::int64_t i = 0; i < dim / unit; ++i) {
#pragma GCC unroll 2
        for (std::int64_t u = 0; u < unit; ++u) {
            elements[i * stride * unit + u] = Arithmetic::element(row[i * unit + u] * scale);
        }
    }
    for (std::int64_t i = dim / unit * unit; i < dim; ++i) {
        elements[i / unit * stride * unit + i % unit] = Arithmetic::element(row[i] * scale);
    }
}

template <class Arithmetic>
HWY_ATTR void pack_groups(const SourceRows& rows, float scale, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    for (std::int64_t first = 0; first < rows.count; first += row_group, out += depth * row_group) {
        const std::int64_t present = rows.count - first < row_group ? rows.count - first : row_group;
        if (present < row_group || rows.dim % Arithmetic::unit != 0) {
            std::memset(out, 0, static_cast<std::size_t>(depth * row_group) * sizeof(float));
        }
        for (std::int64_t r = 0; r < present; ++r) {
            scatter_row<Arithmetic>(rows.data + (first + r) * rows.stride, rows.dim, scale, out + r, row_group);
        }
    }
}

template <class Arithmetic>
HWY_ATTR void pack_columns(const SourceRows& rows, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    if (rows.count < k_tile || rows.dim % Arithmetic::unit != 0) {
        std::memset(out, 0, static_cast<std::size_t>(depth * k_tile) * sizeof(float));
    }
    for (std::int64_t c = 0; c < rows.count; ++c) {
        scatter_row<Arithmetic>(rows.data + c * rows.stride, rows.dim, 1.0F, out + c / panel * panel * depth + c % panel,
                                panel);
    }
}

template <class Arithmetic>
HWY_ATTR void pack_rows(const SourceRows& rows, float* HWY_RESTRICT out) {
    constexpr std::int64_t unit = Arithmetic::unit;
    const std::int64_t padded = (rows.dim + panel - 1) / panel * panel;
    if (rows.count < k_tile || padded != rows.dim) {
        std::memset(out, 0, static_cast<std::size_t>(k_tile / unit * padded) * sizeof(float));
    }
    for (std::int64_t row = 0; row < rows.count; ++row) {
        const float* source = rows.data + row * rows.stride;
        for (std::int64_t p = 0; p < padded; p += panel) {
            auto* elements =
                reinterpret_cast<typename Arithmetic::Element*>(out + p * (k_tile / unit) + row / unit * panel) +
                row % unit;
            const std::int64_t present = rows.dim - p < panel ? rows.dim - p : panel;
            for (std::int64_t i = 0; i < present; ++i) {
                elements[i * unit] = Arithmetic::element(source[p + i]);
            }
        }
    }
}

template <class Arithmetic>
TileFunctions tile_functions() {
    return {{lanes, panel, row_group, q_tile, k_tile, Arithmetic::unit},
            pack_groups<Arithmetic>,
            pack_columns<Arithmetic>,
            pack_rows<Arithmetic>,
            attend_tile<Arithmetic>};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
