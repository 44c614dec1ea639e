// SPDX-License-Identifier: GPL-3.0-or-later
// The definition of the backward pass that every kernel is held against: what one query and one key that it sees have
// to do with each other, in float64.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

namespace longscope {

// What of the whole row a pair needs beside its query and its output gradient.
struct ReferenceRowStatistics {
    double lse = 0.0;
    double delta = 0.0;
};

struct ReferencePair {
    double weight = 0.0;          // P
    double score_gradient = 0.0;  // dS, before the scale
};

[[nodiscard]] inline double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t d = 0; d < a.size(); ++d) {
        sum += double{a[d]} * double{b[d]};
    }
    return sum;
}

// Not to be asked of a row whose lse is -inf: it sees nothing, or nothing that weighs anything.
[[nodiscard]] inline ReferencePair reference_pair(std::span<const float> query, std::span<const float> key,
                                                  std::span<const float> value, std::span<const float> output_gradient,
                                                  double scale, const ReferenceRowStatistics& row) {
    const double weight = std::exp(scale * dot(query, key) - row.lse);
    return {weight, weight * (dot(output_gradient, value) - row.delta)};
}

// sum += factor * vector
inline void add_scaled(std::span<double> sum, double factor, std::span<const float> vector) {
    for (std::size_t d = 0; d < sum.size(); ++d) {
        sum[d] += factor * double{vector[d]};
    }
}

}  // namespace longscope
