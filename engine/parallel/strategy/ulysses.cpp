// SPDX-License-Identifier: GPL-3.0-or-later
// Ulysses (Jacobs et al. 2023, "DeepSpeed Ulysses"): an all-to-all turns some tokens of all heads into all tokens of
// some heads; each rank computes its heads over the whole sequence, and a second all-to-all turns the result back. With
// fewer key/value heads than ranks, ranks that share one get a copy each.
//
// Backward: queries, keys, values, output and lse of its heads are kept from the forward pass. An all-to-all brings dO
// of the heads; those of dQ, dK and dV bring the gradients back in float32. Where ranks shared a key/value head, its
// owner adds their parts in the order of the ranks.
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
// Of the backward pass.
constexpr std::int64_t output_gradients_arriving = 10;
constexpr std::int64_t output_gradients = 11;
constexpr std::int64_t delta = 12;
constexpr std::int64_t query_gradients_of_heads = 13;
constexpr std::int64_t key_value_gradients_of_heads = 14;
constexpr std::int64_t query_gradients_leaving = 15;
constexpr std::int64_t query_gradients = 16;
constexpr std::int64_t key_value_gradients_leaving = 17;
constexpr std::int64_t key_value_gradients_arriving = 18;
constexpr std::int64_t key_value_gradients = 19;

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

// The way back.
ExchangeBytes heads_for_tokens(const StrategyInput& input, const std::vector<Range>& by_rank, std::int64_t bytes) {
    ExchangeBytes sizes = tokens_for_heads(input, by_rank, bytes);
    std::swap(sizes.sent, sizes.received);
    return sizes;
}

std::int64_t sum(const std::vector<std::int64_t>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
}

class UlyssesWriter {
  public:
    UlyssesWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          shape_(input.shape),
          pass_(pass),
          query_heads_(shares(input.shape.query_heads, input.ranks())),
          key_value_heads_(shares(input.shape.key_value_heads, input.ranks())),
          own_query_heads_(query_heads_[static_cast<std::size_t>(input.rank)]),
          own_key_value_heads_(key_value_heads_[static_cast<std::size_t>(input.rank)]),
          builder_("ulysses", input, pass) {}

    void write_forward() {
        write_inputs();
        builder_.alloc_partial(result_of_heads, input_.ranks(), own_query_heads_);
        if (const std::int64_t pairs = ulysses_head_pairs(input_); pairs > 0) {
            builder_.attend_all_keys(1, queries, own_query_heads_, key_values, result_of_heads, pairs);
        }
        if (pass_ == Pass::forward) {
            builder_.free(queries, {});
            builder_.free(key_values, {});
        } else {
            builder_.finalize(1, result_of_heads);  // where the backward pass reads it
        }
        write_results();
    }

    void write_backward() {
        const std::int64_t ranks = input_.ranks();
        const std::int64_t barrier = builder_.barrier(3, {});
        // As queries.
        ExchangeBytes sizes = tokens_for_heads(input_, query_heads_, shape_.head_dim_v * size_bytes(shape_.dtype));
        const std::int64_t room = builder_.alloc_message(output_gradients_arriving, sum(sizes.received));
        const std::int64_t here =
            builder_.exchange(OperationKind::all_to_all, 3, own_output_gradients, output_gradients_arriving, 3,
                              std::move(sizes.sent), std::move(sizes.received), {barrier, room});
        builder_.alloc_output_gradients(output_gradients, ranks, own_query_heads_);
        builder_.copy(OperationKind::scatter, 3, BufferRole::output_gradients, output_gradients_arriving,
                      output_gradients, {}, {here});
        builder_.free(output_gradients_arriving, {});

        builder_.alloc_delta(delta, ranks, own_query_heads_);
        builder_.delta(4, result_of_heads, output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients_of_heads, ranks, own_query_heads_);
        builder_.alloc_key_value_gradients(key_value_gradients_of_heads, ranks, own_key_value_heads_);
        if (const std::int64_t pairs = ulysses_head_pairs(input_); pairs > 0) {
            builder_.attend_backward_all_keys(4, queries, own_query_heads_, key_values,
                                              {output_gradients, result_of_heads, delta, query_gradients_of_heads},
                                              key_value_gradients_of_heads, pairs);
        }
        for (const std::int64_t buffer : {queries, key_values, result_of_heads, output_gradients, delta}) {
            builder_.free(buffer, {});
        }
        write_gradients();
    }

    Schedule take() { return builder_.take(); }

  private:
    // Queries, keys and values of the own heads.
    void write_inputs() {
        const std::int64_t element = size_bytes(shape_.dtype);
        // Queries lie head by head: what leaves for rank p lies together already.
        ExchangeBytes sizes = tokens_for_heads(input_, query_heads_, shape_.head_dim_qk * element);
        std::int64_t room = builder_.alloc_message(queries_arriving, sum(sizes.received));
        const std::int64_t queries_here = builder_.exchange(OperationKind::all_to_all, 0, -1, queries_arriving, 0,
                                                            std::move(sizes.sent), std::move(sizes.received), {room});

        sizes = tokens_for_heads(input_, key_value_heads_, (shape_.head_dim_qk + shape_.head_dim_v) * element);
        builder_.alloc_message(key_values_leaving, sum(sizes.sent));
        room = builder_.alloc_message(key_values_arriving, sum(sizes.received));
        const std::int64_t packed = builder_.copy(OperationKind::gather, 0, BufferRole::key_values, own_key_values,
                                                  key_values_leaving, key_value_heads_, {});
        const std::int64_t key_values_here =
            builder_.exchange(OperationKind::all_to_all, 0, key_values_leaving, key_values_arriving, 1,
                              std::move(sizes.sent), std::move(sizes.received), {room, packed});

        builder_.alloc_queries(queries, input_.ranks(), own_query_heads_);
        builder_.copy(OperationKind::scatter, 0, BufferRole::queries, queries_arriving, queries, {}, {queries_here});
        builder_.free(queries_arriving, {});
        builder_.alloc_key_values(key_values, input_.ranks(), own_key_value_heads_);
        builder_.copy(OperationKind::scatter, 0, BufferRole::key_values, key_values_arriving, key_values, {},
                      {key_values_here});
        builder_.free(key_values_leaving, {});
        builder_.free(key_values_arriving, {});
    }

    // Back: O and lse in float32, whatever the inputs are.
    void write_results() {
        ExchangeBytes sizes = heads_for_tokens(input_, query_heads_, Partial::size_bytes(1, 1, shape_.head_dim_v));
        builder_.alloc_message(results_leaving, sum(sizes.sent));
        const std::int64_t room = builder_.alloc_message(results_arriving, sum(sizes.received));
        const std::int64_t results_packed =
            builder_.copy(OperationKind::gather, 2, BufferRole::partial, result_of_heads, results_leaving, {}, {});
        if (pass_ == Pass::forward) {
            builder_.free(result_of_heads, {});
        }
        const std::int64_t results_here =
            builder_.exchange(OperationKind::all_to_all, 2, results_leaving, results_arriving, 2, std::move(sizes.sent),
                              std::move(sizes.received), {room, results_packed});
        builder_.alloc_partial(result, input_.rank, {0, shape_.query_heads});
        builder_.copy(OperationKind::scatter, 2, BufferRole::partial, results_arriving, result, query_heads_,
                      {results_here});
        builder_.free(results_leaving, {});
        builder_.free(results_arriving, {});
        if (pass_ == Pass::forward) {
            builder_.finalize(2, result);
        }
    }

    // Back, in float32. Those of queries arrive head by head, as they are to lie.
    void write_gradients() {
        constexpr std::int64_t element = sizeof(float);
        ExchangeBytes sizes = heads_for_tokens(input_, query_heads_, shape_.head_dim_qk * element);
        builder_.alloc_message(query_gradients_leaving, sum(sizes.sent));
        std::int64_t packed = builder_.copy(OperationKind::gather, 5, BufferRole::query_gradients,
                                            query_gradients_of_heads, query_gradients_leaving, {}, {});
        builder_.free(query_gradients_of_heads, {});
        std::int64_t room = builder_.alloc_query_gradients(query_gradients, input_.rank, {0, shape_.query_heads});
        std::int64_t here = builder_.exchange(OperationKind::all_to_all, 5, query_gradients_leaving, query_gradients, 4,
                                              std::move(sizes.sent), std::move(sizes.received), {room, packed});
        builder_.free(query_gradients_leaving, {here});

        sizes = heads_for_tokens(input_, key_value_heads_, (shape_.head_dim_qk + shape_.head_dim_v) * element);
        builder_.alloc_message(key_value_gradients_leaving, sum(sizes.sent));
        packed = builder_.copy(OperationKind::gather, 5, BufferRole::key_value_gradients, key_value_gradients_of_heads,
                               key_value_gradients_leaving, {}, {});
        builder_.free(key_value_gradients_of_heads, {});
        room = builder_.alloc_message(key_value_gradients_arriving, sum(sizes.received));
        here =
            builder_.exchange(OperationKind::all_to_all, 5, key_value_gradients_leaving, key_value_gradients_arriving,
                              5, std::move(sizes.sent), std::move(sizes.received), {room, packed});
        builder_.free(key_value_gradients_leaving, {here});
        builder_.alloc_key_value_gradients(key_value_gradients, input_.rank, {0, shape_.key_value_heads});
        builder_.copy(OperationKind::scatter_add, 5, BufferRole::key_value_gradients, key_value_gradients_arriving,
                      key_value_gradients, key_value_heads_, {here});
        builder_.free(key_value_gradients_arriving, {});
    }

    const StrategyInput& input_;
    const AttentionShape& shape_;
    Pass pass_;
    std::vector<Range> query_heads_;
    std::vector<Range> key_value_heads_;
    Range own_query_heads_;
    Range own_key_value_heads_;
    ScheduleBuilder builder_;
};

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
    UlyssesWriter writer(input, Pass::forward);
    writer.write_forward();
    return writer.take();
}

Schedule ulysses_forward_backward(const StrategyInput& input) {
    UlyssesWriter writer(input, Pass::forward_backward);
    writer.write_forward();
    writer.write_backward();
    return writer.take();
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

StrategyTotals ulysses_forward_backward_totals(const AttentionShape& shape, const TokenCounts& tokens,
                                               std::int64_t rank) {
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(rank);
    const std::int64_t all = tokens.all();
    const std::int64_t query_heads = shape.query_heads / ranks;
    const std::int64_t key_value_heads = std::max<std::int64_t>(1, shape.key_value_heads / ranks);
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
