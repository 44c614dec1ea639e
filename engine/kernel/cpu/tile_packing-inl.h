// SPDX-License-Identifier: GPL-3.0-or-later
// How operands are brought into the order of the register tile.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PACKING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PACKING_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PACKING_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_PACKING_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

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
HWY_ATTR void pack_columns(const SourceRows& rows, std::int64_t tile, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    if (rows.count < tile || rows.dim % Arithmetic::unit != 0) {
        std::memset(out, 0, static_cast<std::size_t>(depth * tile) * sizeof(float));
    }
    for (std::int64_t c = 0; c < rows.count; ++c) {
        scatter_row<Arithmetic>(rows.data + c * rows.stride, rows.dim, 1.0F,
                                out + c / panel * panel * depth + c % panel, panel);
    }
}

template <class Arithmetic>
HWY_ATTR void pack_rows(const SourceRows& rows, std::int64_t tile, float* HWY_RESTRICT out) {
    constexpr std::int64_t unit = Arithmetic::unit;
    const std::int64_t padded = (rows.dim + panel - 1) / panel * panel;
    if (rows.count < tile || padded != rows.dim) {
        std::memset(out, 0, static_cast<std::size_t>(tile / unit * padded) * sizeof(float));
    }
    for (std::int64_t row = 0; row < rows.count; ++row) {
        const float* source = rows.data + row * rows.stride;
        for (std::int64_t p = 0; p < padded; p += panel) {
            auto* elements =
                reinterpret_cast<typename Arithmetic::Element*>(out + p * (tile / unit) + row / unit * panel) +
                row % unit;
            const std::int64_t present = rows.dim - p < panel ? rows.dim - p : panel;
            for (std::int64_t i = 0; i < present; ++i) {
                elements[i * unit] = Arithmetic::element(source[p + i]);
            }
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
