// SPDX-License-Identifier: GPL-3.0-or-later
// Attention of one row, key by key, touching nothing that the row does not see: for tiles with NaN or infinities,
// where the product of a weight of 0 with a value that is not a number would not be 0.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/cpu/row_state.h"
#include "engine/kernel/kernel.h"
#include "engine/mask/zone.h"

namespace longscope::cpu {

class PlainRows {
  public:
    // `scale` as in RowBlock. The input must live as long.
    PlainRows(const AttendInput& input, float scale);

    // Adds the keys of `columns` to a row of a query head.
    void add(std::int64_t head, std::int64_t query, Range columns, const RowState& row);

  private:
    // Adds weight * the value that is loaded.
    void add_weighted(float weight, const RowState& row) const;

    const AttendInput* input_;
    float scale_;
    bool scored_;
    float sign_;
    std::vector<float> query_;
    std::vector<float> key_;
    std::vector<float> value_;
};

}  // namespace longscope::cpu
