// SPDX-License-Identifier: GPL-3.0-or-later
// Ring attention (Liu, Zaharia, Abbeel 2023): in step s, rank r computes with the keys and values of rank r - s, and
// meanwhile passes them on to rank r + 1. Two buffers take turns, so that a block is received while the one before it
// is computed with. A step whose pairs are all masked computes nothing, but its block still travels.
//
// Backward (as in ring-flash-attention, zhuzilin 2024): keys and values make the same round again, and the sums of
// their gradients follow one step behind. In step s a rank computes its part for the block of rank r - s while the sum
// of the ranks before it arrives, adds its part and passes the sum on; the Nth hop brings it home. So each sum has the
// order of the ring, beginning at its owner. Sums travel in float32.
#include <algorithm>
#include <numeric>

#include "engine/parallel/strategy/key_value_ring.h"

namespace longscope {

namespace {

// Buffers: 0 own keys and values, 1 and 2 the ring's, 3 the running partial, 4 that of one step. Of the backward pass:
// delta, dQ, the part of one step of dK and dV, two sums under way, the sums of the own block.
constexpr std::int64_t running = 3;
constexpr std::int64_t delta = 5;
constexpr std::int64_t query_gradients = 6;
constexpr RingBuffers buffers{1, running, 4, 7, 8, 10};

RingPlace all_ranks(const StrategyInput& input, const ScheduleBuilder& builder) {
    RingPlace place;
    place.ranks.resize(static_cast<std::size_t>(input.ranks()));
    std::iota(place.ranks.begin(), place.ranks.end(), std::int64_t{0});
    place.sets = place.ranks;
    place.index = input.rank;
    place.queries = builder.own_queries();
    place.key_value_heads = {0, input.shape.key_value_heads};
    return place;
}

}  // namespace

Schedule write_ring(const StrategyInput& input, Pass pass) {
    ScheduleBuilder builder("ring", input, pass);
    KeyValueRing ring(builder, all_ranks(input, builder), buffers);
    const std::int64_t ranks = ring.size();
    const auto first_step = static_cast<std::int32_t>(ranks);
    ring.write_forward(0, 0, {});
    builder.finalize(first_step - 1, running);
    if (pass == Pass::forward) {
        ring.free_blocks();
    }
    ring.free_step();
    if (pass == Pass::forward_backward) {
        const Range heads{0, input.shape.query_heads};
        const std::int64_t barrier = builder.barrier(first_step, ring.last_transfers());
        builder.alloc_delta(delta, input.rank, heads);
        builder.delta(first_step, running, own_output_gradients, delta);
        builder.alloc_query_gradients(query_gradients, input.rank, heads);
        ring.write_backward(first_step, ranks * ranks, {barrier},
                            {own_output_gradients, running, delta, query_gradients});
        builder.free(delta, {});
    }
    return builder.take();
}

namespace {

StrategyTotals forward_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t block = shape.key_value_bytes_per_token();
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v);
    StrategyTotals sums;
    // Every block but the own arrives once, and every one but that of the next rank, which has it, is passed on.
    sums.bytes_received = (tokens.all() - tokens.of(rank)) * block;
    sums.bytes_sent = (tokens.all() - tokens.of((rank + 1) % ranks)) * block;
    sums.peak_buffer_bytes =
        ranks == 1 ? partial : 2 * partial + std::min<std::int64_t>(ranks - 1, 2) * tokens.largest() * block;
    return sums;
}

}  // namespace

StrategyTotals ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t rank = input.rank;
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t gradients = shape.key_value_gradient_bytes_per_token();
    StrategyTotals both = forward_totals(shape, tokens, rank);
    if (pass == Pass::forward) {
        return both;
    }
    // The same round of keys and values again, and all the sums, the own one last.
    if (ranks > 1) {
        both.bytes_received = 2 * both.bytes_received + tokens.all() * gradients;
        both.bytes_sent = 2 * both.bytes_sent + tokens.all() * gradients;
    }
    const std::int64_t kept = Partial::size_bytes(shape.query_heads, tokens.of(rank), shape.head_dim_v) +
                              row_gradient_bytes(shape, tokens.of(rank));
    const std::int64_t blocks = std::min<std::int64_t>(ranks - 1, 2) * shape.key_value_bytes_per_token();
    both.peak_buffer_bytes =
        std::max(both.peak_buffer_bytes, kept + tokens.largest() * (blocks + (ranks == 1 ? 1 : 3) * gradients));
    return both;
}

const StrategyText ring_text{
    "In step s rank r computes with the keys and values of rank r - s, and passes them on meanwhile. Two buffers take "
    "turns. A step whose pairs are all masked computes nothing, but its block still travels. Partial results are "
    "merged "
    "in float32 in the order of the steps.",
    "Keys and values make the same round again. The sum of the gradients of a block begins at the block's owner and "
    "follows it one step behind: while a rank computes its part for a block, the sum of the ranks before it arrives; "
    "the "
    "rank adds its part and passes the sum on, and the Nth hop brings it home. A step whose pairs are all masked "
    "passes "
    "the sum on as it is. Beside the two buffers of keys and values a rank holds three of gradients: its part and two "
    "sums that take turns.",
    "(t - t_r) k",
    "(t - t_r) k + t g, and nothing on one rank",
    "2 t_r p + min(N - 1, 2) t_max k, on one rank t_r p; with a backward pass the most of that and t_r (p + w) + t_max "
    "(min(N - 1, 2) k + 3 g), on one rank t_r (p + w + g)",
    "never",
    "Liu, Zaharia, Abbeel 2023, arXiv 2310.01889; backward as in ring-flash-attention (zhuzilin 2024)",
    "zigzag",
};

}  // namespace longscope
