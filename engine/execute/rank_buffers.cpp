// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/rank_buffers.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace longscope {

namespace {

TokenSet all_of(const std::vector<TokenSet>& sets) {
    std::vector<Range> ranges;
    for (const TokenSet& set : sets) {
        ranges.insert(ranges.end(), set.ranges().begin(), set.ranges().end());
    }
    return TokenSet(std::move(ranges));
}

std::int64_t expected_bytes(const BufferPlan& plan, const AttentionShape& shape, std::int64_t tokens) {
    switch (plan.role) {
        case BufferRole::queries:
            return plan.heads.size() * tokens * shape.head_dim_qk * std::int64_t{sizeof(float)};
        case BufferRole::key_values:
            return plan.heads.size() * tokens * (shape.head_dim_qk + shape.head_dim_v) * std::int64_t{sizeof(float)};
        case BufferRole::partial:
            return Partial::size_bytes(plan.heads.size(), tokens, shape.head_dim_v);
        case BufferRole::message:
            break;
    }
    return 0;
}

}  // namespace

RankBuffers::RankBuffers(const AttentionShape& shape, const std::vector<TokenSet>& tokens, std::int64_t rank,
                         const RankInputs& inputs)
    : shape_(shape), tokens_(tokens), all_tokens_(all_of(tokens)), rank_(rank), inputs_(inputs) {}

std::int64_t RankBuffers::all_heads(BufferRole role) const {
    return role == BufferRole::key_values ? shape_.key_value_heads : shape_.query_heads;
}

const TokenSet& RankBuffers::token_set(std::int64_t number) const {
    if (number < 0 || number > ranks()) {
        throw failed(fmt::format("schedule: there is no token set {}", number));
    }
    return number == ranks() ? all_tokens_ : tokens_[static_cast<std::size_t>(number)];
}

void RankBuffers::allocate(const Operation& operation) {
    Buffer made;
    made.plan.role = operation.role;
    made.plan.tokens = operation.tokens == -1 && operation.role == BufferRole::partial ? rank_ : operation.tokens;
    made.plan.heads = operation.heads.empty() ? Range{0, all_heads(operation.role)} : operation.heads.front();
    if (made.plan.heads.end > all_heads(operation.role)) {
        throw failed(fmt::format("schedule: operation {} is for heads up to {}, of {}", operation.id,
                                 made.plan.heads.end, all_heads(operation.role)));
    }
    if (made.plan.tokens >= 0) {
        const std::int64_t expected = expected_bytes(made.plan, shape_, token_set(made.plan.tokens).size());
        if (operation.role != BufferRole::message && expected != operation.bytes) {
            throw failed(fmt::format("schedule: operation {} allocates {} bytes where {} are needed", operation.id,
                                     operation.bytes, expected));
        }
    }
    if (operation.role == BufferRole::partial) {
        made.partial =
            std::make_unique<Partial>(made.plan.heads.size(), token_set(made.plan.tokens).size(), shape_.head_dim_v);
        made.partial->reset();
    } else {
        made.values = AlignedBuffer<float>(operation.bytes / std::int64_t{sizeof(float)});
    }
    buffers_.insert_or_assign(operation.buffer, std::move(made));
}

void RankBuffers::free(std::int64_t buffer) {
    buffers_.erase(buffer);
}

const RankBuffers::Buffer& RankBuffers::at(std::int64_t buffer) const {
    const auto found = buffers_.find(buffer);
    if (found == buffers_.end()) {
        throw failed(fmt::format("schedule: buffer {} is used while it is not allocated", buffer));
    }
    return found->second;
}

BufferPlan RankBuffers::plan(BufferRole role, std::int64_t buffer) const {
    const bool own =
        (role == BufferRole::queries && buffer == -1) || (role == BufferRole::key_values && buffer == own_key_values);
    const BufferPlan plan = own ? BufferPlan{role, rank_, {0, all_heads(role)}} : at(buffer).plan;
    if (plan.role != role) {
        throw failed(fmt::format("schedule: buffer {} holds {} where {} are needed", buffer, to_string(plan.role),
                                 to_string(role)));
    }
    return plan;
}

std::span<const float> RankBuffers::floats(std::int64_t buffer) const {
    if (buffer == -1) {
        return {inputs_.queries.data, static_cast<std::size_t>(inputs_.queries.size())};
    }
    return buffer == own_key_values ? inputs_.key_values : at(buffer).values.span();
}

HeadMatrix<const float> RankBuffers::queries(std::int64_t buffer) const {
    const BufferPlan room = plan(BufferRole::queries, buffer);
    return {floats(buffer).data(), room.heads.size(), token_set(room.tokens).size(), shape_.head_dim_qk};
}

HeadMatrix<const float> RankBuffers::keys(std::int64_t buffer, std::int64_t set) const {
    const BufferPlan room = plan(BufferRole::key_values, buffer);
    const std::int64_t tokens = token_set(set).size();
    const auto needed = room.heads.size() * tokens * (shape_.head_dim_qk + shape_.head_dim_v);
    const std::span<const float> values = floats(buffer);
    if ((room.tokens >= 0 && room.tokens != set) || static_cast<std::int64_t>(values.size()) < needed) {
        throw failed(fmt::format("schedule: buffer {} has no room for the keys of token set {}", buffer, set));
    }
    return {values.data(), room.heads.size(), tokens, shape_.head_dim_qk};
}

HeadMatrix<const float> RankBuffers::values(std::int64_t buffer, std::int64_t set) const {
    const HeadMatrix<const float> k = keys(buffer, set);
    return {k.data + k.size(), k.heads, k.tokens, shape_.head_dim_v};  // keys first, as they travel
}

Partial& RankBuffers::partial(std::int64_t buffer) {
    if (at(buffer).partial == nullptr) {
        throw failed(fmt::format("schedule: buffer {} is no partial result", buffer));
    }
    return *buffers_.at(buffer).partial;
}

std::unique_ptr<Partial> RankBuffers::take_partial(std::int64_t buffer) {
    (void)partial(buffer);
    std::unique_ptr<Partial> taken = std::move(buffers_.at(buffer).partial);
    buffers_.erase(buffer);
    return taken;
}

std::span<const std::byte> RankBuffers::bytes(std::int64_t buffer, std::int64_t bytes) const {
    const std::span<const std::byte> all = std::as_bytes(floats(buffer));
    if (bytes < 0 || bytes > static_cast<std::int64_t>(all.size())) {
        throw failed(fmt::format("schedule: {} bytes of buffer {}, which has {}", bytes, buffer, all.size()));
    }
    return all.first(static_cast<std::size_t>(bytes));
}

std::span<float> RankBuffers::writable_floats(std::int64_t buffer) {
    (void)at(buffer);  // the rank's own tensors are not written
    return buffers_.at(buffer).values.span();
}

std::span<std::byte> RankBuffers::writable_bytes(std::int64_t buffer, std::int64_t bytes) {
    const std::span<std::byte> all = std::as_writable_bytes(writable_floats(buffer));
    if (bytes < 0 || bytes > static_cast<std::int64_t>(all.size())) {
        throw failed(fmt::format("schedule: {} bytes into buffer {}, which has {}", bytes, buffer, all.size()));
    }
    return all.first(static_cast<std::size_t>(bytes));
}

}  // namespace longscope
