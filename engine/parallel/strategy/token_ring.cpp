// SPDX-License-Identifier: GPL-3.0-or-later
// TokenRing (Wang et al. 2024, "TokenRing: an efficient parallelism framework for infinite-context LLMs via
// bidirectional communication"): keys and values stay, queries make a round. In step i a rank computes with the queries
// of the ith rank before it, passes them on meanwhile, and sends their partial results straight back to the rank that
// they belong to, so that both directions of a link are used. Partial results (O and lse) travel in float32; those of a
// step whose pairs are all masked as well, as nothing seen. Each rank merges what comes back in the order of the steps.
#include <algorithm>
#include <array>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

// Of each pair the second number is the next one.
constexpr std::int64_t running = 1;
constexpr std::int64_t travelling = 2;  // two: queries
constexpr std::int64_t leaving = 4;     // two: partial results of others
constexpr std::int64_t arriving = 6;    // two: partial results from others
constexpr std::int64_t arrived = 8;
constexpr std::int64_t of_step = 9;

using Ids = std::vector<std::int64_t>;

class TokenRingWriter {
  public:
    explicit TokenRingWriter(const StrategyInput& input)
        : input_(input),
          ranks_(input.ranks()),
          rank_(input.rank),
          heads_{0, input.shape.query_heads},
          turns_(std::min<std::int64_t>(ranks_ - 1, 2)),
          builder_("token_ring", input) {}

    Schedule write() {
        allocate();
        pass_on(0, -1, {});
        if (const std::int64_t pairs = builder_.head_pairs(rank_, rank_, heads_); pairs > 0) {
            builder_.attend(0, builder_.own_queries(), rank_, own_key_values, running, pairs, {});
        }
        for (std::int64_t i = 1; i < ranks_; ++i) {
            write_step(i);
        }
        if (ranks_ > 1) {
            merge_results_of(ranks_ - 1);
        }
        builder_.finalize(static_cast<std::int32_t>(ranks_ - 1), running);
        free_all();
        return builder_.take();
    }

  private:
    [[nodiscard]] std::int64_t other(std::int64_t distance) const {
        return ((rank_ + distance) % ranks_ + ranks_) % ranks_;
    }
    // Flows are named by their sender and their step; results come after all queries.
    [[nodiscard]] std::int64_t query_flow(std::int64_t sender, std::int64_t step) const {
        return sender * ranks_ + step;
    }
    [[nodiscard]] std::int64_t result_flow(std::int64_t sender, std::int64_t step) const {
        return ranks_ * ranks_ + query_flow(sender, step);
    }
    [[nodiscard]] std::int64_t result_bytes(std::int64_t tokens) const {
        return Partial::size_bytes(heads_.size(), tokens, input_.shape.head_dim_v);
    }
    static std::size_t turn(std::int64_t i) { return static_cast<std::size_t>(i % 2); }

    void allocate() {
        builder_.alloc_partial(running, rank_, heads_);
        std::int64_t largest = 0;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            largest = std::max(largest, builder_.tokens_of(rank));
        }
        for (std::int64_t i = 0; i < turns_; ++i) {
            query_writable_[turn(i)] = {builder_.alloc_queries_in_turn(travelling + i, largest, heads_)};
            builder_.alloc_message(leaving + i, result_bytes(largest));
            arriving_writable_[turn(i)] = {
                builder_.alloc_message(arriving + i, result_bytes(builder_.tokens_of(rank_)))};
        }
        if (ranks_ > 1) {
            builder_.alloc_partial(arrived, rank_, heads_);
        }
    }

    // The queries of step i, in `buffer`, to the next rank, while those of the next step come in.
    void pass_on(std::int64_t i, std::int64_t buffer, const Ids& after) {
        if (i + 1 == ranks_) {
            return;
        }
        const auto step = static_cast<std::int32_t>(i);
        here_ = {builder_.recv(step, travelling + i % 2, builder_.queries_of(other(-i - 1), heads_.size()), other(-1),
                               query_flow(other(-1), i), query_writable_[turn(i)])};
        last_query_send_ = {builder_.send(step, buffer, builder_.queries_of(other(-i), heads_.size()), other(1),
                                          query_flow(rank_, i), after)};
    }

    void write_step(std::int64_t i) {
        const auto step = static_cast<std::int32_t>(i);
        const std::int64_t owner = other(-i);
        const std::int64_t buffer = travelling + (i - 1) % 2;
        const Ids here = here_;
        pass_on(i, buffer, here);
        Ids readers = i + 1 == ranks_ ? Ids{} : last_query_send_;

        builder_.alloc_partial(of_step, owner, heads_);
        if (const std::int64_t pairs = builder_.head_pairs(owner, rank_, heads_); pairs > 0) {
            readers.push_back(
                builder_.attend(step, {buffer, owner, heads_}, rank_, own_key_values, of_step, pairs, here));
        }
        query_writable_[turn(i - 1)] = readers;

        const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::partial, of_step,
                                                  leaving + (i - 1) % 2, {{owner}, {}}, leaving_writable_[turn(i - 1)]);
        builder_.free(of_step, {});
        leaving_writable_[turn(i - 1)] = {builder_.send(step, leaving + (i - 1) % 2,
                                                        {-1, result_bytes(builder_.tokens_of(owner))}, owner,
                                                        result_flow(rank_, i), {packed})};
        // In its ith step the ith rank after this one has the queries of this one.
        results_here_[turn(i - 1)] = {builder_.recv(step, arriving + (i - 1) % 2,
                                                    {-1, result_bytes(builder_.tokens_of(rank_))}, other(i),
                                                    result_flow(other(i), i), arriving_writable_[turn(i - 1)])};
        if (i > 1) {
            merge_results_of(i - 1);  // that had this step's time to arrive
        }
    }

    void merge_results_of(std::int64_t i) {
        const auto step = static_cast<std::int32_t>(i);
        arriving_writable_[turn(i - 1)] = {builder_.copy(OperationKind::scatter, step, BufferRole::partial,
                                                         arriving + (i - 1) % 2, arrived, {{rank_}, {}},
                                                         results_here_[turn(i - 1)])};
        builder_.merge(step, arrived, running);
    }

    void free_all() {
        for (std::int64_t i = 0; i < turns_; ++i) {
            builder_.free(travelling + i, last_query_send_);
            builder_.free(leaving + i, leaving_writable_[turn(i)]);
            builder_.free(arriving + i, {});
        }
        if (ranks_ > 1) {
            builder_.free(arrived, {});
        }
    }

    const StrategyInput& input_;
    std::int64_t ranks_;
    std::int64_t rank_;
    Range heads_;
    std::int64_t turns_;
    ScheduleBuilder builder_;
    // What must have completed before a buffer may be overwritten.
    std::array<Ids, 2> query_writable_;
    std::array<Ids, 2> leaving_writable_;
    std::array<Ids, 2> arriving_writable_;
    std::array<Ids, 2> results_here_;
    Ids here_;  // the recv of the next step's queries
    Ids last_query_send_;
};

}  // namespace

Schedule write_token_ring(const StrategyInput& input, Pass /*pass*/) {
    return TokenRingWriter(input).write();
}

StrategyTotals token_ring_totals(const StrategyInput& input, const TokenCounts& tokens, Pass /*pass*/) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t query_bytes = shape.query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
    const std::int64_t result_bytes = Partial::size_bytes(shape.query_heads, 1, shape.head_dim_v);
    const std::int64_t others = tokens.all() - own;
    StrategyTotals sums;
    // The queries of all others come by, and those of all but the next rank are passed on; results come back from
    // everyone, and go back to everyone.
    const std::int64_t sent_result_bytes = input.wire().partials(result_bytes);
    sums.bytes_received = others * query_bytes + (ranks - 1) * own * sent_result_bytes;
    sums.bytes_sent = (tokens.all() - tokens.of((input.rank + 1) % ranks)) * query_bytes + others * sent_result_bytes;
    sums.peak_buffer_bytes = own * result_bytes;
    if (ranks > 1) {
        std::int64_t largest_other = 0;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            largest_other = std::max(largest_other, rank == input.rank ? 0 : tokens.of(rank));
        }
        sums.peak_buffer_bytes += std::min<std::int64_t>(ranks - 1, 2) *
                                      (tokens.largest() * (query_bytes + result_bytes) + own * result_bytes) +
                                  (own + largest_other) * result_bytes;
    }
    return sums;
}

std::int64_t token_ring_head_pairs(const StrategyInput& input) {
    const TokenSet all_queries({{0, input.masks.query_tokens()}});
    return LocalMask(input.masks, all_queries, input.tokens[static_cast<std::size_t>(input.rank)])
        .head_pairs({0, input.shape.query_heads});
}

const StrategyText token_ring_text{
    "Keys and values stay; queries make the round, and each block's output and lse go straight back to their owner, so "
    "that both directions of a link are used. Less moves than in a ring only with as many key/value heads as query "
    "heads.",
    "",
    "b (t - t_r) Hq Dqk + (N - 1) t_r p",
    "",
    "t_r p + min(N - 1, 2) (t_max (b Hq Dqk + p) + t_r p) + (t_r + t_o) p, with t_o the most tokens of another rank; "
    "on "
    "one rank t_r p",
    "never in the forward pass; it has no backward pass",
    "Wang et al. 2024 (TokenRing), arXiv 2412.20501",
    "zigzag",
};

}  // namespace longscope
