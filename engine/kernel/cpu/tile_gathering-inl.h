// SPDX-License-Identifier: GPL-3.0-or-later
// Left factors of rows that stand anywhere: rows become units once, and are brought into groups as often as they are
// asked for.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_GATHERING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_GATHERING_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_GATHERING_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_GATHERING_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

template <class Arithmetic>
HWY_ATTR void pack_units(const SourceRows& rows, float scale, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    for (std::int64_t row = 0; row < rows.count; ++row) {
        Arithmetic::convert(rows.data + row * rows.stride, rows.dim, scale, out + row * depth);
    }
}

inline HWY_ATTR void gather_groups(const float* const* rows, std::int64_t count, std::int64_t depth,
                                   float* HWY_RESTRICT out) {
    for (std::int64_t first = 0; first < count; first += row_group, out += depth * row_group) {
        std::int64_t r = 0;
        for (; r + 4 <= row_group; r += 4) {
            transpose_four(rows + first + r, depth, out + r, row_group);
        }
        for (; r < row_group; ++r) {
            for (std::int64_t u = 0; u < depth; ++u) {
                out[u * row_group + r] = rows[first + r][u];
            }
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
