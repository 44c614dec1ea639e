// SPDX-License-Identifier: GPL-3.0-or-later
// Tensor parallelism of attention with divided activations (Shoeybi et al. 2019, "Megatron-LM"; Korthikanti et al.
// 2022, "Reducing activation recomputation", section 4.2.2): outside attention each rank holds some of the tokens. An
// all-gather brings the activations of all tokens to every rank, which projects them to the queries, keys and values of
// its own heads, computes these over the whole sequence, and multiplies with its rows of the output projection: that is
// a part of the output of all tokens, as wide as all heads, and a reduce-scatter adds the parts up where the tokens
// belong.
//
// There are no projections here: they are those that select. So the activation of a token are its queries, keys and
// values of all heads, and the part that a rank has of the output is its own heads, and nothing (O = 0, lse = -inf) for
// all others. It is gathered whole and added up whole all the same, as it has to be where a projection mixes heads;
// an exchange of just the heads that are needed would be Ulysses.
//
// Backward: the all-gather of dO is that of the reduce-scatter, the reduce-scatter of dQ, dK and dV that of the
// all-gather. The queries, keys, values and output of the own heads are kept. Where several ranks have a copy of one
// key/value head, the reduce-scatter adds their gradients up.
#include "engine/parallel/live_bytes.h"
#include "engine/parallel/schedule_builder.h"
#include "engine/parallel/strategy/head_exchange.h"

namespace longscope {

namespace {

using Ids = std::vector<std::int64_t>;

constexpr std::int64_t queries_arriving = 1;
constexpr std::int64_t queries = 2;
constexpr std::int64_t key_values_arriving = 3;
constexpr std::int64_t key_values = 4;
constexpr std::int64_t result_of_heads = 5;
constexpr std::int64_t result = 6;
constexpr std::int64_t result_of_rank = 7;
// Of the backward pass.
constexpr std::int64_t output_gradients_arriving = 8;
constexpr std::int64_t output_gradients = 9;
constexpr std::int64_t delta = 10;
constexpr std::int64_t query_gradients_of_heads = 11;
constexpr std::int64_t key_value_gradients_of_heads = 12;
constexpr std::int64_t query_gradients = 13;
constexpr std::int64_t key_value_gradients = 14;
// Of a reduce-scatter, four each.
constexpr std::int64_t reducing_results = 15;
constexpr std::int64_t reducing_query_gradients = 19;
constexpr std::int64_t reducing_key_value_gradients = 23;

// What a rank of the group computes, and bytes of a token: of all heads, and of its own.
struct Widths {
    Widths(const AttentionShape& shape, std::int64_t ranks) {
        const std::int64_t heads = shape.query_heads / ranks;
        const std::int64_t kv_heads = key_value_heads_of_share(shape, ranks);
        const std::int64_t element = size_bytes(shape.dtype);
        const std::int64_t both = shape.head_dim_qk + shape.head_dim_v;
        query = {shape.query_heads * shape.head_dim_qk * element, heads * shape.head_dim_qk * element};
        key_value = {shape.key_value_heads * both * element, kv_heads * both * element};
        result = {Partial::size_bytes(shape.query_heads, 1, shape.head_dim_v),
                  Partial::size_bytes(heads, 1, shape.head_dim_v)};
        output_gradient = {shape.query_heads * shape.head_dim_v * element, heads * shape.head_dim_v * element};
        delta = heads * float_bytes;
        query_gradient = {shape.query_heads * shape.head_dim_qk * float_bytes, heads * shape.head_dim_qk * float_bytes};
        key_value_gradient = {shape.key_value_heads * both * float_bytes, kv_heads * both * float_bytes};
    }
    struct Width {
        std::int64_t all = 0;
        std::int64_t own = 0;
    };
    Width query;
    Width key_value;
    Width result;
    Width output_gradient;
    std::int64_t delta = 0;  // of the own heads
    Width query_gradient;
    Width key_value_gradient;

  private:
    static constexpr std::int64_t float_bytes = sizeof(float);
};

class TensorParallelWriter {
  public:
    TensorParallelWriter(const StrategyInput& input, Pass pass)
        : shape_(input.shape),
          ranks_(input.ranks()),
          rank_(input.rank),
          all_heads_{0, input.shape.query_heads},
          all_key_value_heads_{0, input.shape.key_value_heads},
          heads_(share_of_heads(input.shape.query_heads, ranks_, rank_)),
          key_value_heads_(share_of_heads(input.shape.key_value_heads, ranks_, rank_)),
          widths_(input.shape, ranks_),
          backward_(pass == Pass::forward_backward),
          builder_("tensor_parallel", input, pass),
          head_pairs_(builder_.head_pairs(ranks_, ranks_, heads_)) {}

    Schedule write() {
        write_forward();
        if (backward_) {
            write_backward();
        }
        return builder_.take();
    }

  private:
    // The same tensor of all tokens and heads, or of a rank's own; its blocks.
    struct Tensor {
        BufferRole role = BufferRole::partial;
        Range own_heads;
        Widths::Width bytes;  // of a token
    };

    [[nodiscard]] Ids by_rank(std::int64_t bytes_of_token) const {
        Ids sizes;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            sizes.push_back(builder_.tokens_of(rank) * bytes_of_token);
        }
        return sizes;
    }
    [[nodiscard]] std::int64_t all_tokens() const { return builder_.tokens_of(ranks_); }
    [[nodiscard]] ScheduleBuilder::Queries own_queries() const { return {queries, ranks_, heads_}; }

    std::int64_t all_gather(std::int32_t step, std::int64_t own, std::int64_t arriving, std::int64_t bytes_of_token,
                            std::int64_t flow, Ids after) {
        after.push_back(builder_.alloc_message(arriving, all_tokens() * bytes_of_token));
        const Ids sent(static_cast<std::size_t>(ranks_), builder_.tokens_of(rank_) * bytes_of_token);
        return builder_.exchange(OperationKind::all_gather, step, own, arriving, flow, sent, by_rank(bytes_of_token),
                                 std::move(after));
    }

    // The projection: the own heads of what has arrived of one tensor, which stands `before` bytes of a token behind
    // the beginning of each rank's block.
    void select(std::int32_t step, BufferRole role, std::int64_t arriving, std::int64_t into, Range heads,
                std::int64_t head_bytes, std::int64_t before, std::int64_t bytes_of_token, std::int64_t here) {
        std::int64_t block = 0;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            const std::int64_t tokens = builder_.tokens_of(rank);
            builder_.copy_at(block + tokens * (before + heads.begin * head_bytes), OperationKind::scatter, step, role,
                             arriving, into, {{rank}, {heads}}, {here});
            block += tokens * bytes_of_token;
        }
    }

    // Each rank's part is as wide as all heads: its own, and nothing for others. The parts for each rank's tokens
    // arrive there. `room` allocates a part; `keeps`: the own heads are still needed.
    template <typename Room>
    std::int64_t reduce_scatter(std::int32_t step, const Tensor& tensor, std::int64_t of_heads, bool keeps,
                                std::int64_t first_buffer, std::int64_t flow, Room room) {
        const std::int64_t own_message = first_buffer;
        const std::int64_t part = first_buffer + 1;
        const std::int64_t leaving = first_buffer + 2;
        const std::int64_t arriving = first_buffer + 3;
        const ScheduleBuilder::Blocks own{{ranks_}, {tensor.own_heads}};
        builder_.alloc_message(own_message, all_tokens() * tensor.bytes.own);
        builder_.copy(OperationKind::gather, step, tensor.role, of_heads, own_message, own, {});
        if (!keeps) {
            builder_.free(of_heads, {});
        }
        room(part);
        builder_.copy(OperationKind::scatter, step, tensor.role, own_message, part, own, {});
        builder_.free(own_message, {});
        builder_.alloc_message(leaving, all_tokens() * tensor.bytes.all);
        const std::int64_t packed = builder_.copy(OperationKind::gather, step, tensor.role, part, leaving, {}, {});
        builder_.free(part, {});
        const std::int64_t own_bytes = builder_.tokens_of(rank_) * tensor.bytes.all;
        const std::int64_t arrival = builder_.alloc_message(arriving, ranks_ * own_bytes);
        const std::int64_t here =
            builder_.exchange(OperationKind::all_to_all, step, leaving, arriving, flow, by_rank(tensor.bytes.all),
                              Ids(static_cast<std::size_t>(ranks_), own_bytes), {packed, arrival});
        builder_.free(leaving, {here});
        return here;
    }

    void write_forward() {
        const std::int64_t element = size_bytes(shape_.dtype);
        const std::int64_t queries_here = all_gather(0, -1, queries_arriving, widths_.query.all, 0, {});
        const std::int64_t key_values_here =
            all_gather(0, own_key_values, key_values_arriving, widths_.key_value.all, 1, {});
        builder_.alloc_queries(queries, ranks_, heads_);
        select(0, BufferRole::queries, queries_arriving, queries, heads_, shape_.head_dim_qk * element, 0,
               widths_.query.all, queries_here);
        builder_.free(queries_arriving, {});
        builder_.alloc_key_values(key_values, ranks_, key_value_heads_);
        select(0, BufferRole::keys, key_values_arriving, key_values, key_value_heads_, shape_.head_dim_qk * element, 0,
               widths_.key_value.all, key_values_here);
        select(0, BufferRole::values, key_values_arriving, key_values, key_value_heads_, shape_.head_dim_v * element,
               shape_.key_value_heads * shape_.head_dim_qk * element, widths_.key_value.all, key_values_here);
        builder_.free(key_values_arriving, {});

        builder_.alloc_partial(result_of_heads, ranks_, heads_);
        if (head_pairs_ > 0) {
            builder_.attend(1, own_queries(), ranks_, key_values, result_of_heads, head_pairs_, {});
        }
        builder_.finalize(1, result_of_heads);
        if (!backward_) {
            builder_.free(queries, {});
            builder_.free(key_values, {});
        }
        const std::int64_t here = reduce_scatter(
            2, {BufferRole::partial, heads_, widths_.result}, result_of_heads, backward_, reducing_results, 2,
            [&](std::int64_t part) { builder_.alloc_partial(part, ranks_, all_heads_); });
        merge_results(here);
    }

    // All but one of the parts of a row are nothing.
    void merge_results(std::int64_t here) {
        const std::int64_t arriving = reducing_results + 3;
        const std::int64_t own_bytes = builder_.tokens_of(rank_) * widths_.result.all;
        for (std::int64_t rank = 0; rank < ranks_; ++rank) {
            const std::int64_t into = rank == 0 ? result : result_of_rank;
            if (rank < 2) {
                builder_.alloc_partial(into, rank_, all_heads_);
            }
            builder_.copy_at(rank * own_bytes, OperationKind::scatter, 2, BufferRole::partial, arriving, into,
                             {{rank_}, {}}, {here});
            if (rank > 0) {
                builder_.merge(2, result_of_rank, result);
            }
        }
        builder_.free(arriving, {});
        if (ranks_ > 1) {
            builder_.free(result_of_rank, {});
        }
    }

    void write_backward() {
        const std::int64_t barrier = builder_.barrier(3, {});
        const std::int64_t element = size_bytes(shape_.dtype);
        const std::int64_t here =
            all_gather(3, own_output_gradients, output_gradients_arriving, widths_.output_gradient.all, 3, {barrier});
        builder_.alloc_output_gradients(output_gradients, ranks_, heads_);
        select(3, BufferRole::output_gradients, output_gradients_arriving, output_gradients, heads_,
               shape_.head_dim_v * element, 0, widths_.output_gradient.all, here);
        builder_.free(output_gradients_arriving, {});
        builder_.alloc_delta(delta, ranks_, heads_);
        builder_.delta(3, result_of_heads, output_gradients, delta);
        builder_.alloc_query_gradients(query_gradients_of_heads, ranks_, heads_);
        builder_.alloc_key_value_gradients(key_value_gradients_of_heads, ranks_, key_value_heads_);
        if (head_pairs_ > 0) {
            builder_.attend_backward(4, own_queries(), ranks_, key_values,
                                     {output_gradients, result_of_heads, delta, query_gradients_of_heads},
                                     key_value_gradients_of_heads, head_pairs_, {});
        }
        for (const std::int64_t buffer : {queries, key_values, result_of_heads, output_gradients, delta}) {
            builder_.free(buffer, {});
        }
        const std::int64_t queries_home =
            reduce_scatter(5, {BufferRole::query_gradients, heads_, widths_.query_gradient}, query_gradients_of_heads,
                           false, reducing_query_gradients, 4,
                           [&](std::int64_t part) { builder_.alloc_query_gradients(part, ranks_, all_heads_); });
        builder_.alloc_query_gradients(query_gradients, rank_, all_heads_);
        add_up(BufferRole::query_gradients, reducing_query_gradients, query_gradients, all_heads_, queries_home);
        const std::int64_t key_values_home = reduce_scatter(
            5, {BufferRole::key_value_gradients, key_value_heads_, widths_.key_value_gradient},
            key_value_gradients_of_heads, false, reducing_key_value_gradients, 5,
            [&](std::int64_t part) { builder_.alloc_key_value_gradients(part, ranks_, all_key_value_heads_); });
        builder_.alloc_key_value_gradients(key_value_gradients, rank_, all_key_value_heads_);
        add_up(BufferRole::key_value_gradients, reducing_key_value_gradients, key_value_gradients, all_key_value_heads_,
               key_values_home);
    }

    void add_up(BufferRole role, std::int64_t first_buffer, std::int64_t into, Range heads, std::int64_t here) {
        builder_.copy(OperationKind::scatter_add, 5, role, first_buffer + 3, into,
                      {{}, std::vector(static_cast<std::size_t>(ranks_), heads)}, {here});
        builder_.free(first_buffer + 3, {});
    }

    const AttentionShape& shape_;
    std::int64_t ranks_;
    std::int64_t rank_;
    Range all_heads_;
    Range all_key_value_heads_;
    Range heads_;
    Range key_value_heads_;
    Widths widths_;
    bool backward_;
    ScheduleBuilder builder_;
    std::int64_t head_pairs_;  // of the own heads
};

// Of reduce_scatter(): what it leaves is what has arrived.
void reduce_scatter_bytes(LiveBytes& live, const Widths::Width& width, std::int64_t all, std::int64_t arriving,
                          bool keeps) {
    live.take(all * width.own);
    if (!keeps) {
        live.give_back(all * width.own);
    }
    live.take(all * width.all);
    live.give_back(all * width.own);
    live.take(all * width.all);
    live.give_back(all * width.all);
    live.take(arriving * width.all);
    live.give_back(all * width.all);
}

}  // namespace

std::string tensor_parallel_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                       const StrategyOptions& /*options*/) {
    return head_exchange_infeasible("tensor parallelism", shape, ranks);
}

Schedule write_tensor_parallel(const StrategyInput& input, Pass pass) {
    return TensorParallelWriter(input, pass).write();
}

StrategyTotals tensor_parallel_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const std::int64_t ranks = tokens.ranks();
    const Widths widths(input.shape, ranks);
    const std::int64_t all = tokens.all();
    const std::int64_t own = tokens.of(input.rank);
    const bool backward = pass == Pass::forward_backward;
    StrategyTotals sums;
    // Whole activations of all others come, and the parts that they have of the own tokens.
    const auto add_bytes = [&](std::int64_t gathered, std::int64_t reduced) {
        sums.bytes_received += (all - own) * gathered + (ranks - 1) * own * reduced;
        sums.bytes_sent += (ranks - 1) * own * gathered + (all - own) * reduced;
    };
    add_bytes(widths.query.all + widths.key_value.all, input.wire().partials(widths.result.all));

    LiveBytes live;
    live.take(all * (widths.query.all + widths.key_value.all));
    live.take(all * widths.query.own);
    live.give_back(all * widths.query.all);
    live.take(all * widths.key_value.own);
    live.give_back(all * widths.key_value.all);
    live.take(all * widths.result.own);
    const std::int64_t inputs = all * (widths.query.own + widths.key_value.own);
    if (!backward) {
        live.give_back(inputs);
    }
    reduce_scatter_bytes(live, widths.result, all, ranks * own, backward);
    live.take(own * widths.result.all);
    live.pass(ranks > 1 ? own * widths.result.all : 0);
    live.give_back(ranks * own * widths.result.all);
    if (backward) {
        add_bytes(widths.output_gradient.all,
                  input.wire().gradients(widths.query_gradient.all + widths.key_value_gradient.all));
        live.take(all * widths.output_gradient.all);
        live.take(all * widths.output_gradient.own);
        live.give_back(all * widths.output_gradient.all);
        live.take(all * (widths.delta + widths.query_gradient.own + widths.key_value_gradient.own));
        live.give_back(inputs + all * (widths.result.own + widths.output_gradient.own + widths.delta));
        for (const Widths::Width& width : {widths.query_gradient, widths.key_value_gradient}) {
            reduce_scatter_bytes(live, width, all, ranks * own, false);
            live.take(own * width.all);
            live.give_back(ranks * own * width.all);
        }
    }
    sums.peak_buffer_bytes = live.peak();
    return sums;
}

const StrategyText tensor_parallel_text{
    "Heads are divided, and outside attention tokens are, as in the tensor parallelism of Megatron-LM with divided "
    "activations: an all-gather brings the activations of all tokens to every rank, each computes its own heads of the "
    "whole sequence, and a reduce-scatter of parts that are as wide as all heads brings the output back to its tokens. "
    "The projections around attention, which are not part of it, are taken as those that select: the activation of a "
    "token are its queries, keys and values, and a rank's part of the output is 0 with lse -inf for the heads of "
    "others. "
    "In Megatron both are b h bytes of a token, h being the width of the model, so that a layer's attention receives "
    "b h (t - t_r + (N - 1) t_r), forward and as much again backward. Either way what a rank receives does not shrink "
    "with more ranks, as it does in `ulysses`.",
    "The queries, keys, values and output of its heads are kept from the forward pass. An all-gather brings dO of all "
    "tokens and heads, a reduce-scatter takes dQ, dK and dV back, in float32 and as wide as all heads; where several "
    "ranks have a copy of one key/value head it adds their gradients up.",
    "(t - t_r) (b Hq Dqk + k) + (N - 1) t_r p",
    "(t - t_r) b Hq Dv + (N - 1) t_r (4 Hq Dqk + g)",
    "with q = b Hq Dqk and one of N shares of the heads, which is q / N, p / N and k / min(N, Hkv): the most of "
    "t (q + k + q / N), 2 t p, (t + N t_r) p and (N + min(N, 2)) t_r p; with a backward pass the shares of queries, "
    "keys, "
    "values and results are kept beside these, and gradients take 2 t 4 Hq Dqk likewise",
    "the query heads do not divide by the ranks, or neither do the key/value heads by the ranks nor the ranks by the "
    "key/value heads",
    "Shoeybi et al. 2019 (Megatron-LM), arXiv 1909.08053; Korthikanti et al. 2022 (sequence parallelism, section "
    "4.2.2), arXiv 2205.05198",
    "contiguous",
};

}  // namespace longscope
