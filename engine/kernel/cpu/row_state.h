// SPDX-License-Identifier: GPL-3.0-or-later
// What a row has accumulated so far, and how it begins and ends in the result of a call.
#pragma once

#include <cstdint>

#include "engine/kernel/kernel.h"
#include "engine/mask/zone.h"

namespace longscope::cpu {

// A part of the keys, where there are too many to be packed at once. Between parts the state of a row stays in the
// result: the output not normalised, the maximum in place of lse, and the sum in `sums` (query heads x rows).
struct KeyPart {
    Range tiles;
    bool first = true;
    bool last = true;
    float* sums = nullptr;  // null where one part is all
};

// 2^(scale * (score - maximum)) is a weight, and the row's sum is that of its lanes.
struct RowState {
    float* output = nullptr;
    float* maximum = nullptr;
    float* sums = nullptr;
    std::int64_t lanes = 1;
};

// Sets a state to what the parts before left of a row; `dim` elements of output.
void begin_row(const KeyPart& part, const Partial& out, std::int64_t head, std::int64_t row, std::int64_t dim,
               const RowState& state);

// Writes what is the result of a row after the last part, and what the next part begins with after others.
// `score_scale`: of a maximum, to a natural logarithm.
void end_row(const KeyPart& part, Partial& out, std::int64_t head, std::int64_t row, double score_scale,
             const RowState& state);

}  // namespace longscope::cpu
