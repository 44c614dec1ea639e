// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled with the flags of its instruction set (CMakeLists.txt). Nothing of the standard library may be instantiated
// here: the linker could choose such a copy for the whole program.
//
// The matrix unit multiplies tiles of 16 rows x 16 units with tiles of 16 units x 16 columns (Intel's Software
// Developer's Manual, volume 1, chapter 18). A group of 32 rows against a panel of 32 columns is two by two of them:
// each tile that is loaded is used twice. Panels are those of the other variants; the left factor is row by row, as
// weights are in any case.
#include "engine/kernel/cpu/tile_amx.h"

#define HWY_COMPILE_ONLY_STATIC
#include <hwy/highway.h>

#include <cstring>

#include "engine/kernel/cpu/bfloat16_arithmetic-inl.h"
#include "engine/kernel/cpu/tile_bfloat16.h"
#include "engine/kernel/cpu/tile_forward-inl.h"
#include "engine/kernel/cpu/tile_packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

namespace {

// Instances of the templates are this file's own.
struct MatrixUnit : Bfloat16 {};

constexpr std::int64_t tile_rows = 16;
constexpr std::int64_t tile_units = 16;
constexpr std::int64_t matrix_rows = 2 * tile_rows;  // of a group
constexpr std::int64_t matrix_q_tile = 4 * matrix_rows;
static_assert(panel == 2 * tile_units && k_tile % (2 * tile_units) == 0);

std::int64_t depth_of(std::int64_t elements) {
    const std::int64_t units = (elements + MatrixUnit::unit - 1) / MatrixUnit::unit;
    return (units + tile_units - 1) / tile_units * tile_units;
}

// All eight tiles are 16 rows of 64 bytes while one of these lives.
class Tiles {
  public:
    Tiles() {
        alignas(64) Configuration all;
        for (int i = 0; i < 8; ++i) {
            all.row_bytes[i] = 64;
            all.rows[i] = tile_rows;
        }
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

// Tiles 0 to 3 += A[32 x depth] * B[depth x 32]: tiles 0 and 1 are the upper rows. Strides in units.
HWY_INLINE void multiply_tiles(const float* a, std::int64_t a_stride, const float* b, std::int64_t depth) {
    for (std::int64_t u = 0; u < depth; u += tile_units) {
        _tile_loadd(4, a + u, a_stride * 4);
        _tile_loadd(6, b + u * panel, panel * 4);
        _tile_loadd(7, b + u * panel + tile_units, panel * 4);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, a + tile_rows * a_stride + u, a_stride * 4);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
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

// Row by row, each filled up with zeros.
void pack_matrix_rows(const SourceRows& rows, float scale, float* out) {
    const std::int64_t depth = depth_of(rows.dim);
    const std::int64_t padded = (rows.count + matrix_rows - 1) / matrix_rows * matrix_rows;
    std::memset(out, 0, static_cast<std::size_t>(padded * depth) * sizeof(float));
    for (std::int64_t row = 0; row < rows.count; ++row) {
        MatrixUnit::convert(rows.data + row * rows.stride, rows.dim, scale, out + row * depth);
    }
}

void pack_matrix_columns(const SourceRows& rows, std::int64_t tile, float* out) {
    const std::int64_t depth = depth_of(rows.dim);
    const std::int64_t filled = (rows.dim + MatrixUnit::unit - 1) / MatrixUnit::unit;
    for (std::int64_t first = 0; first < tile; first += panel, out += depth * panel) {
        pack_transposed<MatrixUnit>(rows, first, panel, 1.0F, out, panel);
        std::memset(out + filled * panel, 0, static_cast<std::size_t>((depth - filled) * panel) * sizeof(float));
    }
}

// Of the rows of a group whose maximum has risen.
void rescale_rows(const RowBlock& block, std::int64_t group) {
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
            multiply_tiles(block.queries + g * matrix_rows * block.depth, block.depth, tile.keys + c * block.depth,
                           block.depth);
            store_tiles(block.scores + c, k_tile);
        }
        order_memory();
        if (block.scoring == nullptr) {
            weigh_rows<MatrixUnit, false, matrix_rows>(block, tile, g, columns);
        } else {
            weigh_scored_rows<MatrixUnit, matrix_rows>(block, tile, g, columns);
        }
        rescale_rows(block, g);
        order_memory();
        const std::int64_t first = columns.begin / MatrixUnit::unit;
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            float* output = block.output + g * matrix_rows * block.dim_v_padded + p;
            load_tiles(output, block.dim_v_padded);
            multiply_tiles(block.scores + first, k_tile, tile.values + p * (k_tile / MatrixUnit::unit) + first * panel,
                           columns.end / MatrixUnit::unit - first);
            store_tiles(output, block.dim_v_padded);
        }
        order_memory();
    }
}

}  // namespace

TileFunctions matrix_tile_functions() {
    return {{lanes, panel, matrix_rows, matrix_q_tile, k_tile, 0, 0, MatrixUnit::unit, tile_units},
            pack_matrix_rows,
            pack_matrix_columns,
            pack_rows<MatrixUnit>,
            attend_matrix_tile,
            nullptr,
            nullptr};
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

namespace longscope::cpu {

TileFunctions matrix_unit_functions() {
    TileFunctions functions = N_AVX3::matrix_tile_functions();
    functions.decode_tile = bfloat16_functions().decode_tile;
    return functions;
}

}  // namespace longscope::cpu
