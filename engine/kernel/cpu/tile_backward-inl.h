// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of one tile, over any multiply-add.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_BACKWARD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_BACKWARD_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_BACKWARD_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_BACKWARD_INL_H
#endif

#include <hwy/cache_control.h>

#include <cstring>

#include "engine/kernel/cpu/exp2-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"
#include "engine/kernel/cpu/tile_scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Rows of a tile.
constexpr std::int64_t backward_q_tile = 96;
// Columns of a tile: whole panels, and whole groups of rows once the tile is transposed.
constexpr std::int64_t backward_k_tile = 192;
// Units from one row of weights, or of pairs of rows, to the next: not a power of two, so that the rows of a column of
// tiles do not share the sets of the first-level cache.
constexpr std::int64_t weight_stride = backward_k_tile + 16;

// Rows `row` and `row` + 1 of a group: weights P = 2^(scale S - lse) and gradients dS = P (dP - delta) in columns
// of the group, from the products S and dP.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void differentiate_rows(const BackwardBlock& block, std::int64_t row, const float* HWY_RESTRICT s,
                                            const float* HWY_RESTRICT dp, const GroupColumns& columns) {
    const Lanes d;
    const Vector scale = hn::Set(d, block.scale);
    const Vector gradient_scale = hn::Set(d, block.gradient_scale);
    const Vector lse[2] = {hn::Set(d, block.lse[row]), hn::Set(d, block.lse[row + 1])};
    const Vector delta[2] = {hn::Set(d, block.delta[row]), hn::Set(d, block.delta[row + 1])};
    for (std::int64_t c = columns.begin; c < columns.end; c += lanes) {
        Vector p[2];
        Vector ds[2];
#pragma GCC unroll 2
        for (int r = 0; r < 2; ++r) {
            const std::int64_t at = r * backward_k_tile + c;
            p[r] = exp2_of_weight(d, hn::MulSub(hn::Load(d, s + at), scale, lse[r]));
            if (columns.masked != 0) {
                p[r] = show(p[r], block.visible + (row + r) * (backward_k_tile / 64), c);
            }
            ds[r] = hn::Mul(hn::Mul(p[r], gradient_scale), hn::Sub(hn::Load(d, dp + at), delta[r]));
        }
        Arithmetic::store_row_pair(p[0], p[1], block.weights, weight_stride, row, c);
        Arithmetic::store_row_pair(ds[0], ds[1], block.gradients, weight_stride, row, c);
        Arithmetic::store_rows(ds[0], ds[1], block.gradient_rows, weight_stride, row, c);
    }
}

// The same where scores are more than products: of sigmoid attention dS = P (1 - P) dP.
template <class Arithmetic>
HWY_ATTR HWY_NOINLINE void differentiate_scored_rows(const BackwardBlock& block, std::int64_t row,
                                                     const float* HWY_RESTRICT s, const float* HWY_RESTRICT dp,
                                                     const float* HWY_RESTRICT slopes, const GroupColumns& columns) {
    const Lanes d;
    const ScoreTile& rule = *block.scoring;
    const Vector scale = hn::Set(d, log2_e);
    const Vector gradient_scale = hn::Set(d, block.gradient_scale);
    for (std::int64_t c = columns.begin; c < columns.end; c += lanes) {
        Vector p[2];
        Vector ds[2];
        for (int r = 0; r < 2; ++r) {
            const std::int64_t at = r * backward_k_tile + c;
            const Vector score = hn::Load(d, s + at);
            const Vector product = hn::Load(d, dp + at);
            // Of the weight by the score, and what it is multiplied by.
            Squashed<Vector> weight;
            Vector factor;
            if (rule.sigmoid) {
                weight = logistic(d, score);
                factor = product;
            } else {
                weight.value = exp2_of_weight(d, hn::Mul(hn::Sub(score, hn::Set(d, block.lse[row + r])), scale));
                weight.slope = weight.value;
                factor = hn::Sub(product, hn::Set(d, block.delta[row + r]));
            }
            if (columns.masked != 0) {
                const std::uint64_t* visible = block.visible + (row + r) * (backward_k_tile / 64);
                weight.value = show(weight.value, visible, c);
                weight.slope = show(weight.slope, visible, c);
            }
            const Vector score_gradient = hn::Mul(weight.slope, factor);
            if (rule.bias_gradients != nullptr && row + r < rule.rows) {
                add_present(score_gradient, rule.bias_gradients + (row + r) * rule.bias_gradients_stride + c,
                            rule.columns - c);
            }
            p[r] = weight.value;
            ds[r] = hn::Mul(score_gradient, gradient_scale);
            if (slopes != nullptr) {
                ds[r] = hn::Mul(ds[r], hn::Load(d, slopes + at));
            }
        }
        Arithmetic::store_row_pair(p[0], p[1], block.weights, weight_stride, row, c);
        Arithmetic::store_row_pair(ds[0], ds[1], block.gradients, weight_stride, row, c);
        Arithmetic::store_rows(ds[0], ds[1], block.gradient_rows, weight_stride, row, c);
    }
}

// The same from weights that the forward pass kept, and of the products dP alone.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void differentiate_stored_rows(const BackwardBlock& block, std::int64_t row,
                                                   const float* HWY_RESTRICT dp, const GroupColumns& columns) {
    const Lanes d;
    const ScoreTile* const rule = block.scoring;
    const Vector gradient_scale = hn::Set(d, block.gradient_scale);
    const Vector delta[2] = {hn::Set(d, block.delta[row]), hn::Set(d, block.delta[row + 1])};
    const float* const stored = block.stored + row * (backward_k_tile / Arithmetic::unit);
    const std::int64_t ends[2] = {columns.end < block.stored_split ? columns.end : block.stored_split, columns.end};
    std::int64_t c = columns.begin;
    for (int side = 0; side < 2; ++side) {
        if (c >= ends[side]) {
            continue;
        }
        Vector factor[2];
        for (int r = 0; r < 2; ++r) {
            // Natural logarithms may be so large that only their difference can be multiplied.
            const float exponent = block.stored_exponents[side][row + r] - block.lse[row + r];
            factor[r] = exp2(d, hn::Set(d, rule == nullptr ? exponent : exponent * log2_e));
        }
        for (; c < ends[side]; c += lanes) {
            Vector p[2];
            Vector ds[2];
#pragma GCC unroll 2
            for (int r = 0; r < 2; ++r) {
                const float* const weights = stored + r * (backward_k_tile / Arithmetic::unit);
                p[r] = hn::Mul(Arithmetic::load_weights(weights, c), factor[r]);
                if (columns.masked != 0) {
                    p[r] = show(p[r], block.visible + (row + r) * (backward_k_tile / 64), c);
                }
                ds[r] = hn::Mul(p[r], hn::Sub(hn::Load(d, dp + r * backward_k_tile + c), delta[r]));
                if (rule != nullptr && rule->bias_gradients != nullptr && row + r < rule->rows) {
                    add_present(ds[r], rule->bias_gradients + (row + r) * rule->bias_gradients_stride + c,
                                rule->columns - c);
                }
                ds[r] = hn::Mul(ds[r], gradient_scale);
            }
            Arithmetic::store_row_pair(p[0], p[1], block.weights, weight_stride, row, c);
            Arithmetic::store_row_pair(ds[0], ds[1], block.gradients, weight_stride, row, c);
            Arithmetic::store_rows(ds[0], ds[1], block.gradient_rows, weight_stride, row, c);
        }
    }
}

// Fetches a block's `ahead` in equal steps, one before each product: all at once would fill the buffers for lines that
// are under way, and products would wait behind them.
class Fetcher {
  public:
    HWY_ATTR HWY_INLINE Fetcher(const BackwardBlock& block, std::int64_t steps) {
        for (int i = 0; i < 2; ++i) {
            at_[i] = block.ahead[i].begin;
            end_[i] = at_[i] + block.ahead[i].floats;
            floats_[i] = (block.ahead[i].floats / line + steps - 1) / steps * line;
        }
    }
    HWY_ATTR HWY_INLINE void step() {
        for (int i = 0; i < 2; ++i) {
            const float* const until = end_[i] - at_[i] < floats_[i] ? end_[i] : at_[i] + floats_[i];
            for (; at_[i] < until; at_[i] += line) {
                hwy::Prefetch(at_[i]);
            }
        }
    }

  private:
    static constexpr std::int64_t line = 16;  // floats
    const float* at_[2];
    const float* end_[2];
    std::int64_t floats_[2];
};

// Which columns of a tile the rows of a group see.
HWY_ATTR HWY_INLINE GroupColumns columns_of(const BackwardBlock& block, std::int64_t group) {
    return block.groups == nullptr ? GroupColumns{0, backward_k_tile, 0} : block.groups[group];
}

// The rows of a group from products to weights and gradients.
template <class Arithmetic, std::int64_t Rows = row_group>
HWY_ATTR HWY_INLINE void differentiate_group(const BackwardBlock& block, std::int64_t group,
                                             const GroupColumns& columns) {
    if (block.scoring != nullptr && block.stored == nullptr) {
        score_rows<Arithmetic, Rows>(*block.scoring, group * Rows, block.scores, backward_k_tile, columns,
                                     block.score_slopes);
    }
    for (std::int64_t r = 0; r < Rows; r += 2) {
        const std::int64_t row = group * Rows + r;
        if (columns.begin > 0 || columns.end < backward_k_tile) {
            // Columns that other groups see are multiplied with these rows as well.
            Arithmetic::clear_row_pair(block.weights, weight_stride, row, backward_k_tile);
            Arithmetic::clear_row_pair(block.gradients, weight_stride, row, backward_k_tile);
        }
        const float* scores = block.scores + r * backward_k_tile;
        const float* products = block.products + r * backward_k_tile;
        if (block.stored != nullptr) {
            differentiate_stored_rows<Arithmetic>(block, row, products, columns);
        } else if (block.scoring == nullptr) {
            differentiate_rows<Arithmetic>(block, row, scores, products, columns);
        } else {
            differentiate_scored_rows<Arithmetic>(
                block, row, scores, products,
                block.score_slopes == nullptr ? nullptr : block.score_slopes + r * backward_k_tile, columns);
        }
    }
}

// The groups of Rows rows that see some of as many keys from `key` on.
template <std::int64_t Rows>
HWY_ATTR HWY_INLINE void find_groups(const BackwardBlock& block, std::int64_t key, std::int64_t& first,
                                     std::int64_t& last) {
    first = block.row_groups;
    last = 0;
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        if (const GroupColumns columns = columns_of(block, g); columns.begin < key + Rows && columns.end > key) {
            first = g < first ? g : first;
            last = g + 1;
        }
    }
}

template <class Arithmetic>
HWY_ATTR void attend_tile_backward(const BackwardBlock& block) {
    constexpr std::int64_t unit = Arithmetic::unit;
    Fetcher fetcher(block, block.row_groups * (backward_k_tile / panel) +
                               backward_k_tile / row_group * (block.dim_v_padded + block.dim_qk_padded) / panel);
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = columns_of(block, g);
        for (std::int64_t c = columns.begin; c < columns.end; c += panel) {
            if (block.stored == nullptr) {
                multiply<Arithmetic, Into::overwrite, 1, row_group>(block.queries + g * row_group * block.depth_qk,
                                                                    block.keys + c * block.depth_qk, block.depth_qk,
                                                                    block.scores + c, backward_k_tile);
            }
            fetcher.step();
            multiply<Arithmetic, Into::overwrite, 1, row_group>(block.output_gradients + g * row_group * block.depth_v,
                                                                block.values + c * block.depth_v, block.depth_v,
                                                                block.products + c, backward_k_tile);
        }
        differentiate_group<Arithmetic>(block, g, columns);
    }

    // dV += P^T dO and dK += dS^T Q, for groups of keys over the rows that see some of them.
    for (std::int64_t key = 0; key < backward_k_tile; key += row_group) {
        std::int64_t first = 0;
        std::int64_t last = 0;
        find_groups<row_group>(block, key, first, last);
        if (first >= last) {
            continue;
        }
        const std::int64_t begin = first * row_group / unit;
        const std::int64_t depth = last * row_group / unit - begin;
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            fetcher.step();
            multiply<Arithmetic, Into::add, 1, weight_stride>(
                block.weights + begin * weight_stride + key,
                block.output_gradient_rows + p * (backward_q_tile / unit) + begin * panel, depth,
                block.value_gradients + key * block.dim_v_padded + p, block.dim_v_padded);
        }
        for (std::int64_t p = 0; p < block.dim_qk_padded; p += panel) {
            fetcher.step();
            multiply<Arithmetic, Into::add, 1, weight_stride>(
                block.gradients + begin * weight_stride + key,
                block.query_rows + p * (backward_q_tile / unit) + begin * panel, depth,
                block.key_gradients + key * block.dim_qk_padded + p, block.dim_qk_padded);
        }
    }

    // dQ = dS K.
    const float* gradient_rows = Arithmetic::unit == 1 ? block.gradients : block.gradient_rows;
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const std::int64_t begin = columns_of(block, g).begin / unit;
        const std::int64_t end = columns_of(block, g).end / unit;
        for (std::int64_t p = 0; p < block.dim_qk_padded; p += panel) {
            // Without a column that is seen, a product of no depth: zeros.
            multiply<Arithmetic, Into::overwrite, weight_stride, 1>(
                gradient_rows + g * row_group * weight_stride + begin,
                block.key_rows + p * (backward_k_tile / unit) + begin * panel, end > begin ? end - begin : 0,
                block.query_gradients + g * row_group * block.dim_qk_padded + p, block.dim_qk_padded);
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
