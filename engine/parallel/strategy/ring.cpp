// SPDX-License-Identifier: GPL-3.0-or-later
// Ring attention (Liu, Zaharia, Abbeel 2023): in step s, rank r computes with the keys and values of rank r - s, and
// meanwhile passes them on to rank r + 1. Two buffers take turns, so that a block is received while the one before it
// is computed with. A step whose pairs are all masked computes nothing, but its block still travels.
//
// Backward (as in ring-flash-attention, zhuzilin 2024): keys and values make the same round again, and the sums of
// their gradients follow one step behind. In step s a rank computes its part for the block of rank r - s while the sum
// of the ranks before it arrives, adds its part and passes the sum on; the Nth hop brings it home. So each sum has the
// order of the ring, beginning at its owner. Sums travel in float32.
#include "engine/parallel/strategy/ring.h"

#include <algorithm>
#include <numeric>

#include "engine/parallel/strategy/key_value_ring.h"

namespace longscope {

namespace {

// Buffers: 0 own keys and values, 1 and 2 the ring's, 3 the running partial, 4 that of one step. Of the backward pass:
// delta, dQ, the part of one step of dK and dV, two sums under way, the sums of the own block. Then those of windows.
constexpr std::int64_t running = 3;
constexpr std::int64_t delta = 5;
constexpr std::int64_t query_gradients = 6;
constexpr RingBuffers buffers{1, running, 4, 7, 8, 10, 11, 13, 15};

RingPlace all_ranks(const StrategyInput& input, const ScheduleBuilder& builder, std::int64_t window) {
    RingPlace place;
    place.ranks.resize(static_cast<std::size_t>(input.ranks()));
    std::iota(place.ranks.begin(), place.ranks.end(), std::int64_t{0});
    place.sets = place.ranks;
    place.index = input.rank;
    place.window = window;
    place.queries = builder.own_queries();
    place.key_value_heads = {0, input.shape.key_value_heads};
    return place;
}

}  // namespace

Schedule write_ring(std::string_view strategy, const StrategyInput& input, std::int64_t window, Pass pass) {
    ScheduleBuilder builder(strategy, input, pass);
    KeyValueRing ring(builder, all_ranks(input, builder, window), buffers);
    const auto first_step = static_cast<std::int32_t>(ring.size());
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
        ring.write_backward(first_step, ring.forward_flows(), {barrier},
                            {own_output_gradients, running, delta, query_gradients});
        builder.free(delta, {});
    }
    return builder.take();
}

Schedule write_ring(const StrategyInput& input, Pass pass) {
    return write_ring("ring", input, input.ranks(), pass);
}

StrategyTotals ring_totals(const StrategyInput& input, const TokenCounts& tokens, std::int64_t window, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = tokens.ranks();
    const RingRoom room(ranks, window);
    const std::int64_t block = shape.key_value_bytes_per_token();
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, tokens.of(input.rank), shape.head_dim_v);
    const RingFormula travelling{ranks, window, input.rank, tokens.all(),
                                 [&](std::int64_t place) { return tokens.of(place); }};
    StrategyTotals sums;
    sums.bytes_received = travelling.received() * block;
    sums.bytes_sent = travelling.sent() * block;
    sums.peak_buffer_bytes = (ranks == 1 ? 1 : 2) * partial + room.blocks() * tokens.largest() * block;
    if (pass == Pass::forward) {
        return sums;
    }
    const std::int64_t gradients = shape.key_value_gradient_bytes_per_token();
    const std::int64_t sent_gradients = input.wire().gradients(gradients);
    sums.bytes_received = 2 * sums.bytes_received + travelling.sums() * sent_gradients;
    sums.bytes_sent = 2 * sums.bytes_sent + travelling.sums() * sent_gradients;
    const std::int64_t kept = partial + row_gradient_bytes(shape, tokens.of(input.rank));
    sums.peak_buffer_bytes = std::max(
        sums.peak_buffer_bytes,
        kept + tokens.largest() * (room.blocks() * block + std::max<std::int64_t>(1, room.gradients) * gradients));
    return sums;
}

StrategyTotals ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    return ring_totals(input, tokens, tokens.ranks(), pass);
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
