// SPDX-License-Identifier: GPL-3.0-or-later
// The matrix unit (AMX), products of bfloat16 on it, and how their operands are packed.
//
// The matrix unit multiplies tiles of 16 rows x 16 units with tiles of 16 units x 16 columns (Intel's Software
// Developer's Manual, volume 1, chapter 18). A group of 32 rows against a panel of 32 columns is two by two of them:
// each tile that is loaded is used twice. Panels are those of the other variants; the left factor is row by row, as
// weights are in any case.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_UNIT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_UNIT_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_UNIT_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_UNIT_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/bfloat16_arithmetic-inl.h"
#include "engine/kernel/cpu/tile_forward-inl.h"
#include "engine/kernel/cpu/tile_packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

constexpr std::int64_t tile_rows = 16;
constexpr std::int64_t tile_units = 16;
constexpr std::int64_t matrix_rows = 2 * tile_rows;  // of a group
constexpr std::int64_t matrix_q_tile = 4 * matrix_rows;
static_assert(panel == 2 * tile_units && k_tile % (2 * tile_units) == 0);

// Elements that a product sums over in one step: whole rows of tiles.
constexpr std::int64_t block_elements = 2 * tile_units;

// Rows of a left factor, so many units apart.
struct Left {
    const float* units;
    std::int64_t stride;
};

// All eight tiles are 16 rows of 64 bytes while one of these lives.
class Tiles {
  public:
    Tiles() {
        alignas(64) Configuration all;
        for (int i = 0; i < 8; ++i) {
            all.row_bytes[i] = 64;
            all.rows[i] = tile_rows;
        }
        // The compiler takes the instruction to read the first eight bytes alone.
        asm volatile("" : : "r"(&all) : "memory");
        _tile_loadconfig(&all);
    }
    Tiles(const Tiles&) = delete;
    Tiles& operator=(const Tiles&) = delete;
    Tiles(Tiles&&) = delete;
    Tiles& operator=(Tiles&&) = delete;
    ~Tiles() { _tile_release(); }

  private:
    struct Configuration {
        std::uint8_t palette = 1;
        std::uint8_t start_row = 0;
        std::uint8_t reserved[14] = {};
        std::uint16_t row_bytes[16] = {};
        std::uint8_t rows[16] = {};
    };
    static_assert(sizeof(Configuration) == 64);
};

// The compiler does not know that tiles are loaded from memory and stored to it.
HWY_INLINE void order_memory() {
    asm volatile("" ::: "memory");
}

HWY_INLINE void store_tiles(float* c, std::int64_t stride) {
    _tile_stored(0, c, stride * 4);
    _tile_stored(1, c + tile_units, stride * 4);
    _tile_stored(2, c + tile_rows * stride, stride * 4);
    _tile_stored(3, c + tile_rows * stride + tile_units, stride * 4);
}

HWY_INLINE void load_tiles(const float* c, std::int64_t stride) {
    _tile_loadd(0, c, stride * 4);
    _tile_loadd(1, c + tile_units, stride * 4);
    _tile_loadd(2, c + tile_rows * stride, stride * 4);
    _tile_loadd(3, c + tile_rows * stride + tile_units, stride * 4);
}

HWY_INLINE void clear_tiles() {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

// 16 x 16 units, from rows so many units apart to columns.
inline void transpose_units(const float* HWY_RESTRICT units, std::int64_t stride, float* HWY_RESTRICT keys,
                            std::int64_t key_stride) {
    __m512i r[16];
    __m512i t[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
        r[i] = _mm512_load_si512(units + i * stride);
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

// Instances of the templates with it are those of the one file that includes this.
struct MatrixUnit : Bfloat16 {
    static constexpr std::int64_t block_units = tile_units;

    // Tiles 0 to 3 += A[32 x depth] * B[depth x 32]: tiles 0 and 1 are the upper rows.
    static HWY_INLINE void multiply(const Left& a, const float* b, std::int64_t depth) {
        for (std::int64_t u = 0; u < depth; u += tile_units) {
            _tile_loadd(4, a.units + u, a.stride * 4);
            _tile_loadd(6, b + u * panel, panel * 4);
            _tile_loadd(7, b + u * panel + tile_units, panel * 4);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(5, a.units + tile_rows * a.stride + u, a.stride * 4);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }

    // Weights are stored as left factors.
    struct LeftScratch {};
    // Columns [begin, end) of 32 rows of weights, which stand so many units apart.
    static HWY_INLINE Left left_factor(const float* rows, std::int64_t stride, std::int64_t begin, std::int64_t /*end*/,
                                       LeftScratch& /*scratch*/) {
        return {rows + begin / unit, stride};
    }
};

// What a product sums over, in units; a whole number of blocks.
template <class Unit>
constexpr std::int64_t units_of(std::int64_t elements) {
    return elements / block_elements * Unit::block_units;
}

inline std::int64_t depth_of(std::int64_t elements) {
    const std::int64_t units = (elements + MatrixUnit::unit - 1) / MatrixUnit::unit;
    return (units + tile_units - 1) / tile_units * tile_units;
}

// Row by row, each filled up with zeros.
inline void pack_matrix_units(const SourceRows& rows, float scale, float* out) {
    const std::int64_t depth = depth_of(rows.dim);
    std::memset(out, 0, static_cast<std::size_t>(rows.count * depth) * sizeof(float));
    for (std::int64_t row = 0; row < rows.count; ++row) {
        MatrixUnit::convert(rows.data + row * rows.stride, rows.dim, scale, out + row * depth);
    }
}

// The same, with whole groups.
inline void pack_matrix_rows(const SourceRows& rows, float scale, float* out) {
    const std::int64_t depth = depth_of(rows.dim);
    const std::int64_t missing = (matrix_rows - rows.count % matrix_rows) % matrix_rows;
    pack_matrix_units(rows, scale, out);
    std::memset(out + rows.count * depth, 0, static_cast<std::size_t>(missing * depth) * sizeof(float));
}

inline void gather_matrix_rows(const float* const* rows, std::int64_t count, std::int64_t depth, float* out) {
    for (std::int64_t row = 0; row < count; ++row) {
        std::memcpy(out + row * depth, rows[row], static_cast<std::size_t>(depth) * sizeof(float));
    }
}

inline void pack_matrix_columns(const SourceRows& rows, std::int64_t tile, float* out) {
    const std::int64_t depth = depth_of(rows.dim);
    const std::int64_t filled = (rows.dim + MatrixUnit::unit - 1) / MatrixUnit::unit;
    for (std::int64_t first = 0; first < tile; first += panel, out += depth * panel) {
        pack_transposed<MatrixUnit>(rows, first, panel, 1.0F, out, panel);
        std::memset(out + filled * panel, 0, static_cast<std::size_t>((depth - filled) * panel) * sizeof(float));
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
