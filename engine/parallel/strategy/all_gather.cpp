// SPDX-License-Identifier: GPL-3.0-or-later
// KV all-gather, as in the training of Llama 3 (Grattafiori et al. 2024, section 3.3.2): every rank gets the keys and
// values of all ranks, puts them into the order of the sequence, and computes its own queries over them in one piece.
// No partial results are merged; nothing overlaps.
#include <algorithm>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

constexpr std::int64_t message = 1;
constexpr std::int64_t all_key_values = 2;
constexpr std::int64_t result = 3;

}  // namespace

Schedule all_gather_forward(const StrategyInput& input) {
    const std::int64_t ranks = input.ranks();
    ScheduleBuilder builder("all_gather", input);
    const Range query_heads{0, input.shape.query_heads};
    const Range key_value_heads{0, input.shape.key_value_heads};
    const std::int64_t own_bytes = builder.tokens_of(input.rank) * input.shape.key_value_bytes_per_token();
    std::vector<std::int64_t> received;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        received.push_back(builder.tokens_of(rank) * input.shape.key_value_bytes_per_token());
    }

    const std::int64_t room =
        builder.alloc_message(message, builder.tokens_of(ranks) * input.shape.key_value_bytes_per_token());
    const std::int64_t gathered =
        builder.exchange(OperationKind::all_gather, 0, own_key_values, message, 0,
                         std::vector(static_cast<std::size_t>(ranks), own_bytes), std::move(received), {room});
    builder.alloc_key_values(all_key_values, ranks, key_value_heads);
    builder.copy(OperationKind::scatter, 0, BufferRole::key_values, message, all_key_values, {}, {gathered});
    builder.free(message, {});
    builder.alloc_partial(result, input.rank, query_heads);
    if (const std::int64_t pairs = head_pairs_of_own_queries(input); pairs > 0) {
        builder.attend_all_keys(1, -1, query_heads, all_key_values, result, pairs);
    }
    builder.finalize(1, result);
    builder.free(all_key_values, {});
    return builder.take();
}

StrategyTotals all_gather_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t bytes = shape.key_value_bytes_per_token();
    const std::int64_t all_blocks = tokens.all() * bytes;
    StrategyTotals sums;
    sums.bytes_received = all_blocks - tokens.of(rank) * bytes;
    sums.bytes_sent = (tokens.ranks() - 1) * tokens.of(rank) * bytes;
    // As they came and in their order; then the result beside the latter.
    sums.peak_buffer_bytes =
        all_blocks + std::max(all_blocks, Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v));
    return sums;
}

}  // namespace longscope
