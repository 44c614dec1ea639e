// SPDX-License-Identifier: GPL-3.0-or-later
// What strategies have in common when they write schedules: numbering, and the exact sizes of what is moved and
// computed.
#pragma once

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "engine/kernel/partial.h"
#include "engine/mask/local_mask.h"
#include "engine/parallel/strategy.h"

namespace longscope {

class ScheduleBuilder {
  public:
    ScheduleBuilder(std::string_view strategy, const StrategyInput& input, Pass pass = Pass::forward) : input_(input) {
        schedule_.strategy = strategy;
        schedule_.pass = pass;
        schedule_.ranks = input.ranks();
        schedule_.rank = input.rank;
    }

    // All return the new operation's id.
    std::int64_t alloc_key_values(std::int64_t buffer, std::int64_t tokens) {
        return alloc(buffer, BufferRole::key_values, tokens * input_.shape.key_value_bytes_per_token());
    }
    std::int64_t alloc_partial(std::int64_t buffer) {
        return alloc(buffer, BufferRole::partial,
                     Partial::size_bytes(input_.shape.query_heads, tokens_of(input_.rank), input_.shape.head_dim_v));
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
    std::int64_t alloc_query_gradients(std::int64_t buffer, std::int64_t tokens, Range heads) {
        return alloc_room(buffer, BufferRole::query_gradients, tokens, heads,
                          heads.size() * tokens_of(tokens) * input_.shape.head_dim_qk * float_bytes);
    }
    std::int64_t alloc_key_value_gradients(std::int64_t buffer, std::int64_t tokens) {
        return alloc(buffer, BufferRole::key_value_gradients,
                     tokens * input_.shape.key_value_gradient_bytes_per_token());
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
    // `content` is the rank whose keys and values travel.
    std::int64_t send(std::int32_t step, std::int64_t buffer, std::int64_t content, std::int64_t peer,
                      std::int64_t flow, std::vector<std::int64_t> after) {
        return transfer(OperationKind::send, step, buffer, content, peer, flow, std::move(after));
    }
    std::int64_t recv(std::int32_t step, std::int64_t buffer, std::int64_t content, std::int64_t peer,
                      std::int64_t flow, std::vector<std::int64_t> after) {
        return transfer(OperationKind::recv, step, buffer, content, peer, flow, std::move(after));
    }
    // The same with the gradients of the keys and values of a rank.
    std::int64_t send_gradients(std::int32_t step, std::int64_t buffer, std::int64_t content, std::int64_t peer,
                                std::int64_t flow, std::vector<std::int64_t> after) {
        return of_gradients(transfer(OperationKind::send, step, buffer, content, peer, flow, std::move(after)));
    }
    std::int64_t recv_gradients(std::int32_t step, std::int64_t buffer, std::int64_t content, std::int64_t peer,
                                std::int64_t flow, std::vector<std::int64_t> after) {
        return of_gradients(transfer(OperationKind::recv, step, buffer, content, peer, flow, std::move(after)));
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
    // A gather, scatter or scatter_add; `heads` by rank, or none: by tokens.
    std::int64_t copy(OperationKind kind, std::int32_t step, BufferRole role, std::int64_t buffer, std::int64_t into,
                      std::vector<Range> heads, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = kind;
        operation.step = step;
        operation.after = std::move(after);
        operation.role = role;
        operation.buffer = buffer;
        operation.into = into;
        operation.heads = std::move(heads);
        return add(std::move(operation));
    }
    // Of all tokens: `query_heads` of the queries in `query_buffer` (-1: the own ones, of the own tokens), which see so
    // many pairs together.
    std::int64_t attend_all_keys(std::int32_t step, std::int64_t query_buffer, Range query_heads, std::int64_t buffer,
                                 std::int64_t partial, std::int64_t head_pairs) {
        const std::int64_t id = attend(step, input_.ranks(), buffer, partial, head_pairs, {});
        Operation& operation = schedule_.operations.back();
        operation.query_buffer = query_buffer;
        if (query_buffer >= 0) {
            operation.queries = input_.ranks();
        }
        operation.pairs = a_head(head_pairs, query_heads.size());
        return id;
    }
    // All heads, which see so many pairs together.
    std::int64_t attend(std::int32_t step, std::int64_t keys, std::int64_t buffer, std::int64_t partial,
                        std::int64_t head_pairs, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = OperationKind::attend;
        operation.step = step;
        operation.after = std::move(after);
        operation.queries = input_.rank;
        operation.keys = keys;
        operation.buffer = buffer;
        operation.partial = partial;
        operation.pairs = a_head(head_pairs, input_.shape.query_heads);
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
    // As attend() and attend_all_keys().
    std::int64_t attend_backward(std::int32_t step, std::int64_t keys, std::int64_t buffer,
                                 const BackwardBuffers& buffers, std::int64_t into, std::int64_t head_pairs,
                                 std::vector<std::int64_t> after) {
        return backward_of(attend(step, keys, buffer, buffers.partial, head_pairs, std::move(after)), buffers, into,
                           head_pairs);
    }
    std::int64_t attend_backward_all_keys(std::int32_t step, std::int64_t query_buffer, Range query_heads,
                                          std::int64_t buffer, const BackwardBuffers& buffers, std::int64_t into,
                                          std::int64_t head_pairs) {
        return backward_of(attend_all_keys(step, query_buffer, query_heads, buffer, buffers.partial, head_pairs),
                           buffers, into, head_pairs);
    }
    // `content` is the rank whose keys and values these are the gradients of.
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

    // Of a token set: a rank's, or all.
    [[nodiscard]] std::int64_t tokens_of(std::int64_t set) const {
        return set == input_.ranks() ? input_.masks.query_tokens()
                                     : input_.tokens[static_cast<std::size_t>(set)].size();
    }
    // Exact pairs of all heads between the queries of this rank and the keys of another.
    [[nodiscard]] std::int64_t head_pairs_with(std::int64_t rank) const {
        return LocalMask(input_.masks, input_.tokens[static_cast<std::size_t>(input_.rank)],
                         input_.tokens[static_cast<std::size_t>(rank)])
            .head_pairs({0, input_.shape.query_heads});
    }
    [[nodiscard]] Schedule take() { return std::move(schedule_); }

  private:
    static constexpr std::int64_t float_bytes = sizeof(float);

    // In the mean, rounded.
    [[nodiscard]] static std::int64_t a_head(std::int64_t head_pairs, std::int64_t heads) {
        return (head_pairs + heads / 2) / heads;
    }

    std::int64_t add(Operation operation) {
        operation.id = static_cast<std::int64_t>(schedule_.operations.size());
        schedule_.operations.push_back(std::move(operation));
        return schedule_.operations.back().id;
    }
    std::int64_t alloc(std::int64_t buffer, BufferRole role, std::int64_t bytes) {
        Operation operation;
        operation.kind = OperationKind::alloc;
        operation.role = role;
        operation.buffer = buffer;
        operation.bytes = bytes;
        return add(std::move(operation));
    }
    std::int64_t alloc_room(std::int64_t buffer, BufferRole role, std::int64_t tokens, Range heads,
                            std::int64_t bytes) {
        const std::int64_t id = alloc(buffer, role, bytes);
        schedule_.operations.back().tokens = tokens;
        schedule_.operations.back().heads = {heads};
        return id;
    }
    [[nodiscard]] std::int64_t element_bytes() const { return size_bytes(input_.shape.dtype); }
    std::int64_t transfer(OperationKind kind, std::int32_t step, std::int64_t buffer, std::int64_t content,
                          std::int64_t peer, std::int64_t flow, std::vector<std::int64_t> after) {
        Operation operation;
        operation.kind = kind;
        operation.stream = kind == OperationKind::send ? Stream::send : Stream::receive;
        operation.step = step;
        operation.after = std::move(after);
        operation.buffer = buffer;
        operation.keys = content;
        operation.peer = peer;
        operation.flow = flow;
        operation.bytes = tokens_of(content) * input_.shape.key_value_bytes_per_token();
        return add(std::move(operation));
    }

    // Of the operation that was added last.
    std::int64_t of_gradients(std::int64_t id) {
        Operation& operation = schedule_.operations.back();
        operation.bytes = tokens_of(operation.keys) * input_.shape.key_value_gradient_bytes_per_token();
        return id;
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

    const StrategyInput& input_;
    Schedule schedule_;
};

}  // namespace longscope
