// SPDX-License-Identifier: GPL-3.0-or-later
// Ulysses (Jacobs et al. 2023, "DeepSpeed Ulysses"): an all-to-all turns some tokens of all heads into all tokens of
// some heads; each rank computes its heads over the whole sequence, and a second all-to-all turns the result back. With
// fewer key/value heads than ranks, ranks that share one get a copy each.
//
// Backward: queries, keys, values, output and lse of its heads are kept from the forward pass. An all-to-all brings dO
// of the heads; those of dQ, dK and dV bring the gradients back in float32. Where ranks shared a key/value head, its
// owner adds their parts in the order of the ranks.
#include <algorithm>
#include <numeric>

#include "engine/parallel/strategy/head_exchange.h"

namespace longscope {

namespace {

using Buffers = HeadExchangeBuffers;

HeadGroup all_ranks(const StrategyInput& input) {
    HeadGroup group;
    group.ranks.resize(static_cast<std::size_t>(input.ranks()));
    std::iota(group.ranks.begin(), group.ranks.end(), std::int64_t{0});
    group.set = input.ranks();
    return group;
}

void write_forward(ScheduleBuilder& builder, const StrategyInput& input, HeadExchange& exchange, Pass pass) {
    exchange.write_inputs(0);
    builder.alloc_partial(Buffers::result_of_heads, input.ranks(), exchange.own_query_heads());
    if (const std::int64_t pairs = ulysses_head_pairs(input); pairs > 0) {
        builder.attend(1, exchange.own_queries(), input.ranks(), Buffers::key_values, Buffers::result_of_heads, pairs,
                       {});
    }
    if (pass == Pass::forward) {
        builder.free(Buffers::queries, {});
        builder.free(Buffers::key_values, {});
    } else {
        builder.finalize(1, Buffers::result_of_heads);  // where the backward pass reads it
    }
    exchange.write_results(2, pass != Pass::forward);
    if (pass == Pass::forward) {
        builder.finalize(2, Buffers::result);
    }
}

void write_backward(ScheduleBuilder& builder, const StrategyInput& input, HeadExchange& exchange) {
    const std::int64_t all = input.ranks();
    exchange.write_output_gradients(3, builder.barrier(3, {}));
    builder.alloc_delta(Buffers::delta, all, exchange.own_query_heads());
    builder.delta(4, Buffers::result_of_heads, Buffers::output_gradients, Buffers::delta);
    builder.alloc_query_gradients(Buffers::query_gradients_of_heads, all, exchange.own_query_heads());
    builder.alloc_key_value_gradients(Buffers::key_value_gradients_of_heads, all, exchange.own_key_value_heads());
    if (const std::int64_t pairs = ulysses_head_pairs(input); pairs > 0) {
        builder.attend_backward(
            4, exchange.own_queries(), all, Buffers::key_values,
            {Buffers::output_gradients, Buffers::result_of_heads, Buffers::delta, Buffers::query_gradients_of_heads},
            Buffers::key_value_gradients_of_heads, pairs, {});
    }
    for (const std::int64_t buffer :
         {Buffers::queries, Buffers::key_values, Buffers::result_of_heads, Buffers::output_gradients, Buffers::delta}) {
        builder.free(buffer, {});
    }
    exchange.write_gradients(5);
}

}  // namespace

std::string ulysses_infeasible(const AttentionShape& shape, std::int64_t ranks) {
    return head_exchange_infeasible("Ulysses", shape, ranks);
}

Schedule ulysses_forward(const StrategyInput& input) {
    ScheduleBuilder builder("ulysses", input);
    HeadExchange exchange(builder, input, all_ranks(input));
    write_forward(builder, input, exchange, Pass::forward);
    return builder.take();
}

Schedule ulysses_forward_backward(const StrategyInput& input) {
    ScheduleBuilder builder("ulysses", input, Pass::forward_backward);
    HeadExchange exchange(builder, input, all_ranks(input));
    write_forward(builder, input, exchange, Pass::forward_backward);
    write_backward(builder, input, exchange);
    return builder.take();
}

std::int64_t ulysses_head_pairs(const StrategyInput& input) {
    return input.masks.head_pairs(share_of_heads(input.shape.query_heads, input.ranks(), input.rank));
}

StrategyTotals ulysses_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(rank);
    const std::int64_t others = tokens.all() - own;
    // Every rank has as many heads as every other.
    const std::int64_t query_heads = shape.query_heads / ranks;
    const std::int64_t key_value_heads = key_value_heads_of_share(shape, ranks);
    // Of one token for the heads of one rank.
    const std::int64_t query_bytes = query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
    const std::int64_t key_value_bytes =
        key_value_heads * (shape.head_dim_qk + shape.head_dim_v) * size_bytes(shape.dtype);
    const std::int64_t result_bytes = Partial::size_bytes(query_heads, 1, shape.head_dim_v);
    StrategyTotals sums;
    // The tokens of the others come in for the heads of this rank; the results of its tokens come back from theirs.
    sums.bytes_received = others * (query_bytes + key_value_bytes) + own * (ranks - 1) * result_bytes;
    sums.bytes_sent = own * (ranks - 1) * (query_bytes + key_value_bytes) + others * result_bytes;
    const std::int64_t all_query_bytes = tokens.all() * query_bytes;
    const std::int64_t all_key_value_bytes = tokens.all() * key_value_bytes;
    const std::int64_t leaving_bytes = own * ranks * key_value_bytes;
    const std::int64_t result_bytes_of_heads = tokens.all() * result_bytes;
    const std::int64_t result_bytes_of_tokens = own * ranks * result_bytes;
    sums.peak_buffer_bytes = std::max({
        2 * all_query_bytes + leaving_bytes + all_key_value_bytes,      // putting the queries in order
        all_query_bytes + leaving_bytes + 2 * all_key_value_bytes,      // then the keys and values
        all_query_bytes + all_key_value_bytes + result_bytes_of_heads,  // computing
        2 * result_bytes_of_heads + result_bytes_of_tokens,             // sending the results back
        result_bytes_of_heads + 2 * result_bytes_of_tokens,             // putting them in order
    });
    return sums;
}

StrategyTotals ulysses_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                               std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(rank);
    const std::int64_t all = tokens.all();
    const std::int64_t query_heads = shape.query_heads / ranks;
    const std::int64_t key_value_heads = key_value_heads_of_share(shape, ranks);
    constexpr std::int64_t float_bytes = sizeof(float);
    // Of one token for the heads of one rank.
    const std::int64_t key_value_dims = key_value_heads * (shape.head_dim_qk + shape.head_dim_v);
    const std::int64_t input_bytes = (query_heads * shape.head_dim_qk + key_value_dims) * size_bytes(shape.dtype);
    const std::int64_t output_gradient_bytes = query_heads * shape.head_dim_v * size_bytes(shape.dtype);
    const std::int64_t result_bytes = Partial::size_bytes(query_heads, 1, shape.head_dim_v);
    const std::int64_t delta_bytes = query_heads * float_bytes;
    const std::int64_t query_gradient_bytes = query_heads * shape.head_dim_qk * float_bytes;
    const std::int64_t key_value_gradient_bytes = key_value_dims * float_bytes;
    StrategyTotals both = ulysses_totals(shape, tokens, rank);
    // dO of the others comes in for the heads of this rank; gradients of its tokens come back from theirs.
    const std::int64_t gradient_bytes = query_gradient_bytes + key_value_gradient_bytes;
    both.bytes_received += (all - own) * output_gradient_bytes + own * (ranks - 1) * gradient_bytes;
    both.bytes_sent += own * (ranks - 1) * output_gradient_bytes + (all - own) * gradient_bytes;
    const std::int64_t output = own * ranks * result_bytes;
    const std::int64_t own_query_gradients = own * ranks * query_gradient_bytes;
    both.peak_buffer_bytes = std::max({
        both.peak_buffer_bytes,
        all * (input_bytes + 2 * result_bytes) + 2 * output,                      // putting results in order
        all * (input_bytes + result_bytes + 2 * output_gradient_bytes) + output,  // then the gradients of output
        all * (input_bytes + result_bytes + output_gradient_bytes + delta_bytes + gradient_bytes) +
            output,                                                                     // computing
        all * (2 * query_gradient_bytes + key_value_gradient_bytes) + output,           // packing dQ
        all * gradient_bytes + output + own_query_gradients,                            // sending it back
        all * 2 * key_value_gradient_bytes + output + own_query_gradients,              // packing dK and dV
        (all + own * ranks) * key_value_gradient_bytes + output + own_query_gradients,  // sending them back
        own * (ranks * key_value_gradient_bytes + shape.key_value_gradient_bytes_per_token()) + output +
            own_query_gradients,  // adding them up
    });
    return both;
}

}  // namespace longscope
