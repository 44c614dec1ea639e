// SPDX-License-Identifier: GPL-3.0-or-later
// A run's output against the float64 reference on a sample of rows. Keys and values that a row sees are made anew from
// the seed (engine/workload/inputs.h), so that no rank needs more than its own part.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/kernel/layer_scoring.h"
#include "engine/kernel/partial.h"
#include "engine/mask/head_masks.h"
#include "engine/mask/token_set.h"
#include "engine/tensor/attention_shape.h"

namespace longscope {

// Sums over the rows that one rank holds; those of several ranks add up.
struct RowCheck {
    std::int64_t rows = 0;  // (head, query) pairs
    double squared_error = 0;
    double squared_norm = 0;
    double lse_absolute_error = 0;  // the largest; infinite when one side is -inf and the other is not
};

// `count` different positions of the sequence (all of them when there are fewer), ascending.
[[nodiscard]] std::vector<std::int64_t> sample_positions(std::int64_t tokens, std::int64_t count, std::uint64_t seed);

// Checks those of `positions` that `tokens` holds; `output` has the rows of `tokens`.
[[nodiscard]] RowCheck check_rows(const Partial& output, const TokenSet& tokens, const HeadMasks& masks,
                                  const AttentionShape& shape, std::uint64_t input_seed,
                                  const std::vector<std::int64_t>& positions, const LayerScoring& scoring = {});

// What is promised for standard-normal inputs: a relative L2 error of O of at most 1e-6 to 16,384 keys, from there
// growing as the square root, in float32; 1e-3 in float16, 8e-3 in bfloat16.
[[nodiscard]] double output_error_limit(DType dtype, std::int64_t key_tokens);
// Absolute, in every type: products are summed in float32, and so are the weights, before they are rounded to bfloat16.
inline constexpr double lse_error_limit = 1e-5;

}  // namespace longscope
