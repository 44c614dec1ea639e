// SPDX-License-Identifier: GPL-3.0-or-later
// The forward pass of one tile, over any multiply-add.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_FORWARD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_FORWARD_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_FORWARD_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_FORWARD_INL_H
#endif

#include "engine/kernel/cpu/exp2-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_keep-inl.h"
#include "engine/kernel/cpu/tile_product-inl.h"
#include "engine/kernel/cpu/tile_scores-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

// Rows of a tile: eleven groups of 12, which a block of 128 rows nearly fills.
constexpr std::int64_t q_tile = 132;
// Rows of scores stand so far apart and begin so far behind the first one; their weights take their place.
template <class Arithmetic>
struct ScoreRows {
    static constexpr std::int64_t stride = k_tile;
    static constexpr std::int64_t offset = 0;
};

template <class Arithmetic>
HWY_INLINE float* scores_of(const RowBlock& block, std::int64_t row_of_group) {
    return block.scores + ScoreRows<Arithmetic>::offset + row_of_group * ScoreRows<Arithmetic>::stride;
}

// One row of scores in columns [begin, end), multiples of the panel: hides what is not visible, turns scores into
// weights (over the scores, in the variant's type), updates maximum and sums, returns the factor by which the earlier
// output shrinks. Scored: scores are more than products. They may be as large as float32 goes, so that a maximum is
// subtracted before it is scaled; and a bias of NaN or +inf makes them NaN or +inf, which makes NaN of the whole row.
template <class Arithmetic, bool Scored>
HWY_ATTR HWY_INLINE float softmax_row(float* HWY_RESTRICT scores, std::int64_t begin, std::int64_t end,
                                      const std::uint64_t* HWY_RESTRICT visible, float scale, float& maximum,
                                      float* HWY_RESTRICT sums) {
    constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
    const Lanes d;
    Vector highest0 = hn::Set(d, minus_infinity);
    Vector highest1 = highest0;
    if (visible != nullptr) {
        for (std::int64_t c = begin; c < end; c += panel) {
            const Vector s0 = hide(hn::Load(d, scores + c), visible, c);
            const Vector s1 = hide(hn::Load(d, scores + c + lanes), visible, c + lanes);
            hn::Store(s0, d, scores + c);
            hn::Store(s1, d, scores + c + lanes);
            highest0 = hn::Max(highest0, s0);
            highest1 = hn::Max(highest1, s1);
        }
    } else {
        for (std::int64_t c = begin; c < end; c += panel) {
            highest0 = hn::Max(highest0, hn::Load(d, scores + c));
            highest1 = hn::Max(highest1, hn::Load(d, scores + c + lanes));
        }
    }
    if constexpr (Scored) {
        auto below_infinity = hn::Lt(hn::Load(d, scores + begin), hn::Set(d, -minus_infinity));
        for (std::int64_t c = begin; c < end; c += lanes) {
            below_infinity = hn::And(below_infinity, hn::Lt(hn::Load(d, scores + c), hn::Set(d, -minus_infinity)));
        }
        if (!hn::AllTrue(d, below_infinity)) {
            hn::Store(hn::Set(d, std::numeric_limits<float>::quiet_NaN()), d, sums);
        }
    }
    // A new maximum only where it is far above the old one: the reduction over lanes and the rescaling are rare then,
    // and no weight is above 2^8.
    const float headroom = 8.0F / scale;
    float shrink = 1.0F;
    const Vector highest = hn::Max(highest0, highest1);
    if (!hn::AllFalse(d, hn::Gt(highest, hn::Set(d, maximum + headroom)))) {
        const float next = hn::GetLane(hn::MaxOfLanes(d, highest));
        shrink = hn::GetLane(exp2(d, hn::Set(d, (maximum - next) * scale)));
        maximum = next;
    }
    if (maximum == minus_infinity) {
        // Nothing seen so far: exponentials of -inf less -inf would be NaN.
        for (std::int64_t c = begin; c < end; c += panel) {
            Arithmetic::store_weights(hn::Zero(d), hn::Zero(d), scores, c);
        }
        return 1.0F;
    }
    const Vector factor = hn::Set(d, scale);
    const Vector subtracted = hn::Set(d, Scored ? maximum : maximum * scale);
    const auto exponent = [&](std::int64_t c) HWY_ATTR {
        const Vector s = hn::Load(d, scores + c);
        return Scored ? hn::Mul(hn::Sub(s, subtracted), factor) : hn::MulSub(s, factor, subtracted);
    };
    Vector total0 = hn::Zero(d);
    Vector total1 = hn::Zero(d);
    for (std::int64_t c = begin; c < end; c += panel) {
        const Vector e0 = exp2_of_weight(d, exponent(c));
        const Vector e1 = exp2_of_weight(d, exponent(c + lanes));
        Arithmetic::store_weights(e0, e1, scores, c);
        total0 = hn::Add(total0, e0);
        total1 = hn::Add(total1, e1);
    }
    hn::Store(hn::MulAdd(hn::Load(d, sums), hn::Set(d, shrink), hn::Add(total0, total1)), d, sums);
    return shrink;
}

// Rows of a group from products to weights.
template <class Arithmetic, bool Scored, std::int64_t Rows = row_group>
HWY_ATTR HWY_INLINE void weigh_rows(const RowBlock& block, const KeyTile& tile, std::int64_t group,
                                    const GroupColumns& columns) {
    for (std::int64_t r = 0; r < Rows; ++r) {
        const std::int64_t row = group * Rows + r;
        const std::uint64_t* visible = columns.masked == 0 ? nullptr : tile.visible + row * (k_tile / 64);
        float* scores = scores_of<Arithmetic>(block, r);
        if (Scored && block.scoring->sigmoid) {
            sigmoid_row<Arithmetic>(scores, columns.begin, columns.end, visible);
            block.rescale[row] = 1.0F;
            continue;
        }
        block.rescale[row] = softmax_row<Arithmetic, Scored>(scores, columns.begin, columns.end, visible, block.scale,
                                                             block.maximum[row], block.sums + row * lanes);
    }
}

// Out of line, as score_rows().
template <class Arithmetic, std::int64_t Rows = row_group>
HWY_ATTR HWY_NOINLINE void weigh_scored_rows(const RowBlock& block, const KeyTile& tile, std::int64_t group,
                                             const GroupColumns& columns) {
    score_rows<Arithmetic, Rows>(*block.scoring, group * Rows, scores_of<Arithmetic>(block, 0),
                                 ScoreRows<Arithmetic>::stride, columns, nullptr);
    weigh_rows<Arithmetic, true, Rows>(block, tile, group, columns);
}

template <class Arithmetic>
HWY_ATTR void attend_tile(const RowBlock& block, const KeyTile& tile) {
    // Group by group: its scores stay in the first-level cache from the first product to the second, while keys and
    // values stream from the second.
    for (std::int64_t g = 0; g < block.row_groups; ++g) {
        const GroupColumns columns = tile.groups == nullptr ? GroupColumns{0, k_tile, 0} : tile.groups[g];
        const std::int64_t begin = columns.begin;
        const std::int64_t end = columns.end;
        if (begin >= end) {
            continue;
        }
        float* scores = block.scores;
        for (std::int64_t c = begin; c < end; c += panel) {
            multiply<Arithmetic, Into::overwrite, 1, row_group>(block.queries + g * row_group * block.depth,
                                                                tile.keys + c * block.depth, block.depth, scores + c,
                                                                k_tile);
        }
        if (block.scoring == nullptr) {
            weigh_rows<Arithmetic, false>(block, tile, g, columns);
        } else {
            weigh_scored_rows<Arithmetic>(block, tile, g, columns);
        }
        keep_rows<Arithmetic>(block, g, columns, scores_of<Arithmetic>(block, 0), ScoreRows<Arithmetic>::stride);
        for (std::int64_t p = 0; p < block.dim_v_padded; p += panel) {
            const std::int64_t first = begin / Arithmetic::unit;
            multiply<Arithmetic, Into::rescale, k_tile, 1>(
                scores + first, tile.values + p * (k_tile / Arithmetic::unit) + first * panel,
                end / Arithmetic::unit - first, block.output + g * row_group * block.dim_v_padded + p,
                block.dim_v_padded, block.rescale + g * row_group);
        }
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
