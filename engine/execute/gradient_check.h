// SPDX-License-Identifier: GPL-3.0-or-later
// A run's gradients against the float64 reference on a sample of tokens, as row_check.h does for its output.
//
// A row of dQ follows from the inputs of the keys that the query sees. A row of dK and dV is a sum over all the queries
// that see the key, whose lse and delta would take the whole attention in float64: they are taken from the run's
// output, which row_check.h compares. Each rank adds up what its own queries contribute to the keys of the sample; the
// sums of the ranks add up.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/execute/checked_rows.h"
#include "engine/kernel/partial.h"
#include "engine/tensor/head_matrix.h"

namespace longscope {

// Sums over rows of a gradient; those of several ranks add up.
struct GradientSums {
    double squared_error = 0;
    double squared_norm = 0;
    // Of what pairs would add if their terms did not cancel each other; where they do, as in rows that see one key,
    // rounding errors are in proportion to this.
    double squared_terms = 0;

    // L2, relative to the norm, or to a quarter of what it was before cancelling where that is more (squared_terms.h).
    [[nodiscard]] double relative_error() const;
    void operator+=(const GradientSums& other);
};

// Of the rows that `tokens` holds of `positions`; `gradients` has the rows of `tokens`.
[[nodiscard]] GradientSums check_query_gradients(HeadMatrix<const float> gradients, const CheckedProblem& problem,
                                                 const TokenSet& tokens, const std::vector<std::int64_t>& positions);

// What queries add to the gradients of some keys.
struct KeyGradientSums {
    std::vector<double> gradients;  // key/value heads x positions x (Dqk of the key, then Dv of the value)
    double squared_key_terms = 0;
    double squared_value_terms = 0;
};

// Of the queries that `tokens` holds, for the keys at `positions`, which ascend; `output` has the rows of `tokens`.
[[nodiscard]] KeyGradientSums sum_key_gradients(const Partial& output, const CheckedProblem& problem,
                                                const TokenSet& tokens, const std::vector<std::int64_t>& positions);

struct KeyGradientCheck {
    GradientSums keys;
    GradientSums values;
};

// Of the keys that `tokens` holds of `positions`. `sums` are those of all ranks; their terms are not among the
// result's.
[[nodiscard]] KeyGradientCheck check_key_gradients(HeadMatrix<const float> key_gradients,
                                                   HeadMatrix<const float> value_gradients,
                                                   const std::vector<double>& sums, const TokenSet& tokens,
                                                   const std::vector<std::int64_t>& positions);

// The gradients of the sinks of all heads, which are sums over all queries.
struct SinkGradientTerms {
    std::vector<double> gradients;
    double squared_terms = 0;
};

// What the queries that `tokens` holds add to them, from the run's output, which has their rows. There are sinks.
[[nodiscard]] SinkGradientTerms sum_sink_gradients(const Partial& output, const CheckedProblem& problem,
                                                   const TokenSet& tokens);

// Of the sums of all ranks; `gradients` likewise.
[[nodiscard]] GradientSums check_sink_gradients(const std::vector<double>& gradients, const SinkGradientTerms& sums);

// What is promised for standard-normal inputs: three times the limit of the output.
[[nodiscard]] double gradient_error_limit(DType dtype, std::int64_t key_tokens);

}  // namespace longscope
