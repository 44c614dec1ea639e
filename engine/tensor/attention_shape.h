// SPDX-License-Identifier: GPL-3.0-or-later
// What one attention layer computes, apart from its tokens and its mask.
#pragma once

#include <cstdint>

#include "engine/tensor/dtype.h"

namespace longscope {

struct AttentionShape {
    std::int64_t batch = 1;
    std::int64_t query_heads = 1;
    std::int64_t key_value_heads = 1;  // divides query_heads; query head h reads key/value head h / heads_per_group()
    std::int64_t head_dim_qk = 64;
    std::int64_t head_dim_v = 64;
    DType dtype = DType::float32;

    [[nodiscard]] std::int64_t heads_per_group() const { return query_heads / key_value_heads; }
    // Bytes of one token's keys and values over all key/value heads: what context parallelism moves.
    [[nodiscard]] std::int64_t key_value_bytes_per_token() const {
        return key_value_heads * (head_dim_qk + head_dim_v) * size_bytes(dtype);
    }
    // Of the gradients of the same, which are sums in float32 whatever the type of the inputs is.
    [[nodiscard]] std::int64_t key_value_gradient_bytes_per_token() const {
        return key_value_heads * (head_dim_qk + head_dim_v) * std::int64_t{sizeof(float)};
    }
    [[nodiscard]] bool operator==(const AttentionShape&) const = default;
};

enum class Direction { forward, backward };

// Floating-point operations for `pairs` unmasked (query, key) pairs of each head, multiply and add counted as two (the
// convention of reference kernels' benchmarks). Forward: Q K^T and P V, 2 Hq (Dqk + Dv) a pair. Backward with
// recomputed scores: Q K^T, dS K and dS^T Q over Dqk, dO V^T and P^T dO over Dv, 2 Hq (3 Dqk + 2 Dv) a pair.
// The first function is told the pairs of all heads together: masks may differ between heads.
[[nodiscard]] constexpr double flops_of_head_pairs(const AttentionShape& shape, double head_pairs,
                                                   Direction direction) {
    const std::int64_t dims = direction == Direction::forward ? shape.head_dim_qk + shape.head_dim_v
                                                              : 3 * shape.head_dim_qk + 2 * shape.head_dim_v;
    return 2.0 * head_pairs * static_cast<double>(dims);
}

[[nodiscard]] constexpr double attention_flops(const AttentionShape& shape, std::int64_t pairs, Direction direction) {
    return flops_of_head_pairs(shape, static_cast<double>(pairs) * static_cast<double>(shape.query_heads), direction);
}

[[nodiscard]] constexpr double forward_flops(const AttentionShape& shape, std::int64_t pairs) {
    return attention_flops(shape, pairs, Direction::forward);
}

}  // namespace longscope
