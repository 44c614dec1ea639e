// SPDX-License-Identifier: GPL-3.0-or-later
// Ulysses with query heads that the ranks do not divide (DeepSpeed pull request 6392): the first of N ranks, as many as
// are left over, compute one head more. Each gets the key/value heads that its query heads need; those that several
// ranks need go to each, and the gradients of the copies are added up in the order of the ranks. Where the heads of a
// rank begin or end inside a group of query heads that share a key/value head, they are computed in up to three parts:
// the end of a group, whole groups, the beginning of a group.
#include <fmt/format.h>

#include <algorithm>

#include "engine/parallel/live_bytes.h"
#include "engine/parallel/strategy/head_exchange.h"

namespace longscope {

namespace {

using Buffers = HeadExchangeBuffers;

// Of a part of the heads of a rank.
constexpr std::int64_t part_queries = Buffers::next;
constexpr std::int64_t part_key_values = Buffers::next + 1;
constexpr std::int64_t part_result = Buffers::next + 2;
constexpr std::int64_t part_message = Buffers::next + 3;
constexpr std::int64_t part_output_gradients = Buffers::next + 4;
constexpr std::int64_t part_lse = Buffers::next + 5;
constexpr std::int64_t part_delta = Buffers::next + 6;
constexpr std::int64_t part_query_gradients = Buffers::next + 7;
constexpr std::int64_t part_key_value_gradients = Buffers::next + 8;

struct Part {
    Range query_heads;
    Range key_value_heads;
};

Range query_heads_of(const AttentionShape& shape, std::int64_t ranks, std::int64_t rank) {
    const std::int64_t each = shape.query_heads / ranks;
    const std::int64_t left_over = shape.query_heads % ranks;
    const std::int64_t begin = rank * each + std::min(rank, left_over);
    return {begin, begin + each + (rank < left_over ? 1 : 0)};
}

Range key_value_heads_of(const AttentionShape& shape, Range query_heads) {
    const std::int64_t group = shape.query_heads / shape.key_value_heads;
    return {query_heads.begin / group, (query_heads.end + group - 1) / group};
}

// Each of whole groups, or of one key/value head.
std::vector<Part> parts_of(const AttentionShape& shape, Range query_heads) {
    const std::int64_t group = shape.query_heads / shape.key_value_heads;
    std::vector<Part> parts;
    for (std::int64_t begin = query_heads.begin; begin < query_heads.end;) {
        const std::int64_t whole = begin % group == 0 ? (query_heads.end - begin) / group * group : 0;
        const std::int64_t end = whole > 0 ? begin + whole : std::min(query_heads.end, (begin / group + 1) * group);
        parts.push_back({{begin, end}, key_value_heads_of(shape, {begin, end})});
        begin = end;
    }
    return parts;
}

HeadShares shares_of(const StrategyInput& input) {
    HeadShares shares;
    for (std::int64_t rank = 0; rank < input.ranks(); ++rank) {
        shares.query_heads.push_back(query_heads_of(input.shape, input.ranks(), rank));
        shares.key_value_heads.push_back(key_value_heads_of(input.shape, shares.query_heads.back()));
    }
    return shares;
}

HeadGroup all_ranks(const StrategyInput& input) {
    HeadGroup group{{}, input.ranks()};
    for (std::int64_t rank = 0; rank < input.ranks(); ++rank) {
        group.ranks.push_back(rank);
    }
    return group;
}

class UlyssesUnevenWriter {
  public:
    UlyssesUnevenWriter(const StrategyInput& input, Pass pass)
        : pass_(pass),
          head_dim_v_(input.shape.head_dim_v),
          all_(input.ranks()),
          builder_("ulysses_uneven", input, pass),
          exchange_(builder_, input, all_ranks(input), shares_of(input)),
          heads_(exchange_.own_query_heads()),
          parts_(parts_of(input.shape, heads_)) {}

    void write_forward() {
        exchange_.write_inputs(0);
        builder_.alloc_partial(Buffers::result_of_heads, all_, heads_);
        for (const Part& part : parts_) {
            compute(part);
        }
        builder_.finalize(1, Buffers::result_of_heads);
        if (pass_ == Pass::forward) {
            builder_.free(Buffers::queries, {});
            builder_.free(Buffers::key_values, {});
        }
        exchange_.write_results(2, pass_ != Pass::forward);
    }

    void write_backward() {
        exchange_.write_output_gradients(3, builder_.barrier(3, {}));
        builder_.alloc_delta(Buffers::delta, all_, heads_);
        builder_.delta(4, Buffers::result_of_heads, Buffers::output_gradients, Buffers::delta);
        builder_.alloc_query_gradients(Buffers::query_gradients_of_heads, all_, heads_);
        builder_.alloc_key_value_gradients(Buffers::key_value_gradients_of_heads, all_,
                                           exchange_.own_key_value_heads());
        for (const Part& part : parts_) {
            compute_backward(part);
        }
        for (const std::int64_t buffer : {Buffers::queries, Buffers::key_values, Buffers::result_of_heads,
                                          Buffers::output_gradients, Buffers::delta}) {
            builder_.free(buffer, {});
        }
        exchange_.write_gradients(5);
    }

    Schedule take() { return builder_.take(); }

  private:
    [[nodiscard]] bool in_parts() const { return parts_.size() > 1; }
    // Some heads of a buffer, for all tokens, into one of their own.
    void take_part(std::int32_t step, BufferRole role, std::int64_t from, std::int64_t into, Range heads) {
        builder_.copy(OperationKind::gather, step, role, from, into, {{all_}, {heads}}, {});
    }
    void put_part(std::int32_t step, BufferRole role, std::int64_t from, std::int64_t into, Range heads) {
        builder_.copy(OperationKind::scatter, step, role, from, into, {{all_}, {heads}}, {});
    }

    void take_inputs(std::int32_t step, const Part& part) {
        builder_.alloc_queries(part_queries, all_, part.query_heads);
        take_part(step, BufferRole::queries, Buffers::queries, part_queries, part.query_heads);
        builder_.alloc_key_values(part_key_values, all_, part.key_value_heads);
        take_part(step, BufferRole::key_values, Buffers::key_values, part_key_values, part.key_value_heads);
    }

    void compute(const Part& part) {
        const std::int64_t pairs = builder_.head_pairs(all_, all_, part.query_heads);
        if (!in_parts()) {
            if (pairs > 0) {
                builder_.attend(1, exchange_.own_queries(), all_, Buffers::key_values, Buffers::result_of_heads, pairs,
                                {});
            }
            return;
        }
        take_inputs(1, part);
        builder_.alloc_partial(part_result, all_, part.query_heads);
        if (pairs > 0) {
            builder_.attend(1, {part_queries, all_, part.query_heads}, all_, part_key_values, part_result, pairs, {});
        }
        builder_.free(part_queries, {});
        builder_.free(part_key_values, {});
        builder_.alloc_message(part_message,
                               Partial::size_bytes(part.query_heads.size(), builder_.tokens_of(all_), head_dim_v_));
        take_part(1, BufferRole::partial, part_result, part_message, part.query_heads);
        builder_.free(part_result, {});
        put_part(1, BufferRole::partial, part_message, Buffers::result_of_heads, part.query_heads);
        builder_.free(part_message, {});
    }

    void compute_backward(const Part& part) {
        const std::int64_t pairs = builder_.head_pairs(all_, all_, part.query_heads);
        if (!in_parts()) {
            if (pairs > 0) {
                builder_.attend_backward(4, exchange_.own_queries(), all_, Buffers::key_values,
                                         {Buffers::output_gradients, Buffers::result_of_heads, Buffers::delta,
                                          Buffers::query_gradients_of_heads},
                                         Buffers::key_value_gradients_of_heads, pairs, {});
            }
            return;
        }
        take_inputs(4, part);
        builder_.alloc_output_gradients(part_output_gradients, all_, part.query_heads);
        take_part(4, BufferRole::output_gradients, Buffers::output_gradients, part_output_gradients, part.query_heads);
        builder_.alloc_lse(part_lse, all_, part.query_heads);
        take_part(4, BufferRole::lse, Buffers::result_of_heads, part_lse, part.query_heads);
        builder_.alloc_delta(part_delta, all_, part.query_heads);
        take_part(4, BufferRole::delta, Buffers::delta, part_delta, part.query_heads);
        builder_.alloc_query_gradients(part_query_gradients, all_, part.query_heads);
        builder_.alloc_key_value_gradients(part_key_value_gradients, all_, part.key_value_heads);
        if (pairs > 0) {
            builder_.attend_backward(4, {part_queries, all_, part.query_heads}, all_, part_key_values,
                                     {part_output_gradients, part_lse, part_delta, part_query_gradients},
                                     part_key_value_gradients, pairs, {});
        }
        put_part(4, BufferRole::query_gradients, part_query_gradients, Buffers::query_gradients_of_heads,
                 part.query_heads);
        put_part(4, BufferRole::key_value_gradients, part_key_value_gradients, Buffers::key_value_gradients_of_heads,
                 part.key_value_heads);
        for (const std::int64_t buffer : {part_queries, part_key_values, part_output_gradients, part_lse, part_delta,
                                          part_query_gradients, part_key_value_gradients}) {
            builder_.free(buffer, {});
        }
    }

    Pass pass_;
    std::int64_t head_dim_v_;
    std::int64_t all_;  // token set
    ScheduleBuilder builder_;
    HeadExchange exchange_;
    Range heads_;
    std::vector<Part> parts_;
};

// Bytes of one head of one token.
struct HeadSizes {
    explicit HeadSizes(const AttentionShape& shape)
        : q(shape.head_dim_qk * size_bytes(shape.dtype)),
          kv((shape.head_dim_qk + shape.head_dim_v) * size_bytes(shape.dtype)),
          result(Partial::size_bytes(1, 1, shape.head_dim_v)),
          output_gradient(shape.head_dim_v * size_bytes(shape.dtype)),
          dq(shape.head_dim_qk * std::int64_t{sizeof(float)}),
          dkv((shape.head_dim_qk + shape.head_dim_v) * std::int64_t{sizeof(float)}) {}

    std::int64_t q;
    std::int64_t kv;
    std::int64_t result;
    std::int64_t output_gradient;
    std::int64_t statistic = sizeof(float);  // lse, delta
    std::int64_t dq;
    std::int64_t dkv;
};

}  // namespace

std::string ulysses_uneven_infeasible(const AttentionShape& shape, std::int64_t ranks,
                                      const StrategyOptions& /*options*/) {
    return ranks <= shape.query_heads
               ? std::string()
               : fmt::format("Ulysses needs as many query heads as {} ranks, or more: {} are given", ranks,
                             shape.query_heads);
}

Schedule write_ulysses_uneven(const StrategyInput& input, Pass pass) {
    UlyssesUnevenWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

StrategyTotals ulysses_uneven_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const HeadSizes one(shape);
    const std::int64_t sent_result = input.wire().partials(one.result);
    const std::int64_t sent_dq = input.wire().gradients(one.dq);
    const std::int64_t sent_dkv = input.wire().gradients(one.dkv);
    const Range own_heads = query_heads_of(shape, tokens.ranks(), input.rank);
    const std::int64_t h = own_heads.size();
    const std::int64_t g = key_value_heads_of(shape, own_heads).size();
    std::int64_t copies = 0;  // key/value heads of all ranks together
    for (const Range heads : shares_of(input).key_value_heads) {
        copies += heads.size();
    }
    const std::int64_t all = tokens.all();
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t others = all - own;
    const std::int64_t other_heads = shape.query_heads - h;
    StrategyTotals sums;
    // The tokens of the others come in for the heads of this rank, and the results of its tokens from their heads.
    sums.bytes_received = others * (h * one.q + g * one.kv) + own * other_heads * sent_result;
    sums.bytes_sent = own * (other_heads * one.q + (copies - g) * one.kv) + others * h * sent_result;
    LiveBytes held;
    held.take(2 * all * h * one.q + (own * copies + all * g) * one.kv);  // ordering queries
    held.give_back(all * h * one.q);
    held.take(all * g * one.kv);  // then keys and values
    held.give_back((own * copies + all * g) * one.kv);
    held.take(all * h * one.result);
    const std::vector<Part> parts = parts_of(shape, own_heads);
    for (const Part& part : parts.size() > 1 ? parts : std::vector<Part>{}) {
        const std::int64_t inputs = all * (part.query_heads.size() * one.q + part.key_value_heads.size() * one.kv);
        const std::int64_t result = all * part.query_heads.size() * one.result;
        held.take(inputs + result);
        held.give_back(inputs);
        held.take(result);
        held.give_back(2 * result);
    }
    const std::int64_t inputs = all * (h * one.q + g * one.kv);
    const std::int64_t results = own * shape.query_heads * one.result;
    held.give_back(pass == Pass::forward ? inputs : 0);
    held.take(all * h * one.result + results);  // sending results back
    held.give_back(pass == Pass::forward ? all * h * one.result : 0);
    held.take(results);  // ordering them
    held.give_back(all * h * one.result + results);
    if (pass == Pass::forward_backward) {
        sums.bytes_received +=
            others * h * one.output_gradient + own * (other_heads * sent_dq + (copies - g) * sent_dkv);
        sums.bytes_sent += own * other_heads * one.output_gradient + others * (h * sent_dq + g * sent_dkv);
        held.take(2 * all * h * one.output_gradient);  // ordering dO
        held.give_back(all * h * one.output_gradient);
        held.take(all * (h * (one.statistic + one.dq) + g * one.dkv));
        for (const Part& part : parts.size() > 1 ? parts : std::vector<Part>{}) {
            const std::int64_t bytes =
                all * (part.query_heads.size() * (one.q + one.output_gradient + 2 * one.statistic + one.dq) +
                       part.key_value_heads.size() * (one.kv + one.dkv));
            held.take(bytes);
            held.give_back(bytes);
        }
        held.give_back(inputs + all * h * (one.result + one.output_gradient + one.statistic));
        held.take(all * h * one.dq);  // packing dQ
        held.give_back(all * h * one.dq);
        held.take(own * shape.query_heads * one.dq);
        held.give_back(all * h * one.dq);
        held.take(all * g * one.dkv);  // packing dK and dV
        held.give_back(all * g * one.dkv);
        held.take(own * copies * one.dkv);
        held.give_back(all * g * one.dkv);
        held.take(own * shape.key_value_heads * one.dkv);  // adding them up
    }
    sums.peak_buffer_bytes = held.peak();
    return sums;
}

std::int64_t ulysses_uneven_head_pairs(const StrategyInput& input) {
    return input.masks.head_pairs(query_heads_of(input.shape, input.ranks(), input.rank));
}

const StrategyText ulysses_uneven_text{
    "As Ulysses, but the first Hq mod N ranks compute one query head more, and each rank gets the key/value heads that "
    "its query heads need: h query and c key/value heads of the rank, C key/value heads of all ranks together. Work is "
    "then uneven by that head. Where a rank begins or ends inside a group of query heads that share a key/value head, "
    "it computes them in up to three parts: the end of a group, whole groups, the beginning of a group. h' and c' are "
    "the heads of a part.",
    "The queries, keys and values of its heads, their output and lse are kept from the forward pass; an all-to-all "
    "brings dO. The gradients go back by two more. Where several ranks had a copy of one key/value head, its parts are "
    "added up in the order of the ranks.",
    "b (t - t_r) (h Dqk + c (Dqk + Dv)) + 4 t_r (Hq - h) (Dv + 1)",
    "b (t - t_r) h Dv + 4 t_r ((Hq - h) Dqk + (C - c) (Dqk + Dv))",
    "the most of 2 t h q + (t c + t_r C) v, t h q + (2 t c + t_r C) v, I + t h r, 2 t h r + t_r p and t h r + 2 t_r p, "
    "with q = b Dqk, v = b (Dqk + Dv), r = 4 (Dv + 1) and I = t (h q + c v); in parts also I + t (h r + h' r + max(h' "
    "q + c' v, h' r)); with a backward pass more, while it computes I + t (h (r + b Dv + 4 (Dqk + 1)) + 4 c (Dqk + "
    "Dv)) + t_r p, and in parts t (h' (q + b Dv + 4 (Dqk + 2)) + c' (v + 4 (Dqk + Dv))) beside that",
    "fewer query heads than ranks",
    "DeepSpeed 2024, pull request 6392 (uneven heads of Ulysses)",
    "zigzag",
    6,  // on four ranks: two heads, two, one, one
};

}  // namespace longscope
