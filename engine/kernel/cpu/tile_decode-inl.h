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

#include <limits>

#include "engine/kernel/cpu/exp2-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"

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

constexpr std::int64_t cache_line_bytes = 64;

// Into the second-level cache: the first would lose what is read now.
template <class T>
HWY_ATTR HWY_INLINE void prefetch_row(const T* row, std::int64_t dim) {
    constexpr std::int64_t step = cache_line_bytes / static_cast<std::int64_t>(sizeof(T));
    for (std::int64_t i = 0; i < dim; i += step) {
        __builtin_prefetch(row + i, 0, 2);
    }
}

// Fetches the keys of the next tile line by line, in order.
class KeysAhead {
  public:
    HWY_INLINE explicit KeysAhead(const DecodeBlock& block, std::int64_t element_bytes)
        : row_(static_cast<const char*>(block.keys) + decode_keys * block.key_stride * element_bytes),
          stride_bytes_(block.key_stride * element_bytes),
          row_bytes_(block.dim_qk * element_bytes),
          rows_left_(block.keys_left - decode_keys) {}

    HWY_INLINE void fetch(std::int64_t lines) {
        for (std::int64_t i = 0; i < lines && rows_left_ > 0; ++i) {
            __builtin_prefetch(row_ + at_, 0, 2);
            at_ += cache_line_bytes;
            if (at_ >= row_bytes_) {
                at_ = 0;
                row_ += stride_bytes_;
                --rows_left_;
            }
        }
    }

  private:
    const char* row_;
    std::int64_t stride_bytes_;
    std::int64_t row_bytes_;
    std::int64_t rows_left_;
    std::int64_t at_ = 0;
};

// The sums of the lanes of four vectors, side by side.
HWY_ATTR HWY_INLINE void store_sums(const Vector (&of)[4], float* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
    for (int i = 0; i < 4; ++i) {
        out[i] = hn::GetLane(of[i]);
    }
#else
    // Inside each block of four lanes, all four vectors together; then block by block.
    const Lanes d;
    const hn::RepartitionToWide<Lanes> pairs;
    const auto fold = [&](Vector a, Vector b) HWY_ATTR {
        return hn::BitCast(pairs, hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b)));
    };
    const auto first = fold(of[0], of[1]);
    const auto second = fold(of[2], of[3]);
    const Vector blocks = hn::Add(hn::BitCast(d, hn::InterleaveLower(pairs, first, second)),
                                  hn::BitCast(d, hn::InterleaveUpper(pairs, first, second)));
    if constexpr (lanes == 16) {
        const hn::Half<Lanes> half;
        const hn::Half<decltype(half)> quarter;
        const auto two = hn::Add(hn::LowerHalf(half, blocks), hn::UpperHalf(half, blocks));
        hn::StoreU(hn::Add(hn::LowerHalf(quarter, two), hn::UpperHalf(quarter, two)), quarter, out);
    } else if constexpr (lanes == 8) {
        const hn::Half<Lanes> half;
        hn::StoreU(hn::Add(hn::LowerHalf(half, blocks), hn::UpperHalf(half, blocks)), half, out);
    } else {
        hn::StoreU(blocks, d, out);
    }
#endif
}

// Scores of four rows and four keys at a time.
template <class T>
HWY_ATTR HWY_INLINE void decode_scores(const DecodeBlock& block) {
    const Lanes d;
    const auto* keys = static_cast<const T*>(block.keys);
    const auto* values = static_cast<const T*>(block.values);
    for (std::int64_t key = 0; key < block.count; key += 4) {
        const T* rows[4];
        for (std::int64_t i = 0; i < 4; ++i) {
            const std::int64_t at = key + i < block.count ? key + i : block.count - 1;
            rows[i] = keys + at * block.key_stride;
            // What is read next: the values of this tile. While they are read, the keys of the next one are fetched.
            prefetch_row(values + at * block.value_stride, block.dim_v);
        }
        for (std::int64_t first = 0; first < block.rows; first += 4) {
            const float* queries = block.queries + first * block.query_stride;
            Vector sum[4][4];
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r) {
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i) {
                    sum[r][i] = hn::Zero(d);
                }
            }
            const auto add = [&](const Vector(&k)[4], std::int64_t c) HWY_ATTR {
#pragma GCC unroll 4
                for (int r = 0; r < 4; ++r) {
                    const Vector q = hn::Load(d, queries + r * block.query_stride + c);
#pragma GCC unroll 4
                    for (int i = 0; i < 4; ++i) {
                        sum[r][i] = hn::MulAdd(q, k[i], sum[r][i]);
                    }
                }
            };
            std::int64_t c = 0;
            for (; c + lanes <= block.dim_qk; c += lanes) {
                const Vector k[4] = {load_elements(rows[0] + c), load_elements(rows[1] + c), load_elements(rows[2] + c),
                                     load_elements(rows[3] + c)};
                add(k, c);
            }
            if (const std::int64_t rest = block.dim_qk - c; rest > 0) {
                const Vector k[4] = {load_some(rows[0] + c, rest), load_some(rows[1] + c, rest),
                                     load_some(rows[2] + c, rest), load_some(rows[3] + c, rest)};
                add(k, c);
            }
#pragma GCC unroll 4
            for (int r = 0; r < 4; ++r) {
                float* scores = block.scores + (first + r) * decode_keys + key;
                store_sums(sum[r], scores);
            }
        }
    }
}

// Scores of one row to weights; what was summed before shrinks where the maximum grows.
HWY_ATTR HWY_INLINE void decode_softmax(const DecodeBlock& block, std::int64_t row) {
    constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
    const Lanes d;
    float* scores = block.scores + row * decode_keys;
    Vector highest = hn::Set(d, minus_infinity);
    for (std::int64_t c = 0; c < decode_keys; c += lanes) {
        const Vector s = hide(hn::Load(d, scores + c), block.visible + row, c);
        hn::Store(s, d, scores + c);
        highest = hn::Max(highest, s);
    }
    const float next = hn::GetLane(hn::MaxOfLanes(d, highest));
    float& maximum = block.maximum[row];
    if (next > maximum) {
        const float shrink = hn::GetLane(exp2(d, hn::Set(d, (maximum - next) * block.scale)));
        block.sums[row] *= shrink;
        float* output = block.output + row * block.output_stride;
        for (std::int64_t c = 0; c < block.output_stride; c += lanes) {
            hn::Store(hn::Mul(hn::Load(d, output + c), hn::Set(d, shrink)), d, output + c);
        }
        maximum = next;
    }
    if (maximum == minus_infinity) {
        std::memset(scores, 0, decode_keys * sizeof(float));
        return;
    }
    const Vector factor = hn::Set(d, block.scale);
    const Vector subtracted = hn::Set(d, maximum * block.scale);
    Vector total = hn::Zero(d);
    for (std::int64_t c = 0; c < decode_keys; c += lanes) {
        const Vector e = exp2(d, hn::MulSub(hn::Load(d, scores + c), factor, subtracted));
        hn::Store(e, d, scores + c);
        total = hn::Add(total, e);
    }
    block.sums[row] += hn::GetLane(hn::SumOfLanes(d, total));
}

// Adds weights times values of the columns of one panel, of which the last may be missing.
template <class T, bool Whole>
HWY_ATTR HWY_INLINE void decode_panel(const DecodeBlock& block, std::int64_t c, KeysAhead& ahead, std::int64_t lines) {
    const Lanes d;
    const T* values = static_cast<const T*>(block.values) + c;
    const std::int64_t present = block.dim_v - c;
    for (std::int64_t first = 0; first < block.rows; first += decode_rows) {
        float* output = block.output + first * block.output_stride + c;
        const float* weights = block.scores + first * decode_keys;
        Vector sum[decode_rows][2];
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            sum[r][0] = hn::Load(d, output + r * block.output_stride);
            sum[r][1] = hn::Load(d, output + r * block.output_stride + lanes);
        }
        for (std::int64_t key = 0; key < block.count; ++key) {
            const T* row = values + key * block.value_stride;
            ahead.fetch(lines);
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
        }
#pragma GCC unroll 8
        for (int r = 0; r < decode_rows; ++r) {
            hn::Store(sum[r][0], d, output + r * block.output_stride);
            hn::Store(sum[r][1], d, output + r * block.output_stride + lanes);
        }
    }
}

template <class T>
HWY_ATTR HWY_INLINE void decode_output(const DecodeBlock& block) {
    KeysAhead ahead(block, sizeof(T));
    const std::int64_t panels = (block.dim_v + panel - 1) / panel * (block.rows / decode_rows);
    const auto row_bytes = block.dim_qk * static_cast<std::int64_t>(sizeof(T));
    const std::int64_t lines = (row_bytes + cache_line_bytes * panels - 1) / (cache_line_bytes * panels);
    std::int64_t c = 0;
    for (; c + panel <= block.dim_v; c += panel) {
        decode_panel<T, true>(block, c, ahead, lines);
    }
    if (c < block.dim_v) {
        decode_panel<T, false>(block, c, ahead, lines);
    }
}

template <class T>
HWY_ATTR HWY_INLINE void decode_typed(const DecodeBlock& block) {
    decode_scores<T>(block);
    for (std::int64_t row = 0; row < block.rows; ++row) {
        decode_softmax(block, row);
    }
    decode_output<T>(block);
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
