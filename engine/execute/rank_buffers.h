// SPDX-License-Identifier: GPL-3.0-or-later
// The buffers of one rank while a schedule is carried out, by their numbers: each knows what it has room for, so that
// an operation that does not fit is an error and not damage.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/execute/buffer_memory.h"
#include "engine/execute/buffer_room.h"
#include "engine/execute/copy_count.h"
#include "engine/kernel/partial.h"
#include "engine/mask/token_set.h"
#include "engine/parallel/schedule.h"
#include "engine/tensor/attention_shape.h"
#include "engine/tensor/head_matrix.h"
#include "engine/tensor/head_view.h"

namespace longscope {

// One rank's tokens, in the order of its token set, dense and in the type of the shape. Keys and values lie in one
// buffer, keys first, as they travel.
struct RankInputs {
    std::span<const std::byte> queries;
    std::span<const std::byte> key_values;
    std::span<const std::byte> output_gradients = {};  // empty where there is no backward pass
};

// Of the tokens of a rank, in float32: query heads x tokens x Dqk; key/value heads x tokens x Dqk, and x Dv. They lie
// in the memory of the buffers.
struct RankGradients {
    HeadMatrix<const float> queries;
    HeadMatrix<const float> keys;
    HeadMatrix<const float> values;
    // Of each query head, from the rows whose delta this rank computed: the gradient is the sum over the ranks. Empty
    // without sinks.
    std::vector<float> sinks;
};

// Those of all keys, block by block.
struct ScoreRows {
    HeadMatrix<float> rows;                   // query heads x queries x all keys
    std::int64_t queries = -1;                // token set
    std::vector<std::int64_t> first_columns;  // of the block of each rank
};

class RankBuffers {
  public:
    // All arguments outlive the object; the memory is that of the schedule, and no results of before are needed any
    // more. `tokens` are the dispatch's sets by rank; partial results merge by `rule`.
    RankBuffers(const AttentionShape& shape, const std::vector<TokenSet>& tokens, const Schedule& schedule,
                const RankInputs& inputs, MergeRule rule, BufferMemory& memory);
    RankBuffers(const RankBuffers&) = delete;
    RankBuffers& operator=(const RankBuffers&) = delete;
    RankBuffers(RankBuffers&&) = delete;
    RankBuffers& operator=(RankBuffers&&) = delete;
    ~RankBuffers();

    // Of an alloc. Throws Error(failed) when its size is not that of what it should have room for.
    void allocate(const Operation& operation);
    void free(std::int64_t buffer);
    // The most that buffers took at once.
    [[nodiscard]] std::int64_t peak_bytes() const { return peak_bytes_; }
    // Of everything that is copied between them.
    [[nodiscard]] CopyCount& copies() { return copies_; }

    // A token set of the schedule, by its number (engine/parallel/schedule.h).
    [[nodiscard]] const TokenSet& token_set(std::int64_t number) const;
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(tokens_.size()); }
    [[nodiscard]] std::int64_t rank() const { return rank_; }
    [[nodiscard]] const AttentionShape& shape() const { return shape_; }

    // The rest throws Error(failed) when there is no such buffer, or it has not that role or that room.
    [[nodiscard]] BufferPlan plan(BufferRole role, std::int64_t buffer) const;
    [[nodiscard]] HeadView queries(std::int64_t buffer, std::int64_t token_set) const;  // -1: the rank's own
    [[nodiscard]] HeadView keys(std::int64_t buffer, std::int64_t token_set) const;
    [[nodiscard]] HeadView values(std::int64_t buffer, std::int64_t token_set) const;
    [[nodiscard]] Partial& partial(std::int64_t buffer);
    [[nodiscard]] HeadView output_gradients(std::int64_t buffer) const;  // own_output_gradients: the rank's own
    [[nodiscard]] HeadMatrix<float> delta(std::int64_t buffer);          // of dimension 1
    [[nodiscard]] HeadMatrix<float> lse(std::int64_t buffer);            // likewise; of a partial, or alone
    [[nodiscard]] HeadMatrix<float> query_gradients(std::int64_t buffer);
    [[nodiscard]] HeadMatrix<float> key_gradients(std::int64_t buffer, std::int64_t token_set);
    [[nodiscard]] HeadMatrix<float> value_gradients(std::int64_t buffer, std::int64_t token_set);
    [[nodiscard]] ScoreRows scores(std::int64_t buffer);
    // The block of a rank of key_gradients or value_gradients.
    [[nodiscard]] HeadMatrix<float> gradients_of_rank(BufferRole role, std::int64_t buffer, std::int64_t rank);
    // Both together, keys first.
    [[nodiscard]] std::span<float> key_value_gradients(std::int64_t buffer, std::int64_t token_set);

    // What is left when a schedule has ended (engine/parallel/schedule.h). It lies in the memory that was given.
    [[nodiscard]] std::unique_ptr<Partial> take_output();
    [[nodiscard]] RankGradients take_gradients();

    // The first `bytes` bytes of a buffer that is no partial; the rank's own inputs have the numbers of
    // engine/parallel/schedule.h.
    [[nodiscard]] std::span<const std::byte> bytes(std::int64_t buffer, std::int64_t bytes) const;
    [[nodiscard]] std::span<std::byte> writable_bytes(std::int64_t buffer, std::int64_t bytes);
    [[nodiscard]] std::span<std::byte> writable_bytes(std::int64_t buffer);  // all of them

  private:
    struct Buffer {
        BufferPlan plan;
        std::span<std::byte> memory;
        std::optional<Partial> partial;  // of BufferRole::partial, in that memory
    };

    [[nodiscard]] std::int64_t all_heads(BufferRole role) const;
    [[nodiscard]] std::int64_t all_tokens() const;
    [[nodiscard]] std::int64_t expected_bytes(const BufferPlan& plan, const TokenSet& tokens) const;
    // The content of a buffer, with room for that of a token set.
    [[nodiscard]] const std::byte* room_for(BufferRole part, std::int64_t buffer, std::int64_t set) const;
    // The memory of the only one of a role, for all heads and the tokens of a set; it stays in use.
    [[nodiscard]] std::span<float> take_result(BufferRole role, std::int64_t set);
    [[nodiscard]] float* floats(std::int64_t buffer);
    [[nodiscard]] const Buffer& at(std::int64_t buffer) const;
    [[nodiscard]] std::span<const std::byte> content(std::int64_t buffer) const;

    const AttentionShape& shape_;
    const std::vector<TokenSet>& tokens_;
    std::vector<TokenSet> more_tokens_;  // all, then the selections
    std::int64_t rank_;
    std::int64_t own_queries_;  // token set
    const RankInputs& inputs_;
    MergeRule rule_;
    BufferMemory& memory_;
    CopyCount copies_;
    std::map<std::int64_t, Buffer> buffers_;
    std::int64_t live_bytes_ = 0;
    std::int64_t peak_bytes_ = 0;
};

}  // namespace longscope
