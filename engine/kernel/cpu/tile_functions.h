// SPDX-License-Identifier: GPL-3.0-or-later
// The arithmetic of the cpu kernel for one element type and one instruction set: how operands are packed, and one tile
// of query rows against one tile of keys.
//
// Operands are packed in units of four bytes: one float32, or two neighbours of a shorter type along the dimension that
// a product sums over. Register tiles then look the same for all types. Matrix units take blocks of more units.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace longscope::cpu {

// Shapes that packing and arithmetic agree on.
struct TileGeometry {
    std::int64_t lanes = 0;            // float32 of a vector
    std::int64_t panel = 0;            // columns of a panel: two vectors
    std::int64_t row_group = 0;        // rows that one register tile computes
    std::int64_t q_tile = 0;           // rows of a tile; a multiple of row_group
    std::int64_t k_tile = 0;           // columns of a tile; a multiple of panel and of 64
    std::int64_t backward_q_tile = 0;  // rows of a tile of the backward pass
    std::int64_t backward_k_tile = 0;  // columns of a tile of the backward pass; a multiple of row_group as well
    std::int64_t score_stride = 0;     // floats from one row of scores to the next
    std::int64_t unit = 0;             // elements of a unit of weights that are kept
    // Operands: what a product sums over is filled up with zeros to whole blocks.
    std::int64_t block_elements = 1;
    std::int64_t block_units = 1;
    // Products of tiles with no element as large are not exact; 0: they always are.
    float smallest_operand = 0.0F;

    // Of so many elements that a product sums over.
    [[nodiscard]] std::int64_t units(std::int64_t elements) const {
        return (elements + block_elements - 1) / block_elements * block_units;
    }
    [[nodiscard]] std::int64_t padded_to_panels(std::int64_t columns) const {
        return (columns + panel - 1) / panel * panel;
    }
};

// Rows to be packed, as float32: `count` rows of `dim` elements, `stride` apart.
struct SourceRows {
    const float* data = nullptr;
    std::int64_t count = 0;
    std::int64_t dim = 0;
    std::int64_t stride = 0;
};

// How products become scores where these are more than scaled products (Scoring): of one tile of rows of one head
// against one tile of keys. Scores are natural logarithms of weights then, with a scale of 1.
struct ScoreTile {
    float scale = 1.0F;                              // of a product
    float soft_cap = 0.0F;                           // 0: none
    float slope = 0.0F;                              // of ALiBi
    const std::int32_t* row_positions = nullptr;     // of ALiBi: q_tile; null: none
    const std::int32_t* column_positions = nullptr;  // of ALiBi: k_tile
    std::int64_t rows = 0;                           // that are there; others are padding
    std::int64_t columns = 0;                        // the same
    const float* bias = nullptr;                     // of the first row and column; null: none
    std::int64_t bias_stride = 0;                    // from one row to the next
    bool sigmoid = false;                            // instead of softmax
    float sigmoid_bias = 0.0F;
    float* bias_gradients = nullptr;  // dS of the first row and column, added to; null: not wanted
    std::int64_t bias_gradients_stride = 0;
};

// Columns of a part of a tile whose weights are kept together.
inline constexpr std::int64_t kept_columns = 64;

// State of one tile of query rows of one head while it passes over the keys. Rows are padded to whole groups.
struct RowBlock {
    std::int64_t row_groups = 0;
    std::int64_t depth = 0;              // units of a query
    std::int64_t dim_v_padded = 0;       // a multiple of panel
    float scale = 1.0F;                  // above 0: 2^(scale * score) is the weight
    const ScoreTile* scoring = nullptr;  // null: scores are products
    const float* queries = nullptr;      // from pack_groups
    float* scores = nullptr;             // row_group x score_stride, scratch
    float* output = nullptr;             // rows x dim_v_padded, not normalised
    float* maximum = nullptr;            // rows, -inf at the start: what scores are taken relative to
    float* sums = nullptr;               // rows x lanes, 0 at the start; a row's sum is that of its lanes
    float* rescale = nullptr;            // rows, scratch
    // Where the weights of this tile are kept as well: of each row, for parts of kept_columns columns of the tile, the
    // first unit, at a vector; null: nowhere. Null: nothing is kept.
    float* const* kept = nullptr;
};

// Which columns of a tile the rows of one group see: whole panels.
struct GroupColumns {
    std::int32_t begin = 0;
    std::int32_t end = 0;
    std::int32_t masked = 0;  // not 0: some row does not see some of them
};

// One tile of keys.
struct KeyTile {
    const float* keys = nullptr;    // from pack_columns
    const float* values = nullptr;  // from pack_rows
    // Of partial tiles, of each group; null when every row sees every column.
    const GroupColumns* groups = nullptr;
    // Of partial tiles: k_tile bits a row, little-endian in 64-bit words.
    const std::uint64_t* visible = nullptr;
};

// One tile of query rows against one tile of keys in the backward pass. Rows and columns are padded as above.
// Memory that is read soon, and is fetched meanwhile.
struct Ahead {
    const float* begin = nullptr;
    std::int64_t floats = 0;
};

struct BackwardBlock {
    std::int64_t row_groups = 0;
    std::int64_t depth_qk = 0;  // units of a query
    std::int64_t depth_v = 0;   // units of a row of dO
    std::int64_t dim_qk_padded = 0;
    std::int64_t dim_v_padded = 0;
    float scale = 1.0F;                  // 2^(scale * score - lse) is the weight
    float gradient_scale = 1.0F;         // of dS
    const ScoreTile* scoring = nullptr;  // null: scores are products
    const float* lse = nullptr;    // rows; base 2, natural with `scoring`; +inf for rows that see nothing, for padding
    const float* delta = nullptr;  // rows

    const float* queries = nullptr;               // from pack_groups
    const float* query_rows = nullptr;            // from pack_rows, of backward_q_tile rows
    const float* output_gradients = nullptr;      // dO, from pack_groups
    const float* output_gradient_rows = nullptr;  // dO, from pack_rows, of backward_q_tile rows
    const float* keys = nullptr;                  // from pack_columns, of backward_k_tile columns
    const float* key_rows = nullptr;              // from pack_rows, of backward_k_tile rows
    const float* values = nullptr;                // from pack_columns, of backward_k_tile columns
    const GroupColumns* groups = nullptr;         // as in KeyTile
    const std::uint64_t* visible = nullptr;       // as in KeyTile

    // Weights that the forward pass kept: 2^(exponent - lse) times as large as they stand here; null: none.
    const float* stored = nullptr;          // backward_q_tile rows of units(backward_k_tile)
    const float* stored_exponents[2] = {};  // of each row, as lse; the second ones from a column on
    std::int64_t stored_split = 0;          // that column, a multiple of kept_columns

    // To be fetched little by little while products are computed: what the next call reads of kept weights, and the
    // caller's gradients of the rows.
    Ahead ahead[2] = {};

    // Scratch.
    float* scores = nullptr;         // row_group x backward_k_tile
    float* products = nullptr;       // row_group x backward_k_tile: dO V^T
    float* score_slopes = nullptr;   // row_group x backward_k_tile; null without a soft cap
    float* weights = nullptr;        // backward_scratch()
    float* gradients = nullptr;      // backward_scratch()
    float* gradient_rows = nullptr;  // backward_scratch()

    float* query_gradients = nullptr;  // backward_q_tile x dim_qk_padded, overwritten
    float* key_gradients = nullptr;    // backward_k_tile x dim_qk_padded, added to
    float* value_gradients = nullptr;  // backward_k_tile x dim_v_padded, added to
};

// Elements of each of the larger scratch buffers of a BackwardBlock.
[[nodiscard]] constexpr std::int64_t backward_scratch(const TileGeometry& geometry) {
    return geometry.backward_q_tile * (geometry.backward_k_tile + 16);
}

// Keys of a tile of decode_tile, and rows that are computed together: block.rows is a multiple of it.
inline constexpr std::int64_t decode_keys = 64;
inline constexpr std::int64_t decode_rows = 8;

// Where the rows of keys or of values of one tile of decode_tile begin: at one distance, as they do but in pages, or
// anywhere.
struct DecodeTileRows {
    const char* first = nullptr;
    std::int64_t stride_bytes = 0;
    bool is_strided = false;
    const void* at[decode_keys] = {};  // of rows that are not at one distance

    [[nodiscard]] const void* operator[](std::int64_t row) const {
        return is_strided ? first + row * stride_bytes : at[row];
    }
};

struct DecodeTile {
    std::int64_t count = 0;  // 1 to decode_keys; 0: there is no tile
    // Rows from `count` on are the last one again.
    DecodeTileRows keys;
    DecodeTileRows values;
};

// How keys and values of decode_tile come from memory; which is best depends on what the processor fetches by itself.
struct DecodeReading {
    std::int64_t streams = 4;          // that the next tile is fetched in: 2 or 4
    std::int64_t values_at_once = 16;  // that are read panel by panel before the next ones are; divides decode_keys
};

// A few query rows of one key/value head against one tile of keys. Rows are padded to decode_rows with zeros, columns
// of queries and output to vectors and panels.
struct DecodeBlock {
    std::int64_t rows = 0;
    std::int64_t dim_qk = 0;
    std::int64_t dim_v = 0;
    DType dtype = DType::float32;      // of keys and values
    const DecodeTile* tile = nullptr;  // this one
    const DecodeTile* next = nullptr;  // is asked for behind it, and fetched meanwhile
    DecodeReading reading;

    float scale = 1.0F;                      // as in RowBlock
    const float* queries = nullptr;          // from pack_decode_queries
    const ScoreTile* scoring = nullptr;      // of each head of scoring_rows rows; null: scores are products
    std::int64_t scoring_rows = 0;           // rows of a head
    std::int64_t scoring_heads = 0;          // rows behind them are padding
    const std::uint64_t* visible = nullptr;  // of each row, the keys that it sees; none from `count` on
    float* scores = nullptr;                 // rows x decode_keys, scratch; becomes the weights
    float* converted = nullptr;              // decode_scratch(), scratch
    float* output = nullptr;                 // rows x output_stride, not normalised
    std::int64_t output_stride = 0;          // a multiple of panel
    float* maximum = nullptr;                // rows, -inf at the start
    float* sums = nullptr;                   // rows x lanes, 0 at the start
};

// Rows of elements that are filled up to whole vectors, whatever the variant.
[[nodiscard]] constexpr std::int64_t decode_query_floats(std::int64_t rows, std::int64_t dim) {
    return rows * ((dim + 31) / 32 * 32);
}

// Floats of block.converted: rows of keys, and the weights, panels of values and products of a
// matrix unit.
[[nodiscard]] constexpr std::int64_t decode_scratch(std::int64_t rows, std::int64_t dim_qk) {
    return decode_query_floats(decode_keys / 2, dim_qk) + rows * decode_keys + 3 * 1024;
}

// Plain pointers, so that files with the flags of an instruction set can fill it in.
struct TileFunctions {
    TileGeometry geometry;
    // Left factor: groups of row_group rows, each units(dim) x row_group units, in the variant's own order; the last
    // one filled up with zeros. Elements are multiplied by `scale`.
    void (*pack_groups)(const SourceRows& rows, float scale, float* out) = nullptr;
    // Right factor whose columns are the given rows, filled up to `tile`: tile / panel panels, each units(dim) x panel
    // units.
    void (*pack_columns)(const SourceRows& rows, std::int64_t tile, float* out) = nullptr;
    // Right factor whose rows are the given rows, filled up to `tile`: padded_to_panels(dim) / panel panels, each
    // units(tile) x panel units.
    void (*pack_rows)(const SourceRows& rows, std::int64_t tile, float* out) = nullptr;

    // Advances the online softmax of the block by one tile: scores, maximum, exponentials, sum, output.
    // (Milakov and Gimelshein 2018; the output is accumulated tile by tile as in FlashAttention-2, algorithm 1.)
    void (*attend_tile)(const RowBlock& block, const KeyTile& tile) = nullptr;
    // Five products: S = Q K^T and dP = dO V^T again, dV += P^T dO, dK += dS^T Q, dQ = dS K (FlashAttention-2,
    // algorithm 2).
    void (*attend_tile_backward)(const BackwardBlock& block) = nullptr;
    // Queries of decode_tile: `count` rows of `dim` elements, a multiple of decode_rows, in the variant's own order.
    // `out` has room for decode_query_floats().
    void (*pack_decode_queries)(const float* rows, std::int64_t count, std::int64_t dim, float* out) = nullptr;
    // The same as attend_tile for few rows, on keys and values as they lie in memory.
    void (*decode_tile)(const DecodeBlock& block) = nullptr;

    // The left factor in two steps, for rows that are gathered again and again: rows of units(dim) units, and groups
    // (as pack_groups makes them) of rows of `depth` units that stand anywhere; `count` is a multiple of row_group.
    void (*pack_units)(const SourceRows& rows, float scale, float* out) = nullptr;
    void (*gather_groups)(const float* const* rows, std::int64_t count, std::int64_t depth, float* out) = nullptr;
};

}  // namespace longscope::cpu
