// SPDX-License-Identifier: GPL-3.0-or-later
// The rows of one rank, cut out of the tensors of the whole problem, in the layout that the executor takes.
#pragma once

#include <algorithm>
#include <vector>

#include "engine/execute/executor.h"
#include "tests/support/attention_case.h"

namespace longscope {

class RankTensors {
  public:
    RankTensors(const AttentionInputs& inputs, const TokenSet& tokens) : shape_(inputs.shape), tokens_(tokens.size()) {
        append(inputs.q(), tokens, queries_);
        append(inputs.k(), tokens, key_values_);
        append(inputs.v(), tokens, key_values_);
    }

    [[nodiscard]] RankInputs view() const {
        return {{queries_.data(), shape_.query_heads, tokens_, shape_.head_dim_qk}, key_values_};
    }

  private:
    static void append(HeadMatrix<const float> whole, const TokenSet& tokens, std::vector<float>& out) {
        for (std::int64_t head = 0; head < whole.heads; ++head) {
            for (std::int64_t i = 0; i < tokens.size(); ++i) {
                const float* row = whole.row(head, tokens.position(i));
                out.insert(out.end(), row, row + whole.dim);
            }
        }
    }

    AttentionShape shape_;
    std::int64_t tokens_;
    std::vector<float> queries_;
    std::vector<float> key_values_;
};

}  // namespace longscope
