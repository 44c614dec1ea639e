// SPDX-License-Identifier: GPL-3.0-or-later
// Ulysses (Jacobs et al. 2023, "DeepSpeed Ulysses"): an all-to-all turns some tokens of all heads into all tokens of
// some heads; each rank computes its heads over the whole sequence, and a second all-to-all turns the result back. With
// fewer key/value heads than ranks, ranks that share one get a copy each.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

// Buffers, in the order of their use.
constexpr std::int64_t queries_arriving = 1;
constexpr std::int64_t queries = 2;
constexpr std::int64_t key_values_leaving = 3;
constexpr std::int64_t key_values_arriving = 4;
constexpr std::int64_t key_values = 5;
constexpr std::int64_t result_of_heads = 6;
constexpr std::int64_t results_leaving = 7;
constexpr std::int64_t results_arriving = 8;
constexpr std::int64_t result = 9;

// Share p of n heads over N ranks; with n < N, the head that ranks p, p + 1, ... share.
Range share_of(std::int64_t heads, std::int64_t ranks, std::int64_t rank) {
    const std::int64_t begin = rank * heads / ranks;
    return {begin, begin + std::max<std::int64_t>(1, heads / ranks)};
}

std::vector<Range> shares(std::int64_t heads, std::int64_t ranks) {
    std::vector<Range> ranges;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        ranges.push_back(share_of(heads, ranks, rank));
    }
    return ranges;
}

struct ExchangeBytes {
    std::vector<std::int64_t> sent;
    std::vector<std::int64_t> received;
};

// Rank p gets heads `by_rank[p]` of the tokens of every rank; `bytes` are those of one head of one token.
ExchangeBytes tokens_for_heads(const StrategyInput& input, const std::vector<Range>& by_rank, std::int64_t bytes) {
    ExchangeBytes sizes;
    const std::int64_t own_tokens = input.tokens[static_cast<std::size_t>(input.rank)].size();
    const std::int64_t own_heads = by_rank[static_cast<std::size_t>(input.rank)].size();
    for (std::size_t p = 0; p < by_rank.size(); ++p) {
        sizes.sent.push_back(by_rank[p].size() * own_tokens * bytes);
        sizes.received.push_back(own_heads * input.tokens[p].size() * bytes);
    }
    return sizes;
}

std::int64_t sum(const std::vector<std::int64_t>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
}

}  // namespace

std::string ulysses_infeasible(const AttentionShape& shape, std::int64_t ranks) {
    if (shape.query_heads % ranks != 0) {
        return fmt::format("Ulysses needs query heads divisible by {} ranks: {} are given", ranks, shape.query_heads);
    }
    if (shape.key_value_heads % ranks != 0 && ranks % shape.key_value_heads != 0) {
        return fmt::format(
            "Ulysses needs key/value heads divisible by {} ranks, or ranks divisible by key/value heads: {} are given",
            ranks, shape.key_value_heads);
    }
    return {};
}

Schedule ulysses_forward(const StrategyInput& input) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = input.ranks();
    const std::int64_t element = size_bytes(shape.dtype);
    const std::vector<Range> query_heads = shares(shape.query_heads, ranks);
    const std::vector<Range> key_value_heads = shares(shape.key_value_heads, ranks);
    const Range own_query_heads = query_heads[static_cast<std::size_t>(input.rank)];
    const Range own_key_value_heads = key_value_heads[static_cast<std::size_t>(input.rank)];
    ScheduleBuilder builder("ulysses", input);

    // Queries lie head by head: what leaves for rank p lies together already.
    ExchangeBytes sizes = tokens_for_heads(input, query_heads, shape.head_dim_qk * element);
    std::int64_t room = builder.alloc_message(queries_arriving, sum(sizes.received));
    const std::int64_t queries_here = builder.exchange(OperationKind::all_to_all, 0, -1, queries_arriving, 0,
                                                       std::move(sizes.sent), std::move(sizes.received), {room});

    sizes = tokens_for_heads(input, key_value_heads, (shape.head_dim_qk + shape.head_dim_v) * element);
    builder.alloc_message(key_values_leaving, sum(sizes.sent));
    room = builder.alloc_message(key_values_arriving, sum(sizes.received));
    const std::int64_t packed = builder.copy(OperationKind::gather, 0, BufferRole::key_values, own_key_values,
                                             key_values_leaving, key_value_heads, {});
    const std::int64_t key_values_here =
        builder.exchange(OperationKind::all_to_all, 0, key_values_leaving, key_values_arriving, 1,
                         std::move(sizes.sent), std::move(sizes.received), {room, packed});

    builder.alloc_queries(queries, ranks, own_query_heads);
    builder.copy(OperationKind::scatter, 0, BufferRole::queries, queries_arriving, queries, {}, {queries_here});
    builder.free(queries_arriving, {});
    builder.alloc_key_values(key_values, ranks, own_key_value_heads);
    builder.copy(OperationKind::scatter, 0, BufferRole::key_values, key_values_arriving, key_values, {},
                 {key_values_here});
    builder.free(key_values_leaving, {});
    builder.free(key_values_arriving, {});

    builder.alloc_partial(result_of_heads, ranks, own_query_heads);
    if (const std::int64_t pairs = ulysses_head_pairs(input); pairs > 0) {
        builder.attend_all_keys(1, queries, own_query_heads, key_values, result_of_heads, pairs);
    }
    builder.free(queries, {});
    builder.free(key_values, {});

    // Back: O and lse in float32, whatever the inputs are.
    sizes = tokens_for_heads(input, query_heads, Partial::size_bytes(1, 1, shape.head_dim_v));
    std::swap(sizes.sent, sizes.received);
    builder.alloc_message(results_leaving, sum(sizes.sent));
    room = builder.alloc_message(results_arriving, sum(sizes.received));
    const std::int64_t results_packed =
        builder.copy(OperationKind::gather, 2, BufferRole::partial, result_of_heads, results_leaving, {}, {});
    builder.free(result_of_heads, {});
    const std::int64_t results_here =
        builder.exchange(OperationKind::all_to_all, 2, results_leaving, results_arriving, 2, std::move(sizes.sent),
                         std::move(sizes.received), {room, results_packed});
    builder.alloc_partial(result, input.rank, {0, shape.query_heads});
    builder.copy(OperationKind::scatter, 2, BufferRole::partial, results_arriving, result, query_heads, {results_here});
    builder.free(results_leaving, {});
    builder.free(results_arriving, {});
    builder.finalize(2, result);
    return builder.take();
}

std::int64_t ulysses_head_pairs(const StrategyInput& input) {
    return input.masks.head_pairs(shares(input.shape.query_heads, input.ranks())[static_cast<std::size_t>(input.rank)]);
}

StrategyTotals ulysses_totals(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(rank);
    const std::int64_t others = tokens.all() - own;
    // Every rank has as many heads as every other.
    const std::int64_t query_heads = shape.query_heads / ranks;
    const std::int64_t key_value_heads = std::max<std::int64_t>(1, shape.key_value_heads / ranks);
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

}  // namespace longscope
