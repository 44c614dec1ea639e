// SPDX-License-Identifier: GPL-3.0-or-later
// How large gradients were before their terms cancelled each other, as in rows that see one key: rounding errors are in
// proportion to that.
#pragma once

#include <cmath>
#include <span>

#include "engine/kernel/reference/reference_pair.h"

namespace longscope {

// Of full, causal and window masks with dimensions from 16 the norm of a gradient is at least 0.26 of the root of its
// squared terms.
inline constexpr double cancelled_at_most = 4.0;

[[nodiscard]] inline double squared_norm(std::span<const float> vector) {
    return dot(vector, vector);
}

// The root of the sum of the squares of the terms of a dot product.
[[nodiscard]] inline double root_of_squared_terms(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t d = 0; d < a.size(); ++d) {
        const double term = double{a[d]} * double{b[d]};
        sum += term * term;
    }
    return std::sqrt(sum);
}

// The square of what a pair would add to the gradient of its score if nothing cancelled.
[[nodiscard]] inline double squared_score_term(const ReferencePair& pair, std::span<const float> output_gradient,
                                               std::span<const float> value, double delta) {
    const double term = pair.weight * (root_of_squared_terms(output_gradient, value) + std::abs(delta));
    return term * term;
}

}  // namespace longscope
