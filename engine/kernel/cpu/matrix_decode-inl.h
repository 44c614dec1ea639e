// SPDX-License-Identifier: GPL-3.0-or-later
// A few query rows over many keys of bfloat16 on the matrix unit: eight rows cost it as much as sixteen and far less
// than reading the keys.
//
// Keys are the left factor, as they lie in memory, and queries the right one, so that products come out transposed.
// Weights are the left factor of the second product: eight rows rounded to bfloat16, and below them what the rounding
// took away, so that their sum is exact to 2^-17. Values are the right factor: two rows side by side, which mixes the
// columns of a panel in a fixed order that is undone where products are added to the output.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_DECODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_DECODE_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_DECODE_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_MATRIX_DECODE_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/matrix_unit-inl.h"
#include "engine/kernel/cpu/tile_decode-inl.h"
#include "engine/kernel/cpu/tile_packing-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

constexpr std::int64_t tile_floats = tile_rows * tile_units;
constexpr std::int64_t tile_elements = 2 * tile_units;  // of a row of the left factor
constexpr std::int64_t decode_blocks_of_keys = decode_keys / tile_rows;
static_assert(decode_blocks_of_keys == 4 && decode_keys == 2 * tile_elements && decode_rows * 2 == tile_rows);

// Blocks of 16 rows as columns, the last of which may be half empty, each units x 16.
inline void pack_matrix_decode_queries(const float* rows, std::int64_t count, std::int64_t dim, float* out) {
    const std::int64_t depth = depth_of(dim);
    auto* halves = reinterpret_cast<std::uint16_t*>(out);
    for (std::int64_t first = 0; first < count; first += tile_rows) {
        for (std::int64_t u = 0; u < depth; ++u) {
            for (std::int64_t r = first; r < first + tile_rows; ++r) {
                for (std::int64_t i = 2 * u; i < 2 * u + 2; ++i) {
                    *halves++ = r < count && i < dim ? MatrixUnit::element(rows[r * dim + i]) : std::uint16_t{0};
                }
            }
        }
    }
}

// Shares of the time of a product of tiles of queries and keys, of the splitting of a row of weights, of two rows of
// values, of a product of weights and values, of four keys' products in the order of rows, and of a row of a panel of
// products that is added. The first takes nearly twice as many cycles; that fewer lines are fetched meanwhile was
// faster (reads of keys wait for the same buffers). Nowhere is nothing fetched: no line would be on its way then.
constexpr std::int64_t product_cycles = 40;
constexpr std::int64_t split_cycles = 20;
constexpr std::int64_t interleave_cycles = 20;
constexpr std::int64_t panel_product_cycles = 40;
constexpr std::int64_t transpose_cycles = 20;
constexpr std::int64_t add_cycles = 10;

inline std::int64_t matrix_decode_cycles(const DecodeBlock& block) {
    const std::int64_t products =
        depth_of(block.dim_qk) / tile_units * ((block.rows + tile_rows - 1) / tile_rows) * decode_blocks_of_keys;
    const std::int64_t double_panels = (block.dim_v + 2 * panel - 1) / (2 * panel);
    return products * product_cycles + (block.rows + tile_rows - 1) / tile_rows * 16 * transpose_cycles +
           block.rows * (softmax_cycles + split_cycles) +
           double_panels * (decode_keys / 2 * interleave_cycles +
                            block.rows / decode_rows * (8 * panel_product_cycles + 16 * add_cycles));
}

// 16 rows of keys as tiles are loaded from.
struct MatrixRows {
    const std::uint16_t* first;
    std::int64_t stride_bytes;
};

// Where they lie at one distance and fill tiles, there; otherwise as a copy that is filled up with zeros.
inline MatrixRows matrix_rows_of(const DecodeTileRows& rows, std::int64_t first, std::int64_t dim,
                                 std::uint16_t* copy) {
    const auto* begin = static_cast<const char*>(rows[first]);
    const std::int64_t stride = static_cast<const char*>(rows[first + 1]) - begin;
    bool direct = dim % tile_elements == 0;
    for (std::int64_t r = 2; r < tile_rows && !rows.is_strided; ++r) {
        direct = direct && static_cast<const char*>(rows[first + r]) - begin == r * stride;
    }
    if (direct) {
        return {reinterpret_cast<const std::uint16_t*>(begin), stride};
    }
    const std::int64_t padded = 2 * depth_of(dim);
    for (std::int64_t r = 0; r < tile_rows; ++r) {
        std::memcpy(copy + r * padded, rows[first + r], static_cast<std::size_t>(dim) * sizeof(std::uint16_t));
        std::memset(copy + r * padded + dim, 0, static_cast<std::size_t>(padded - dim) * sizeof(std::uint16_t));
    }
    return {copy, padded * 2};
}

// Parts of block.converted.
struct MatrixScratch {
    explicit MatrixScratch(const DecodeBlock& block)
        : keys(reinterpret_cast<std::uint16_t*>(block.converted)),
          weights(block.converted + decode_keys * depth_of(block.dim_qk)),
          values(weights + block.rows * decode_keys),
          products(values + 8 * tile_floats) {}

    std::uint16_t* keys;  // decode_keys x elements
    float* weights;       // of each eight rows: 16 x decode_keys bfloat16
    float* values;        // of each half of the rows four tiles: even and odd groups of columns of two panels
    float* products;      // four tiles
};

// Tiles 0 to 3, one behind the other.
inline void store_products(const MatrixScratch& scratch) {
    _tile_stored(0, scratch.products, tile_units * 4);
    _tile_stored(1, scratch.products + tile_floats, tile_units * 4);
    _tile_stored(2, scratch.products + 2 * tile_floats, tile_units * 4);
    _tile_stored(3, scratch.products + 3 * tile_floats, tile_units * 4);
}

// Products of all rows and the keys of the tile.
inline void decode_matrix_scores(const DecodeBlock& block, const MatrixScratch& scratch, LinesAhead& ahead) {
    const std::int64_t depth = depth_of(block.dim_qk);
    MatrixRows keys[decode_blocks_of_keys];
    for (std::int64_t b = 0; b < decode_blocks_of_keys; ++b) {
        keys[b] =
            matrix_rows_of(block.tile->keys, b * tile_rows, block.dim_qk, scratch.keys + b * tile_rows * 2 * depth);
    }
    const float* queries = block.queries;
    for (std::int64_t first = 0; first < block.rows; first += tile_rows, queries += depth * tile_rows) {
        order_memory();
        clear_tiles();
        for (std::int64_t u = 0; u < depth; u += tile_units) {
            _tile_loadd(7, queries + u * tile_rows, tile_units * 4);
            _tile_loadd(4, keys[0].first + 2 * u, keys[0].stride_bytes);
            _tile_dpbf16ps(0, 4, 7);
            ahead.fetch(product_cycles);
            _tile_loadd(5, keys[1].first + 2 * u, keys[1].stride_bytes);
            _tile_dpbf16ps(1, 5, 7);
            ahead.fetch(product_cycles);
            _tile_loadd(6, keys[2].first + 2 * u, keys[2].stride_bytes);
            _tile_dpbf16ps(2, 6, 7);
            ahead.fetch(product_cycles);
            _tile_loadd(4, keys[3].first + 2 * u, keys[3].stride_bytes);
            _tile_dpbf16ps(3, 4, 7);
            ahead.fetch(product_cycles);
        }
        store_products(scratch);
        order_memory();
        const std::int64_t rows = block.rows - first < tile_rows ? block.rows - first : tile_rows;
        for (std::int64_t key = 0; key < decode_keys; key += 4) {
            const float* products = scratch.products + key * tile_units;
            const float* const four[4] = {products, products + tile_units, products + 2 * tile_units,
                                          products + 3 * tile_units};
            transpose_four(four, rows, block.scores + first * decode_keys + key, decode_keys);
            ahead.fetch(transpose_cycles);
        }
    }
}

inline __m512 from_bfloat16(__m256i halves) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}

// Weights as the left factor of the second product.
inline void split_weights(const DecodeBlock& block, LinesAhead& ahead, float* out) {
    auto* halves = reinterpret_cast<std::uint16_t*>(out);
    for (std::int64_t row = 0; row < block.rows; ++row) {
        const float* weights = block.scores + row * decode_keys;
        std::uint16_t* high = halves + (row / decode_rows * tile_rows + row % decode_rows) * decode_keys;
        std::uint16_t* low = high + decode_rows * decode_keys;
        for (std::int64_t key = 0; key < decode_keys; key += lanes) {
            const __m512 weight = _mm512_load_ps(weights + key);
            const auto rounded = reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight));
            const __m512 rest = _mm512_sub_ps(weight, from_bfloat16(rounded));
            _mm256_store_si256(reinterpret_cast<__m256i*>(high + key), rounded);
            _mm256_store_si256(reinterpret_cast<__m256i*>(low + key),
                               reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(rest)));
        }
        ahead.fetch(split_cycles);
    }
}

// Half of the rows of values, of columns [c, c + 2 panels): of each four groups of eight columns the first four to the
// even side of a panel, the others to the odd one, pairs of rows side by side. Four tiles, even and odd of each panel.
template <bool Whole>
HWY_INLINE void interleave_columns(const DecodeBlock& block, std::int64_t c, std::int64_t half, LinesAhead& ahead,
                                   float* HWY_RESTRICT out) {
    const auto mask_of = [&](std::int64_t present) {
        return present >= panel ? ~__mmask32{0}
               : present <= 0   ? __mmask32{0}
                                : (__mmask32{1} << static_cast<unsigned>(present)) - 1;
    };
    const __mmask32 first = mask_of(block.dim_v - c);
    const __mmask32 second = mask_of(block.dim_v - c - panel);
    const auto load = [](__mmask32 mask, const std::uint16_t* from) {
        return Whole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16(mask, from);
    };
    const DecodeTileRows& values = block.tile->values;
    for (std::int64_t key = half * tile_elements; key < (half + 1) * tile_elements; key += 4) {
#pragma GCC unroll 2
        for (std::int64_t pair = 0; pair < 2; ++pair, out += tile_units) {
            const auto* r0 = static_cast<const std::uint16_t*>(values[key + 2 * pair]) + c;
            const auto* r1 = static_cast<const std::uint16_t*>(values[key + 2 * pair + 1]) + c;
            const __m512i a0 = load(first, r0);
            const __m512i a1 = load(first, r1);
            const __m512i b0 = load(second, r0 + panel);
            const __m512i b1 = load(second, r1 + panel);
            _mm512_store_si512(out, _mm512_unpacklo_epi16(a0, a1));
            _mm512_store_si512(out + tile_floats, _mm512_unpackhi_epi16(a0, a1));
            _mm512_store_si512(out + 2 * tile_floats, _mm512_unpacklo_epi16(b0, b1));
            _mm512_store_si512(out + 3 * tile_floats, _mm512_unpackhi_epi16(b0, b1));
        }
        ahead.fetch(2 * interleave_cycles);
    }
}

inline void interleave_values(const DecodeBlock& block, std::int64_t c, std::int64_t half, LinesAhead& ahead,
                              float* out) {
    order_memory();
    if (c + 2 * panel <= block.dim_v) {
        interleave_columns<true>(block, c, half, ahead, out);
    } else {
        interleave_columns<false>(block, c, half, ahead, out);
    }
}

// Adds eight rows of a panel: `even` and `odd` are tiles of products of interleaved values with split weights.
inline void add_products(const float* even, const float* odd, float* output, std::int64_t stride, LinesAhead& ahead) {
    const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
    const __m512i second = _mm512_setr_epi32(8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
    for (std::int64_t r = 0; r < decode_rows; ++r) {
        const auto sum = [&](const float* tile) {
            return _mm512_add_ps(_mm512_load_ps(tile + r * tile_units),
                                 _mm512_load_ps(tile + (r + decode_rows) * tile_units));
        };
        const __m512 e = sum(even);
        const __m512 o = sum(odd);
        float* row = output + r * stride;
        _mm512_store_ps(row, _mm512_add_ps(_mm512_load_ps(row), _mm512_permutex2var_ps(e, first, o)));
        _mm512_store_ps(row + lanes, _mm512_add_ps(_mm512_load_ps(row + lanes), _mm512_permutex2var_ps(e, second, o)));
        if (r % 2 == 1) {
            ahead.fetch(2 * add_cycles);
        }
    }
}

// Half of the weights of eight rows times two interleaved panels: added to four tiles of products.
inline void multiply_panels(const float* weights, std::int64_t half, const float* values, LinesAhead& ahead) {
    order_memory();
    _tile_loadd(4, weights + half * tile_units, decode_keys * 2);
    _tile_loadd(5, values, tile_units * 4);
    _tile_dpbf16ps(0, 4, 5);
    ahead.fetch(panel_product_cycles);
    _tile_loadd(6, values + tile_floats, tile_units * 4);
    _tile_dpbf16ps(1, 4, 6);
    ahead.fetch(panel_product_cycles);
    _tile_loadd(7, values + 2 * tile_floats, tile_units * 4);
    _tile_dpbf16ps(2, 4, 7);
    ahead.fetch(panel_product_cycles);
    _tile_loadd(5, values + 3 * tile_floats, tile_units * 4);
    _tile_dpbf16ps(3, 4, 5);
    ahead.fetch(panel_product_cycles);
}

// Adds the four tiles to eight rows of the output, from column c on.
inline void add_panels(const DecodeBlock& block, const MatrixScratch& scratch, std::int64_t row, std::int64_t c,
                       LinesAhead& ahead) {
    order_memory();
    float* output = block.output + row * block.output_stride + c;
    add_products(scratch.products, scratch.products + tile_floats, output, block.output_stride, ahead);
    if (c + panel < block.dim_v) {
        add_products(scratch.products + 2 * tile_floats, scratch.products + 3 * tile_floats, output + panel,
                     block.output_stride, ahead);
    }
}

// Eight rows: each step interleaves what the next one multiplies, so that neither waits for the other.
inline void decode_eight_rows(const DecodeBlock& block, const MatrixScratch& scratch, LinesAhead& ahead) {
    interleave_values(block, 0, 0, ahead, scratch.values);
    for (std::int64_t c = 0; c < block.dim_v; c += 2 * panel) {
        interleave_values(block, c, 1, ahead, scratch.values + 4 * tile_floats);
        if (c > 0) {
            add_panels(block, scratch, 0, c - 2 * panel, ahead);
        }
        clear_tiles();
        multiply_panels(scratch.weights, 0, scratch.values, ahead);
        if (c + 2 * panel < block.dim_v) {
            interleave_values(block, c + 2 * panel, 0, ahead, scratch.values);
        }
        multiply_panels(scratch.weights, 1, scratch.values + 4 * tile_floats, ahead);
        store_products(scratch);
    }
    add_panels(block, scratch, 0, (block.dim_v - 1) / (2 * panel) * 2 * panel, ahead);
}

inline void decode_matrix_output(const DecodeBlock& block, const MatrixScratch& scratch, LinesAhead& ahead) {
    split_weights(block, ahead, scratch.weights);
    if (block.rows == decode_rows) {
        decode_eight_rows(block, scratch, ahead);
        return;
    }
    for (std::int64_t c = 0; c < block.dim_v; c += 2 * panel) {
        for (std::int64_t half = 0; half < 2; ++half) {
            interleave_values(block, c, half, ahead, scratch.values + 4 * half * tile_floats);
        }
        for (std::int64_t row = 0; row < block.rows; row += decode_rows) {
            clear_tiles();
            for (std::int64_t half = 0; half < 2; ++half) {
                multiply_panels(scratch.weights + row * decode_keys, half, scratch.values + 4 * half * tile_floats,
                                ahead);
            }
            store_products(scratch);
            add_panels(block, scratch, row, c, ahead);
        }
    }
}

// As decode_tile, of bfloat16.
inline void decode_matrix_tile(const DecodeBlock& block) {
    const Tiles tiles;
    const MatrixScratch scratch(block);
    NextRows next(block, sizeof(std::uint16_t));
    LinesAhead ahead(next, matrix_decode_cycles(block));
    decode_matrix_scores(block, scratch, ahead);
    decode_weights(block, ahead);
    decode_matrix_output(block, scratch, ahead);
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
