// SPDX-License-Identifier: GPL-3.0-or-later
// Split-KV, as decoding does it (flash-decoding, Dao et al. 2023; over ranks: tree attention, Shyam et al. 2024, and
// the decode context parallelism of vLLM): keys and values stay where they are, however long the cache. Every rank gets
// all queries and computes them over its own keys; partial results go back to the queries' owners in an all-to-all, and
// each owner merges them in the order of the ranks. Of decoding with few queries that is little; of a whole sequence
// much. Where there are fewer queries than tokens every rank has all of them, as the layer before leaves them, and
// needs the whole output: partial results go to all in an all-gather, and every rank merges the same in the same order.
// Forward only, as decoding is.
#include <algorithm>
#include <numeric>

#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

constexpr std::int64_t queries_arriving = 1;
constexpr std::int64_t all_queries = 2;
constexpr std::int64_t of_own_keys = 3;
constexpr std::int64_t leaving = 4;
constexpr std::int64_t arriving = 5;
constexpr std::int64_t running = 6;
constexpr std::int64_t of_rank = 7;

class SplitKvWriter {
  public:
    explicit SplitKvWriter(const StrategyInput& input)
        : input_(input), ranks_(input.ranks()), heads_{0, input.shape.query_heads}, builder_("split_kv", input) {}

    Schedule write() {
        if (input_.query_tokens > 0) {
            return write_decoding();
        }
        gather_queries();
        builder_.alloc_partial(of_own_keys, ranks_, heads_);
        if (const std::int64_t pairs = builder_.head_pairs(ranks_, input_.rank, heads_); pairs > 0) {
            builder_.attend(1, {all_queries, ranks_, heads_}, input_.rank, own_key_values, of_own_keys, pairs, {});
        }
        builder_.free(all_queries, {});
        const std::int64_t here = send_back();
        merge_all(input_.rank, here);
        builder_.finalize(3, running);
        return builder_.take();
    }

  private:
    [[nodiscard]] std::vector<std::int64_t> by_rank(std::int64_t bytes_of_token) const {
        std::vector<std::int64_t> sizes;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            sizes.push_back(builder_.tokens_of(rank) * bytes_of_token);
        }
        return sizes;
    }

    void gather_queries() {
        const std::int64_t bytes = heads_.size() * input_.shape.head_dim_qk * size_bytes(input_.shape.dtype);
        const std::int64_t room = builder_.alloc_message(queries_arriving, builder_.tokens_of(ranks_) * bytes);
        const std::vector<std::int64_t> sent(static_cast<std::size_t>(ranks_), builder_.tokens_of(input_.rank) * bytes);
        const std::int64_t here =
            builder_.exchange(OperationKind::all_gather, 0, -1, queries_arriving, 0, sent, by_rank(bytes), {room});
        builder_.alloc_queries(all_queries, ranks_, heads_);
        builder_.copy(OperationKind::scatter, 0, BufferRole::queries, queries_arriving, all_queries, {}, {here});
        builder_.free(queries_arriving, {});
    }

    std::int64_t send_back() {
        const std::int64_t bytes = Partial::size_bytes(heads_.size(), 1, input_.shape.head_dim_v);
        builder_.alloc_message(leaving, builder_.tokens_of(ranks_) * bytes);
        const std::int64_t packed =
            builder_.copy(OperationKind::gather, 2, BufferRole::partial, of_own_keys, leaving, {}, {});
        builder_.free(of_own_keys, {});
        const std::int64_t own_bytes = builder_.tokens_of(input_.rank) * bytes;
        const std::int64_t room = builder_.alloc_message(arriving, ranks_ * own_bytes);
        const std::int64_t here =
            builder_.exchange(OperationKind::all_to_all, 2, leaving, arriving, 1, by_rank(bytes),
                              std::vector<std::int64_t>(static_cast<std::size_t>(ranks_), own_bytes), {packed, room});
        builder_.free(leaving, {here});
        return here;
    }

    [[nodiscard]] Schedule write_decoding() {
        const std::int64_t tokens = input_.masks.query_tokens();
        std::vector<std::int64_t> all_ranks(static_cast<std::size_t>(ranks_));
        std::iota(all_ranks.begin(), all_ranks.end(), std::int64_t{0});
        const std::int64_t queries =
            builder_.add_token_set({std::move(all_ranks), {{tokens - input_.query_tokens, tokens}}});
        builder_.set_query_set(queries);
        builder_.alloc_partial(of_own_keys, queries, heads_);
        if (const std::int64_t pairs = builder_.head_pairs(queries, input_.rank, heads_); pairs > 0) {
            builder_.attend(0, {-1, queries, heads_}, input_.rank, own_key_values, of_own_keys, pairs, {});
        }
        const std::int64_t bytes = Partial::size_bytes(heads_.size(), input_.query_tokens, input_.shape.head_dim_v);
        builder_.alloc_message(leaving, bytes);
        const std::int64_t packed =
            builder_.copy(OperationKind::gather, 1, BufferRole::partial, of_own_keys, leaving, {{queries}, {}}, {});
        builder_.free(of_own_keys, {});
        const std::int64_t room = builder_.alloc_message(arriving, ranks_ * bytes);
        const std::vector<std::int64_t> sizes(static_cast<std::size_t>(ranks_), bytes);
        const std::int64_t here =
            builder_.exchange(OperationKind::all_gather, 1, leaving, arriving, 0, sizes, sizes, {packed, room});
        builder_.free(leaving, {here});
        merge_all(queries, here);
        builder_.finalize(3, running);
        return builder_.take();
    }

    // The partial results of a token set that have arrived from every rank.
    void merge_all(std::int64_t queries, std::int64_t here) {
        const std::int64_t own_bytes =
            Partial::size_bytes(heads_.size(), builder_.tokens_of(queries), input_.shape.head_dim_v);
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            const std::int64_t into = rank == 0 ? running : of_rank;
            if (rank < 2) {
                builder_.alloc_partial(into, queries, heads_);
            }
            builder_.copy_at(rank * own_bytes, OperationKind::scatter, 3, BufferRole::partial, arriving, into,
                             {{queries}, {}}, {here});
            if (rank > 0) {
                builder_.merge(3, of_rank, running);
            }
        }
        builder_.free(arriving, {});
        if (ranks_ > 1) {
            builder_.free(of_rank, {});
        }
    }

    const StrategyInput& input_;
    std::int64_t ranks_;
    Range heads_;
    ScheduleBuilder builder_;
};

}  // namespace

Schedule write_split_kv(const StrategyInput& input, Pass /*pass*/) {
    return SplitKvWriter(input).write();
}

StrategyTotals split_kv_totals(const StrategyInput& input, const TokenCounts& tokens, Pass /*pass*/) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t others = tokens.all() - own;
    const std::int64_t query_bytes = shape.query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
    const std::int64_t result_bytes = Partial::size_bytes(shape.query_heads, 1, shape.head_dim_v);
    StrategyTotals sums;
    if (const std::int64_t all = input.query_tokens * result_bytes; all > 0) {
        sums.bytes_received = (ranks - 1) * all;
        sums.bytes_sent = sums.bytes_received;
        // Packing its result; all results beside its own, or beside the two that are merged.
        sums.peak_buffer_bytes = std::max<std::int64_t>(2, ranks + std::min<std::int64_t>(ranks, 2)) * all;
        return sums;
    }
    // The queries of all others come, their results go; the own ones go to all, and a result comes from each.
    const std::int64_t sent_result_bytes = input.wire().partials(result_bytes);
    sums.bytes_received = others * query_bytes + (ranks - 1) * own * sent_result_bytes;
    sums.bytes_sent = (ranks - 1) * own * query_bytes + others * sent_result_bytes;
    sums.peak_buffer_bytes = std::max({
        2 * tokens.all() * query_bytes,                                   // putting queries in order
        tokens.all() * (query_bytes + result_bytes),                      // computing
        2 * tokens.all() * result_bytes,                                  // packing results
        (tokens.all() + ranks * own) * result_bytes,                      // sending them back
        (ranks + std::min<std::int64_t>(ranks, 2)) * own * result_bytes,  // merging them
    });
    return sums;
}

const StrategyText split_kv_text{
    "Flash-decoding over ranks, as in tree attention and the decode context parallelism of vLLM. Keys and values stay "
    "where they are, however long the cache; every rank gets all queries and computes them over its own keys, and each "
    "owner merges what comes back in the order of the ranks. As many bytes move as in `token_ring`, in two exchanges. "
    "Where as many queries as keys take part that is what a prefill would pay. In decoding (`sequence.query_tokens`) "
    "every rank has the few queries from the start and needs the whole output: each sends its partial result to all, "
    "(N - 1) p for each query, however long the cache, and all merge the same in the same order.",
    "",
    "b (t - t_r) Hq Dqk + (N - 1) t_r p",
    "",
    "the most of 2 t b Hq Dqk, t (b Hq Dqk + p), 2 t p, (t + N t_r) p and (N + min(N, 2)) t_r p",
    "never in the forward pass; it has no backward pass",
    "Dao, Haziza, Massa, Sizov 2023 (flash-decoding); Shyam et al. 2024 (tree attention), arXiv 2408.04093",
    "zigzag",
};

}  // namespace longscope
