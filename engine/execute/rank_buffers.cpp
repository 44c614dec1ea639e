// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/execute/rank_buffers.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"

namespace longscope {

namespace {

std::span<float> floats_of(std::span<std::byte> memory) {
    return {reinterpret_cast<float*>(memory.data()), memory.size() / sizeof(float)};
}

// All tokens, then those of the selections.
std::vector<TokenSet> further_sets(const std::vector<TokenSet>& tokens, const std::vector<TokenSelection>& selections) {
    std::vector<std::int64_t> ranks(tokens.size());
    std::iota(ranks.begin(), ranks.end(), std::int64_t{0});
    std::vector<TokenSet> sets{select_tokens({std::move(ranks), {}}, tokens)};
    for (const TokenSelection& selection : selections) {
        sets.push_back(select_tokens(selection, tokens));
    }
    return sets;
}

// Before the schedule starts, by their numbers.
bool is_own_input(BufferRole role, std::int64_t buffer) {
    return (role == BufferRole::queries && buffer == -1) ||
           (is_in(role, BufferRole::key_values) && buffer == own_key_values) ||
           (role == BufferRole::output_gradients && buffer == own_output_gradients);
}

}  // namespace

RankBuffers::RankBuffers(const AttentionShape& shape, const std::vector<TokenSet>& tokens, const Schedule& schedule,
                         const RankInputs& inputs, MergeRule rule, BufferMemory& memory)
    : shape_(shape),
      tokens_(tokens),
      more_tokens_(further_sets(tokens, schedule.token_sets)),
      rank_(schedule.rank),
      own_queries_(schedule.query_set < 0 ? schedule.rank : schedule.query_set),
      inputs_(inputs),
      rule_(rule),
      memory_(memory) {}

RankBuffers::~RankBuffers() {
    for (const auto& [number, buffer] : buffers_) {
        memory_.end_use(buffer.memory);
    }
}

std::int64_t RankBuffers::all_tokens() const {
    return more_tokens_.front().size();
}

std::int64_t RankBuffers::expected_bytes(const BufferPlan& plan, const TokenSet& tokens) const {
    return bytes_of_room(plan, shape_, tokens.size(), all_tokens());
}

std::int64_t RankBuffers::all_heads(BufferRole role) const {
    return holds_keys(role) ? shape_.key_value_heads : shape_.query_heads;
}

const TokenSet& RankBuffers::token_set(std::int64_t number) const {
    if (number < 0 || number >= ranks() + static_cast<std::int64_t>(more_tokens_.size())) {
        throw failed(fmt::format("schedule: there is no token set {}", number));
    }
    return number < ranks() ? tokens_[static_cast<std::size_t>(number)]
                            : more_tokens_[static_cast<std::size_t>(number - ranks())];
}

void RankBuffers::allocate(const Operation& operation) {
    Buffer made;
    made.plan.role = operation.role;
    made.plan.tokens =
        operation.tokens == -1 && operation.role == BufferRole::partial ? own_queries_ : operation.tokens;
    made.plan.heads = operation.heads.empty() ? Range{0, all_heads(operation.role)} : operation.heads.front();
    if (made.plan.heads.end > all_heads(operation.role)) {
        throw failed(fmt::format("schedule: operation {} is for heads up to {}, of {}", operation.id,
                                 made.plan.heads.end, all_heads(operation.role)));
    }
    if (made.plan.tokens >= 0) {
        const std::int64_t expected = expected_bytes(made.plan, token_set(made.plan.tokens));
        if (operation.role != BufferRole::message && expected != operation.bytes) {
            throw failed(fmt::format("schedule: operation {} allocates {} bytes where {} are needed", operation.id,
                                     operation.bytes, expected));
        }
    }
    made.memory = memory_.begin_use(operation.id, operation.bytes);
    if (operation.role == BufferRole::partial) {
        made.partial.emplace(floats_of(made.memory), made.plan.heads.size(), token_set(made.plan.tokens).size(),
                             shape_.head_dim_v, rule_);
        made.partial->reset();
    } else if (are_gradients(operation.role)) {
        std::fill(made.memory.begin(), made.memory.end(), std::byte{0});
    }
    live_bytes_ += operation.bytes;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
    free(operation.buffer);
    buffers_.emplace(operation.buffer, std::move(made));
}

void RankBuffers::free(std::int64_t buffer) {
    if (const auto found = buffers_.find(buffer); found != buffers_.end()) {
        live_bytes_ -= static_cast<std::int64_t>(found->second.memory.size());
        memory_.end_use(found->second.memory);
        buffers_.erase(found);
    }
}

const RankBuffers::Buffer& RankBuffers::at(std::int64_t buffer) const {
    const auto found = buffers_.find(buffer);
    if (found == buffers_.end()) {
        throw failed(fmt::format("schedule: buffer {} is used while it is not allocated", buffer));
    }
    return found->second;
}

BufferPlan RankBuffers::plan(BufferRole role, std::int64_t buffer) const {
    const BufferRole own = buffer == own_key_values ? BufferRole::key_values : role;
    const std::int64_t own_set = role == BufferRole::queries ? own_queries_ : rank_;
    const BufferPlan plan =
        is_own_input(role, buffer) ? BufferPlan{own, own_set, {0, all_heads(role)}} : at(buffer).plan;
    if (!is_in(role, plan.role)) {
        throw failed(fmt::format("schedule: buffer {} holds {} where {} are needed", buffer, to_string(plan.role),
                                 to_string(role)));
    }
    return plan;
}

std::span<const std::byte> RankBuffers::content(std::int64_t buffer) const {
    if (buffer == -1) {
        return inputs_.queries;
    }
    if (buffer == own_output_gradients) {
        return inputs_.output_gradients;
    }
    if (buffer == own_key_values) {
        return inputs_.key_values;
    }
    const Buffer& found = at(buffer);
    return found.partial.has_value() ? std::span<const std::byte>() : found.memory;
}

HeadView RankBuffers::queries(std::int64_t buffer, std::int64_t set) const {
    const BufferPlan room = plan(BufferRole::queries, buffer);
    const std::int64_t tokens = token_set(set).size();
    const std::span<const std::byte> bytes = content(buffer);
    if ((room.tokens >= 0 && room.tokens != set) ||
        static_cast<std::int64_t>(bytes.size()) < expected_bytes(room, token_set(set))) {
        throw failed(fmt::format("schedule: buffer {} has no room for the queries of token set {}", buffer, set));
    }
    return {bytes.data(), shape_.dtype, room.heads.size(), tokens, shape_.head_dim_qk};
}

const std::byte* RankBuffers::room_for(BufferRole part, std::int64_t buffer, std::int64_t set) const {
    const BufferPlan room = plan(part, buffer);
    const std::span<const std::byte> bytes = content(buffer);
    if ((room.tokens >= 0 && room.tokens != set) ||
        static_cast<std::int64_t>(bytes.size()) < expected_bytes(room, token_set(set))) {
        throw failed(
            fmt::format("schedule: buffer {} has no room for the {} of token set {}", buffer, to_string(part), set));
    }
    return bytes.data();
}

HeadView RankBuffers::keys(std::int64_t buffer, std::int64_t set) const {
    const std::byte* data = room_for(BufferRole::keys, buffer, set);
    const Range heads = plan(BufferRole::keys, buffer).heads;
    return {data, shape_.dtype, heads.size(), token_set(set).size(), shape_.head_dim_qk};
}

HeadView RankBuffers::values(std::int64_t buffer, std::int64_t set) const {
    const std::byte* data = room_for(BufferRole::values, buffer, set);
    const BufferPlan room = plan(BufferRole::values, buffer);
    const std::int64_t tokens = token_set(set).size();
    if (room.role == BufferRole::key_values) {  // keys first, as they travel
        data += room.heads.size() * tokens * shape_.head_dim_qk * size_bytes(shape_.dtype);
    }
    return {data, shape_.dtype, room.heads.size(), tokens, shape_.head_dim_v};
}

Partial& RankBuffers::partial(std::int64_t buffer) {
    if (!at(buffer).partial.has_value()) {
        throw failed(fmt::format("schedule: buffer {} is no partial result", buffer));
    }
    return *buffers_.at(buffer).partial;
}

HeadView RankBuffers::output_gradients(std::int64_t buffer) const {
    const BufferPlan room = plan(BufferRole::output_gradients, buffer);
    const std::span<const std::byte> bytes = content(buffer);
    const std::int64_t tokens = token_set(room.tokens).size();
    if (static_cast<std::int64_t>(bytes.size()) != expected_bytes(room, token_set(room.tokens))) {
        throw failed("schedule: it has a backward pass, and there are no gradients of the output");
    }
    return {bytes.data(), shape_.dtype, room.heads.size(), tokens, shape_.head_dim_v};
}

float* RankBuffers::floats(std::int64_t buffer) {
    return reinterpret_cast<float*>(writable_bytes(buffer).data());
}

HeadMatrix<float> RankBuffers::delta(std::int64_t buffer) {
    const BufferPlan room = plan(BufferRole::delta, buffer);
    return {floats(buffer), room.heads.size(), token_set(room.tokens).size(), 1};
}

HeadMatrix<float> RankBuffers::lse(std::int64_t buffer) {
    if (at(buffer).partial.has_value()) {
        Partial& partial = this->partial(buffer);
        return {partial.lse(0), partial.heads(), partial.rows(), 1};
    }
    const BufferPlan room = plan(BufferRole::lse, buffer);
    return {floats(buffer), room.heads.size(), token_set(room.tokens).size(), 1};
}

HeadMatrix<float> RankBuffers::query_gradients(std::int64_t buffer) {
    const BufferPlan room = plan(BufferRole::query_gradients, buffer);
    return {floats(buffer), room.heads.size(), token_set(room.tokens).size(), shape_.head_dim_qk};
}

HeadMatrix<float> RankBuffers::key_gradients(std::int64_t buffer, std::int64_t set) {
    (void)room_for(BufferRole::key_value_gradients, buffer, set);
    const Range heads = plan(BufferRole::key_value_gradients, buffer).heads;
    return {floats(buffer), heads.size(), token_set(set).size(), shape_.head_dim_qk};
}

HeadMatrix<float> RankBuffers::value_gradients(std::int64_t buffer, std::int64_t set) {
    const HeadMatrix<float> k = key_gradients(buffer, set);
    return {k.row(k.heads, 0), k.heads, k.tokens, shape_.head_dim_v};
}

std::span<float> RankBuffers::key_value_gradients(std::int64_t buffer, std::int64_t set) {
    const HeadMatrix<float> k = key_gradients(buffer, set);
    return {k.data, static_cast<std::size_t>(k.heads * k.tokens * (shape_.head_dim_qk + shape_.head_dim_v))};
}

ScoreRows RankBuffers::scores(std::int64_t buffer) {
    const BufferPlan room = plan(BufferRole::scores, buffer);
    (void)room_for(BufferRole::scores, buffer, room.tokens);
    ScoreRows rows{{floats(buffer), room.heads.size(), token_set(room.tokens).size(), all_tokens()}, room.tokens, {}};
    for (std::int64_t rank = 0, first = 0; rank < ranks(); ++rank) {
        rows.first_columns.push_back(first);
        first += token_set(rank).size();
    }
    return rows;
}

HeadMatrix<float> RankBuffers::gradients_of_rank(BufferRole role, std::int64_t buffer, std::int64_t rank) {
    if (rank < 0 || rank >= ranks() || (role != BufferRole::key_gradients && role != BufferRole::value_gradients)) {
        throw failed(
            fmt::format("schedule: buffer {} has no block of {} for token set {}", buffer, to_string(role), rank));
    }
    const BufferPlan room = plan(role, buffer);
    (void)room_for(role, buffer, ranks());
    if (room.role != role) {
        throw failed(fmt::format("schedule: buffer {} holds {}, not in blocks of ranks", buffer, to_string(room.role)));
    }
    const std::int64_t dim = role == BufferRole::key_gradients ? shape_.head_dim_qk : shape_.head_dim_v;
    std::int64_t before = 0;
    for (std::int64_t other = 0; other < rank; ++other) {
        before += token_set(other).size();
    }
    return {floats(buffer) + room.heads.size() * before * dim, room.heads.size(), token_set(rank).size(), dim};
}

std::span<float> RankBuffers::take_result(BufferRole role, std::int64_t set) {
    auto found = buffers_.end();
    std::int64_t count = 0;
    for (auto buffer = buffers_.begin(); buffer != buffers_.end(); ++buffer) {
        if (buffer->second.plan.role == role) {
            ++count;
            found = buffer;
        }
    }
    if (count != 1 || found->second.plan.tokens != set || found->second.plan.heads != Range{0, all_heads(role)}) {
        throw failed(fmt::format("schedule: it ends with {} buffers of {} where one of the rank's own tokens is needed",
                                 count, to_string(role)));
    }
    const std::span<float> result = floats_of(found->second.memory);
    buffers_.erase(found);
    return result;
}

std::unique_ptr<Partial> RankBuffers::take_output() {
    const std::span<float> memory = take_result(BufferRole::partial, own_queries_);
    return std::make_unique<Partial>(memory, shape_.query_heads, token_set(own_queries_).size(), shape_.head_dim_v,
                                     rule_);
}

RankGradients RankBuffers::take_gradients() {
    const std::int64_t tokens = token_set(rank_).size();
    const float* queries = take_result(BufferRole::query_gradients, rank_).data();
    const float* keys = take_result(BufferRole::key_value_gradients, rank_).data();
    RankGradients gradients;
    gradients.queries = {queries, shape_.query_heads, tokens, shape_.head_dim_qk};
    gradients.keys = {keys, shape_.key_value_heads, tokens, shape_.head_dim_qk};
    gradients.values = {keys + gradients.keys.size(), shape_.key_value_heads, tokens, shape_.head_dim_v};
    return gradients;
}

std::span<const std::byte> RankBuffers::bytes(std::int64_t buffer, std::int64_t bytes) const {
    const std::span<const std::byte> all = content(buffer);
    if (bytes < 0 || bytes > static_cast<std::int64_t>(all.size())) {
        throw failed(fmt::format("schedule: {} bytes of buffer {}, which has {}", bytes, buffer, all.size()));
    }
    return all.first(static_cast<std::size_t>(bytes));
}

std::span<std::byte> RankBuffers::writable_bytes(std::int64_t buffer) {
    const Buffer& found = at(buffer);  // the rank's own tensors are not written
    return found.partial.has_value() ? std::span<std::byte>() : found.memory;
}

std::span<std::byte> RankBuffers::writable_bytes(std::int64_t buffer, std::int64_t bytes) {
    const std::span<std::byte> all = writable_bytes(buffer);
    if (bytes < 0 || bytes > static_cast<std::int64_t>(all.size())) {
        throw failed(fmt::format("schedule: {} bytes into buffer {}, which has {}", bytes, buffer, all.size()));
    }
    return all.first(static_cast<std::size_t>(bytes));
}

}  // namespace longscope
