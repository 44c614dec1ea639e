// SPDX-License-Identifier: GPL-3.0-or-later
// How weights of the forward pass are kept for the backward pass.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_KEEP_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_KEEP_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_KEEP_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_KEEP_INL_H
#endif

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

static_assert(kept_columns % panel == 0);

// Parts of a row of a tile.
constexpr std::int64_t kept_parts = k_tile / kept_columns;

// The weights of a group, rows `stride` units apart. Past the caches: nothing reads them before the backward pass.
// Whoever calls attend_tile has to call hwy::FlushStream() in the end.
template <class Arithmetic, std::int64_t Rows = row_group>
HWY_ATTR HWY_NOINLINE void keep_group(const RowBlock& block, std::int64_t group, const GroupColumns& columns,
                                      const float* weights, std::int64_t stride) {
    constexpr std::int64_t vector_columns = lanes * Arithmetic::unit;
    for (std::int64_t r = 0; r < Rows; ++r) {
        float* const* places = block.kept + (group * Rows + r) * kept_parts;
        for (std::int64_t c = columns.begin; c < columns.end; c += vector_columns) {
            if (float* const place = places[c / kept_columns]; place != nullptr) {
                hn::Stream(Arithmetic::stored_weights(weights + r * stride, c), Lanes(),
                           place + c % kept_columns / Arithmetic::unit);
            }
        }
    }
}

template <class Arithmetic, std::int64_t Rows = row_group>
HWY_ATTR HWY_INLINE void keep_rows(const RowBlock& block, std::int64_t group, const GroupColumns& columns,
                                   const float* weights, std::int64_t stride) {
    if (block.kept != nullptr) {
        keep_group<Arithmetic, Rows>(block, group, columns, weights, stride);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
