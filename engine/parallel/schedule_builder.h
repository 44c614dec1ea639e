// SPDX-License-Identifier: GPL-3.0-or-later
// What strategies have in common when they write schedules: numbering, and the exact sizes of what is moved and
// computed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "engine/kernel/partial.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"

namespace longscope {

class ScheduleBuilder {
  public:
    ScheduleBuilder(std::string_view strategy, const StrategyInput& input, Pass pass = Pass::forward)
        : input_(input), sets_{TokenSet({{0, input.masks.query_tokens()}})} {
        schedule_.strategy = strategy;
        schedule_.pass = pass;
        schedule_.ranks = input.ranks();
        schedule_.rank = input.rank;
    }

    // All return the new operation's id.
    // Room for so many tokens, of different token sets in turn.
    std::int64_t alloc_key_values_in_turn(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_in_turn(
            buffer, BufferRole::key_values, heads,
            tokens * heads.size() * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * element_bytes());
    }
    std::int64_t alloc_queries_in_turn(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_in_turn(buffer, BufferRole::queries, heads,
                             tokens * heads.size() * input_.shape.head_dim_qk * element_bytes());
    }
    std::int64_t alloc_key_value_gradients_in_turn(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_in_turn(
            buffer, BufferRole::key_value_gradients, heads,
            tokens * heads.size() * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * float_bytes);
    }
    // For the tokens and heads of a token set.
    std::int64_t alloc_queries(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::queries, tokens, heads,
                          heads.size() * tokens_of(tokens) * input_.shape.head_dim_qk * element_bytes());
    }
    std::int64_t alloc_key_values(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(
            buffer, BufferRole::key_values, tokens, heads,
            heads.size() * tokens_of(tokens) * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * element_bytes());
    }
    std::int64_t alloc_partial(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::partial, tokens, heads,
                          Partial::size_bytes(heads.size(), tokens_of(tokens), input_.shape.head_dim_v));
    }
    std::int64_t alloc_output_gradients(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::output_gradients, tokens, heads,
                          heads.size() * tokens_of(tokens) * input_.shape.head_dim_v * element_bytes());
    }
    std::int64_t alloc_delta(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::delta, tokens, heads, heads.size() * tokens_of(tokens) * float_bytes);
    }
    std::int64_t alloc_lse(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::lse, tokens, heads, heads.size() * tokens_of(tokens) * float_bytes);
    }
    std::int64_t alloc_query_gradients(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::query_gradients, tokens, heads,
                          heads.size() * tokens_of(tokens) * input_.shape.head_dim_qk * float_bytes);
    }
    std::int64_t alloc_key_value_gradients(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(
            buffer, BufferRole::key_value_gradients, tokens, heads,
            heads.size() * tokens_of(tokens) * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * float_bytes);
    }
    std::int64_t alloc_message(std::int64_t buffer, std::int64_t bytes) {
        return alloc(buffer, BufferRole::message, bytes);
    }
    std::int64_t free(std::int64_t buffer, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = OperationKind::free;
        operation.buffer = buffer;
        operation.after = std::move(after);
        return add(std::move(operation));
    }
    // What travels: keys and values of a token set, or their gradients; queries of one; or so many bytes of a message.
    struct Content {
        std::int64_t keys = -1;
        std::int64_t bytes = 0;
        std::int64_t queries = -1;
    };
    [[nodiscard]] Content queries_of(std::int64_t set, std::int64_t heads) const {
        return {-1, tokens_of(set) * heads * input_.shape.head_dim_qk * element_bytes(), set};
    }
    [[nodiscard]] Content key_values_of(std::int64_t set, std::int64_t heads) const {
        return {set, tokens_of(set) * heads * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * element_bytes()};
    }
    [[nodiscard]] Content key_value_gradients_of(std::int64_t set, std::int64_t heads) const {
        return {set, tokens_of(set) * heads * (input_.shape.head_dim_qk + input_.shape.head_dim_v) * float_bytes};
    }
    std::int64_t send(std::int32_t step, std::int64_t buffer, Content content, std::int64_t peer, std::int64_t flow,
                      std::vector<std::int64_t> after) {
        return send(step, buffer, content, peer, flow, std::move(after), Stream::send);
    }
    std::int64_t send(std::int32_t step, std::int64_t buffer, Content content, std::int64_t peer, std::int64_t flow,
                      std::vector<std::int64_t> after, Stream stream) {
        return transfer(OperationKind::send, stream, step, buffer, content, peer, flow, std::move(after));
    }
    std::int64_t recv(std::int32_t step, std::int64_t buffer, Content content, std::int64_t peer, std::int64_t flow,
                      std::vector<std::int64_t> after) {
        return recv(step, buffer, content, peer, flow, std::move(after), Stream::receive);
    }
    std::int64_t recv(std::int32_t step, std::int64_t buffer, Content content, std::int64_t peer, std::int64_t flow,
                      std::vector<std::int64_t> after, Stream stream) {
        return transfer(OperationKind::recv, stream, step, buffer, content, peer, flow, std::move(after));
    }
    // `flow` is the same at all ranks. The sizes are by rank, the own one included.
    std::int64_t exchange(OperationKind kind, std::int32_t step, std::int64_t buffer, std::int64_t into,
                          std::int64_t flow, std::vector<std::int64_t> sent_bytes,
                          std::vector<std::int64_t> received_bytes, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = kind;
        operation.stream = Stream::receive;
        operation.step = step;
        operation.after = std::move(after);
        operation.buffer = buffer;
        operation.into = into;
        operation.flow = flow;
        operation.bytes = std::accumulate(received_bytes.begin(), received_bytes.end(), std::int64_t{0}) -
                          received_bytes[static_cast<std::size_t>(input_.rank)];
        operation.sent_bytes = std::move(sent_bytes);
        operation.received_bytes = std::move(received_bytes);
        return add(std::move(operation));
    }
    // The number of a group in which this rank has transfers: that of all ranks where it is they, or this rank alone.
    std::int64_t add_group(std::string name, std::vector<std::int64_t> ranks) {
        std::sort(ranks.begin(), ranks.end());
        if (ranks.size() == 1 || static_cast<std::int64_t>(ranks.size()) == input_.ranks()) {
            return -1;
        }
        schedule_.groups.push_back({std::move(name), std::move(ranks)});
        return static_cast<std::int64_t>(schedule_.groups.size()) - 1;
    }
    // The transfer that has just been added is one of that group.
    std::int64_t in_group(std::int64_t group, std::int64_t transfer) {
        schedule_.operations[static_cast<std::size_t>(transfer)].group = group;
        return transfer;
    }
    // The blocks of a gather, scatter or scatter_add; none of both: of the tokens of every rank.
    struct Blocks {
        std::vector<std::int64_t> sets;
        std::vector<Range> heads;
    };
    std::int64_t copy(OperationKind kind, std::int32_t step, BufferRole role, std::int64_t buffer, std::int64_t into,
                      Blocks blocks, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = kind;
        operation.step = step;
        operation.after = std::move(after);
        operation.role = role;
        operation.buffer = buffer;
        operation.into = into;
        operation.sets = std::move(blocks.sets);
        operation.heads = std::move(blocks.heads);
        return add(std::move(operation));
    }
    // As copy(), but the first block stands so far from the beginning of the message.
    std::int64_t copy_at(std::int64_t offset_bytes, OperationKind kind, std::int32_t step, BufferRole role,
                         std::int64_t buffer, std::int64_t into, Blocks blocks, std::vector<std::int64_t> after) {
        const std::int64_t id = copy(kind, step, role, buffer, into, std::move(blocks), std::move(after));
        schedule_.operations.back().offset_bytes = offset_bytes;
        return id;
    }
    // The queries of an attend, and what they see: some heads of a token set.
    struct Queries {
        std::int64_t buffer = -1;  // -1: the rank's own, of its own tokens
        std::int64_t set = -1;
        Range heads;
    };
    [[nodiscard]] Queries own_queries() const { return {-1, input_.rank, {0, input_.shape.query_heads}}; }
    // `keys` in `buffer`, of which the queries of all their heads together see so many pairs.
    std::int64_t attend(std::int32_t step, const Queries& queries, std::int64_t keys, std::int64_t buffer,
                        std::int64_t partial, std::int64_t head_pairs, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = OperationKind::attend;
        operation.step = step;
        operation.after = std::move(after);
        operation.query_buffer = queries.buffer;
        operation.queries = queries.set;
        operation.keys = keys;
        operation.buffer = buffer;
        operation.partial = partial;
        operation.pairs = a_head(head_pairs, queries.heads.size());
        operation.flops = flops_of_head_pairs(input_.shape, static_cast<double>(head_pairs), Direction::forward);
        return add(std::move(operation));
    }
    std::int64_t merge(std::int32_t step, std::int64_t partial, std::int64_t into) {
        Operation operation;
        operation.kind = OperationKind::merge;
        operation.step = step;
        operation.partial = partial;
        operation.into = into;
        return add(std::move(operation));
    }
    std::int64_t finalize(std::int32_t step, std::int64_t partial) {
        Operation operation;
        operation.kind = OperationKind::finalize;
        operation.step = step;
        operation.partial = partial;
        return add(std::move(operation));
    }

    std::int64_t barrier(std::int32_t step, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = OperationKind::barrier;
        operation.step = step;
        operation.after = std::move(after);
        return add(std::move(operation));
    }
    std::int64_t delta(std::int32_t step, std::int64_t partial, std::int64_t output_gradients, std::int64_t into) {
        Operation operation;
        operation.kind = OperationKind::delta;
        operation.step = step;
        operation.partial = partial;
        operation.output_gradients = output_gradients;
        operation.into = into;
        return add(std::move(operation));
    }
    // The buffers that all parts of a backward pass have in common.
    struct BackwardBuffers {
        std::int64_t output_gradients = own_output_gradients;
        std::int64_t partial = -1;
        std::int64_t delta = -1;
        std::int64_t query_gradients = -1;
    };
    // As attend().
    std::int64_t attend_backward(std::int32_t step, const Queries& queries, std::int64_t keys, std::int64_t buffer,
                                 const BackwardBuffers& buffers, std::int64_t into, std::int64_t head_pairs,
                                 std::vector<std::int64_t> after) {
        return backward_of(attend(step, queries, keys, buffer, buffers.partial, head_pairs, std::move(after)), buffers,
                           into, head_pairs);
    }
    // `content` is the token set whose keys and values these are the gradients of.
    std::int64_t reduce(std::int32_t step, std::int64_t buffer, std::int64_t into, std::int64_t content,
                        std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = OperationKind::reduce;
        operation.step = step;
        operation.after = std::move(after);
        operation.buffer = buffer;
        operation.into = into;
        operation.keys = content;
        return add(std::move(operation));
    }

    // As it is, but for its id.
    std::int64_t add(Operation operation) {
        operation.id = static_cast<std::int64_t>(schedule_.operations.size());
        schedule_.operations.push_back(std::move(operation));
        return schedule_.operations.back().id;
    }
    // In the mean, rounded.
    [[nodiscard]] static std::int64_t a_head(std::int64_t head_pairs, std::int64_t heads) {
        return (head_pairs + heads / 2) / heads;
    }

    // Of the rank's own queries and of its output, where these are not its tokens.
    void set_query_set(std::int64_t set) { schedule_.query_set = set; }
    // The number of a token set that is added to those of the dispatch.
    std::int64_t add_token_set(TokenSelection selection) {
        sets_.push_back(select_tokens(selection, input_.tokens));
        schedule_.token_sets.push_back(std::move(selection));
        return input_.ranks() + static_cast<std::int64_t>(sets_.size()) - 1;
    }
    // Of a token set: a rank's, all, or one that was added.
    [[nodiscard]] std::int64_t tokens_of(std::int64_t set) const { return tokens_in(set).size(); }
    // Exact pairs between the queries of one token set and the keys of another, of some heads together.
    [[nodiscard]] std::int64_t head_pairs(std::int64_t queries, std::int64_t keys, Range heads) const {
        return LocalMask(input_.masks, tokens_in(queries), tokens_in(keys)).head_pairs(heads);
    }
    [[nodiscard]] std::int64_t ranks() const { return input_.ranks(); }
    [[nodiscard]] Schedule take() { return std::move(schedule_); }

  private:
    static constexpr std::int64_t float_bytes = sizeof(float);

    std::int64_t alloc(std::int64_t buffer, BufferRole role, std::int64_t bytes) {
        Operation operation;
        operation.kind = OperationKind::alloc;
        operation.role = role;
        operation.buffer = buffer;
        operation.bytes = bytes;
        return add(std::move(operation));
    }
    std::int64_t alloc_in_turn(std::int64_t buffer, BufferRole role, Range heads, std::int64_t bytes) {
        const std::int64_t id = alloc(buffer, role, bytes);
        schedule_.operations.back().heads = {heads};
        return id;
    }
    std::int64_t alloc_room(std::int64_t buffer, BufferRole role, std::int64_t tokens, Range heads,
                            std::int64_t bytes) {
        const std::int64_t id = alloc(buffer, role, bytes);
        schedule_.operations.back().tokens = tokens;
        schedule_.operations.back().heads = {heads};
        return id;
    }
    [[nodiscard]] std::int64_t element_bytes() const { return size_bytes(input_.shape.dtype); }
    std::int64_t transfer(OperationKind kind, Stream stream, std::int32_t step, std::int64_t buffer, Content content,
                          std::int64_t peer, std::int64_t flow, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = kind;
        operation.stream = stream;
        operation.step = step;
        operation.after = std::move(after);
        operation.buffer = buffer;
        operation.keys = content.keys;
        operation.queries = content.queries;
        operation.peer = peer;
        operation.flow = flow;
        operation.bytes = content.bytes;
        return add(std::move(operation));
    }
    std::int64_t backward_of(std::int64_t id, const BackwardBuffers& buffers, std::int64_t into,
                             std::int64_t head_pairs) {
        Operation& operation = schedule_.operations.back();
        operation.kind = OperationKind::attend_backward;
        operation.output_gradients = buffers.output_gradients;
        operation.delta = buffers.delta;
        operation.query_gradients = buffers.query_gradients;
        operation.into = into;
        operation.flops = flops_of_head_pairs(input_.shape, static_cast<double>(head_pairs), Direction::backward);
        return id;
    }

    [[nodiscard]] const TokenSet& tokens_in(std::int64_t set) const {
        return set < input_.ranks() ? input_.tokens[static_cast<std::size_t>(set)]
                                    : sets_[static_cast<std::size_t>(set - input_.ranks())];
    }

    const StrategyInput& input_;
    Schedule schedule_;
    std::vector<TokenSet> sets_;  // all tokens, and those that were added
};

}  // namespace longscope
