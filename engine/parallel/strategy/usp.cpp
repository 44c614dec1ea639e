// SPDX-License-Identifier: GPL-3.0-or-later
// The backward pass keeps queries, keys, values, output and lse of a rank's heads. An all-to-all in each group brings
// dO; another round of keys and values computes, with the sums of dK and dV behind them; two more bring the gradients
// back in float32.
#include "engine/parallel/strategy/usp.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/parallel/strategy/head_exchange.h"
#include "engine/parallel/strategy/key_value_ring.h"

namespace longscope {

namespace {

using Buffers = HeadExchangeBuffers;

constexpr RingBuffers ring_buffers{Buffers::next,     Buffers::result_of_heads, Buffers::next + 2,
                                   Buffers::next + 3, Buffers::next + 4,        Buffers::key_value_gradients_of_heads,
                                   Buffers::next + 6, Buffers::next + 8,        Buffers::next + 10};

class UspWriter {
  public:
    UspWriter(std::string_view strategy, const StrategyInput& input, const UspMesh& mesh, Pass pass)
        : input_(input),
          pass_(pass),
          builder_(strategy, input, pass),
          sets_(sets_of_groups(mesh)),
          exchange_(builder_, input, group(mesh)),
          ring_(builder_, place(mesh), ring_buffers) {}

    void write_forward() {
        const std::int64_t filled = exchange_.write_inputs(0);
        ring_.write_forward(1, HeadExchange::flows, {filled});
        step_ = static_cast<std::int32_t>(ring_.size());
        if (pass_ == Pass::forward) {
            ring_.free_blocks();
            ring_.free_step();
            builder_.free(Buffers::queries, {});
            builder_.free(Buffers::key_values, ring_.last_transfers());
        } else {
            ring_.free_step();
            builder_.finalize(step_, Buffers::result_of_heads);  // where the backward pass reads it
        }
        exchange_.write_results(++step_, pass_ != Pass::forward);
        if (pass_ == Pass::forward) {
            builder_.finalize(step_, Buffers::result);
        }
    }

    void write_backward() {
        ++step_;
        const std::int64_t barrier = builder_.barrier(step_, ring_.last_transfers());
        exchange_.write_output_gradients(step_, barrier);
        ++step_;
        const std::int64_t set = exchange_.own_queries().set;
        builder_.alloc_delta(Buffers::delta, set, exchange_.own_query_heads());
        builder_.delta(step_, Buffers::result_of_heads, Buffers::output_gradients, Buffers::delta);
        builder_.alloc_query_gradients(Buffers::query_gradients_of_heads, set, exchange_.own_query_heads());
        ring_.write_backward(
            step_, HeadExchange::flows + ring_.forward_flows(), {barrier},
            {Buffers::output_gradients, Buffers::result_of_heads, Buffers::delta, Buffers::query_gradients_of_heads});
        step_ += static_cast<std::int32_t>(ring_.size());
        builder_.free(Buffers::queries, {});
        builder_.free(Buffers::key_values, ring_.last_transfers());
        for (const std::int64_t buffer : {Buffers::result_of_heads, Buffers::output_gradients, Buffers::delta}) {
            builder_.free(buffer, {});
        }
        exchange_.write_gradients(step_);
    }

    Schedule take() { return builder_.take(); }

  private:
    // The token set of each group.
    [[nodiscard]] std::vector<std::int64_t> sets_of_groups(const UspMesh& mesh) {
        if (mesh.groups() == 1) {
            return {input_.ranks()};  // all tokens
        }
        std::vector<std::int64_t> sets;
        for (std::int64_t group = 0; group < mesh.groups(); ++group) {
            sets.push_back(builder_.add_token_set({mesh.ranks_of_group(group), {}}));
        }
        return sets;
    }
    [[nodiscard]] HeadGroup group(const UspMesh& mesh) const {
        const std::int64_t number = mesh.group_of(input_.rank);
        return {mesh.ranks_of_group(number), sets_[static_cast<std::size_t>(number)]};
    }
    [[nodiscard]] RingPlace place(const UspMesh& mesh) const {
        RingPlace place;
        place.ranks = mesh.ranks_of_ring(mesh.place_of(input_.rank));
        place.sets = sets_;
        place.index = mesh.group_of(input_.rank);
        place.window = mesh.window;
        place.queries = exchange_.own_queries();
        place.key_value_heads = exchange_.own_key_value_heads();
        place.own_block = Buffers::key_values;
        return place;
    }

    const StrategyInput& input_;
    Pass pass_;
    ScheduleBuilder builder_;
    std::vector<std::int64_t> sets_;
    HeadExchange exchange_;
    KeyValueRing ring_;
    std::int32_t step_ = 0;
};

// Sizes that the formulas below are made of; mesh and counts outlive it. Of one token, for the heads of one rank: q,
// kv, their gradients dq and dkv, a result (O and lse), dO, and delta.
struct UspSizes {
    UspSizes(const AttentionShape& shape, const TokenCounts& tokens, std::int64_t rank, const UspMesh& mesh)
        : own(tokens.of(rank)),
          group(mesh.tokens_of_group(tokens, mesh.group_of(rank))),
          ring{mesh.groups(), mesh.window, mesh.group_of(rank), tokens.all(),
               [&](std::int64_t place) { return mesh.tokens_of_group(tokens, place); }},
          room(mesh.groups(), mesh.window) {
        for (std::int64_t place = 0; place < mesh.groups(); ++place) {
            largest_group = std::max(largest_group, mesh.tokens_of_group(tokens, place));
        }
        const std::int64_t query_heads = shape.query_heads / mesh.ulysses;
        const std::int64_t key_value_dims =
            key_value_heads_of_share(shape, mesh.ulysses) * (shape.head_dim_qk + shape.head_dim_v);
        constexpr std::int64_t float_bytes = sizeof(float);
        q = query_heads * shape.head_dim_qk * size_bytes(shape.dtype);
        kv = key_value_dims * size_bytes(shape.dtype);
        result = Partial::size_bytes(query_heads, 1, shape.head_dim_v);
        output_gradient = query_heads * shape.head_dim_v * size_bytes(shape.dtype);
        delta = query_heads * float_bytes;
        dq = query_heads * shape.head_dim_qk * float_bytes;
        dkv = key_value_dims * float_bytes;
    }

    std::int64_t own;    // tokens of the rank
    std::int64_t group;  // tokens of its group
    RingFormula ring;    // its blocks are those of the groups
    RingRoom room;
    std::int64_t largest_group = 0;
    std::int64_t q = 0;
    std::int64_t kv = 0;
    std::int64_t result = 0;
    std::int64_t output_gradient = 0;
    std::int64_t delta = 0;
    std::int64_t dq = 0;
    std::int64_t dkv = 0;
};

}  // namespace

std::vector<std::int64_t> UspMesh::ranks_of_group(std::int64_t group) const {
    std::vector<std::int64_t> numbers;
    for (std::int64_t place = 0; place < ulysses; ++place) {
        numbers.push_back(rank_at(group, place));
    }
    return numbers;
}

std::vector<std::int64_t> UspMesh::ranks_of_ring(std::int64_t place) const {
    std::vector<std::int64_t> numbers;
    for (std::int64_t group = 0; group < groups(); ++group) {
        numbers.push_back(rank_at(group, place));
    }
    return numbers;
}

std::int64_t UspMesh::tokens_of_group(const TokenCounts& tokens, std::int64_t group) const {
    if (placement == Placement::head_first) {
        return tokens.of_ranks({group * ulysses, (group + 1) * ulysses});
    }
    std::int64_t sum = 0;
    for (std::int64_t place = 0; place < ulysses; ++place) {
        sum += tokens.of(rank_at(group, place));
    }
    return sum;
}

Schedule write_usp(std::string_view strategy, const StrategyInput& input, const UspMesh& mesh, Pass pass) {
    UspWriter writer(strategy, input, mesh, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

StrategyTotals usp_totals(const StrategyInput& input, const TokenCounts& tokens, const UspMesh& mesh, Pass pass) {
    const AttentionShape& shape = input.shape;
    const UspSizes n(shape, tokens, input.rank, mesh);
    const std::int64_t others = n.group - n.own;
    const std::int64_t own_of_all = n.own * mesh.ulysses;  // its tokens, with the heads of every rank of the group
    const bool rounds = mesh.groups() > 1;
    const std::int64_t blocks = n.room.blocks() * n.largest_group * n.kv;
    const std::int64_t sent_result = input.wire().partials(n.result);
    const std::int64_t sent_dq = input.wire().gradients(n.dq);
    const std::int64_t sent_dkv = input.wire().gradients(n.dkv);
    StrategyTotals sums;
    // In the group the tokens of the others come in for the heads of this rank, and the results of its tokens come back
    // from theirs. In the round every block but the own arrives.
    sums.bytes_received = others * (n.q + n.kv) + (own_of_all - n.own) * sent_result + n.ring.received() * n.kv;
    sums.bytes_sent = (own_of_all - n.own) * (n.q + n.kv) + others * sent_result + n.ring.sent() * n.kv;
    sums.peak_buffer_bytes = std::max({
        2 * n.group * n.q + own_of_all * n.kv + n.group * n.kv,         // ordering queries
        n.group * n.q + own_of_all * n.kv + 2 * n.group * n.kv,         // then keys and values
        n.group * (n.q + n.kv + (rounds ? 2 : 1) * n.result) + blocks,  // computing
        2 * n.group * n.result + own_of_all * n.result,                 // sending results back
        n.group * n.result + 2 * own_of_all * n.result,                 // ordering them
    });
    if (pass == Pass::forward) {
        return sums;
    }
    // dO comes in as queries did, gradients go back as results did; the round is made again, and all sums arrive.
    sums.bytes_received += others * n.output_gradient + (own_of_all - n.own) * (sent_dq + sent_dkv) +
                           n.ring.received() * n.kv + n.ring.sums() * sent_dkv;
    sums.bytes_sent += (own_of_all - n.own) * n.output_gradient + others * (sent_dq + sent_dkv) + n.ring.sent() * n.kv +
                       n.ring.sums() * sent_dkv;
    const std::int64_t kept = n.group * (n.q + n.kv + n.result) + blocks;
    const std::int64_t output = own_of_all * n.result;
    const std::int64_t own_dq = own_of_all * n.dq;
    sums.peak_buffer_bytes = std::max({
        sums.peak_buffer_bytes,
        kept + n.group * n.result + 2 * output,           // ordering results
        kept + 2 * n.group * n.output_gradient + output,  // ordering dO
        kept + n.group * (n.output_gradient + n.delta + n.dq) + output +
            (rounds ? n.room.gradients * n.largest_group : n.group) * n.dkv,                        // computing
        n.group * (2 * n.dq + n.dkv) + output,                                                      // packing dQ
        n.group * (n.dq + n.dkv) + output + own_dq,                                                 // sending it back
        2 * n.group * n.dkv + output + own_dq,                                                      // packing dK and dV
        (n.group + own_of_all) * n.dkv + output + own_dq,                                           // sending them back
        own_of_all * n.dkv + n.own * shape.key_value_gradient_bytes_per_token() + output + own_dq,  // adding them up
    });
    return sums;
}

namespace {

// As many ranks exchange heads as the heads allow, but no more than there are groups.
std::int64_t default_degree(const AttentionShape& shape, std::int64_t ranks) {
    std::int64_t degree = 1;
    for (std::int64_t ulysses = 2; ulysses * ulysses <= ranks; ++ulysses) {
        if (ranks % ulysses == 0 && head_exchange_infeasible("USP", shape, ulysses).empty()) {
            degree = ulysses;
        }
    }
    return degree;
}

UspMesh mesh_of(const StrategyInput& input) {
    const std::int64_t ulysses =
        input.options.ulysses > 0 ? input.options.ulysses : default_degree(input.shape, input.ranks());
    return {input.ranks(), ulysses, input.ranks() / ulysses, input.options.placement};
}

}  // namespace

std::string usp_infeasible(std::string_view method, const AttentionShape& shape, std::int64_t ranks,
                           std::int64_t ulysses) {
    if (ranks % ulysses != 0) {
        return fmt::format("{} needs ranks divisible by the {} that exchange heads (layout.ulysses): {} are given",
                           method, ulysses, ranks);
    }
    return head_exchange_infeasible(method, shape, ulysses);
}

std::string usp_infeasible(const AttentionShape& shape, std::int64_t ranks, const StrategyOptions& options) {
    return options.ulysses == 0 ? std::string() : usp_infeasible("USP", shape, ranks, options.ulysses);
}

Schedule write_usp(const StrategyInput& input, Pass pass) {
    return write_usp("usp", input, mesh_of(input), pass);
}

StrategyTotals usp_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    return usp_totals(input, tokens, mesh_of(input), pass);
}

std::int64_t usp_head_pairs(const StrategyInput& input, const UspMesh& mesh) {
    const TokenSet all_keys({{0, input.masks.key_tokens()}});
    const Range heads = share_of_heads(input.shape.query_heads, mesh.ulysses, mesh.place_of(input.rank));
    std::int64_t pairs = 0;
    for (const std::int64_t rank : mesh.ranks_of_group(mesh.group_of(input.rank))) {
        pairs += LocalMask(input.masks, input.tokens[static_cast<std::size_t>(rank)], all_keys).head_pairs(heads);
    }
    return pairs;
}

std::int64_t usp_head_pairs(const StrategyInput& input) {
    return usp_head_pairs(input, mesh_of(input));
}

const StrategyText usp_text{
    "`layout.ulysses` consecutive ranks exchange tokens for heads, as Ulysses does among all; then the ranks with the "
    "same place in their groups pass the blocks of whole groups round. With one group this is Ulysses, with groups of "
    "one "
    "rank a ring. A group has U ranks and T tokens; a rank of it computes h = Hq / U query heads and c = max(1, Hkv / "
    "U) "
    "key/value heads. Without `layout.ulysses`, U is the largest number that divides the ranks and the heads and whose "
    "square is at most the number of ranks. A group is consecutive ranks; with `layout.placement` `context_first` the "
    "ranks of a ring are, and those of a group lie N / U apart.",
    "Queries, keys, values, output and lse of the rank's heads are kept. An all-to-all in each group brings dO; "
    "another "
    "round of keys and values computes, with the sums of dK and dV behind them as in a ring; two more all-to-alls "
    "bring "
    "the gradients back in float32.",
    "b (T - t_r) (h Dqk + c (Dqk + Dv)) + 4 (U - 1) t_r h (Dv + 1) + b (t - T) c (Dqk + Dv)",
    "b (T - t_r) h Dv + 4 (U - 1) t_r (h Dqk + c (Dqk + Dv)) + (b (t - T) + 4 t) c (Dqk + Dv), with one group without "
    "the last part",
    "the most of 2 T q + (T + U t_r) v, T q + (2 T + U t_r) v, T (q + v + 2 r) + min(N / U - 1, 2) T_max v, (2 T + U "
    "t_r) "
    "r and (T + 2 U t_r) r, with q = b h Dqk, v = b c (Dqk + Dv), r = 4 h (Dv + 1) and T_max tokens in the largest "
    "group "
    "(with one group r once instead of twice); with a backward pass more, while it computes T (q + v + r + b h Dv + 4 "
    "h "
    "(Dqk + 1)) + U t_r r + min(N / U - 1, 2) T_max v + 3 T_max 4 c (Dqk + Dv), with one group the last but once",
    "U does not divide the ranks, or the heads of the shape cannot be shared out among U ranks as in `ulysses`",
    "Fang and Zhao 2024 (USP), arXiv 2405.07719",
    "zigzag",
};

}  // namespace longscope
