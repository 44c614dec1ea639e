// SPDX-License-Identifier: GPL-3.0-or-later
// KV all-gather, as in the training of Llama 3 (Grattafiori et al. 2024, section 3.3.2): every rank gets the keys and
// values of all ranks, puts them into the order of the sequence, and computes its own queries over them in one piece.
// No partial results are merged; nothing overlaps.
//
// Backward (as in ring-flash-attention, zhuzilin 2024): keys and values are gathered again instead of being kept, and a
// reduce-scatter brings every rank the sum of the gradients of its own. It is a direct one: each rank sends each other
// its part, in float32, and sums what it gets in the order of the ranks.
#include <algorithm>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

constexpr std::int64_t message = 1;
constexpr std::int64_t all_key_values = 2;
constexpr std::int64_t result = 3;
// Of the backward pass.
constexpr std::int64_t delta = 4;
constexpr std::int64_t query_gradients = 5;
constexpr std::int64_t message_again = 6;
constexpr std::int64_t all_key_values_again = 7;
constexpr std::int64_t all_gradients = 8;
constexpr std::int64_t gradients_leaving = 9;
constexpr std::int64_t gradients_arriving = 10;
constexpr std::int64_t own_gradients = 11;

// Into `ordered`, by way of `arriving`, which is gone then.
void write_gathering(ScheduleBuilder& builder, const StrategyInput& input, std::int32_t step, std::int64_t arriving,
                     std::int64_t ordered, std::int64_t flow, std::vector<std::int64_t> after) {
    const std::int64_t ranks = input.ranks();
    const std::int64_t bytes = input.shape.key_value_bytes_per_token();
    std::vector<std::int64_t> received;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        received.push_back(builder.tokens_of(rank) * bytes);
    }
    after.push_back(builder.alloc_message(arriving, builder.tokens_of(ranks) * bytes));
    const std::vector<std::int64_t> sent(received.size(), builder.tokens_of(input.rank) * bytes);
    const std::int64_t gathered = builder.exchange(OperationKind::all_gather, step, own_key_values, arriving, flow,
                                                   sent, std::move(received), std::move(after));
    builder.alloc_key_values(ordered, ranks, {0, input.shape.key_value_heads});
    builder.copy(OperationKind::scatter, step, BufferRole::key_values, arriving, ordered, {}, {gathered});
    builder.free(arriving, {});
}

void write_forward(ScheduleBuilder& builder, const StrategyInput& input) {
    const Range query_heads{0, input.shape.query_heads};
    write_gathering(builder, input, 0, message, all_key_values, 0, {});
    builder.alloc_partial(result, input.rank, query_heads);
    if (const std::int64_t pairs = head_pairs_of_own_queries(input); pairs > 0) {
        builder.attend(1, builder.own_queries(), input.ranks(), all_key_values, result, pairs, {});
    }
    builder.finalize(1, result);
    builder.free(all_key_values, {});
}

void write_backward(ScheduleBuilder& builder, const StrategyInput& input) {
    const std::int64_t ranks = input.ranks();
    const Range query_heads{0, input.shape.query_heads};
    const Range key_value_heads{0, input.shape.key_value_heads};
    const std::int64_t barrier = builder.barrier(2, {});
    builder.alloc_delta(delta, input.rank, query_heads);
    builder.delta(2, result, own_output_gradients, delta);
    write_gathering(builder, input, 2, message_again, all_key_values_again, 1, {barrier});
    builder.alloc_query_gradients(query_gradients, input.rank, query_heads);
    builder.alloc_key_value_gradients(all_gradients, ranks, key_value_heads);
    if (const std::int64_t pairs = head_pairs_of_own_queries(input); pairs > 0) {
        builder.attend_backward(3, builder.own_queries(), ranks, all_key_values_again,
                                {own_output_gradients, result, delta, query_gradients}, all_gradients, pairs, {});
    }
    builder.free(delta, {});
    builder.free(all_key_values_again, {});

    const std::int64_t bytes = input.shape.key_value_gradient_bytes_per_token();
    std::vector<std::int64_t> sent;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        sent.push_back(builder.tokens_of(rank) * bytes);
    }
    std::vector<std::int64_t> received(sent.size(), builder.tokens_of(input.rank) * bytes);
    builder.alloc_message(gradients_leaving, builder.tokens_of(ranks) * bytes);
    const std::int64_t packed = builder.copy(OperationKind::gather, 4, BufferRole::key_value_gradients, all_gradients,
                                             gradients_leaving, {}, {});
    builder.free(all_gradients, {});
    const std::int64_t room = builder.alloc_message(gradients_arriving, ranks * builder.tokens_of(input.rank) * bytes);
    const std::int64_t here = builder.exchange(OperationKind::all_to_all, 4, gradients_leaving, gradients_arriving, 2,
                                               std::move(sent), std::move(received), {room, packed});
    builder.free(gradients_leaving, {here});
    builder.alloc_key_value_gradients(own_gradients, input.rank, key_value_heads);
    builder.copy(OperationKind::scatter_add, 4, BufferRole::key_value_gradients, gradients_arriving, own_gradients,
                 {{}, std::vector(static_cast<std::size_t>(ranks), key_value_heads)}, {here});
    builder.free(gradients_arriving, {});
}

}  // namespace

Schedule write_all_gather(const StrategyInput& input, Pass pass) {
    ScheduleBuilder builder("all_gather", input, pass);
    write_forward(builder, input);
    if (pass == Pass::forward_backward) {
        write_backward(builder, input);
    }
    return builder.take();
}

namespace {

StrategyTotals forward_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
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

}  // namespace

StrategyTotals all_gather_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t rank = input.rank;
    StrategyTotals both = forward_totals(shape, tokens, rank);
    if (pass == Pass::forward) {
        return both;
    }
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t all_blocks = tokens.all() * shape.key_value_bytes_per_token();
    const std::int64_t bytes = shape.key_value_gradient_bytes_per_token();
    const std::int64_t all_gradient_bytes = tokens.all() * bytes;
    const std::int64_t own_bytes = tokens.of(rank) * bytes;
    both.bytes_received = 2 * both.bytes_received + input.wire().gradients((ranks - 1) * own_bytes);
    both.bytes_sent = 2 * both.bytes_sent + input.wire().gradients(all_gradient_bytes - own_bytes);
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v);
    const std::int64_t delta_bytes = shape.query_heads * tokens.of(rank) * std::int64_t{sizeof(float)};
    const std::int64_t row_bytes = row_gradient_bytes(shape, tokens.of(rank));
    both.peak_buffer_bytes = std::max({
        both.peak_buffer_bytes,
        partial + delta_bytes + 2 * all_blocks,                                      // putting keys and values in order
        partial + row_bytes + all_blocks + all_gradient_bytes,                       // computing
        partial + row_bytes - delta_bytes + 2 * all_gradient_bytes,                  // packing the gradients
        partial + row_bytes - delta_bytes + all_gradient_bytes + ranks * own_bytes,  // sending them
        partial + row_bytes - delta_bytes + (ranks + 1) * own_bytes,                 // summing them
    });
    return both;
}

const StrategyText all_gather_text{
    "Each rank gets the keys and values of all others in one exchange, puts them into the order of the sequence, and "
    "computes its own queries over them without merging anything. It receives as many bytes as in a ring, holds all "
    "keys "
    "and values, and nothing overlaps the exchange.",
    "Keys and values are gathered again instead of being kept. Each rank then sends every other rank its part of the "
    "gradients of that rank's keys and values, and adds up what it gets in the order of the ranks: a direct "
    "reduce-scatter. While it packs the parts it holds the gradients of all keys and values twice.",
    "(t - t_r) k",
    "(t - t_r) k + (N - 1) t_r g",
    "t k + max(t k, t_r p); with a backward pass the most of that, t_r (p + 4 Hq) + 2 t k, t_r (p + w) + t (k + g) and "
    "t_r (p + 4 Hq Dqk) + (t + max(t, N t_r)) g",
    "never",
    "Grattafiori et al. 2024 (Llama 3, section 3.3.2), arXiv 2407.21783; backward as in ring-flash-attention",
    "zigzag",
};

}  // namespace longscope
