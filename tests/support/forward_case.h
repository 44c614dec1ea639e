// SPDX-License-Identifier: GPL-3.0-or-later
// Calls the forward pass of a kernel for an attention problem, or for parts of its queries and keys.
#pragma once

#include <optional>
#include <vector>

#include "engine/kernel/kernel.h"
#include "engine/kernel/sinks.h"
#include "tests/support/backward_case.h"

namespace longscope {

struct ForwardCall {
    AttendHooks hooks = {};
    std::int64_t row_gap = 0;              // elements between the rows of all inputs, those of a bias too
    std::optional<TokenSet> queries = {};  // a part of them
    std::optional<TokenSet> keys = {};     // a part of them
};

// The biases of some queries and keys as a caller holds them, with NaN behind every row.
class PartialBias {
  public:
    PartialBias(const AttentionInputs& inputs, const TokenSet& queries, const TokenSet& keys, std::int64_t row_gap)
        : scoring_(inputs.scoring()) {
        if (!scoring_.has_bias()) {
            return;
        }
        const auto& asked = inputs.asked;
        const HeadMatrix<const float> whole{inputs.bias.data(), asked.bias_heads, inputs.domain.query_tokens,
                                            inputs.domain.key_tokens};
        const std::vector<float> rows = gathered(whole, queries);
        const std::vector<float> part = gathered_columns(rows, whole.dim, keys);
        tensor_.emplace(HeadMatrix<const float>{part.data(), asked.bias_heads, queries.size(), keys.size()},
                        DType::float32, row_gap);
        scoring_.bias = tensor_->view();
        scoring_.bias.heads = inputs.shape.query_heads;
        scoring_.bias.head_stride = asked.bias_heads == 1 ? 0 : scoring_.bias.head_stride;
    }

    // Lives as long as this and the inputs.
    [[nodiscard]] const Scoring& scoring() const { return scoring_; }

  private:
    Scoring scoring_;
    std::optional<TypedTensor> tensor_;
};

// Inputs in the type of the case. Sinks are not applied.
inline Partial run_forward(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs,
                           const ForwardCall& call = {}) {
    const AttentionShape& shape = c.shape;
    const std::unique_ptr<Mask> mask = c.mask();
    const TokenSet queries = call.queries.value_or(TokenSet({{0, c.domain.query_tokens}}));
    const TokenSet keys = call.keys.value_or(TokenSet({{0, c.domain.key_tokens}}));
    const LocalMask local(*mask, queries, keys);
    const std::vector<float> query_rows = gathered(inputs.q(), queries);
    const std::vector<float> key_rows = gathered(inputs.k(), keys);
    const std::vector<float> value_rows = gathered(inputs.v(), keys);
    const TypedTensor q(
        HeadMatrix<const float>{query_rows.data(), shape.query_heads, queries.size(), shape.head_dim_qk}, shape.dtype,
        call.row_gap);
    const TypedTensor k(HeadMatrix<const float>{key_rows.data(), shape.key_value_heads, keys.size(), shape.head_dim_qk},
                        shape.dtype, call.row_gap);
    const TypedTensor v(
        HeadMatrix<const float>{value_rows.data(), shape.key_value_heads, keys.size(), shape.head_dim_v}, shape.dtype,
        call.row_gap);
    const PartialBias bias(inputs, queries, keys, call.row_gap);
    Partial out(shape.query_heads, queries.size(), shape.head_dim_v, bias.scoring().merge_rule());
    std::fill_n(out.output().data, out.output().size(), 1e9F);  // to be overwritten
    std::fill_n(out.lse(0), out.heads() * out.rows(), 1e9F);
    kernel.attend({q.view(), k.view(), v.view(), &local, c.scale(), bias.scoring()}, out, call.hooks);
    return out;
}

// The same with sinks, where the case asks for them.
inline Partial run_whole(const Kernel& kernel, const AttentionCase& c, const AttentionInputs& inputs,
                         const ForwardCall& call = {}) {
    Partial out = run_forward(kernel, c, inputs, call);
    if (!inputs.sinks.empty()) {
        apply_sinks(out, inputs.sinks.data());
    }
    return out;
}

inline std::vector<float> numbers(const Partial& partial) {
    std::vector<float> all(partial.output().data, partial.output().data + partial.output().size());
    all.insert(all.end(), partial.lse(0), partial.lse(0) + partial.heads() * partial.rows());
    return all;
}

}  // namespace longscope
