// SPDX-License-Identifier: GPL-3.0-or-later
// A few query rows over many keys, which are read once and where they lie: the time is that of reading memory.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_DECODE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_DECODE_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_DECODE_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_DECODE_INL_H
#endif

#include <hwy/highway.h>

#include <cstring>
#include <limits>

#include "engine/kernel/cpu/exp2-inl.h"
#include "engine/kernel/cpu/float32_arithmetic-inl.h"
#include "engine/kernel/cpu/lines_ahead-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"
#include "engine/kernel/cpu/tile_scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Elements as float32, in order.
HWY_ATTR HWY_INLINE Vector load_elements(const float* HWY_RESTRICT from) {
    return hn::LoadU(Lanes(), from);
}
HWY_ATTR HWY_INLINE Vector load_elements(const hwy::bfloat16_t* HWY_RESTRICT from) {
    const hn::Rebind<std::uint16_t, Lanes> halves;
    const hn::RebindToUnsigned<Lanes> bits;
    const auto wide = hn::PromoteTo(bits, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(from)));
    return hn::BitCast(Lanes(), hn::ShiftLeft<16>(wide));
}
HWY_ATTR HWY_INLINE Vector load_elements(const hwy::float16_t* HWY_RESTRICT from) {
    return hn::PromoteTo(Lanes(), hn::LoadU(hn::Rebind<hwy::float16_t, Lanes>(), from));
}

// The first `count` elements, fewer than a vector; zeros behind them.
template <class T>
HWY_ATTR HWY_INLINE Vector load_some(const T* HWY_RESTRICT from, std::int64_t count) {
    HWY_ALIGN T padded[lanes];
    std::memset(padded, 0, sizeof(padded));
    std::memcpy(padded, from, static_cast<std::size_t>(count) * sizeof(T));
    return load_elements(padded);
}

// About so many cycles take a step of a register tile, and the softmax of a row.
constexpr std::int64_t step_cycles = 10;
constexpr std::int64_t softmax_cycles = 48;

// A vector of the product of queries and keys holds `decode_blocks` rows and `decode_depth` elements of each: so many
// elements of a key are loaded once into all its blocks, and only sums over the lanes of a block remain. Two vectors of
// rows against some keys are a register tile.
#if HWY_TARGET == HWY_SCALAR
constexpr int decode_depth = 1;
#else
constexpr int decode_depth = 4;
#endif
constexpr int decode_blocks = static_cast<int>(lanes) / decode_depth;
constexpr int decode_group = 2 * decode_blocks;  // rows of a register tile
static_assert(decode_rows % decode_group == 0);
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int decode_columns = 8;  // keys of a register tile
#else
constexpr int decode_columns = 4;
#endif

// Groups of decode_group rows, each dim / decode_depth times two vectors.
HWY_ATTR inline void pack_decode_queries(const float* rows, std::int64_t count, std::int64_t dim, float* out) {
    for (std::int64_t first = 0; first < count; first += decode_group) {
        for (std::int64_t c = 0; c < dim; c += decode_depth) {
            for (std::int64_t r = 0; r < decode_group; ++r) {
                for (std::int64_t i = c; i < c + decode_depth; ++i) {
                    *out++ = i < dim ? rows[(first + r) * dim + i] : 0.0F;
                }
            }
        }
    }
}

#if HWY_TARGET != HWY_SCALAR
// The sums over each block of the lanes of four vectors: those of block b side by side in block b of the result.
HWY_ATTR HWY_INLINE Vector sum_blocks(Vector v0, Vector v1, Vector v2, Vector v3) {
    const Lanes d;
    const hn::RepartitionToWide<Lanes> pairs;
    const auto fold = [&](Vector x, Vector y) HWY_ATTR {
        return hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, x, y), hn::InterleaveUpper(d, x, y)));
    };
    const auto first = fold(v0, v1);
    const auto second = fold(v2, v3);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, first, second)),
                   hn::BitCast(d, hn::InterleaveUpper(pairs, first, second)));
}

// Block b of a vector to rows[b * decode_keys].
HWY_ATTR HWY_INLINE void store_blocks(Vector blocks, float* HWY_RESTRICT rows) {
    HWY_ALIGN float lanes_of[lanes];
    hn::Store(blocks, Lanes(), lanes_of);
    const hn::FixedTag<float, decode_depth> block;
    for (int b = 0; b < decode_blocks; ++b) {
        hn::StoreU(hn::Load(block, lanes_of + decode_depth * b), block, rows + b * decode_keys);
    }
}
#endif

// So many steps of decode_depth units of the rows of a group and some keys, from unit c on.
template <class Arithmetic, int Steps>
HWY_ATTR HWY_INLINE void multiply_steps(const float* HWY_RESTRICT queries, const float* const (&keys)[decode_columns],
                                        std::int64_t c, Vector (&sum)[decode_columns][2]) {
    const Lanes d;
    Vector q[Steps][2];
#pragma GCC unroll 4
    for (int s = 0; s < Steps; ++s) {
        const float* of_step = queries + c * decode_group + 2 * s * lanes;
        q[s][0] = hn::Load(d, of_step);
        q[s][1] = hn::Load(d, of_step + lanes);
    }
#pragma GCC unroll 8
    for (int k = 0; k < decode_columns; ++k) {
        const float* key = keys[k] + c;
#pragma GCC unroll 4
        for (int s = 0; s < Steps; ++s) {
            const Vector of_key = hn::LoadDup128(d, key + s * decode_depth);
            sum[k][0] = Arithmetic::multiply_add(q[s][0], of_key, sum[k][0]);
            sum[k][1] = Arithmetic::multiply_add(q[s][1], of_key, sum[k][1]);
        }
    }
}

// Products of the rows of a group and some keys of `dim` units, a multiple of decode_depth. Meanwhile fetches what
// belongs to each step.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void multiply_keys(const float* HWY_RESTRICT queries, const float* const (&keys)[decode_columns],
                                       std::int64_t dim, LinesAhead& ahead, float* HWY_RESTRICT scores) {
    const Lanes d;
    Vector sum[decode_columns][2];
#pragma GCC unroll 8
    for (int k = 0; k < decode_columns; ++k) {
        sum[k][0] = hn::Zero(d);
        sum[k][1] = hn::Zero(d);
    }
    std::int64_t c = 0;
    // Several steps at once: not all addresses of keys stay in registers.
    for (; c + 4 * decode_depth <= dim; c += 4 * decode_depth) {
        ahead.fetch(4 * step_cycles);
        multiply_steps<Arithmetic, 4>(queries, keys, c, sum);
    }
    for (; c < dim; c += decode_depth) {
        ahead.fetch(step_cycles);
        multiply_steps<Arithmetic, 1>(queries, keys, c, sum);
    }
#if HWY_TARGET == HWY_SCALAR
    for (int k = 0; k < decode_columns; ++k) {
        scores[k] = hn::GetLane(sum[k][0]);
        scores[decode_keys + k] = hn::GetLane(sum[k][1]);
    }
#else
#pragma GCC unroll 2
    for (int k = 0; k < decode_columns; k += 4) {
        store_blocks(sum_blocks(sum[k][0], sum[k + 1][0], sum[k + 2][0], sum[k + 3][0]), scores + k);
        store_blocks(sum_blocks(sum[k][1], sum[k + 1][1], sum[k + 2][1], sum[k + 3][1]),
                     scores + decode_blocks * decode_keys + k);
    }
#endif
}

// A row as float32 that is filled up with zeros to a multiple of decode_depth.
template <class T>
HWY_ATTR HWY_INLINE void convert_row(const T* HWY_RESTRICT row, std::int64_t dim, float* HWY_RESTRICT out) {
    const Lanes d;
    std::int64_t c = 0;
    for (; c + lanes <= dim; c += lanes) {
        hn::StoreU(load_elements(row + c), d, out + c);
    }
    if (c < dim) {
        HWY_ALIGN float padded[lanes];
        hn::Store(load_some(row + c, dim - c), d, padded);
        const std::int64_t rest = (dim - c + decode_depth - 1) / decode_depth * decode_depth;
        std::memcpy(out + c, padded, static_cast<std::size_t>(rest) * sizeof(float));
    }
}

template <class T>
HWY_ATTR HWY_INLINE void decode_scores(const DecodeBlock& block, LinesAhead& ahead) {
    const DecodeTile& tile = *block.tile;
    const std::int64_t dim = (block.dim_qk + decode_depth - 1) / decode_depth * decode_depth;
    const bool direct = sizeof(T) == sizeof(float) && dim == block.dim_qk;
    for (std::int64_t key = 0; key < tile.count; key += decode_columns) {
        const float* keys[decode_columns];
        for (int k = 0; k < decode_columns; ++k) {
            if (direct) {
                keys[k] = static_cast<const float*>(tile.keys[key + k]);
            } else {
                float* converted = block.converted + k * dim;
                convert_row(static_cast<const T*>(tile.keys[key + k]), block.dim_qk, converted);
                keys[k] = converted;
            }
        }
        for (std::int64_t first = 0; first < block.rows; first += decode_group) {
            multiply_keys<Float32>(block.queries + first * dim, keys, dim, ahead,
                                   block.scores + first * decode_keys + key);
        }
    }
}

// Of a block with scoring: products of a row to scores. Rows of padding stay as they are.
HWY_ATTR HWY_NOINLINE inline void decode_scored(const DecodeBlock& block) {
    for (std::int64_t head = 0; head < block.scoring_heads; ++head) {
        for (std::int64_t row = 0; row < block.scoring_rows; ++row) {
            score_row(block.scoring[head], row, block.scores + (head * block.scoring_rows + row) * decode_keys, 0,
                      decode_keys, nullptr);
        }
    }
}

// Moves the maximum of a row up to that of these scores; what was summed before shrinks. False, and a sum of NaN, where
// a score is NaN or +inf.
HWY_ATTR HWY_NOINLINE inline bool raise_maximum(const DecodeBlock& block, std::int64_t row, const float* scores) {
    const Lanes d;
    const Vector infinity = hn::Set(d, std::numeric_limits<float>::infinity());
    Vector highest = hn::Set(d, block.maximum[row]);
    for (std::int64_t c = 0; c < decode_keys; c += lanes) {
        const Vector s = hn::Load(d, scores + c);
        if (!hn::AllTrue(d, hn::Lt(s, infinity))) {
            block.sums[row * lanes] = std::numeric_limits<float>::quiet_NaN();
            return false;
        }
        highest = hn::Max(highest, s);
    }
    const float next = hn::GetLane(hn::MaxOfLanes(d, highest));
    // 0 where there was nothing before.
    const Vector shrink = exp2(d, hn::Set(d, (block.maximum[row] - next) * block.scale));
    float* output = block.output + row * block.output_stride;
    for (std::int64_t c = 0; c < block.output_stride; c += lanes) {
        hn::Store(hn::Mul(hn::Load(d, output + c), shrink), d, output + c);
    }
    float* sums = block.sums + row * lanes;
    hn::Store(hn::Mul(hn::Load(d, sums), shrink), d, sums);
    block.maximum[row] = next;
    return true;
}

// A maximum stays while no score makes a weight above 2^this: then nothing has to be compared across lanes.
constexpr float decode_headroom = 8.0F;

// Scores of one row to weights.
HWY_ATTR HWY_INLINE void decode_softmax(const DecodeBlock& block, std::int64_t row) {
    const Lanes d;
    float* scores = block.scores + row * decode_keys;
    // Also of NaN: it is not below.
    const Vector limit = hn::Set(d, block.maximum[row] + decode_headroom / block.scale);
    Vector above = hn::Zero(d);
    for (std::int64_t c = 0; c < decode_keys; c += lanes) {
        const Vector s = hide(hn::Load(d, scores + c), block.visible + row, c);
        hn::Store(s, d, scores + c);
        above = hn::IfThenElse(hn::Le(s, limit), above, hn::Set(d, 1.0F));
    }
    if (!hn::AllTrue(d, hn::Eq(above, hn::Zero(d))) && !raise_maximum(block, row, scores)) {
        return;
    }
    const float maximum = block.maximum[row];
    if (maximum == -std::numeric_limits<float>::infinity()) {
        std::memset(scores, 0, decode_keys * sizeof(float));
        return;
    }
    const Vector factor = hn::Set(d, block.scale);
    const Vector subtracted = hn::Set(d, maximum * block.scale);
    float* sums = block.sums + row * lanes;
    Vector total = hn::Load(d, sums);
    for (std::int64_t c = 0; c < decode_keys; c += lanes) {
        const Vector e = exp2_of_weight(d, hn::MulSub(hn::Load(d, scores + c), factor, subtracted));
        hn::Store(e, d, scores + c);
        total = hn::Add(total, e);
    }
    hn::Store(total, d, sums);
}

// Products of all rows to weights.
HWY_ATTR HWY_INLINE void decode_weights(const DecodeBlock& block, LinesAhead& ahead) {
    if (block.scoring != nullptr) {
        decode_scored(block);
    }
    if (block.scoring == nullptr || !block.scoring->sigmoid) {
        for (std::int64_t row = 0; row < block.rows; ++row) {
            decode_softmax(block, row);
            ahead.fetch(softmax_cycles);
        }
        return;
    }
    const Lanes d;
    for (std::int64_t row = 0; row < block.rows; ++row) {
        float* scores = block.scores + row * decode_keys;
        for (std::int64_t c = 0; c < decode_keys; c += lanes) {
            hn::Store(logistic(d, hide(hn::Load(d, scores + c), block.visible + row, c)).value, d, scores + c);
        }
    }
}

// Adds weights times some values of the columns of one panel, of which the last may be missing.
template <class T, bool Whole>
HWY_ATTR HWY_INLINE void decode_panel(const DecodeBlock& block, std::int64_t first_key, std::int64_t c,
                                      LinesAhead& ahead) {
    const Lanes d;
    const DecodeTile& tile = *block.tile;
    const std::int64_t present = block.dim_v - c;
    const std::int64_t end_key =
        first_key + block.reading.values_at_once < tile.count ? first_key + block.reading.values_at_once : tile.count;
    for (std::int64_t first = 0; first < block.rows; first += decode_rows) {
        float* output = block.output + first * block.output_stride + c;
        const float* weights = block.scores + first * decode_keys;
        Vector sum[decode_rows][2];
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            sum[r][0] = hn::Load(d, output + r * block.output_stride);
            sum[r][1] = hn::Load(d, output + r * block.output_stride + lanes);
        }
        const auto add = [&](std::int64_t key) HWY_ATTR {
            const T* row = static_cast<const T*>(tile.values[key]) + c;
            const Vector v0 = Whole || present >= lanes ? load_elements(row) : load_some(row, present);
            const Vector v1 = Whole             ? load_elements(row + lanes)
                              : present > lanes ? load_some(row + lanes, present - lanes)
                                                : hn::Zero(d);
#pragma GCC unroll 8
            for (int r = 0; r < decode_rows; ++r) {
                const Vector weight = hn::Set(d, weights[r * decode_keys + key]);
                sum[r][0] = hn::MulAdd(weight, v0, sum[r][0]);
                sum[r][1] = hn::MulAdd(weight, v1, sum[r][1]);
            }
        };
        std::int64_t key = first_key;
        for (; key + 4 <= end_key; key += 4) {
            ahead.fetch(4 * step_cycles);
            add(key);
            add(key + 1);
            add(key + 2);
            add(key + 3);
        }
        for (; key < end_key; ++key) {
            ahead.fetch(step_cycles);
            add(key);
        }
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            hn::Store(sum[r][0], d, output + r * block.output_stride);
            hn::Store(sum[r][1], d, output + r * block.output_stride + lanes);
        }
    }
}

template <class T>
HWY_ATTR HWY_INLINE void decode_typed(const DecodeBlock& block) {
    // A step of the first product is decode_depth elements of decode_columns keys, one of the second a panel of a
    // value.
    const std::int64_t steps = (block.dim_qk + decode_depth - 1) / decode_depth * (decode_keys / decode_columns) *
                                   (block.rows / decode_group) +
                               (block.dim_v + panel - 1) / panel * decode_keys * (block.rows / decode_rows);
    NextRows next(block, sizeof(T));
    LinesAhead ahead(next, steps * step_cycles + block.rows * softmax_cycles);
    decode_scores<T>(block, ahead);
    decode_weights(block, ahead);
    for (std::int64_t key = 0; key < block.tile->count; key += block.reading.values_at_once) {
        std::int64_t c = 0;
        for (; c + panel <= block.dim_v; c += panel) {
            decode_panel<T, true>(block, key, c, ahead);
        }
        if (c < block.dim_v) {
            decode_panel<T, false>(block, key, c, ahead);
        }
    }
}

HWY_ATTR inline void decode_tile(const DecodeBlock& block) {
    switch (block.dtype) {
        case DType::float32:
            decode_typed<float>(block);
            return;
        case DType::bfloat16:
            decode_typed<hwy::bfloat16_t>(block);
            return;
        case DType::float16:
            decode_typed<hwy::float16_t>(block);
            return;
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
