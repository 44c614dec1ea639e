// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/checked_rows.h"

#include "engine/workload/inputs.h"

namespace longscope {

KeyChunk::KeyChunk(const CheckedProblem& problem, std::int64_t kv_head, Range positions)
    : seed_(problem.input_seed),
      kv_head_(kv_head),
      positions_(positions),
      dtype_(problem.shape.dtype),
      dim_qk_(static_cast<std::size_t>(problem.shape.head_dim_qk)),
      dim_v_(static_cast<std::size_t>(problem.shape.head_dim_v)),
      made_(static_cast<std::size_t>(positions.size()), 0),
      values_(made_.size() * (dim_qk_ + dim_v_)) {}

std::span<float> KeyChunk::row(std::int64_t position) {
    const auto index = static_cast<std::size_t>(position - positions_.begin);
    const std::span<float> row = std::span(values_).subspan(index * (dim_qk_ + dim_v_), dim_qk_ + dim_v_);
    if (made_[index] == 0) {
        make_input_row(seed_, InputTensor::key, kv_head_, position, dtype_, row.first(dim_qk_));
        make_input_row(seed_, InputTensor::value, kv_head_, position, dtype_, row.subspan(dim_qk_));
        made_[index] = 1;
    }
    return row;
}

std::vector<CheckedRow> checked_rows(const CheckedProblem& problem, std::int64_t kv_head, const TokenSet& tokens,
                                     const std::vector<std::int64_t>& positions) {
    const AttentionShape& shape = problem.shape;
    std::vector<CheckedRow> rows;
    for (const std::int64_t position : positions) {
        const Range local = tokens.local({position, position + 1});
        for (std::int64_t i = 0; !local.empty() && i < shape.heads_per_group(); ++i) {
            CheckedRow row{local.begin,
                           kv_head * shape.heads_per_group() + i,
                           position,
                           std::vector<float>(static_cast<std::size_t>(shape.head_dim_qk)),
                           {}};
            make_input_row(problem.input_seed, InputTensor::query, row.head, position, shape.dtype, row.query);
            problem.masks.of(row.head).row_runs(position, row.runs);
            rows.push_back(std::move(row));
        }
    }
    return rows;
}

}  // namespace longscope
