// SPDX-License-Identifier: GPL-3.0-or-later
// Group-cast (Zewei Tao and Yunpeng Huang 2025, "MagiAttention"): every rank gets from every other just the keys and
// values that one of its queries sees, in one exchange, while it computes with its own. For windows this is a halo
// exchange, with the global tokens gathered beside it (Tan et al. 2024, "Video-Infinity"); without a mask it is an
// all-gather. What each rank needs follows from the mask, which all ranks know: nothing is asked for.
//
// Backward: what came in is kept. Gradients of it are computed first and go back in float32 (group-reduce) while the
// rank computes on its own keys; their owner adds them in the order of the ranks.
#include <algorithm>
#include <numeric>

#include "engine/mask/key_coverage.h"
#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

constexpr std::int64_t running = 1;
constexpr std::int64_t leaving = 2;
constexpr std::int64_t arriving = 3;
constexpr std::int64_t remote = 4;
constexpr std::int64_t of_remote = 5;
// Of the backward pass.
constexpr std::int64_t delta = 6;
constexpr std::int64_t query_gradients = 7;
constexpr std::int64_t remote_gradients = 8;
constexpr std::int64_t gradients_leaving = 9;
constexpr std::int64_t gradients_arriving = 10;
constexpr std::int64_t own_gradients = 11;

class GroupCastWriter {
  public:
    GroupCastWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          pass_(pass),
          builder_("group_cast", input, pass),
          query_heads_{0, input.shape.query_heads},
          key_value_heads_{0, input.shape.key_value_heads},
          own_pairs_(builder_.head_pairs(input.rank, input.rank, query_heads_)) {
        name_sets();
    }

    void write_forward() {
        builder_.alloc_partial(running, input_.rank, query_heads_);
        const bool alone = input_.ranks() == 1;
        const std::int64_t here = alone ? -1 : write_cast();
        if (own_pairs_ > 0) {
            builder_.attend(0, builder_.own_queries(), input_.rank, own_key_values, running, own_pairs_, {});
        }
        if (!alone) {
            write_remote(here);
        }
        builder_.finalize(1, running);
        if (pass_ == Pass::forward && !alone) {
            builder_.free(remote, {});
        }
    }

    void write_backward() {
        const bool alone = input_.ranks() == 1;
        const std::int64_t barrier = builder_.barrier(2, {});
        builder_.alloc_delta(delta, input_.rank, query_heads_);
        builder_.delta(2, running, own_output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients, input_.rank, query_heads_);
        const std::int64_t here = alone ? -1 : write_remote_gradients(barrier);
        builder_.alloc_key_value_gradients(own_gradients, input_.rank, key_value_heads_);
        if (own_pairs_ > 0) {
            builder_.attend_backward(3, builder_.own_queries(), input_.rank, own_key_values, shared, own_gradients,
                                     own_pairs_, {});
        }
        builder_.free(delta, {});
        if (!alone) {
            builder_.copy(OperationKind::scatter_add, 3, BufferRole::key_value_gradients, gradients_arriving,
                          own_gradients, {of_peers_, {}}, {here});
            builder_.free(gradients_leaving, {});
            builder_.free(gradients_arriving, {});
        }
    }

    Schedule take() { return builder_.take(); }

  private:
    static constexpr ScheduleBuilder::BackwardBuffers shared{own_output_gradients, running, delta, query_gradients};

    // What peers need of this rank, and what it needs of them; returns when it is here.
    std::int64_t write_cast() {
        const std::int64_t bytes = input_.shape.key_value_bytes_per_token();
        builder_.alloc_message(leaving, sum(of_peers_) * bytes);
        const std::int64_t packed = builder_.copy(OperationKind::gather, 0, BufferRole::key_values, own_key_values,
                                                  leaving, {of_peers_, {}}, {});
        const std::int64_t room = builder_.alloc_message(arriving, sum(from_peers_) * bytes);
        return builder_.exchange(OperationKind::all_to_all, 0, leaving, arriving, 0, by_rank(of_peers_, bytes),
                                 by_rank(from_peers_, bytes), {packed, room});
    }

    void write_remote(std::int64_t here) {
        builder_.alloc_key_values(remote, remote_set_, key_value_heads_);
        builder_.copy(OperationKind::scatter, 1, BufferRole::key_values, arriving, remote, {from_peers_, {}}, {here});
        builder_.free(leaving, {});
        builder_.free(arriving, {});
        builder_.alloc_partial(of_remote, input_.rank, query_heads_);
        if (const std::int64_t pairs = remote_pairs(); pairs > 0) {
            builder_.attend(1, builder_.own_queries(), remote_set_, remote, own_pairs_ > 0 ? of_remote : running, pairs,
                            {});
            if (own_pairs_ > 0) {
                builder_.merge(1, of_remote, running);
            }
        }
        builder_.free(of_remote, {});
    }

    std::int64_t write_remote_gradients(std::int64_t barrier) {
        const std::int64_t bytes = input_.shape.key_value_gradient_bytes_per_token();
        builder_.alloc_key_value_gradients(remote_gradients, remote_set_, key_value_heads_);
        if (const std::int64_t pairs = remote_pairs(); pairs > 0) {
            builder_.attend_backward(2, builder_.own_queries(), remote_set_, remote, shared, remote_gradients, pairs,
                                     {});
        }
        builder_.free(remote, {});
        builder_.alloc_message(gradients_leaving, sum(from_peers_) * bytes);
        const std::int64_t packed = builder_.copy(OperationKind::gather, 2, BufferRole::key_value_gradients,
                                                  remote_gradients, gradients_leaving, {from_peers_, {}}, {});
        builder_.free(remote_gradients, {});
        const std::int64_t room = builder_.alloc_message(gradients_arriving, sum(of_peers_) * bytes);
        return builder_.exchange(OperationKind::all_to_all, 2, gradients_leaving, gradients_arriving, 1,
                                 by_rank(from_peers_, bytes), by_rank(of_peers_, bytes), {barrier, packed, room});
    }

    // The tokens that peers need of this rank, those that it needs of them, and the latter together.
    void name_sets() {
        const std::int64_t rank = input_.rank;
        const std::vector<Range> own_needs = covered_keys(input_.masks, input_.tokens[static_cast<std::size_t>(rank)]);
        TokenSelection all_remote{{}, own_needs.empty() ? nothing() : own_needs};
        for (std::int64_t peer = 0; peer < input_.ranks(); ++peer) {
            if (peer == rank) {
                continue;
            }
            std::vector<Range> needs = covered_keys(input_.masks, input_.tokens[static_cast<std::size_t>(peer)]);
            of_peers_.push_back(builder_.add_token_set({{rank}, needs.empty() ? nothing() : std::move(needs)}));
            from_peers_.push_back(builder_.add_token_set({{peer}, all_remote.within}));
            all_remote.ranks.push_back(peer);
        }
        remote_set_ = builder_.add_token_set(std::move(all_remote));
    }
    // A selection without ranges would be of all positions.
    static std::vector<Range> nothing() { return {{0, 0}}; }

    [[nodiscard]] std::int64_t sum(const std::vector<std::int64_t>& sets) const {
        return std::accumulate(sets.begin(), sets.end(), std::int64_t{0},
                               [&](std::int64_t tokens, std::int64_t set) { return tokens + builder_.tokens_of(set); });
    }
    [[nodiscard]] std::int64_t remote_pairs() const {
        return builder_.head_pairs(input_.rank, remote_set_, query_heads_);
    }
    // Of the sets of the peers; nothing stays here.
    [[nodiscard]] std::vector<std::int64_t> by_rank(const std::vector<std::int64_t>& sets, std::int64_t bytes) const {
        std::vector<std::int64_t> sizes(static_cast<std::size_t>(input_.ranks()), 0);
        for (std::size_t i = 0; i < sets.size(); ++i) {
            const std::size_t peer = i < static_cast<std::size_t>(input_.rank) ? i : i + 1;
            sizes[peer] = builder_.tokens_of(sets[i]) * bytes;
        }
        return sizes;
    }

    const StrategyInput& input_;
    Pass pass_;
    ScheduleBuilder builder_;
    Range query_heads_;
    Range key_value_heads_;
    std::int64_t own_pairs_;
    std::vector<std::int64_t> of_peers_;    // token sets, by peer
    std::vector<std::int64_t> from_peers_;  // likewise
    std::int64_t remote_set_ = -1;
};

}  // namespace

Schedule write_group_cast(const StrategyInput& input, Pass pass) {
    GroupCastWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

StrategyTotals group_cast_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    // Of the keys that some query of a rank sees, those that others hold arrive.
    std::int64_t arriving_tokens = 0;
    std::int64_t leaving_tokens = 0;
    for (std::int64_t rank = 0; rank < tokens.ranks(); ++rank) {
        for (const Range range : covered_keys(input.masks, input.tokens[static_cast<std::size_t>(rank)])) {
            const std::int64_t own = input.tokens[static_cast<std::size_t>(input.rank)].count_in(range);
            if (rank == input.rank) {
                arriving_tokens += range.size() - own;
            } else {
                leaving_tokens += own;
            }
        }
    }
    const std::int64_t bytes = shape.key_value_bytes_per_token();
    const std::int64_t gradient_bytes = shape.key_value_gradient_bytes_per_token();
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t partial = Partial::size_bytes(shape.query_heads, own, shape.head_dim_v);
    StrategyTotals sums;
    sums.bytes_received = arriving_tokens * bytes;
    sums.bytes_sent = leaving_tokens * bytes;
    // Taking in what came; then its partial result beside it.
    if (tokens.ranks() == 1) {
        sums.peak_buffer_bytes =
            partial + (pass == Pass::forward ? 0 : row_gradient_bytes(shape, own) + own * gradient_bytes);
        return sums;
    }
    sums.peak_buffer_bytes =
        partial + std::max((leaving_tokens + 2 * arriving_tokens) * bytes, arriving_tokens * bytes + partial);
    if (pass == Pass::forward_backward) {
        sums.bytes_received += input.wire().gradients(leaving_tokens * gradient_bytes);
        sums.bytes_sent += input.wire().gradients(arriving_tokens * gradient_bytes);
        const std::int64_t kept = partial + row_gradient_bytes(shape, own);
        sums.peak_buffer_bytes = std::max({
            sums.peak_buffer_bytes,
            kept + arriving_tokens * (bytes + gradient_bytes),                 // computing on what came
            kept + 2 * arriving_tokens * gradient_bytes,                       // packing its gradients
            kept + (arriving_tokens + leaving_tokens + own) * gradient_bytes,  // computing on the own keys
        });
    }
    return sums;
}

const StrategyText group_cast_text{
    "All ranks know the mask, so each knows what every other needs: the keys and values that one of its queries sees. "
    "They go out in one exchange, behind which a rank computes on its own keys. For windows this is a halo exchange, "
    "with "
    "global tokens as in Video-Infinity; without a mask it is an all-gather. n are the tokens of others that a query "
    "of "
    "the rank sees; m the tokens of the rank that others need, once for each of them.",
    "What came is kept. Gradients of it are computed first and go back in float32 while the rank computes on its own "
    "keys; their owner adds them up in the order of the ranks.",
    "n k",
    "m g",
    "t_r p + max((m + 2 n) k, n k + t_r p), on one rank t_r p; with a backward pass the most of that and t_r (p + w) + "
    "max(n (k + g), 2 n g, (n + m + t_r) g), on one rank t_r (p + w + g)",
    "never",
    "Tao, Huang et al. 2025 (MagiAttention); Tan et al. 2024 (Video-Infinity), arXiv 2406.16260",
    "contiguous",
};

}  // namespace longscope
