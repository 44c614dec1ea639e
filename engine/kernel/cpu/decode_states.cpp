// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/kernel/cpu/decode_states.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace longscope::cpu {

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

bool all_finite(const float* values, std::int64_t count) {
    return std::all_of(values, values + count, [](float value) { return std::isfinite(value); });
}

}  // namespace

DecodeStates::DecodeStates(std::int64_t pieces, std::int64_t rows, std::int64_t output_stride, std::int64_t lanes,
                           SpareBuffers& spare)
    : rows_(rows), output_stride_(output_stride), lanes_(lanes), scratch_(pieces * piece_floats(), spare) {
    memory_ = scratch_.take(pieces * piece_floats());
}

void DecodeStates::reset(std::size_t piece) const {
    std::fill_n(output(piece), rows_ * output_stride_, 0.0F);
    std::fill_n(maximum(piece), rows_, minus_infinity);
    std::fill_n(sums(piece), rows_ * lanes_, 0.0F);
}

bool DecodeStates::finite(std::size_t piece) const {
    return all_finite(output(piece), rows_ * output_stride_) && all_finite(sums(piece), rows_ * lanes_);
}

void DecodeStates::merge(Range pieces, std::int64_t row, float scale, bool weighted, DecodedRow& into) const {
    const auto first = static_cast<std::size_t>(pieces.begin);
    const auto last = static_cast<std::size_t>(pieces.end);
    float maximum_of_all = minus_infinity;
    for (std::size_t piece = first; piece < last; ++piece) {
        maximum_of_all = std::max(maximum_of_all, maximum(piece)[row]);
    }
    std::fill(into.output.begin(), into.output.end(), 0.0);
    into.maximum = double{maximum_of_all};
    into.sum = 0.0;
    for (std::size_t piece = first; piece < last; ++piece) {
        const float own = maximum(piece)[row];
        const float* sums_of_row = sums(piece) + row * lanes_;
        const double sum = std::accumulate(sums_of_row, sums_of_row + lanes_, 0.0);
        if (weighted && own == minus_infinity && sum == 0.0) {
            continue;
        }
        const double weight = weighted ? std::exp2(double{scale} * (double{own} - into.maximum)) : 1.0;
        into.sum += weight * sum;
        const float* part = output(piece) + row * output_stride_;
        for (std::size_t d = 0; d < into.output.size(); ++d) {
            into.output[d] += weight * double{part[d]};
        }
    }
}

}  // namespace longscope::cpu
