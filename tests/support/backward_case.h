// SPDX-License-Identifier: GPL-3.0-or-later
// Calls the backward pass of a kernel for an attention problem, and tells how far its gradients are from the reference.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "engine/kernel/kernel.h"
#include "tests/support/reference_gradients.h"
#include "tests/support/typed_tensor.h"

namespace longscope {

// What a kernel adds to.
struct Gradients {
    explicit Gradients(const AttentionInputs& inputs)
        : queries(inputs.queries.size()),
          keys(inputs.keys.size()),
          values(inputs.values.size()),
          bias(inputs.bias.size()) {}

    [[nodiscard]] AttendGradients view(const AttentionInputs& of) {
        return {{queries.data(), of.q().heads, of.q().tokens, of.q().dim},
                {keys.data(), of.k().heads, of.k().tokens, of.k().dim},
                {values.data(), of.v().heads, of.v().tokens, of.v().dim},
                bias_view(of)};
    }
    [[nodiscard]] HeadMatrix<float> bias_view(const AttentionInputs& of) {
        return bias.empty() ? HeadMatrix<float>()
                            : HeadMatrix<float>{bias.data(), of.asked.bias_heads, of.q().tokens, of.k().tokens};
    }
    [[nodiscard]] bool operator==(const Gradients&) const = default;

    std::vector<float> queries;
    std::vector<float> keys;
    std::vector<float> values;
    std::vector<float> bias;
};

struct BackwardCall {
    AttendHooks hooks = {};
    std::int64_t row_gap = 0;           // elements between the rows of all inputs
    std::optional<TokenSet> keys = {};  // a part of them
    // Not null: a forward pass keeps its weights there before.
    StoredProbabilities* stored = nullptr;
};

// The rows of a token set of every head.
inline std::vector<float> gathered(HeadMatrix<const float> whole, const TokenSet& tokens) {
    std::vector<float> part;
    for (std::int64_t head = 0; head < whole.heads; ++head) {
        for (std::int64_t i = 0; i < tokens.size(); ++i) {
            const float* row = whole.row(head, tokens.position(i));
            part.insert(part.end(), row, row + whole.dim);
        }
    }
    return part;
}

// The way back.
inline void scatter(const std::vector<float>& part, const TokenSet& tokens, HeadMatrix<float> whole) {
    for (std::int64_t i = 0; i < whole.heads * tokens.size(); ++i) {
        std::copy_n(part.data() + i * whole.dim, whole.dim,
                    whole.row(i / tokens.size(), tokens.position(i % tokens.size())));
    }
}

// The columns of a token set of every row.
inline std::vector<float> gathered_columns(const std::vector<float>& whole, std::int64_t columns,
                                           const TokenSet& tokens) {
    std::vector<float> part;
    for (std::size_t row = 0; row < whole.size(); row += static_cast<std::size_t>(columns)) {
        for (std::int64_t i = 0; i < tokens.size(); ++i) {
            part.push_back(whole[row + static_cast<std::size_t>(tokens.position(i))]);
        }
    }
    return part;
}

// The way back.
inline void scatter_columns(const std::vector<float>& part, const TokenSet& tokens, std::int64_t columns,
                            std::vector<float>& whole) {
    for (std::size_t i = 0; i < part.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        whole[static_cast<std::size_t>(at / tokens.size() * columns + tokens.position(at % tokens.size()))] = part[i];
    }
}

// Calls a kernel with the inputs in the type of the case, and with lse and delta of the reference rounded to float32.
inline void add_gradients(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                          const ReferenceGradients& reference, Gradients& out, const BackwardCall& call = {}) {
    const AttentionShape& shape = c.shape;
    const HeadMasks masks = c.masks();
    const TokenSet queries({{0, c.domain.query_tokens}});
    const TokenSet keys = call.keys.value_or(TokenSet({{0, c.domain.key_tokens}}));
    const LocalMask local(masks, queries, keys);
    const auto part_of = [&](const std::vector<float>& rows, std::int64_t dim) {
        return HeadMatrix<const float>{rows.data(), shape.key_value_heads, keys.size(), dim};
    };
    const std::vector<float> key_rows = gathered(inputs.forward.k(), keys);
    const std::vector<float> value_rows = gathered(inputs.forward.v(), keys);
    const TypedTensor q(inputs.forward.q(), shape.dtype, call.row_gap);
    const TypedTensor k(part_of(key_rows, shape.head_dim_qk), shape.dtype, call.row_gap);
    const TypedTensor v(part_of(value_rows, shape.head_dim_v), shape.dtype, call.row_gap);
    const TypedTensor dout(inputs.dout(), shape.dtype, call.row_gap);
    const std::vector<float> lse(reference.forward.lse.begin(), reference.forward.lse.end());
    const std::vector<float> delta(reference.delta.begin(), reference.delta.end());
    const AttendGradients whole = out.view(inputs.forward);
    std::vector<float> key_gradients = gathered(whole.keys, keys);
    std::vector<float> value_gradients = gathered(whole.values, keys);
    // Dense biases of the part of the keys, and where their gradients are added to.
    const std::vector<float> biases = gathered_columns(inputs.forward.bias, c.domain.key_tokens, keys);
    std::vector<float> bias_gradients = gathered_columns(out.bias, c.domain.key_tokens, keys);
    Scoring scoring = inputs.forward.scoring();
    HeadMatrix<float> bias_view;
    if (scoring.has_bias()) {
        scoring.bias = HeadMatrix<const float>{biases.data(), shape.query_heads, queries.size(), keys.size()};
        scoring.bias.head_stride = c.scoring.bias_heads == 1 ? 0 : scoring.bias.head_stride;
        bias_view = {bias_gradients.data(), c.scoring.bias_heads, queries.size(), keys.size()};
    }
    const AttendInput forward{q.view(), k.view(), v.view(), &local, c.scale(), scoring, call.stored};
    if (call.stored != nullptr) {
        Partial partial(shape.query_heads, queries.size(), shape.head_dim_v, scoring.merge_rule());
        kernel.attend(forward, partial, {});
    }
    kernel.attend_backward({forward, dout.view(), lse.data(), delta.data(), call.stored},
                           {whole.queries,
                            {key_gradients.data(), shape.key_value_heads, keys.size(), shape.head_dim_qk},
                            {value_gradients.data(), shape.key_value_heads, keys.size(), shape.head_dim_v},
                            bias_view},
                           call.hooks);
    scatter_columns(bias_gradients, keys, c.domain.key_tokens, out.bias);
    scatter(key_gradients, keys, whole.keys);
    scatter(value_gradients, keys, whole.values);
}

inline Gradients run_backward(const Kernel& kernel, const AttentionCase& c, const BackwardInputs& inputs,
                              const ReferenceGradients& reference, const BackwardCall& call = {}) {
    Gradients out(inputs.forward);
    add_gradients(kernel, c, inputs, reference, out, call);
    return out;
}

// Relative L2. Infinite where a gradient is not a number and the reference's is.
struct GradientError {
    double queries = 0.0;
    double keys = 0.0;
    double values = 0.0;
    double bias = 0.0;

    [[nodiscard]] double worst() const { return std::max({queries, keys, values, bias}); }
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
            relative_l2(reference.values, got.values, reference.values_before_cancelling / cancelled_at_most),
            relative_l2(reference.bias, got.bias, reference.bias_before_cancelling / cancelled_at_most)};
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
