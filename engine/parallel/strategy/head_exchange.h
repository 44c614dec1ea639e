// SPDX-License-Identifier: GPL-3.0-or-later
// Some ranks exchange tokens for heads and back (Jacobs et al. 2023, "DeepSpeed Ulysses"): an all-to-all turns some
// tokens of all heads into all tokens of the group for some heads. With fewer key/value heads than ranks in the group,
// ranks that share one get a copy each, and the gradients of the copies are added up where they come home.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

// Buffers that the exchange makes; those of the computing between are for the strategy.
struct HeadExchangeBuffers {
    static constexpr std::int64_t queries_arriving = 1;
    static constexpr std::int64_t queries = 2;
    static constexpr std::int64_t key_values_leaving = 3;
    static constexpr std::int64_t key_values_arriving = 4;
    static constexpr std::int64_t key_values = 5;
    static constexpr std::int64_t result_of_heads = 6;
    static constexpr std::int64_t results_leaving = 7;
    static constexpr std::int64_t results_arriving = 8;
    static constexpr std::int64_t result = 9;
    // Of the backward pass.
    static constexpr std::int64_t output_gradients_arriving = 10;
    static constexpr std::int64_t output_gradients = 11;
    static constexpr std::int64_t delta = 12;
    static constexpr std::int64_t query_gradients_of_heads = 13;
    static constexpr std::int64_t key_value_gradients_of_heads = 14;
    static constexpr std::int64_t query_gradients_leaving = 15;
    static constexpr std::int64_t query_gradients = 16;
    static constexpr std::int64_t key_value_gradients_leaving = 17;
    static constexpr std::int64_t key_value_gradients_arriving = 18;
    static constexpr std::int64_t key_value_gradients = 19;
    static constexpr std::int64_t next = 20;  // not used here, nor those after it
};

// Ranks that exchange.
struct HeadGroup {
    std::vector<std::int64_t> ranks;  // ascending; this one among them
    std::int64_t set = -1;            // token set of all their tokens
};

// The heads of each rank of a group. Query heads are shared out without overlapping, in the order of the ranks; several
// ranks may have a copy of a key/value head.
struct HeadShares {
    std::vector<Range> query_heads;
    std::vector<Range> key_value_heads;
};

// Share i of n heads over a group; with fewer heads than ranks, the head that ranks i, i + 1, ... share.
[[nodiscard]] Range share_of_heads(std::int64_t heads, std::int64_t group, std::int64_t i);

// Of key/value heads: how many a rank of the group computes with.
[[nodiscard]] std::int64_t key_value_heads_of_share(const AttentionShape& shape, std::int64_t group);

// Why a group of so many ranks cannot share out the heads of the shape, for a method of this name; empty when it can.
[[nodiscard]] std::string head_exchange_infeasible(std::string_view method, const AttentionShape& shape,
                                                   std::int64_t group);

class HeadExchange : public HeadExchangeBuffers {
  public:
    // The builder and the input outlive it. Query heads divide by the number of ranks, and key/value heads by it or it
    // by them.
    HeadExchange(ScheduleBuilder& builder, const StrategyInput& input, HeadGroup group);
    HeadExchange(ScheduleBuilder& builder, const StrategyInput& input, HeadGroup group, HeadShares shares);

    [[nodiscard]] Range own_query_heads() const { return query_heads_[index_]; }
    [[nodiscard]] Range own_key_value_heads() const { return key_value_heads_[index_]; }
    [[nodiscard]] ScheduleBuilder::Queries own_queries() const { return {queries, group_.set, own_query_heads()}; }

    // Makes `queries` and `key_values`, of the own heads; returns the operation that fills the latter. Flows 0 and 1.
    std::int64_t write_inputs(std::int32_t step);
    // Makes `result` of `result_of_heads`, which is kept where a backward pass reads it. Flow 2.
    void write_results(std::int32_t step, bool keep);
    // Makes `output_gradients`, after the barrier. Flow 3.
    void write_output_gradients(std::int32_t step, std::int64_t barrier);
    // Makes `query_gradients` and `key_value_gradients` of those of heads. Flows 4 and 5.
    void write_gradients(std::int32_t step);

    static constexpr std::int64_t flows = 6;

  private:
    struct Bytes {
        std::vector<std::int64_t> sent;  // of every rank
        std::vector<std::int64_t> received;
    };
    // Each rank of the group gets its heads of the tokens of the others; `bytes` are those of one head of one token.
    [[nodiscard]] Bytes tokens_for_heads(const std::vector<Range>& by_rank, std::int64_t bytes) const;
    // The way back.
    [[nodiscard]] Bytes heads_for_tokens(const std::vector<Range>& by_rank, std::int64_t bytes) const;
    std::int64_t exchange(std::int32_t step, std::int64_t buffer, std::int64_t into, std::int64_t flow, Bytes sizes,
                          std::vector<std::int64_t> after);
    // The tokens of each rank of the group, all heads that are there; or the heads of each, of all tokens.
    [[nodiscard]] ScheduleBuilder::Blocks by_tokens() const { return {group_.ranks, {}}; }
    [[nodiscard]] ScheduleBuilder::Blocks by_heads(std::vector<Range> heads) const;

    ScheduleBuilder& builder_;
    const StrategyInput& input_;
    const AttentionShape& shape_;
    HeadGroup group_;
    std::int64_t channel_;  // Operation::group
    std::size_t index_;     // of this rank in the group
    std::vector<Range> query_heads_;
    std::vector<Range> key_value_heads_;
};

}  // namespace longscope
