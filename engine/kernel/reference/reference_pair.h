// SPDX-License-Identifier: GPL-3.0-or-later
// The definition of the backward pass that every kernel is held against: what one query and one key that it sees have
// to do with each other, in float64.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "engine/kernel/scoring.h"

namespace longscope {

// What of the whole row a pair needs beside its query and its output gradient.
struct ReferenceRowStatistics {
    double lse = 0.0;
    double delta = 0.0;
};

struct ReferencePair {
    double weight = 0.0;            // P
    double score_gradient = 0.0;    // dS
    double product_gradient = 0.0;  // of scale * q . k
};

[[nodiscard]] inline double dot(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t d = 0; d < a.size(); ++d) {
        sum += double{a[d]} * double{b[d]};
    }
    return sum;
}

// `scaled` is scale * q . k, `output_product` dO . v. Not to be asked of a row of softmax attention whose lse is
// -inf: it sees nothing, or nothing that weighs anything.
[[nodiscard]] inline ReferencePair reference_pair(const Scoring& scoring, const PairPlace& place, double scaled,
                                                  double output_product, const ReferenceRowStatistics& row) {
    const double score = score_of(scoring, scaled, place);
    ReferencePair pair;
    if (scoring.is_sigmoid()) {
        pair.weight = sigmoid(score + *scoring.sigmoid_bias);
        pair.score_gradient = pair.weight * (1.0 - pair.weight) * output_product;
    } else {
        pair.weight = std::exp(score - row.lse);
        pair.score_gradient = pair.weight * (output_product - row.delta);
    }
    pair.product_gradient = pair.score_gradient * score_slope(scoring, scaled);
    return pair;
}

// sum += factor * vector
inline void add_scaled(std::span<double> sum, double factor, std::span<const float> vector) {
    for (std::size_t d = 0; d < sum.size(); ++d) {
        sum[d] += factor * double{vector[d]};
    }
}

}  // namespace longscope
