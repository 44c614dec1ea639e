// SPDX-License-Identifier: GPL-3.0-or-later
// A few query rows over many keys of bfloat16 by dot products of pairs: half of the multiply-adds of float32, and no
// element is converted. Weights are rounded to bfloat16 as they are for whole tiles; sums are of what they were before.
// Included by a file that is compiled with the flags of that instruction set; hence no #pragma once but Highway's
// toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_DOT_DECODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_DOT_DECODE_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_DOT_DECODE_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_DOT_DECODE_INL_H
#endif

#include <cstring>

#include "engine/kernel/cpu/bfloat16_arithmetic-inl.h"
#include "engine/kernel/cpu/tile_decode-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Elements of a step of the first product.
constexpr std::int64_t dot_step = decode_depth * Bfloat16::unit;
constexpr std::int64_t key_pairs = decode_keys / Bfloat16::unit;

// Units of a row that is filled up to whole steps.
constexpr std::int64_t dot_units(std::int64_t dim) {
    return (dim + dot_step - 1) / dot_step * decode_depth;
}

// As pack_decode_queries, of units.
inline void pack_dot_queries(const float* rows, std::int64_t count, std::int64_t dim, float* out) {
    auto* halves = reinterpret_cast<std::uint16_t*>(out);
    for (std::int64_t first = 0; first < count; first += decode_group) {
        for (std::int64_t c = 0; c < dim; c += dot_step) {
            for (std::int64_t r = 0; r < decode_group; ++r) {
                for (std::int64_t i = c; i < c + dot_step; ++i) {
                    *halves++ = i < dim ? Bfloat16::element(rows[(first + r) * dim + i]) : std::uint16_t{0};
                }
            }
        }
    }
}

// Where rows fill whole steps they are read where they lie, otherwise from copies that are filled up with zeros.
inline void decode_dot_scores(const DecodeBlock& block, LinesAhead& ahead) {
    const std::int64_t units = dot_units(block.dim_qk);
    const bool direct = block.dim_qk % dot_step == 0;
    for (std::int64_t key = 0; key < block.tile->count; key += decode_columns) {
        const float* keys[decode_columns];
        for (int k = 0; k < decode_columns; ++k) {
            const void* row = block.tile->keys[key + k];
            if (!direct) {
                float* copy = block.converted + k * units;
                std::memset(copy + units - decode_depth, 0, decode_depth * sizeof(float));
                std::memcpy(copy, row, static_cast<std::size_t>(block.dim_qk) * sizeof(std::uint16_t));
                row = copy;
            }
            keys[k] = static_cast<const float*>(row);
        }
        for (std::int64_t first = 0; first < block.rows; first += decode_group) {
            multiply_keys<Bfloat16>(block.queries + first * units, keys, units, ahead,
                                    block.scores + first * decode_keys + key);
        }
    }
}

// Weights of every row as pairs: rows x key_pairs.
inline void round_weights(const DecodeBlock& block, float* out) {
    const Lanes d;
    for (std::int64_t row = 0; row < block.rows; ++row) {
        const float* weights = block.scores + row * decode_keys;
        for (std::int64_t key = 0; key < decode_keys; key += 2 * lanes) {
            Bfloat16::store_weights(hn::Load(d, weights + key), hn::Load(d, weights + key + lanes),
                                    out + row * key_pairs, key);
        }
    }
}

// Adds weights times some pairs of values, of the columns of one panel, of which the last may be missing.
template <bool Whole>
HWY_INLINE void decode_dot_panel(const DecodeBlock& block, const float* pairs, std::int64_t first_key, std::int64_t c,
                                 LinesAhead& ahead) {
    const Lanes d;
    const DecodeTile& tile = *block.tile;
    // Two rows of a panel side by side: columns 0 to 15, and those behind them.
    const __m512i front = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6,
                                           37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
    const __m512i back = _mm512_or_si512(front, _mm512_set1_epi16(16));
    const __mmask32 present = Whole ? ~__mmask32{0} : (__mmask32{1} << static_cast<unsigned>(block.dim_v - c)) - 1;
    const auto row_of = [&](std::int64_t key) {
        const auto* from = static_cast<const std::uint16_t*>(tile.values[key]) + c;
        return Whole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16(present, from);
    };
    const std::int64_t end_key = first_key + block.reading.values_at_once;
    for (std::int64_t first = 0; first < block.rows; first += decode_rows) {
        float* output = block.output + first * block.output_stride + c;
        const float* weights = pairs + first * key_pairs;
        Vector sum[decode_rows][2];
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            sum[r][0] = hn::Load(d, output + r * block.output_stride);
            sum[r][1] = hn::Load(d, output + r * block.output_stride + lanes);
        }
        const auto add = [&](std::int64_t key) {
            const __m512i r0 = row_of(key);
            const __m512i r1 = row_of(key + 1);
            const Vector v0{reinterpret_cast<__m512>(_mm512_permutex2var_epi16(r0, front, r1))};
            const Vector v1{reinterpret_cast<__m512>(_mm512_permutex2var_epi16(r0, back, r1))};
#pragma GCC unroll 8
            for (int r = 0; r < decode_rows; ++r) {
                const Vector weight = hn::Set(d, weights[r * key_pairs + key / 2]);
                sum[r][0] = Bfloat16::multiply_add(weight, v0, sum[r][0]);
                sum[r][1] = Bfloat16::multiply_add(weight, v1, sum[r][1]);
            }
        };
        for (std::int64_t key = first_key; key < end_key; key += 4) {
            ahead.fetch(2 * step_cycles);
            add(key);
            add(key + 2);
        }
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            hn::Store(sum[r][0], d, output + r * block.output_stride);
            hn::Store(sum[r][1], d, output + r * block.output_stride + lanes);
        }
    }
}

// As decode_tile, of bfloat16.
inline void decode_dot_tile(const DecodeBlock& block) {
    const std::int64_t steps =
        dot_units(block.dim_qk) / decode_depth * (decode_keys / decode_columns) * (block.rows / decode_group) +
        (block.dim_v + panel - 1) / panel * key_pairs * (block.rows / decode_rows);
    NextRows next(block, sizeof(std::uint16_t));
    LinesAhead ahead(next, steps * step_cycles + block.rows * softmax_cycles);
    decode_dot_scores(block, ahead);
    decode_weights(block, ahead);
    float* pairs = block.converted + decode_columns * dot_units(block.dim_qk);
    round_weights(block, pairs);
    for (std::int64_t key = 0; key < decode_keys; key += block.reading.values_at_once) {
        std::int64_t c = 0;
        for (; c + panel <= block.dim_v; c += panel) {
            decode_dot_panel<true>(block, pairs, key, c, ahead);
        }
        if (c < block.dim_v) {
            decode_dot_panel<false>(block, pairs, key, c, ahead);
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
