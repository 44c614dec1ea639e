// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/row_state.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace longscope::cpu {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

}  // namespace

void begin_row(const KeyPart& part, const Partial& out, std::int64_t head, std::int64_t row, std::int64_t dim,
               const RowState& state) {
    std::fill_n(state.output, dim, 0.0F);
    std::fill_n(state.sums, state.lanes, 0.0F);
    *state.maximum = minus_infinity;
    if (!part.first) {
        std::copy_n(out.output().row(head, row), out.dim(), state.output);
        *state.maximum = out.lse(head)[row];
        *state.sums = part.sums[head * out.rows() + row];
    }
}

void end_row(const KeyPart& part, Partial& out, std::int64_t head, std::int64_t row, double score_scale,
             const RowState& state) {
    float* output = out.output().row(head, row);
    float& lse = out.lse(head)[row];
    const float sum = std::accumulate(state.sums, state.sums + state.lanes, 0.0F);
    if (!part.last) {
        std::copy_n(state.output, out.dim(), output);
        lse = *state.maximum;
        part.sums[head * out.rows() + row] = sum;
        return;
    }
    if (out.rule() == MergeRule::sum) {
        std::copy_n(state.output, out.dim(), output);
        lse = minus_infinity;
        return;
    }
    const float inverse = sum == 0.0F ? 0.0F : 1.0F / sum;
    for (std::int64_t d = 0; d < out.dim(); ++d) {
        output[d] = state.output[d] * inverse;
    }
    lse =
        sum == 0.0F ? minus_infinity : static_cast<float>(double{*state.maximum} * score_scale + std::log(double{sum}));
}

}  // namespace longscope::cpu
