// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of the cpu kernel: one tile of query rows against one tile of keys, in SIMD, for the widest
// instruction set that the machine has (chosen at run time by Highway).
#pragma once

#include <cstdint>
#include <string>

namespace longscope::cpu {

// Shapes that packing and arithmetic agree on. A panel is `panel` columns wide (two vectors).
struct TileGeometry {
    std::int64_t panel = 0;      // columns of a panel of packed keys or values
    std::int64_t row_group = 0;  // rows that one register tile computes
    std::int64_t q_tile = 0;     // rows of a tile; a multiple of row_group
    std::int64_t k_tile = 0;     // columns of a tile; a multiple of panel and of 64
};

[[nodiscard]] TileGeometry tile_geometry();
[[nodiscard]] std::string simd_target_name();

// State of one tile of query rows of one head while it passes over the keys. Row groups are padded to row_group rows.
struct RowBlock {
    std::int64_t row_groups = 0;
    std::int64_t dim_qk = 0;
    std::int64_t dim_v_padded = 0;   // a multiple of panel
    // Group by group dim_qk x row_group, scaled so that 2^score is the weight; padding rows are zero.
    const float* queries = nullptr;
    float* scores = nullptr;         // rows x k_tile, scratch
    float* output = nullptr;         // rows x dim_v_padded, not normalised
    float* maximum = nullptr;        // rows, -inf at the start: what scores are taken relative to, in powers of two
    float* sums = nullptr;           // rows x panel / 2 lanes, 0 at the start; a row's sum is that of its lanes
    float* rescale = nullptr;        // rows, scratch
};

// One tile of keys. Panels are contiguous: keys dim_qk x panel each, values k_tile x panel each.
struct KeyTile {
    const float* keys = nullptr;    // k_tile / panel panels
    const float* values = nullptr;  // dim_v_padded / panel panels
    // Of partial tiles: k_tile bits a row, little-endian in 64-bit words; null when every row sees every column.
    const std::uint64_t* visible = nullptr;
    // Of partial tiles: the panels [begin, end) that the rows of each group see; pairs of int32. Null when all.
    const std::int32_t* group_panels = nullptr;
};

// Advances the online softmax of the block by one tile: scores, maximum, exponentials, sum, output.
// (Milakov and Gimelshein 2018; the output is accumulated tile by tile as in FlashAttention-2, algorithm 1.)
void attend_tile(const RowBlock& block, const KeyTile& tile);

}  // namespace longscope::cpu
