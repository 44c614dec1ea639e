// SPDX-License-Identifier: GPL-3.0-or-later
// Scores that are more than scaled products: soft cap, ALiBi, bias, and the weights of sigmoid attention.
// Included by files that are compiled for one instruction set or, by Highway, once for every one; hence no #pragma once
// but Highway's toggle.
#if defined(LONGSCOPE_ENGINE_KERNEL_CPU_TILE_SCORES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_SCORES_INL_H
#undef LONGSCOPE_ENGINE_KERNEL_CPU_TILE_SCORES_INL_H
#else
#define LONGSCOPE_ENGINE_KERNEL_CPU_TILE_SCORES_INL_H
#endif

#include <cstring>
#include <numbers>

#include "engine/kernel/cpu/squash-inl.h"
#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/cpu/tile_product-inl.h"

HWY_BEFORE_NAMESPACE();
namespace longscope::cpu {
namespace HWY_NAMESPACE {

constexpr auto log2_e = static_cast<float>(std::numbers::log2e);

// A vector of a caller's row, of which `present` elements are there; zeros behind them.
HWY_ATTR HWY_INLINE Vector load_present(const float* HWY_RESTRICT from, std::int64_t present) {
    if (present >= lanes) {
        return hn::LoadU(Lanes(), from);
    }
    HWY_ALIGN float padded[lanes] = {};
    if (present > 0) {
        std::memcpy(padded, from, static_cast<std::size_t>(present) * sizeof(float));
    }
    return hn::Load(Lanes(), padded);
}

// Adds to a vector of a caller's row, of which `present` elements are there.
HWY_ATTR HWY_INLINE void add_present(Vector added, float* HWY_RESTRICT to, std::int64_t present) {
    if (present >= lanes) {
        hn::StoreU(hn::Add(hn::LoadU(Lanes(), to), added), Lanes(), to);
        return;
    }
    HWY_ALIGN float padded[lanes];
    hn::Store(added, Lanes(), padded);
    for (std::int64_t i = 0; i < present; ++i) {
        to[i] += padded[i];
    }
}

// Scores of one row in columns [begin, end), from products; `slopes` (unless null) become the derivatives of the soft
// cap.
HWY_ATTR HWY_INLINE void score_row(const ScoreTile& rule, std::int64_t row, float* HWY_RESTRICT scores,
                                   std::int64_t begin, std::int64_t end, float* HWY_RESTRICT slopes) {
    const Lanes d;
    const Vector offset = hn::Set(d, rule.sigmoid_bias);
    if (rule.soft_cap != 0.0F) {
        const Vector factor = hn::Set(d, rule.scale / rule.soft_cap);
        const Vector cap = hn::Set(d, rule.soft_cap);
        for (std::int64_t c = begin; c < end; c += lanes) {
            const Squashed<Vector> capped = tanh(d, hn::Mul(hn::Load(d, scores + c), factor));
            hn::Store(hn::MulAdd(capped.value, cap, offset), d, scores + c);
            if (slopes != nullptr) {
                hn::Store(capped.slope, d, slopes + c);
            }
        }
    } else {
        const Vector factor = hn::Set(d, rule.scale);
        for (std::int64_t c = begin; c < end; c += lanes) {
            hn::Store(hn::MulAdd(hn::Load(d, scores + c), factor, offset), d, scores + c);
        }
    }
    if (rule.column_positions != nullptr) {
        // Whole numbers, exact: float32 would round positions from 2^24 on, and their differences with them.
        const hn::RebindToSigned<Lanes> di;
        const auto position = hn::Set(di, rule.row_positions[row]);
        const Vector slope = hn::Set(d, rule.slope);
        for (std::int64_t c = begin; c < end; c += lanes) {
            const auto distance = hn::Abs(hn::Sub(position, hn::LoadU(di, rule.column_positions + c)));
            hn::Store(hn::NegMulAdd(slope, hn::ConvertTo(d, distance), hn::Load(d, scores + c)), d, scores + c);
        }
    }
    if (rule.bias != nullptr && row < rule.rows) {
        const float* bias = rule.bias + row * rule.bias_stride;
        for (std::int64_t c = begin; c < end; c += lanes) {
            hn::Store(hn::Add(hn::Load(d, scores + c), load_present(bias + c, rule.columns - c)), d, scores + c);
        }
    }
}

// The same of the rows of a group, `stride` apart. Out of line: the plain case shall not carry its code along.
template <class Arithmetic, std::int64_t Rows = row_group>
HWY_ATTR HWY_NOINLINE void score_rows(const ScoreTile& rule, std::int64_t first_row, float* scores, std::int64_t stride,
                                      const GroupColumns& columns, float* slopes) {
    for (std::int64_t r = 0; r < Rows; ++r) {
        score_row(rule, first_row + r, scores + r * stride, columns.begin, columns.end,
                  slopes == nullptr ? nullptr : slopes + r * stride);
    }
}

// One row of scores in columns [begin, end) to the weights of sigmoid attention; they are neither summed nor rescaled.
template <class Arithmetic>
HWY_ATTR HWY_INLINE void sigmoid_row(float* HWY_RESTRICT scores, std::int64_t begin, std::int64_t end,
                                     const std::uint64_t* HWY_RESTRICT visible) {
    const Lanes d;
    const auto weight = [&](std::int64_t c) HWY_ATTR {
        const Vector s = hn::Load(d, scores + c);
        return logistic(d, visible == nullptr ? s : hide(s, visible, c)).value;
    };
    for (std::int64_t c = begin; c < end; c += panel) {
        const Vector w0 = weight(c);
        const Vector w1 = weight(c + lanes);
        Arithmetic::store_weights(w0, w1, scores, c);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace longscope::cpu
HWY_AFTER_NAMESPACE();

#endif  // the toggle
