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

// Units of four rows, [0, depth) of each, to out[unit * stride + row].
HWY_ATTR HWY_INLINE void transpose_four(const float* const* rows, std::int64_t depth, float* HWY_RESTRICT out,
                                        std::int64_t stride) {
    std::int64_t u = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> d;
    const hn::RepartitionToWide<decltype(d)> pairs;
    for (; u + 4 <= depth; u += 4) {
        const auto r0 = hn::LoadU(d, rows[0] + u);
        const auto r1 = hn::LoadU(d, rows[1] + u);
        const auto r2 = hn::LoadU(d, rows[2] + u);
        const auto r3 = hn::LoadU(d, rows[3] + u);
        const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
        const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
        const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
        const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
        hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, out + u * stride);
        hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, out + (u + 1) * stride);
        hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, out + (u + 2) * stride);
        hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, out + (u + 3) * stride);
    }
#endif
    for (; u < depth; ++u) {
        for (std::int64_t r = 0; r < 4; ++r) {
            out[u * stride + r] = rows[r][u];
        }
    }
}

// Rows [first, first + slots) as columns of a panel or a group that is `stride` wide; rows that are missing become
// zeros.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void pack_transposed(const SourceRows& rows, std::int64_t first, std::int64_t slots, float scale,
                                         float* HWY_RESTRICT out, std::int64_t stride) {
    constexpr std::int64_t unit = Arithmetic::unit;
    constexpr std::int64_t chunk = 64;  // units at a time
    HWY_ALIGN float units[4 * chunk];
    const float* const four[4] = {units, units + chunk, units + 2 * chunk, units + 3 * chunk};
    const std::int64_t depth = (rows.dim + unit - 1) / unit;
    for (std::int64_t slot = 0; slot < slots; slot += 4) {
        const std::int64_t width = slots - slot < 4 ? slots - slot : 4;
        for (std::int64_t u = 0; u < depth; u += chunk) {
            const std::int64_t count = depth - u < chunk ? depth - u : chunk;
            const std::int64_t elements = rows.dim - u * unit < count * unit ? rows.dim - u * unit : count * unit;
            for (std::int64_t r = 0; r < 4; ++r) {
                if (r < width && first + slot + r < rows.count) {
                    Arithmetic::convert(rows.data + (first + slot + r) * rows.stride + u * unit, elements, scale,
                                        units + r * chunk);
                } else {
                    std::memset(units + r * chunk, 0, static_cast<std::size_t>(count) * sizeof(float));
                }
            }
            if (width == 4) {
                transpose_four(four, count, out + u * stride + slot, stride);
                continue;
            }
            for (std::int64_t i = 0; i < count; ++i) {
                for (std::int64_t r = 0; r < width; ++r) {
                    out[(u + i) * stride + slot + r] = units[r * chunk + i];
                }
            }
        }
    }
}

template <class Arithmetic>
HWY_ATTR void pack_groups(const SourceRows& rows, float scale, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    for (std::int64_t first = 0; first < rows.count; first += row_group, out += depth * row_group) {
        pack_transposed<Arithmetic>(rows, first, row_group, scale, out, row_group);
    }
}

template <class Arithmetic>
HWY_ATTR void pack_columns(const SourceRows& rows, std::int64_t tile, float* HWY_RESTRICT out) {
    const std::int64_t depth = (rows.dim + Arithmetic::unit - 1) / Arithmetic::unit;
    for (std::int64_t first = 0; first < tile; first += panel, out += depth * panel) {
        pack_transposed<Arithmetic>(rows, first, panel, 1.0F, out, panel);
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
