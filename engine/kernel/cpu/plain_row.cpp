// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/plain_row.h"

#include <cmath>
#include <limits>

namespace longscope::cpu {

PlainRows::PlainRows(const AttendInput& input, float scale)
    : input_(&input),
      scale_(scale),
      scored_(!input.scoring.is_plain()),
      sign_(input.scale == 0.0 ? 0.0F : static_cast<float>(std::copysign(1.0, input.scale))),
      query_(static_cast<std::size_t>(input.queries.dim)),
      key_(query_.size()),
      value_(static_cast<std::size_t>(input.values.dim)) {}

void PlainRows::add(std::int64_t head, std::int64_t query, Range columns, const RowState& row) {
    const std::int64_t kv_head = head / (input_->queries.heads / input_->keys.heads);
    load_row(input_->queries, head, query, query_.data());
    for (std::int64_t column = columns.begin; column < columns.end; ++column) {
        const PairPlace place = place_of(*input_, head, query, column);
        if (input_->scoring.hides(place)) {
            continue;
        }
        load_row(input_->keys, kv_head, column, key_.data());
        load_row(input_->values, kv_head, column, value_.data());
        float score = 0.0F;
        for (std::size_t d = 0; d < query_.size(); ++d) {
            score += query_[d] * key_[d];
        }
        score = scored_ ? static_cast<float>(score_of(input_->scoring, input_->scale * double{score}, place))
                        : score * sign_;
        if (input_->scoring.is_sigmoid()) {
            add_weighted(static_cast<float>(sigmoid(double{score} + *input_->scoring.sigmoid_bias)), row);
            continue;
        }
        if (score == -std::numeric_limits<float>::infinity()) {
            continue;
        }
        if (score > *row.maximum) {
            const float shrink = std::exp2((*row.maximum - score) * scale_);
            for (std::int64_t lane = 0; lane < row.lanes; ++lane) {
                row.sums[lane] *= shrink;
            }
            for (std::size_t d = 0; d < value_.size(); ++d) {
                row.output[d] *= shrink;
            }
            *row.maximum = score;
        }
        const float weight = std::exp2((score - *row.maximum) * scale_);
        row.sums[0] += weight;
        add_weighted(weight, row);
    }
}

void PlainRows::add_weighted(float weight, const RowState& row) const {
    for (std::size_t d = 0; d < value_.size(); ++d) {
        row.output[d] += weight * value_[d];
    }
}

}  // namespace longscope::cpu
