// SPDX-License-Identifier: GPL-3.0-or-later
// The buffers of one rank while a schedule is carried out, by their numbers: each knows what it has room for, so that
// an operation that does not fit is an error and not damage.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "engine/kernel/partial.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/schedule.h"
#include "engine/tensor/aligned_buffer.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/head_view.h"

namespace longscope {

// One rank's tokens, in the order of its token set, dense and in the type of the shape. Keys and values lie in one
// buffer, keys first, as they travel.
struct RankInputs {
    std::span<const std::byte> queries;
    std::span<const std::byte> key_values;
};

// What a buffer has room for.
struct BufferPlan {
    BufferRole role = BufferRole::message;
    std::int64_t tokens = -1;  // token set; -1: of any size that fits
    Range heads;               // query heads of queries and partials, key/value heads of keys and values
};

class RankBuffers {
  public:
    // All arguments outlive the object. `tokens` are the dispatch's sets by rank; partial results merge by `rule`.
    RankBuffers(const AttentionShape& shape, const std::vector<TokenSet>& tokens, std::int64_t rank,
                const RankInputs& inputs, MergeRule rule = MergeRule::softmax);

    // Of an alloc. Throws Error: out_of_memory; failed when its size is not that of what it should have room for.
    void allocate(const Operation& operation);
    void free(std::int64_t buffer);

    // A token set of the schedule, by its number (engine/parallel/schedule.h).
    [[nodiscard]] const TokenSet& token_set(std::int64_t number) const;
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens_.size()); }
    [[nodiscard]] std::int64_t rank() const { return rank_; }
    [[nodiscard]] const AttentionShape& shape() const { return shape_; }

    // The rest throws Error(failed) when there is no such buffer, or it has not that role or that room.
    [[nodiscard]] BufferPlan plan(BufferRole role, std::int64_t buffer) const;
    [[nodiscard]] HeadView queries(std::int64_t buffer) const;  // -1: the rank's own
    [[nodiscard]] HeadView keys(std::int64_t buffer, std::int64_t token_set) const;
    [[nodiscard]] HeadView values(std::int64_t buffer, std::int64_t token_set) const;
    [[nodiscard]] Partial& partial(std::int64_t buffer);
    [[nodiscard]] std::unique_ptr<Partial> take_partial(std::int64_t buffer);
    // The first `bytes` bytes of keys and values, queries (-1: the rank's own) or a message.
    [[nodiscard]] std::span<const std::byte> bytes(std::int64_t buffer, std::int64_t bytes) const;
    [[nodiscard]] std::span<std::byte> writable_bytes(std::int64_t buffer, std::int64_t bytes);
    [[nodiscard]] std::span<std::byte> writable_bytes(std::int64_t buffer);  // all of them

  private:
    struct Buffer {
        BufferPlan plan;
        AlignedBuffer<std::byte> content;
        std::unique_ptr<Partial> partial;  // of BufferRole::partial, instead of content
    };

    [[nodiscard]] std::int64_t all_heads(BufferRole role) const;
    [[nodiscard]] const Buffer& at(std::int64_t buffer) const;
    [[nodiscard]] std::span<const std::byte> content(std::int64_t buffer) const;

    const AttentionShape& shape_;
    const std::vector<TokenSet>& tokens_;
    TokenSet all_tokens_;
    std::int64_t rank_;
    const RankInputs& inputs_;
    MergeRule rule_;
    std::map<std::int64_t, Buffer> buffers_;
};

}  // namespace longscope
