// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of one tile on the matrix unit.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_BACKWARD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_BACKWARD_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_BACKWARD_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_BACKWARD_INL_H
#endif

#include "engine/kernel/cpu/matrix_unit-inl.h"
#include "engine/kernel/cpu/tile_backward-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Units of rows.
struct UnitRange {
    std::int64_t begin;
    std::int64_t end;
};

// Tiles of 16 x 16 units from [unit][key] to [key][unit].
inline void transpose_units(const float* HWY_RESTRICT units, float* HWY_RESTRICT keys, std::int64_t key_stride) {
    __m512i r[16];
    __m512i t[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
        r[i] = _mm512_load_si512(units + i * weight_stride);
    }
#pragma GCC unroll 8
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    // Lane l of r[4 i + j] is key 4 l + j of the units 4 i to 4 i + 3.
#pragma GCC unroll 4
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        const __m512i even_low = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
        const __m512i odd_low = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xDD);
        const __m512i even_high = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
        const __m512i odd_high = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xDD);
        _mm512_store_si512(keys + j * key_stride, _mm512_shuffle_i32x4(even_low, even_high, 0x88));
        _mm512_store_si512(keys + (4 + j) * key_stride, _mm512_shuffle_i32x4(odd_low, odd_high, 0x88));
        _mm512_store_si512(keys + (8 + j) * key_stride, _mm512_shuffle_i32x4(even_low, even_high, 0xDD));
        _mm512_store_si512(keys + (12 + j) * key_stride, _mm512_shuffle_i32x4(odd_low, odd_high, 0xDD));
    }
}

// Weights or gradients of a tile key by key, which the products over rows want on their left side. The scratch buffer
// has room behind the pairs of rows, which fill half of it.
constexpr std::int64_t key_units = backward_q_tile / MatrixUnit::unit;
static_assert(key_units % tile_units == 0 && backward_k_tile % matrix_rows == 0 && backward_q_tile % matrix_rows == 0);
static_assert(key_units * weight_stride + backward_k_tile * key_units <= backward_q_tile * (backward_k_tile + 16));

inline float* by_key(float* pairs) {
    return pairs + key_units * weight_stride;
}

// C[32 keys x 32] += A^T B over units [begin, end) of rows.
HWY_INLINE void add_over_rows(const float* keys, const float* rows, UnitRange units, float* c, std::int64_t c_stride) {
    load_tiles(c, c_stride);
    multiply_tiles(keys + units.begin, key_units, rows + units.begin * panel, units.end - units.begin);
    store_tiles(c, c_stride);
}

inline void attend_matrix_tile_backward(const BackwardBlock& block) {
    constexpr std::int64_t unit = MatrixUnit::unit;
    const Tiles tiles;
    Fetcher fetcher(block, block.row_groups * (backward_k_tile / panel) +
                               backward_k_tile / matrix_rows * (block.dim_v_padded + block.dim_qk_padded) / panel);
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = columns_of(block, g);
        order_memory();
        for (std::int64_t c = columns.begin; c < columns.end; c += panel) {
            if (block.stored == nullptr) {
                clear_tiles();
                multiply_tiles(block.queries + g * matrix_rows * block.depth_qk, block.depth_qk,
                               block.keys + c * block.depth_qk, block.depth_qk);
                store_tiles(block.scores + c, backward_k_tile);
            }
            fetcher.step();
            clear_tiles();
            multiply_tiles(block.output_gradients + g * matrix_rows * block.depth_v, block.depth_v,
                           block.values + c * block.depth_v, block.depth_v);
            store_tiles(block.products + c, backward_k_tile);
        }
        order_memory();
        differentiate_group<MatrixUnit, matrix_rows>(block, g, columns);
    }

    // dV += P^T dO and dK += dS^T Q, for groups of keys over the rows that see some of them.
    for (std::int64_t key = 0; key < backward_k_tile; key += matrix_rows) {
        std::int64_t first = 0;
        std::int64_t last = 0;
        find_groups<matrix_rows>(block, key, first, last);
        if (first >= last) {
            continue;
        }
        const UnitRange units{first * matrix_rows / unit, last * matrix_rows / unit};
        for (float* pairs : {block.weights, block.gradients}) {
            for (std::int64_t k = key; k < key + matrix_rows; k += tile_rows) {
                for (std::int64_t u = units.begin; u < units.end; u += tile_units) {
                    transpose_units(pairs + u * weight_stride + k, by_key(pairs) + k * key_units + u, key_units);
                }
            }
        }
        order_memory();
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            fetcher.step();
            add_over_rows(by_key(block.weights) + key * key_units,
                          block.output_gradient_rows + p * (backward_q_tile / unit), units,
                          block.value_gradients + key * block.dim_v_padded + p, block.dim_v_padded);
        }
        for (std::int64_t p = 0; p < block.dim_qk_padded; p += panel) {
            fetcher.step();
            add_over_rows(by_key(block.gradients) + key * key_units, block.query_rows + p * (backward_q_tile / unit),
                          units, block.key_gradients + key * block.dim_qk_padded + p, block.dim_qk_padded);
        }
        order_memory();
    }

    // dQ = dS K; without a column that is seen, a product of no depth: zeros.
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const std::int64_t begin = columns_of(block, g).begin / unit;
        const std::int64_t end = columns_of(block, g).end / unit;
        for (std::int64_t p = 0; p < block.dim_qk_padded; p += panel) {
            clear_tiles();
            multiply_tiles(block.gradient_rows + g * matrix_rows * weight_stride + begin, weight_stride,
                           block.key_rows + p * (backward_k_tile / unit) + begin * panel, end - begin);
            store_tiles(block.query_gradients + g * matrix_rows * block.dim_qk_padded + p, block.dim_qk_padded);
        }
    }
    order_memory();
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
