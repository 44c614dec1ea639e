// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/head_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace longscope {

namespace {

std::vector<Range> shares(std::int64_t heads, std::int64_t group) {
    std::vector<Range> ranges;
    for (std::int64_t i = 0; i < group; ++i) {
        ranges.push_back(share_of_heads(heads, group, i));
    }
    return ranges;
}

std::int64_t sum(const std::vector<std::int64_t>& sizes) {
    return std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
}

}  // namespace

Range share_of_heads(std::int64_t heads, std::int64_t group, std::int64_t i) {
    const std::int64_t begin = i * heads / group;
    return {begin, begin + std::max<std::int64_t>(1, heads / group)};
}

std::int64_t key_value_heads_of_share(const AttentionShape& shape, std::int64_t group) {
    return std::max<std::int64_t>(1, shape.key_value_heads / group);
}

std::string head_exchange_infeasible(std::string_view method, const AttentionShape& shape, std::int64_t group) {
    if (shape.query_heads % group != 0) {
        return fmt::format("{} needs query heads divisible by {} ranks: {} are given", method, group,
                           shape.query_heads);
    }
    if (shape.key_value_heads % group != 0 && group % shape.key_value_heads != 0) {
        return fmt::format(
            "{} needs key/value heads divisible by {} ranks, or ranks divisible by key/value heads: {} are given",
            method, group, shape.key_value_heads);
    }
    return {};
}

HeadExchange::HeadExchange(ScheduleBuilder& builder, const StrategyInput& input, HeadGroup group)
    : HeadExchange(builder, input, group,
                   {shares(input.shape.query_heads, static_cast<std::int64_t>(group.ranks.size())),
                    shares(input.shape.key_value_heads, static_cast<std::int64_t>(group.ranks.size()))}) {}

HeadExchange::HeadExchange(ScheduleBuilder& builder, const StrategyInput& input, HeadGroup group, HeadShares shares)
    : builder_(builder),
      input_(input),
      shape_(input.shape),
      group_(std::move(group)),
      channel_(builder.add_group("heads", group_.ranks)),
      index_(static_cast<std::size_t>(std::find(group_.ranks.begin(), group_.ranks.end(), input.rank) -
                                      group_.ranks.begin())),
      query_heads_(std::move(shares.query_heads)),
      key_value_heads_(std::move(shares.key_value_heads)) {}

HeadExchange::Bytes HeadExchange::tokens_for_heads(const std::vector<Range>& by_rank, std::int64_t bytes) const {
    Bytes sizes;
    sizes.sent.resize(static_cast<std::size_t>(input_.ranks()), 0);
    sizes.received.resize(static_cast<std::size_t>(input_.ranks()), 0);
    for (std::size_t i = 0; i < group_.ranks.size(); ++i) {
        const auto rank = static_cast<std::size_t>(group_.ranks[i]);
        sizes.sent[rank] = by_rank[i].size() * builder_.tokens_of(input_.rank) * bytes;
        sizes.received[rank] = by_rank[index_].size() * builder_.tokens_of(group_.ranks[i]) * bytes;
    }
    return sizes;
}

HeadExchange::Bytes HeadExchange::heads_for_tokens(const std::vector<Range>& by_rank, std::int64_t bytes) const {
    Bytes sizes = tokens_for_heads(by_rank, bytes);
    std::swap(sizes.sent, sizes.received);
    return sizes;
}

ScheduleBuilder::Blocks HeadExchange::by_heads(std::vector<Range> heads) const {
    return {std::vector<std::int64_t>(group_.ranks.size(), input_.rank), std::move(heads)};
}

std::int64_t HeadExchange::exchange(std::int32_t step, std::int64_t buffer, std::int64_t into, std::int64_t flow,
                                    Bytes sizes, std::vector<std::int64_t> after) {
    return builder_.in_group(
        channel_, builder_.exchange(OperationKind::all_to_all, step, buffer, into, flow, std::move(sizes.sent),
                                    std::move(sizes.received), std::move(after)));
}

std::int64_t HeadExchange::write_inputs(std::int32_t step) {
    const std::int64_t element = size_bytes(shape_.dtype);
    // Queries lie head by head: what leaves for each rank lies together already.
    Bytes sizes = tokens_for_heads(query_heads_, shape_.head_dim_qk * element);
    std::int64_t room = builder_.alloc_message(queries_arriving, sum(sizes.received));
    const std::int64_t queries_here = exchange(step, -1, queries_arriving, 0, std::move(sizes), {room});

    sizes = tokens_for_heads(key_value_heads_, (shape_.head_dim_qk + shape_.head_dim_v) * element);
    builder_.alloc_message(key_values_leaving, sum(sizes.sent));
    room = builder_.alloc_message(key_values_arriving, sum(sizes.received));
    const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::key_values, own_key_values,
                                              key_values_leaving, by_heads(key_value_heads_), {});
    const std::int64_t key_values_here =
        exchange(step, key_values_leaving, key_values_arriving, 1, std::move(sizes), {room, packed});

    builder_.alloc_queries(queries, group_.set, own_query_heads());
    builder_.copy(OperationKind::scatter, step, BufferRole::queries, queries_arriving, queries, by_tokens(),
                  {queries_here});
    builder_.free(queries_arriving, {});
    builder_.alloc_key_values(key_values, group_.set, own_key_value_heads());
    const std::int64_t filled = builder_.copy(OperationKind::scatter, step, BufferRole::key_values, key_values_arriving,
                                              key_values, by_tokens(), {key_values_here});
    builder_.free(key_values_leaving, {});
    builder_.free(key_values_arriving, {});
    return filled;
}

// Back: O and lse in float32, whatever the inputs are.
void HeadExchange::write_results(std::int32_t step, bool keep) {
    Bytes sizes = heads_for_tokens(query_heads_, Partial::size_bytes(1, 1, shape_.head_dim_v));
    builder_.alloc_message(results_leaving, sum(sizes.sent));
    const std::int64_t room = builder_.alloc_message(results_arriving, sum(sizes.received));
    const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::partial, result_of_heads,
                                              results_leaving, by_tokens(), {});
    if (!keep) {
        builder_.free(result_of_heads, {});
    }
    const std::int64_t here = exchange(step, results_leaving, results_arriving, 2, std::move(sizes), {room, packed});
    builder_.alloc_partial(result, input_.rank, {0, shape_.query_heads});
    builder_.copy(OperationKind::scatter, step, BufferRole::partial, results_arriving, result, by_heads(query_heads_),
                  {here});
    builder_.free(results_leaving, {});
    builder_.free(results_arriving, {});
}

void HeadExchange::write_output_gradients(std::int32_t step, std::int64_t barrier) {
    // As queries.
    Bytes sizes = tokens_for_heads(query_heads_, shape_.head_dim_v * size_bytes(shape_.dtype));
    const std::int64_t room = builder_.alloc_message(output_gradients_arriving, sum(sizes.received));
    const std::int64_t here =
        exchange(step, own_output_gradients, output_gradients_arriving, 3, std::move(sizes), {barrier, room});
    builder_.alloc_output_gradients(output_gradients, group_.set, own_query_heads());
    builder_.copy(OperationKind::scatter, step, BufferRole::output_gradients, output_gradients_arriving,
                  output_gradients, by_tokens(), {here});
    builder_.free(output_gradients_arriving, {});
}

// Back, in float32. Those of queries arrive head by head, as they are to lie.
void HeadExchange::write_gradients(std::int32_t step) {
    constexpr std::int64_t element = sizeof(float);
    Bytes sizes = heads_for_tokens(query_heads_, shape_.head_dim_qk * element);
    builder_.alloc_message(query_gradients_leaving, sum(sizes.sent));
    std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::query_gradients,
                                        query_gradients_of_heads, query_gradients_leaving, by_tokens(), {});
    builder_.free(query_gradients_of_heads, {});
    std::int64_t room = builder_.alloc_query_gradients(query_gradients, input_.rank, {0, shape_.query_heads});
    std::int64_t here = exchange(step, query_gradients_leaving, query_gradients, 4, std::move(sizes), {room, packed});
    builder_.free(query_gradients_leaving, {here});

    sizes = heads_for_tokens(key_value_heads_, (shape_.head_dim_qk + shape_.head_dim_v) * element);
    builder_.alloc_message(key_value_gradients_leaving, sum(sizes.sent));
    packed = builder_.copy(OperationKind::gather, step, BufferRole::key_value_gradients, key_value_gradients_of_heads,
                           key_value_gradients_leaving, by_tokens(), {});
    builder_.free(key_value_gradients_of_heads, {});
    room = builder_.alloc_message(key_value_gradients_arriving, sum(sizes.received));
    here =
        exchange(step, key_value_gradients_leaving, key_value_gradients_arriving, 5, std::move(sizes), {room, packed});
    builder_.free(key_value_gradients_leaving, {here});
    builder_.alloc_key_value_gradients(key_value_gradients, input_.rank, {0, shape_.key_value_heads});
    builder_.copy(OperationKind::scatter_add, step, BufferRole::key_value_gradients, key_value_gradients_arriving,
                  key_value_gradients, by_heads(key_value_heads_), {here});
    builder_.free(key_value_gradients_arriving, {});
}

}  // namespace longscope
