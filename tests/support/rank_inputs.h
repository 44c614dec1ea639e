// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of one rank, cut out of the tensors of the whole problem, in the layout and type that the executor takes.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/execute/executor.h"
#include "tests/support/reference_gradients.h"

namespace longscope {

class RankTensors {
  public:
    RankTensors(const AttentionInputs& inputs, const TokenSet& tokens) : RankTensors(inputs, tokens, tokens) {}
    RankTensors(const AttentionInputs& inputs, const TokenSet& queries, const TokenSet& tokens)
        : type_(element_type(inputs.shape.dtype)) {
        append(inputs.q(), queries, queries_);
        append(inputs.k(), tokens, key_values_);
        append(inputs.v(), tokens, key_values_);
    }
    RankTensors(const BackwardInputs& inputs, const TokenSet& tokens) : RankTensors(inputs.forward, tokens) {
        append(inputs.dout(), tokens, output_gradients_);
    }

    [[nodiscard]] RankInputs view() const { return {queries_, key_values_, output_gradients_}; }
    [[nodiscard]] std::int64_t size_bytes() const {
        return static_cast<std::int64_t>(queries_.size() + key_values_.size() + output_gradients_.size());
    }

  private:
    void append(HeadMatrix<const float> whole, const TokenSet& tokens, std::vector<std::byte>& out) const {
        for (std::int64_t head = 0; head < whole.heads; ++head) {
            for (std::int64_t i = 0; i < tokens.size(); ++i) {
                const std::size_t row_bytes = static_cast<std::size_t>(whole.dim * longscope::size_bytes(type_));
                out.resize(out.size() + row_bytes);
                from_float({whole.row(head, tokens.position(i)), static_cast<std::size_t>(whole.dim)}, type_,
                           std::span(out).last(row_bytes));
            }
        }
    }

    ElementType type_;
    std::vector<std::byte> queries_;
    std::vector<std::byte> key_values_;
    std::vector<std::byte> output_gradients_;
};

}  // namespace longscope
