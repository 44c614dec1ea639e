// SPDX-License-Identifier: GPL-3.0-or-later
// The scoring of a call as tiles are told of it: positions, and where the biases of a tile lie. One thread's; not
// thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/kernel/cpu/tile_functions.h"
#include "engine/kernel/kernel.h"

namespace longscope::cpu {

class TileScoring {
  public:
    // Of tiles of q_tile x k_tile. `scale`: of a product, whatever the packed operands hold of it already.
    // `bias_gradients` without data: not wanted. The input must live as long.
    TileScoring(const AttendInput& input, double scale, std::int64_t q_tile, std::int64_t k_tile,
                const HeadMatrix<float>& bias_gradients = {});

    // Are there scores that are more than scaled products?
    [[nodiscard]] static bool is_needed(const AttendInput& input, const HeadMatrix<float>& bias_gradients = {}) {
        return !input.scoring.is_plain() || bias_gradients.data != nullptr;
    }

    // Are there scores that depend on more of a pair than its product, and so on which head and row it is of?
    [[nodiscard]] static bool reads_rows(const AttendInput& input) {
        return input.scoring.slopes != nullptr || input.scoring.has_bias();
    }

    void choose_rows(std::int64_t head, Range rows);
    // Rows from anywhere, at most q_tile; below 0: none, padding. Gradients of biases are not wanted.
    void choose_gathered_rows(std::int64_t head, std::span<const std::int64_t> rows);
    void choose_columns(Range columns);
    // Of the chosen rows and columns; null where nothing is needed. Valid until the next choice.
    [[nodiscard]] const ScoreTile* tile();

  private:
    const AttendInput* input_;
    HeadMatrix<float> bias_gradients_;
    bool needed_;
    std::int64_t head_ = 0;
    Range rows_;
    std::vector<std::int64_t> gathered_;  // instead of rows_, unless empty
    Range columns_;
    ScoreTile tile_;
    std::vector<std::int32_t> row_positions_;     // of ALiBi
    std::vector<std::int32_t> column_positions_;  // of ALiBi
    std::int64_t k_tile_;
    std::vector<float> gathered_bias_;  // of gathered rows and the chosen columns
};

}  // namespace longscope::cpu
