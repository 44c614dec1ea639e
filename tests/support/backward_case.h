// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass of an attention problem: standard-normal output gradients, the float64 reference, not rounded, and
// how far the gradients of a kernel are from it.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/reference/reference_pair.h"
#include "tests/support/attention_case.h"
#include "tests/support/typed_tensor.h"

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
    // The root of the sum of squares of what each pair would add if dP and delta, and what other pairs add, did not
    // cancel it. Where all of it cancels, as in rows that see one key, rounding errors are in proportion to this.
    double queries_before_cancelling = 0.0;
    double keys_before_cancelling = 0.0;
    double values_before_cancelling = 0.0;
};

inline ReferenceGradients reference_gradients(const AttentionCase& c, const BackwardInputs& inputs) {
    const std::unique_ptr<Mask> mask = c.mask();
    const auto dim_qk = static_cast<std::size_t>(c.shape.head_dim_qk);
    const auto dim_v = static_cast<std::size_t>(c.shape.head_dim_v);
    ReferenceGradients result{reference_attention(c, inputs.forward), {}, {}, {}, {}};
    result.queries.resize(inputs.forward.queries.size());
    result.keys.resize(inputs.forward.keys.size());
    result.values.resize(inputs.forward.values.size());
    const auto row_of = [](std::vector<double>& tensor, std::int64_t row, std::size_t dim) {
        return std::span<double>(tensor).subspan(static_cast<std::size_t>(row) * dim, dim);
    };
    for (std::int64_t row = 0; row < c.shape.query_heads * c.domain.query_tokens; ++row) {
        const std::int64_t head = row / c.domain.query_tokens;
        const std::span<const float> query(inputs.forward.q().row(0, row), dim_qk);
        const std::span<const float> gradient(inputs.dout().row(0, row), dim_v);
        ReferenceRowStatistics whole_row{result.forward.lse[static_cast<std::size_t>(row)], 0.0};
        for (std::size_t d = 0; d < dim_v; ++d) {
            whole_row.delta += double{gradient[d]} * result.forward.output[static_cast<std::size_t>(row) * dim_v + d];
        }
        result.delta.push_back(whole_row.delta);
        for (std::int64_t k = 0; k < c.domain.key_tokens; ++k) {
            if (whole_row.lse == -std::numeric_limits<double>::infinity() ||
                !mask->contains(row % c.domain.query_tokens, k)) {
                continue;
            }
            const std::int64_t column = head / c.shape.heads_per_group() * c.domain.key_tokens + k;
            const std::span<const float> key(inputs.forward.k().row(0, column), dim_qk);
            const std::span<const float> value(inputs.forward.v().row(0, column), dim_v);
            const ReferencePair pair = reference_pair(query, key, value, gradient, c.scale(), whole_row);
            add_scaled(row_of(result.queries, row, dim_qk), c.scale() * pair.score_gradient, key);
            add_scaled(row_of(result.keys, column, dim_qk), c.scale() * pair.score_gradient, query);
            add_scaled(row_of(result.values, column, dim_v), pair.weight, gradient);
            const double uncancelled =
                c.scale() * pair.weight * (std::abs(dot(gradient, value)) + std::abs(whole_row.delta));
            result.queries_before_cancelling += uncancelled * uncancelled * dot(key, key);
            result.keys_before_cancelling += uncancelled * uncancelled * dot(query, query);
            result.values_before_cancelling += pair.weight * pair.weight * dot(gradient, gradient);
        }
    }
    result.queries_before_cancelling = std::sqrt(result.queries_before_cancelling);
    result.keys_before_cancelling = std::sqrt(result.keys_before_cancelling);
    result.values_before_cancelling = std::sqrt(result.values_before_cancelling);
    return result;
}

// What a kernel adds to.
struct Gradients {
    explicit Gradients(const AttentionInputs& inputs)
        : queries(inputs.queries.size()), keys(inputs.keys.size()), values(inputs.values.size()) {}

    [[nodiscard]] AttendGradients view(const AttentionInputs& of) {
        return {{queries.data(), of.q().heads, of.q().tokens, of.q().dim},
                {keys.data(), of.k().heads, of.k().tokens, of.k().dim},
                {values.data(), of.v().heads, of.v().tokens, of.v().dim}};
    }
    [[nodiscard]] bool operator==(const Gradients&) const = default;

    std::vector<float> queries;
    std::vector<float> keys;
    std::vector<float> values;
};

// Calls a kernel with the inputs in the type of the case, and with lse and delta of the reference rounded to float32.
inline void add_gradients(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                          const ReferenceGradients& reference, Gradients& out, const AttendHooks& hooks = {},
                          std::int64_t row_gap = 0) {
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet queries({{0, c.domain.query_tokens}});
    const TokenSet keys({{0, c.domain.key_tokens}});
    const LocalMask local(*mask, queries, keys);
    const TypedTensor q(inputs.forward.q(), c.shape.dtype, row_gap);
    const TypedTensor k(inputs.forward.k(), c.shape.dtype, row_gap);
    const TypedTensor v(inputs.forward.v(), c.shape.dtype, row_gap);
    const TypedTensor dout(inputs.dout(), c.shape.dtype, row_gap);
    const std::vector<float> lse(reference.forward.lse.begin(), reference.forward.lse.end());
    const std::vector<float> delta(reference.delta.begin(), reference.delta.end());
    kernel.attend_backward({{q.view(), k.view(), v.view(), &local, c.scale()}, dout.view(), lse.data(), delta.data()},
                           out.view(inputs.forward), hooks);
}

inline Gradients run_backward(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                              const ReferenceGradients& reference, std::int64_t row_gap = 0) {
    Gradients out(inputs.forward);
    add_gradients(kernel, c, inputs, reference, out, {}, row_gap);
    return out;
}

// Relative L2. Infinite where a gradient is not a number and the reference's is.
struct GradientError {
    double queries = 0.0;
    double keys = 0.0;
    double values = 0.0;

    [[nodiscard]] double worst() const { return std::max({queries, keys, values}); }
};

// `least_norm` takes the place of the norm of the reference where that is smaller.
inline double relative_l2(const std::vector<double>& reference, const std::vector<float>& got, double least_norm) {
    double squares = 0.0;
    double norm = 0.0;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        const double difference = double{got[i]} - reference[i];
        squares += difference * difference;
        norm += reference[i] * reference[i];
    }
    const double scale = std::max(std::sqrt(norm), least_norm);
    const double error = scale == 0.0 ? std::sqrt(squares) : std::sqrt(squares) / scale;
    return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

// Of full, causal and window masks with dimensions from 16 the norm of a gradient is at least 0.26 of what it was
// before cancelling: errors of theirs are relative L2 errors as they stand.
inline constexpr double cancelled_at_most = 4.0;

inline GradientError error_of_gradients(const ReferenceGradients& reference, const Gradients& got) {
    return {relative_l2(reference.queries, got.queries, reference.queries_before_cancelling / cancelled_at_most),
            relative_l2(reference.keys, got.keys, reference.keys_before_cancelling / cancelled_at_most),
            relative_l2(reference.values, got.values, reference.values_before_cancelling / cancelled_at_most)};
}

// The bound of DESIGN.md section 6: three times that of O. `keys` are those that a row may see.
inline double gradient_bound(DType dtype, std::int64_t keys) {
    switch (dtype) {
        case DType::bfloat16:
            return 3 * 8e-3;
        case DType::float16:
            return 3 * 1e-3;
        case DType::float32:
            break;
    }
    constexpr std::int64_t many = 16384;
    return keys <= many ? 3 * 1e-6 : 3 * 2e-6;
}

}  // namespace longscope
