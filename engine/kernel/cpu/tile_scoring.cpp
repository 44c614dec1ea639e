// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/tile_scoring.h"

#include <algorithm>

namespace longscope::cpu {

TileScoring::TileScoring(const AttendInput& input, double scale, std::int64_t q_tile, std::int64_t k_tile,
                         const HeadMatrix<float>& bias_gradients)
    : input_(&input), bias_gradients_(bias_gradients), needed_(is_needed(input, bias_gradients)), k_tile_(k_tile) {
    const Scoring& scoring = input.scoring;
    tile_.scale = static_cast<float>(scale);
    tile_.soft_cap = static_cast<float>(scoring.soft_cap);
    tile_.sigmoid = scoring.is_sigmoid();
    tile_.sigmoid_bias = static_cast<float>(scoring.sigmoid_bias.value_or(0.0));
    if (scoring.slopes != nullptr) {
        row_positions_.resize(static_cast<std::size_t>(q_tile));
        column_positions_.resize(static_cast<std::size_t>(k_tile));
        tile_.row_positions = row_positions_.data();
        tile_.column_positions = column_positions_.data();
    }
}

void TileScoring::choose_rows(std::int64_t head, Range rows) {
    head_ = head;
    rows_ = rows;
    gathered_.clear();
    tile_.rows = rows.size();
    if (input_->scoring.slopes != nullptr) {
        tile_.slope = input_->scoring.slopes[head];
        input_->mask->row_positions(rows, row_positions_.data());
    }
}

void TileScoring::choose_gathered_rows(std::int64_t head, std::span<const std::int64_t> rows) {
    head_ = head;
    gathered_.assign(rows.begin(), rows.end());
    tile_.rows = static_cast<std::int64_t>(rows.size());
    if (input_->scoring.slopes != nullptr) {
        tile_.slope = input_->scoring.slopes[head];
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (rows[i] >= 0) {
                input_->mask->row_positions({rows[i], rows[i] + 1}, row_positions_.data() + i);
            }
        }
    }
}

void TileScoring::choose_columns(Range columns) {
    columns_ = columns;
    tile_.columns = columns.size();
    if (input_->scoring.slopes != nullptr) {
        input_->mask->column_positions(columns, column_positions_.data());
    }
}

const ScoreTile* TileScoring::tile() {
    if (!needed_) {
        return nullptr;
    }
    const HeadView& bias = input_->scoring.bias;
    if (bias.data != nullptr && !gathered_.empty()) {
        gathered_bias_.assign(gathered_.size() * static_cast<std::size_t>(k_tile_), 0.0F);
        for (std::size_t i = 0; i < gathered_.size(); ++i) {
            if (gathered_[i] >= 0) {
                std::copy_n(static_cast<const float*>(bias.row(head_, gathered_[i])) + columns_.begin, columns_.size(),
                            gathered_bias_.data() + i * static_cast<std::size_t>(k_tile_));
            }
        }
        tile_.bias = gathered_bias_.data();
        tile_.bias_stride = k_tile_;
    } else if (bias.data != nullptr) {
        tile_.bias = static_cast<const float*>(bias.row(head_, rows_.begin)) + columns_.begin;
        tile_.bias_stride = bias.token_stride;
    }
    if (bias_gradients_.data != nullptr) {
        tile_.bias_gradients =
            bias_gradients_.row(bias_gradients_.heads == 1 ? 0 : head_, rows_.begin) + columns_.begin;
        tile_.bias_gradients_stride = bias_gradients_.dim;
    }
    return &tile_;
}

}  // namespace longscope::cpu
