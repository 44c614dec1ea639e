// SPDX-License-Identifier: GPL-3.0-or-later
// KV all-gather, as in the training of Llama 3 (Grattafiori et al. 2024, section 3.3.2): every rank gets the keys and
// values of all ranks, puts them into the order of the sequence, and computes its own queries over them in one piece.
// No partial results are merged; nothing overlaps.
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
    if (const std::int64_t pairs = builder.pairs_with_all(); pairs > 0) {
        builder.attend_all_keys(1, -1, query_heads, all_key_values, result, pairs);
    }
    builder.finalize(1, result);
    builder.free(all_key_values, {});
    return builder.take();
}

std::int64_t all_gather_bytes_received(const StrategyInput& input) {
    // Every rank's block but the own: (t - t_r) tokens, as in a ring.
    return ring_bytes_received(input);
}

}  // namespace longscope
