// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of an attention problem with standard-normal output gradients: the float64 reference, not rounded.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "engine/kernel/reference/reference_pair.h"
#include "tests/support/attention_case.h"

namespace longscope {

struct BackwardInputs {
    explicit BackwardInputs(const AttentionCase& c)
        : forward(c),
          output_gradients(
              AttentionInputs::tensor(c, 3, c.shape.query_heads * c.domain.query_tokens * c.shape.head_dim_v)) {}

    [[nodiscard]] HeadMatrix<const float> dout() const {
        return {output_gradients.data(), forward.shape.query_heads, forward.domain.query_tokens,
                forward.shape.head_dim_v};
    }

    AttentionInputs forward;
    std::vector<float> output_gradients;
};

// In float64: like the tensors that they are the gradients of.
struct ReferenceGradients {
    ReferenceResult forward;
    std::vector<double> delta;  // query heads x queries
    std::vector<double> queries;
    std::vector<double> keys;
    std::vector<double> values;
    std::vector<double> bias;   // like AttentionInputs::bias
    std::vector<double> sinks;  // of each head
    // The root of the sum of squares of what each pair would add if the terms of dP, delta, and what other pairs add,
    // did not cancel each other. Where they do, as in rows that see one key, rounding errors are in proportion to this.
    double queries_before_cancelling = 0.0;
    double keys_before_cancelling = 0.0;
    double values_before_cancelling = 0.0;
    double bias_before_cancelling = 0.0;
    double sinks_before_cancelling = 0.0;
};

// Of the terms of a dot product.
inline double root_of_squares(std::span<const float> a, std::span<const float> b) {
    double sum = 0.0;
    for (std::size_t d = 0; d < a.size(); ++d) {
        const double term = double{a[d]} * double{b[d]};
        sum += term * term;
    }
    return std::sqrt(sum);
}

inline ReferenceGradients reference_gradients(const AttentionCase& c, const BackwardInputs& inputs) {
    const auto dim_qk = static_cast<std::size_t>(c.shape.head_dim_qk);
    const auto dim_v = static_cast<std::size_t>(c.shape.head_dim_v);
    ReferenceGradients result{reference_attention(c, inputs.forward), {}, {}, {}, {}, {}, {}};
    const Scoring scoring = inputs.forward.scoring();
    result.bias.resize(inputs.forward.bias.size());
    result.sinks.resize(inputs.forward.sinks.size());
    result.queries.resize(inputs.forward.queries.size());
    result.keys.resize(inputs.forward.keys.size());
    result.values.resize(inputs.forward.values.size());
    const auto row_of = [](std::vector<double>& tensor, std::int64_t row, std::size_t dim) {
        return std::span<double>(tensor).subspan(static_cast<std::size_t>(row) * dim, dim);
    };
    std::unique_ptr<Mask> mask;     // of the head at hand
    std::vector<double> key_norms;  // squares, as the others
    for (std::int64_t i = 0; i < c.shape.key_value_heads * c.domain.key_tokens; ++i) {
        const std::span<const float> key(inputs.forward.k().row(0, i), dim_qk);
        key_norms.push_back(dot(key, key));
    }
    for (std::int64_t row = 0; row < c.shape.query_heads * c.domain.query_tokens; ++row) {
        const std::int64_t head = row / c.domain.query_tokens;
        if (row % c.domain.query_tokens == 0) {
            mask = c.mask(head);
        }
        const std::span<const float> query(inputs.forward.q().row(0, row), dim_qk);
        const std::span<const float> gradient(inputs.dout().row(0, row), dim_v);
        const double query_norm = dot(query, query);
        const double gradient_norm = dot(gradient, gradient);
        ReferenceRowStatistics whole_row{result.forward.lse[static_cast<std::size_t>(row)], 0.0};
        for (std::size_t d = 0; d < dim_v; ++d) {
            whole_row.delta += double{gradient[d]} * result.forward.output[static_cast<std::size_t>(row) * dim_v + d];
        }
        if (scoring.is_sigmoid()) {
            whole_row.delta = 0.0;
        }
        result.delta.push_back(whole_row.delta);
        if (!result.sinks.empty()) {
            const double term = std::exp(double{inputs.forward.sinks[static_cast<std::size_t>(head)]} - whole_row.lse) *
                                whole_row.delta;
            result.sinks[static_cast<std::size_t>(head)] -= term;
            result.sinks_before_cancelling += term * term;
        }
        for (std::int64_t k = 0; k < c.domain.key_tokens; ++k) {
            const PairPlace place{head, row % c.domain.query_tokens, k,
                                  inputs.forward.distance(row % c.domain.query_tokens, k)};
            if ((whole_row.lse == -std::numeric_limits<double>::infinity() && !scoring.is_sigmoid()) ||
                !mask->contains(place.row, k) || scoring.hides(place)) {
                continue;
            }
            const std::int64_t column = head / c.shape.heads_per_group() * c.domain.key_tokens + k;
            const std::span<const float> key(inputs.forward.k().row(0, column), dim_qk);
            const std::span<const float> value(inputs.forward.v().row(0, column), dim_v);
            const ReferencePair pair =
                reference_pair(scoring, place, c.scale() * dot(query, key), dot(gradient, value), whole_row);
            add_scaled(row_of(result.queries, row, dim_qk), c.scale() * pair.product_gradient, key);
            add_scaled(row_of(result.keys, column, dim_qk), c.scale() * pair.product_gradient, query);
            if (scoring.has_bias()) {
                const std::int64_t bias_head = inputs.forward.asked.bias_heads == 1 ? 0 : head;
                const std::int64_t at = (bias_head * c.domain.query_tokens + place.row) * c.domain.key_tokens + k;
                result.bias[static_cast<std::size_t>(at)] += pair.score_gradient;
                const double term = pair.weight * (root_of_squares(gradient, value) + std::abs(whole_row.delta));
                result.bias_before_cancelling += term * term;
            }
            add_scaled(row_of(result.values, column, dim_v), pair.weight, gradient);
            const double uncancelled =
                c.scale() * pair.weight * (root_of_squares(gradient, value) + std::abs(whole_row.delta));
            result.queries_before_cancelling += uncancelled * uncancelled * key_norms[static_cast<std::size_t>(column)];
            result.keys_before_cancelling += uncancelled * uncancelled * query_norm;
            result.values_before_cancelling += pair.weight * pair.weight * gradient_norm;
        }
    }
    result.queries_before_cancelling = std::sqrt(result.queries_before_cancelling);
    result.keys_before_cancelling = std::sqrt(result.keys_before_cancelling);
    result.values_before_cancelling = std::sqrt(result.values_before_cancelling);
    result.bias_before_cancelling = std::sqrt(result.bias_before_cancelling);
    result.sinks_before_cancelling = std::sqrt(result.sinks_before_cancelling);
    return result;
}

}  // namespace longscope
