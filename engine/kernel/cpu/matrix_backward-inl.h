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

// Weights or gradients of a tile key by key, which the products over rows want on their left side. The scratch buffer
// has room behind the pairs of rows, which fill half of it.
constexpr std::int64_t key_units = backward_q_tile / MatrixUnit::unit;
static_assert(key_units % tile_units == 0 && backward_k_tile % matrix_rows == 0 && backward_q_tile % matrix_rows == 0);
static_assert(key_units * weight_stride + backward_k_tile * key_units <= backward_q_tile * (backward_k_tile + 16));

inline float* by_key(float* pairs) {
    return pairs + key_units * weight_stride;
}

// Weights or gradients of 32 keys from `key` on over rows [begin, end), as left factor. In place: `pairs` is scratch.
inline Left left_factor_by_key(MatrixUnit /*unit*/, float* pairs, std::int64_t /*stride*/, std::int64_t key,
                               std::int64_t begin, std::int64_t end, MatrixUnit::LeftScratch& /*scratch*/) {
    for (std::int64_t k = key; k < key + matrix_rows; k += tile_rows) {
        for (std::int64_t u = begin / MatrixUnit::unit; u < end / MatrixUnit::unit; u += tile_units) {
            transpose_units(pairs + u * weight_stride + k, weight_stride, by_key(pairs) + k * key_units + u, key_units);
        }
    }
    return {by_key(pairs) + key * key_units + begin / MatrixUnit::unit, key_units};
}

// C[32 keys x dim] += A^T B over rows [begin, end): of weights or gradients, and of rows that belong to them.
template <class Unit>
void add_over_rows(float* pairs, const float* rows, std::int64_t key, std::int64_t begin, std::int64_t end, float* c,
                   std::int64_t dim_padded, Fetcher& fetcher, typename Unit::LeftScratch& scratch) {
    const Left left = left_factor_by_key(Unit(), pairs, weight_stride, key, begin, end, scratch);
    order_memory();
    for (std::int64_t p = 0; p < dim_padded; p += panel) {
        fetcher.step();
        float* out = c + key * dim_padded + p;
        load_tiles(out, dim_padded);
        Unit::multiply(left, rows + p * units_of<Unit>(backward_q_tile) + units_of<Unit>(begin) * panel,
                       units_of<Unit>(end - begin));
        store_tiles(out, dim_padded);
    }
    order_memory();
}

template <class Unit>
void attend_matrix_tile_backward(const BackwardBlock& block) {
    const Tiles tiles;
    typename Unit::LeftScratch scratch;
    Fetcher fetcher(block, block.row_groups * (backward_k_tile / panel) +
                               backward_k_tile / matrix_rows * (block.dim_v_padded + block.dim_qk_padded) / panel);
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = columns_of(block, g);
        order_memory();
        for (std::int64_t c = columns.begin; c < columns.end; c += panel) {
            if (block.stored == nullptr) {
                clear_tiles();
                Unit::multiply({block.queries + g * matrix_rows * block.depth_qk, block.depth_qk},
                               block.keys + c * block.depth_qk, block.depth_qk);
                store_tiles(block.scores + c, backward_k_tile);
            }
            fetcher.step();
            clear_tiles();
            Unit::multiply({block.output_gradients + g * matrix_rows * block.depth_v, block.depth_v},
                           block.values + c * block.depth_v, block.depth_v);
            store_tiles(block.products + c, backward_k_tile);
        }
        order_memory();
        differentiate_group<Unit, matrix_rows>(block, g, columns);
    }

    // dQ = dS K; without a column that is seen, a product of no depth: zeros.
    const float* gradient_rows = Unit::unit == 1 ? block.gradients : block.gradient_rows;
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = columns_of(block, g);
        const std::int64_t begin = columns.begin;
        const std::int64_t end = columns.end > begin ? columns.end : begin;
        const Left gradients =
            Unit::left_factor(gradient_rows + g * matrix_rows * weight_stride, weight_stride, begin, end, scratch);
        order_memory();
        for (std::int64_t p = 0; p < block.dim_qk_padded; p += panel) {
            clear_tiles();
            Unit::multiply(gradients,
                           block.key_rows + p * units_of<Unit>(backward_k_tile) + units_of<Unit>(begin) * panel,
                           units_of<Unit>(end - begin));
            store_tiles(block.query_gradients + g * matrix_rows * block.dim_qk_padded + p, block.dim_qk_padded);
        }
        order_memory();
    }

    // dV += P^T dO and dK += dS^T Q, for groups of keys over the rows that see some of them.
    for (std::int64_t key = 0; key < backward_k_tile; key += matrix_rows) {
        std::int64_t first = 0;
        std::int64_t last = 0;
        find_groups<matrix_rows>(block, key, first, last);
        if (first >= last) {
            continue;
        }
        add_over_rows<Unit>(block.weights, block.output_gradient_rows, key, first * matrix_rows, last * matrix_rows,
                            block.value_gradients, block.dim_v_padded, fetcher, scratch);
        add_over_rows<Unit>(block.gradients, block.query_rows, key, first * matrix_rows, last * matrix_rows,
                            block.key_gradients, block.dim_qk_padded, fetcher, scratch);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
