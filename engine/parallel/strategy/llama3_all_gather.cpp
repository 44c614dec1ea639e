// SPDX-License-Identifier: GPL-3.0-or-later
// KV all-gather in pieces of heads, as in ring-flash-attention's variant for Llama 3 (zhuzilin 2024): a rank holds the
// keys and values of all ranks for a few key/value heads at a time (layout.head_stride), and computes the query heads
// that share them while those of the next piece come. What is of one piece is copied out of the tensors of all heads,
// and its results into them.
//
// Backward: each piece is gathered again, the next one while it computes, and a direct reduce-scatter brings every rank
// the gradients of its own keys and values, which it adds up in the order of the ranks while the next piece computes.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "engine/parallel/live_bytes.h"
#include "engine/parallel/schedule_builder.h"

namespace longscope {

namespace {

// Buffers; those of two pieces in turn have two numbers each.
constexpr std::int64_t result = 1;
constexpr std::int64_t query_gradients = 2;
constexpr std::int64_t own_gradients = 3;
constexpr std::int64_t message = 4;  // between the tensors of all heads and those of a piece
constexpr std::int64_t piece_queries = 5;
constexpr std::int64_t piece_result = 6;
constexpr std::int64_t piece_output_gradients = 7;
constexpr std::int64_t piece_delta = 8;
constexpr std::int64_t piece_query_gradients = 9;
constexpr std::int64_t piece_keys = 10;
constexpr std::int64_t piece_gradients = 11;
constexpr std::int64_t leaving = 12;
constexpr std::int64_t arriving = 14;
constexpr std::int64_t gradients_leaving = 16;
constexpr std::int64_t gradients_arriving = 18;

std::int64_t stride_of(const StrategyInput& input) {
    return input.options.head_stride > 0 ? input.options.head_stride : 1;
}

// Bytes of what is of one piece.
struct PieceBytes {
    PieceBytes(const AttentionShape& shape, std::int64_t stride, std::int64_t own, std::int64_t all)
        : pieces(shape.key_value_heads / stride) {
        constexpr std::int64_t float_bytes = sizeof(float);
        const std::int64_t query_heads = shape.query_heads / pieces;
        const std::int64_t element = size_bytes(shape.dtype);
        own_keys = own * shape.key_value_bytes_per_token() / pieces;
        all_keys = all * shape.key_value_bytes_per_token() / pieces;
        own_key_gradients = own * shape.key_value_gradient_bytes_per_token() / pieces;
        all_key_gradients = all * shape.key_value_gradient_bytes_per_token() / pieces;
        queries = own * query_heads * shape.head_dim_qk * element;
        result = Partial::size_bytes(query_heads, own, shape.head_dim_v);
        output_gradients = own * query_heads * shape.head_dim_v * element;
        delta = own * query_heads * float_bytes;
        query_gradients = own * query_heads * shape.head_dim_qk * float_bytes;
    }

    std::int64_t pieces;
    std::int64_t own_keys;
    std::int64_t all_keys;
    std::int64_t own_key_gradients;
    std::int64_t all_key_gradients;
    std::int64_t queries;
    std::int64_t result;
    std::int64_t output_gradients;
    std::int64_t delta;
    std::int64_t query_gradients;
};

class PiecewiseWriter {
  public:
    PiecewiseWriter(const StrategyInput& input, Pass pass)
        : input_(input),
          stride_(stride_of(input)),
          builder_("llama3_all_gather", input, pass),
          bytes_(input.shape, stride_, builder_.tokens_of(input.rank), builder_.tokens_of(input.ranks())) {}

    void write_forward() {
        builder_.alloc_partial(result, input_.rank, {0, input_.shape.query_heads});
        gather_keys(0, 0, {});
        for (std::int64_t piece = 0; piece < bytes_.pieces; ++piece) {
            const auto step = static_cast<std::int32_t>(piece);
            const ScheduleBuilder::Queries queries = take_keys_and_queries(piece, step);
            const std::int64_t into = whole() ? result : piece_result;
            if (!whole()) {
                builder_.alloc_partial(piece_result, input_.rank, queries.heads);
            }
            if (const std::int64_t pairs = pairs_of(queries); pairs > 0) {
                builder_.attend(step, queries, input_.ranks(), piece_keys, into, pairs, {});
            }
            free_keys_and_queries();
            if (!whole()) {
                copy(step, BufferRole::partial, piece_result, result, queries.heads, bytes_.result);
                builder_.free(piece_result, {});
            }
        }
        builder_.finalize(static_cast<std::int32_t>(bytes_.pieces - 1), result);
    }

    void write_backward() {
        const auto first = static_cast<std::int32_t>(bytes_.pieces);
        const std::int64_t barrier = builder_.barrier(first, {});
        builder_.alloc_query_gradients(query_gradients, input_.rank, {0, input_.shape.query_heads});
        builder_.alloc_key_value_gradients(own_gradients, input_.rank, {0, input_.shape.key_value_heads});
        gather_keys(0, first, {barrier});
        for (std::int64_t piece = 0; piece < bytes_.pieces; ++piece) {
            const auto step = static_cast<std::int32_t>(first + piece);
            const ScheduleBuilder::Queries queries = take_keys_and_queries(piece, step);
            write_gradients(step, piece, queries);
            free_keys_and_queries();
            send_gradients(step, piece);
            if (piece > 0) {
                add_gradients(step, piece - 1);
            }
        }
        add_gradients(static_cast<std::int32_t>(first + bytes_.pieces - 1), bytes_.pieces - 1);
    }

    Schedule take() { return builder_.take(); }

  private:
    // Is there one piece, of all heads?
    [[nodiscard]] bool whole() const { return bytes_.pieces == 1; }
    [[nodiscard]] Range key_value_heads(std::int64_t piece) const { return {piece * stride_, (piece + 1) * stride_}; }
    [[nodiscard]] Range query_heads(std::int64_t piece) const {
        const std::int64_t heads = input_.shape.query_heads / bytes_.pieces;
        return {piece * heads, (piece + 1) * heads};
    }
    [[nodiscard]] std::int64_t pairs_of(const ScheduleBuilder::Queries& queries) const {
        return builder_.head_pairs(input_.rank, input_.ranks(), queries.heads);
    }
    // In the order of the pieces, of both passes.
    [[nodiscard]] std::int64_t flow(std::int64_t kind, std::int64_t piece) const {
        return kind * bytes_.pieces + piece;
    }
    [[nodiscard]] std::vector<std::int64_t> by_rank(std::int64_t bytes_per_token) const {
        std::vector<std::int64_t> sizes;
        for (std::int64_t rank = 0; rank < input_.ranks(); ++rank) {
            sizes.push_back(builder_.tokens_of(rank) * bytes_per_token);
        }
        return sizes;
    }

    // Some heads of the own tokens, from one buffer to another by way of a message.
    void copy(std::int32_t step, BufferRole role, std::int64_t from, std::int64_t into, Range heads,
              std::int64_t bytes) {
        const ScheduleBuilder::Blocks block{{input_.rank}, {heads}};
        builder_.alloc_message(message, bytes);
        builder_.copy(OperationKind::gather, step, role, from, message, block, {});
        builder_.copy(OperationKind::scatter, step, role, message, into, block, {});
        builder_.free(message, {});
    }

    // The keys and values of a piece, of all ranks.
    void gather_keys(std::int64_t piece, std::int32_t step, std::vector<std::int64_t> after) {
        const std::int64_t turn = piece % 2;
        builder_.alloc_message(leaving + turn, bytes_.own_keys);
        after.push_back(builder_.copy(OperationKind::gather, step, BufferRole::key_values, own_key_values,
                                      leaving + turn, {{input_.rank}, {key_value_heads(piece)}}, {}));
        after.push_back(builder_.alloc_message(arriving + turn, bytes_.all_keys));
        const std::int64_t token_bytes = input_.shape.key_value_bytes_per_token() / bytes_.pieces;
        const std::vector<std::int64_t> sent(static_cast<std::size_t>(input_.ranks()), bytes_.own_keys);
        here_ =
            builder_.exchange(OperationKind::all_gather, step, leaving + turn, arriving + turn,
                              flow(step < bytes_.pieces ? 0 : 1, piece), sent, by_rank(token_bytes), std::move(after));
    }

    // Those of the next piece are asked for before.
    ScheduleBuilder::Queries take_keys_and_queries(std::int64_t piece, std::int32_t step) {
        const std::int64_t turn = piece % 2;
        const std::int64_t here = here_;
        if (piece + 1 < bytes_.pieces) {
            gather_keys(piece + 1, step, {});
        }
        builder_.alloc_key_values(piece_keys, input_.ranks(), key_value_heads(piece));
        builder_.copy(OperationKind::scatter, step, BufferRole::key_values, arriving + turn, piece_keys, {}, {here});
        builder_.free(arriving + turn, {});
        builder_.free(leaving + turn, {});
        if (whole()) {
            return builder_.own_queries();
        }
        builder_.alloc_queries(piece_queries, input_.rank, query_heads(piece));
        copy(step, BufferRole::queries, -1, piece_queries, query_heads(piece), bytes_.queries);
        return {piece_queries, input_.rank, query_heads(piece)};
    }
    void free_keys_and_queries() {
        builder_.free(piece_keys, {});
        if (!whole()) {
            builder_.free(piece_queries, {});
        }
    }

    void write_gradients(std::int32_t step, std::int64_t piece, const ScheduleBuilder::Queries& queries) {
        ScheduleBuilder::BackwardBuffers buffers{own_output_gradients, result, piece_delta, query_gradients};
        if (!whole()) {
            buffers = {piece_output_gradients, piece_result, piece_delta, piece_query_gradients};
            builder_.alloc_output_gradients(piece_output_gradients, input_.rank, queries.heads);
            copy(step, BufferRole::output_gradients, own_output_gradients, piece_output_gradients, queries.heads,
                 bytes_.output_gradients);
            builder_.alloc_partial(piece_result, input_.rank, queries.heads);
            copy(step, BufferRole::partial, result, piece_result, queries.heads, bytes_.result);
            builder_.alloc_query_gradients(piece_query_gradients, input_.rank, queries.heads);
        }
        builder_.alloc_delta(piece_delta, input_.rank, queries.heads);
        builder_.delta(step, buffers.partial, buffers.output_gradients, piece_delta);
        builder_.alloc_key_value_gradients(piece_gradients, input_.ranks(), key_value_heads(piece));
        if (const std::int64_t pairs = pairs_of(queries); pairs > 0) {
            builder_.attend_backward(step, queries, input_.ranks(), piece_keys, buffers, piece_gradients, pairs, {});
        }
        builder_.free(piece_delta, {});
        if (!whole()) {
            builder_.free(piece_output_gradients, {});
            builder_.free(piece_result, {});
            copy(step, BufferRole::query_gradients, piece_query_gradients, query_gradients, queries.heads,
                 bytes_.query_gradients);
            builder_.free(piece_query_gradients, {});
        }
    }

    void send_gradients(std::int32_t step, std::int64_t piece) {
        const std::int64_t turn = piece % 2;
        builder_.alloc_message(gradients_leaving + turn, bytes_.all_key_gradients);
        const std::int64_t packed = builder_.copy(OperationKind::gather, step, BufferRole::key_value_gradients,
                                                  piece_gradients, gradients_leaving + turn, {}, {});
        builder_.free(piece_gradients, {});
        const std::int64_t room =
            builder_.alloc_message(gradients_arriving + turn, input_.ranks() * bytes_.own_key_gradients);
        const std::int64_t token_bytes = input_.shape.key_value_gradient_bytes_per_token() / bytes_.pieces;
        const std::vector<std::int64_t> received(static_cast<std::size_t>(input_.ranks()), bytes_.own_key_gradients);
        gradients_here_[static_cast<std::size_t>(turn)] =
            builder_.exchange(OperationKind::all_to_all, step, gradients_leaving + turn, gradients_arriving + turn,
                              flow(2, piece), by_rank(token_bytes), received, {packed, room});
    }

    void add_gradients(std::int32_t step, std::int64_t piece) {
        const std::int64_t turn = piece % 2;
        const auto ranks = static_cast<std::size_t>(input_.ranks());
        builder_.copy(OperationKind::scatter_add, step, BufferRole::key_value_gradients, gradients_arriving + turn,
                      own_gradients, {std::vector(ranks, input_.rank), std::vector(ranks, key_value_heads(piece))},
                      {gradients_here_[static_cast<std::size_t>(turn)]});
        builder_.free(gradients_leaving + turn, {});
        builder_.free(gradients_arriving + turn, {});
    }

    const StrategyInput& input_;
    std::int64_t stride_;
    ScheduleBuilder builder_;
    PieceBytes bytes_;
    std::int64_t here_ = -1;  // the exchange that brings the keys and values of the next piece
    std::array<std::int64_t, 2> gradients_here_{};
};

// The buffers of both passes in the order in which they come and go.
std::int64_t peak_bytes(const PieceBytes& n, const AttentionShape& shape, std::int64_t ranks, std::int64_t own,
                        Pass pass) {
    LiveBytes live;
    const bool whole = n.pieces == 1;
    const std::int64_t keys_under_way = n.own_keys + n.all_keys;
    const auto take_keys_and_queries = [&](std::int64_t piece) {
        live.take(piece + 1 < n.pieces ? keys_under_way : 0);
        live.take(n.all_keys);
        live.give_back(keys_under_way);
        if (!whole) {
            live.take(n.queries);
            live.pass(n.queries);
        }
    };
    const std::int64_t keys_and_queries = n.all_keys + (whole ? 0 : n.queries);
    live.take(Partial::size_bytes(shape.query_heads, own, shape.head_dim_v));
    live.take(keys_under_way);
    for (std::int64_t piece = 0; piece < n.pieces; ++piece) {
        take_keys_and_queries(piece);
        live.take(whole ? 0 : n.result);
        live.give_back(keys_and_queries);
        live.pass(whole ? 0 : n.result);
        live.give_back(whole ? 0 : n.result);
    }
    if (pass == Pass::forward) {
        return live.peak();
    }
    live.take(own * shape.query_heads * shape.head_dim_qk * std::int64_t{sizeof(float)});
    live.take(own * shape.key_value_gradient_bytes_per_token());
    live.take(keys_under_way);
    const std::int64_t gradients_under_way = n.all_key_gradients + ranks * n.own_key_gradients;
    for (std::int64_t piece = 0; piece < n.pieces; ++piece) {
        take_keys_and_queries(piece);
        if (!whole) {
            live.take(n.output_gradients);
            live.pass(n.output_gradients);
            live.take(n.result);
            live.pass(n.result);
            live.take(n.query_gradients);
        }
        live.take(n.delta + n.all_key_gradients);
        live.give_back(n.delta);
        if (!whole) {
            live.give_back(n.output_gradients + n.result);
            live.pass(n.query_gradients);
            live.give_back(n.query_gradients);
        }
        live.give_back(keys_and_queries);
        live.take(n.all_key_gradients);
        live.give_back(n.all_key_gradients);
        live.take(ranks * n.own_key_gradients);
        live.give_back(piece > 0 ? gradients_under_way : 0);
    }
    return live.peak();
}

}  // namespace

std::string llama3_all_gather_infeasible(const AttentionShape& shape, std::int64_t /*ranks*/,
                                         const StrategyOptions& options) {
    if (options.head_stride > 0 && shape.key_value_heads % options.head_stride != 0) {
        return fmt::format(
            "Llama 3 all-gather needs key/value heads divisible by the {} that are gathered at once "
            "(layout.head_stride): {} are given",
            options.head_stride, shape.key_value_heads);
    }
    return {};
}

Schedule write_llama3_all_gather(const StrategyInput& input, Pass pass) {
    PiecewiseWriter writer(input, pass);
    writer.write_forward();
    if (pass == Pass::forward_backward) {
        writer.write_backward();
    }
    return writer.take();
}

StrategyTotals llama3_all_gather_totals(const StrategyInput& input, const TokenCounts& tokens, Pass pass) {
    const AttentionShape& shape = input.shape;
    const std::int64_t ranks = tokens.ranks();
    const std::int64_t own = tokens.of(input.rank);
    const std::int64_t others = tokens.all() - own;
    const std::int64_t bytes = shape.key_value_bytes_per_token();
    StrategyTotals sums;
    sums.bytes_received = others * bytes;
    sums.bytes_sent = (ranks - 1) * own * bytes;
    if (pass == Pass::forward_backward) {
        const std::int64_t gradient_bytes = input.wire().gradients(shape.key_value_gradient_bytes_per_token());
        sums.bytes_received += others * bytes + (ranks - 1) * own * gradient_bytes;
        sums.bytes_sent += (ranks - 1) * own * bytes + others * gradient_bytes;
    }
    sums.peak_buffer_bytes = peak_bytes({shape, stride_of(input), own, tokens.all()}, shape, ranks, own, pass);
    return sums;
}

std::vector<StrategyOptions> llama3_all_gather_candidates(const AttentionShape& shape, std::int64_t /*ranks*/) {
    std::vector<StrategyOptions> candidates;
    for (std::int64_t stride = 1; stride <= shape.key_value_heads; ++stride) {
        if (shape.key_value_heads % stride == 0) {
            StrategyOptions options;
            options.head_stride = stride;
            candidates.push_back(options);
        }
    }
    return candidates;
}

const StrategyText llama3_all_gather_text{
    "The all-gather in pieces of s = `layout.head_stride` key/value heads (1 without it): only so many heads of "
    "all keys and values are in order at a time, those of the next piece come while the present one computes. "
    "What a piece needs of the tensors of all heads is copied out of them.",
    "Each piece is gathered again, the next one while it computes; its gradients go to their owners while the "
    "piece after is computed, which add them up in the order of the ranks.",
    "b (t - t_r) Hkv (Dqk + Dv)",
    "b (t - t_r) Hkv (Dqk + Dv) + 4 (N - 1) t_r Hkv (Dqk + Dv)",
    "the partial result, and of a piece, s of the Hkv heads: its keys and values in order, as they came and as "
    "the next ones come, 3 b t s (Dqk + Dv), its own keys and values to be sent, its queries and its result; with "
    "a backward pass its gradients as well, before and after they are sent",
    "`layout.head_stride` does not divide the key/value heads",
    "zhuzilin 2024, ring-flash-attention, after the training of Llama 3 (arXiv 2407.21783)",
    "zigzag",
};

}  // namespace longscope
