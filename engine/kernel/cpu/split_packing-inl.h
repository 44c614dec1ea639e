// SPDX-License-Identifier: GPL-3.0-or-later
// How operands of the split products are packed.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_PACKING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_PACKING_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_PACKING_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_SPLIT_PACKING_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/split_unit-inl.h"
#include "engine/kernel/cpu/tile_functions.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

inline std::int64_t split_depth_of(std::int64_t elements) {
    return (elements + block_elements - 1) / block_elements * SplitUnit::block_units;
}

// 16 elements of a row from `first` on, multiplied; zeros where there are none.
HWY_INLINE __m512 load_part(const SourceRows& rows, std::int64_t row, std::int64_t first, __m512 scale) {
    const std::int64_t left = row < rows.count ? rows.dim - first : 0;
    const auto present = static_cast<__mmask16>(left >= tile_units ? 0xFFFF : left <= 0 ? 0 : (1 << left) - 1);
    if (present == 0) {
        return _mm512_setzero_ps();
    }
    return _mm512_mul_ps(_mm512_maskz_loadu_ps(present, rows.data + row * rows.stride + first), scale);
}

// Row by row.
inline void pack_split_units(const SourceRows& rows, float scale, float* out) {
    const __m512 factor = _mm512_set1_ps(scale);
    for (std::int64_t row = 0; row < rows.count; ++row) {
        for (std::int64_t first = 0; first < rows.dim; first += block_elements, out += SplitUnit::block_units) {
            split(load_part(rows, row, first, factor), load_part(rows, row, first + tile_units, factor), out,
                  tile_units);
        }
    }
}

// The same, with whole groups.
inline void pack_split_groups(const SourceRows& rows, float scale, float* out) {
    const std::int64_t depth = split_depth_of(rows.dim);
    const std::int64_t missing = (matrix_rows - rows.count % matrix_rows) % matrix_rows;
    pack_split_units(rows, scale, out);
    std::memset(out + rows.count * depth, 0, static_cast<std::size_t>(missing * depth) * sizeof(float));
}

inline void pack_split_columns(const SourceRows& rows, std::int64_t tile, float* out) {
    constexpr std::int64_t block_units = SplitUnit::block_units;
    const std::int64_t depth = split_depth_of(rows.dim);
    const __m512 one = _mm512_set1_ps(1.0F);
    alignas(64) float units[tile_rows * block_units];
    for (std::int64_t column = 0; column < tile; column += tile_rows) {
        float* to = out + column / panel * panel * depth + column % panel;
        for (std::int64_t first = 0; first < rows.dim; first += block_elements, to += block_units * panel) {
            for (std::int64_t i = 0; i < tile_rows; ++i) {
                split(load_part(rows, column + i, first, one), load_part(rows, column + i, first + tile_units, one),
                      units + i * block_units, tile_units);
            }
            for (std::int64_t u = 0; u < block_units; u += tile_units) {
                transpose_units(units + u, block_units, to + u * panel, panel);
            }
        }
    }
}

inline void pack_split_rows(const SourceRows& rows, std::int64_t tile, float* out) {
    const std::int64_t padded = (rows.dim + panel - 1) / panel * panel;
    const __m512 one = _mm512_set1_ps(1.0F);
    for (std::int64_t p = 0; p < padded; p += tile_units) {
        float* to = out + p / panel * panel * units_of<SplitUnit>(tile) + p % panel;
        for (std::int64_t row = 0; row < tile; row += block_elements, to += SplitUnit::block_units * panel) {
            for (std::int64_t i = 0; i < tile_units; ++i) {
                split(load_part(rows, row + i, p, one), load_part(rows, row + i + tile_units, p, one), to + i * panel,
                      tile_units * panel);
            }
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
