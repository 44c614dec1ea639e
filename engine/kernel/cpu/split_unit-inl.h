// SPDX-License-Identifier: GPL-3.0-or-later
// Products of float32 on the matrix unit, which multiplies bfloat16 only (Henry, Tang and Heinecke 2019, "Leveraging
// the bfloat16 Artificial Intelligence Datatype For Higher-Precision Computations").
//
// A float32 is the sum of three bfloat16, exactly: the upper 8 bits of its significand, the next 8 and the last 8. Of
// the nine products of two such sums the six largest are taken; the others are below 2^-22 of the whole, about what a
// float32 sum rounds away. Six products on the matrix unit take less time than one by multiply-adds.
//
// The matrix unit takes subnormal numbers for zeros, so that parts of very small numbers are lost (smallest_split).
//
// A block of 32 elements along the dimension that a product sums over is three planes of 16 units, the largest parts
// first; unit u of a plane holds those of the elements u and u + 16.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_UNIT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_UNIT_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_UNIT_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_UNIT_INL_H
#endif

#include "engine/kernel/cpu/float32_arithmetic-inl.h"
#include "engine/kernel/cpu/matrix_unit-inl.h"
#include "engine/kernel/cpu/tile_backward-inl.h"
#include "engine/kernel/cpu/tile_forward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

constexpr std::int64_t planes = 3;

// In a tile with one element as large, parts are lost of elements that are 2^-40 of it at most, and of weights and
// their gradients that are 2^-40 of the largest.
constexpr float smallest_split = 0x1p-60F;

// The planes of 16 elements and 16 others, so many units apart.
HWY_INLINE void split(__m512 low, __m512 high, float* out, std::int64_t plane_stride) {
    const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xFFFF0000U));
#pragma GCC unroll 3
    for (int plane = 0; plane < planes; ++plane) {
        const __m512i low_bits = _mm512_castps_si512(low);
        const __m512i high_bits = _mm512_castps_si512(high);
        _mm512_store_si512(out + plane * plane_stride,
                           _mm512_mask_blend_epi16(0xAAAAAAAAU, _mm512_srli_epi32(low_bits, 16), high_bits));
        low = _mm512_sub_ps(low, _mm512_castsi512_ps(_mm512_and_si512(low_bits, upper)));
        high = _mm512_sub_ps(high, _mm512_castsi512_ps(_mm512_and_si512(high_bits, upper)));
    }
}

// The first or the second 16 elements of a block, exactly.
template <bool Second>
HWY_INLINE __m512 joined(const float* block) {
    const auto part = [&](int plane) {
        const __m512i both = _mm512_load_si512(block + plane * tile_units);
        return _mm512_castsi512_ps(Second ? _mm512_and_si512(both, _mm512_set1_epi32(static_cast<int>(0xFFFF0000U)))
                                          : _mm512_slli_epi32(both, 16));
    };
    return _mm512_add_ps(_mm512_add_ps(part(2), part(1)), part(0));
}

// Instances of the templates with it are those of the one file that includes this.
struct SplitUnit : Float32 {
    static constexpr std::int64_t block_units = planes * tile_units;

    // Tiles 0 to 3 += A[32 x depth] * B[depth x 32]: tiles 0 and 1 are the upper rows. The smaller products of a block
    // come first, in an order in which one factor stays.
    static HWY_INLINE void multiply(const Left& a, const float* b, std::int64_t depth) {
        for (std::int64_t u = 0; u < depth; u += block_units) {
            const auto load_left = [&](std::int64_t plane) {
                const float* rows = a.units + u + plane * tile_units;
                _tile_loadd(4, rows, a.stride * 4);
                _tile_loadd(5, rows + tile_rows * a.stride, a.stride * 4);
            };
            const auto load_right = [&](std::int64_t plane) {
                const float* columns = b + (u + plane * tile_units) * panel;
                _tile_loadd(6, columns, panel * 4);
                _tile_loadd(7, columns + tile_units, panel * 4);
            };
            const auto add_products = [] {
                _tile_dpbf16ps(0, 4, 6);
                _tile_dpbf16ps(1, 4, 7);
                _tile_dpbf16ps(2, 5, 6);
                _tile_dpbf16ps(3, 5, 7);
            };
            load_left(2);
            load_right(0);
            add_products();
            load_left(1);
            add_products();
            load_right(1);
            add_products();
            load_left(0);
            add_products();
            load_right(2);
            add_products();
            load_right(0);
            add_products();
        }
    }

    // Weights take three halves of the room of scores, which begin so far behind them that none is overwritten before
    // it was read.
    static constexpr std::int64_t room_ahead = k_tile / 2;
    static HWY_INLINE float* block_at(float* row, std::int64_t column) {
        return row - room_ahead + column / block_elements * block_units;
    }
    static HWY_INLINE void store_weights(Vector e0, Vector e1, float* row, std::int64_t column) {
        split(e0.raw, e1.raw, block_at(row, column), tile_units);
    }
    static HWY_INLINE Vector stored_weights(const float* row, std::int64_t column) {
        const float* block = row - room_ahead + column / block_elements * block_units;
        return Vector{column % block_elements == 0 ? joined<false>(block) : joined<true>(block)};
    }

    struct LeftScratch {
        alignas(64) float units[matrix_rows * (backward_k_tile / block_elements) * block_units];
    };
    // Columns [begin, end) of 32 rows of weights, which stand so many units apart.
    static HWY_INLINE Left left_factor(const float* rows, std::int64_t stride, std::int64_t begin, std::int64_t end,
                                       LeftScratch& scratch) {
        const std::int64_t depth = (end - begin) / block_elements * block_units;
        for (std::int64_t row = 0; row < matrix_rows; ++row) {
            float* out = scratch.units + row * depth;
            for (std::int64_t c = begin; c < end; c += block_elements, out += block_units) {
                const float* at = rows + row * stride + c;
                split(_mm512_load_ps(at), _mm512_load_ps(at + tile_units), out, tile_units);
            }
        }
        return {scratch.units, depth};
    }
};

static_assert(backward_q_tile <= backward_k_tile);

template <>
struct ScoreRows<SplitUnit> {
    static constexpr std::int64_t offset = SplitUnit::room_ahead;
    static constexpr std::int64_t stride = k_tile + offset;
};
static_assert(units_of<SplitUnit>(k_tile) == ScoreRows<SplitUnit>::stride);

// Weights or gradients of 32 keys from `key` on over rows [begin, end), which stand so many units apart.
inline Left left_factor_by_key(SplitUnit /*unit*/, const float* pairs, std::int64_t stride, std::int64_t key,
                               std::int64_t begin, std::int64_t end, SplitUnit::LeftScratch& scratch) {
    const std::int64_t depth = units_of<SplitUnit>(end - begin);
    alignas(64) float by_key[tile_rows * block_elements];
    for (std::int64_t k = 0; k < matrix_rows; k += tile_rows) {
        float* out = scratch.units + k * depth;
        for (std::int64_t row = begin; row < end; row += block_elements, out += SplitUnit::block_units) {
            const float* from = pairs + row * stride + key + k;
            transpose_units(from, stride, by_key, block_elements);
            transpose_units(from + tile_rows * stride, stride, by_key + tile_rows, block_elements);
            for (std::int64_t i = 0; i < tile_rows; ++i) {
                const float* at = by_key + i * block_elements;
                split(_mm512_load_ps(at), _mm512_load_ps(at + tile_units), out + i * depth, tile_units);
            }
        }
    }
    return {scratch.units, depth};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
