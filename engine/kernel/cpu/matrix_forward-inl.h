// SPDX-License-Identifier: GPL-3.0-or-later
// The forward pass of one tile on the matrix unit.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_FORWARD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_FORWARD_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_FORWARD_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_FORWARD_INL_H
#endif

#include "engine/kernel/cpu/matrix_unit-inl.h"
#include "engine/kernel/cpu/tile_forward-inl.h"
#include "engine/kernel/cpu/tile_keep-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Of the rows of a group whose maximum has risen.
inline void rescale_rows(const RowBlock& block, std::int64_t group) {
    const Lanes d;
    for (std::int64_t r = group * matrix_rows; r < (group + 1) * matrix_rows; ++r) {
        if (block.rescale[r] == 1.0F) {
            continue;
        }
        const Vector factor = hn::Set(d, block.rescale[r]);
        float* output = block.output + r * block.dim_v_padded;
        for (std::int64_t c = 0; c < block.dim_v_padded; c += lanes) {
            hn::Store(hn::Mul(hn::Load(d, output + c), factor), d, output + c);
        }
    }
}

template <class Unit>
void attend_matrix_tile(const RowBlock& block, const KeyTile& tile) {
    const Tiles tiles;
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = tile.groups == nullptr ? GroupColumns{0, k_tile, 0} : tile.groups[g];
        if (columns.begin >= columns.end) {
            continue;
        }
        order_memory();
        for (std::int64_t c = columns.begin; c < columns.end; c += panel) {
            clear_tiles();
            Unit::multiply({block.queries + g * matrix_rows * block.depth, block.depth}, tile.keys + c * block.depth,
                           block.depth);
            store_tiles(scores_of<Unit>(block, 0) + c, ScoreRows<Unit>::stride);
        }
        order_memory();
        if (block.scoring == nullptr) {
            weigh_rows<Unit, false, matrix_rows>(block, tile, g, columns);
        } else {
            weigh_scored_rows<Unit, matrix_rows>(block, tile, g, columns);
        }
        keep_rows<Unit, matrix_rows>(block, g, columns, scores_of<Unit>(block, 0), ScoreRows<Unit>::stride);
        rescale_rows(block, g);
        order_memory();
        const std::int64_t first = units_of<Unit>(columns.begin);
        const Left weights{block.scores + first, ScoreRows<Unit>::stride};
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            float* output = block.output + g * matrix_rows * block.dim_v_padded + p;
            load_tiles(output, block.dim_v_padded);
            Unit::multiply(weights, tile.values + p * units_of<Unit>(k_tile) + first * panel,
                           units_of<Unit>(columns.end) - first);
            store_tiles(output, block.dim_v_padded);
        }
        order_memory();
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
