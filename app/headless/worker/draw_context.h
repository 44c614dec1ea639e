// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that one rank needs for one draw of an experiment: documents, mask, token sets, its part of the schedule
// (as it is read back from its stored form) and its inputs.
#pragma once

#include <memory>
#include <vector>

#include "engine/execute/executor.h"
#include "engine/experiment/experiment.h"
#include "engine/parallel/schedule.h"

namespace longscope {

class DrawContext {
  public:
    // Throws Error. The inputs are not made yet.
    DrawContext(const Experiment& experiment, std::int64_t draw, int rank, int ranks);

    // On the threads of the caller's task arena.
    void make_inputs();

    [[nodiscard]] const std::vector<std::int64_t>& documents() const { return documents_; }
    [[nodiscard]] const HeadMasks& masks() const { return masks_; }
    [[nodiscard]] const std::vector<TokenSet>& tokens() const { return tokens_; }
    [[nodiscard]] const TokenSet& own_tokens() const { return tokens_[static_cast<std::size_t>(schedule_.rank)]; }
    // Those that this rank has queries of, and its output rows of.
    [[nodiscard]] const TokenSet& own_queries() const { return own_queries_; }
    [[nodiscard]] const Schedule& schedule() const { return schedule_; }
    // Of this rank: pairs of all heads that it computes, and their share in each query head, in the mean: over all
    // ranks that makes the pairs of the mask, whether ranks share out tokens or heads.
    [[nodiscard]] std::int64_t head_pairs() const { return head_pairs_; }
    [[nodiscard]] std::int64_t pairs() const { return head_pairs_ / shape_.query_heads; }
    [[nodiscard]] std::uint64_t plan_hash() const { return plan_hash_; }
    [[nodiscard]] std::uint64_t input_seed() const { return input_seed_; }
    [[nodiscard]] RankInputs inputs() const;
    [[nodiscard]] const LayerScoring& scoring() const { return scoring_; }

  private:
    AttentionShape shape_;
    std::vector<std::int64_t> documents_;
    HeadMasks masks_;
    std::vector<TokenSet> tokens_;
    Schedule schedule_;
    TokenSet own_queries_;
    std::int64_t head_pairs_ = 0;
    std::uint64_t plan_hash_ = 0;
    std::uint64_t input_seed_ = 0;
    LayerScoring scoring_;
    AlignedBuffer<std::byte> queries_;
    AlignedBuffer<std::byte> key_values_;
    AlignedBuffer<std::byte> output_gradients_;  // empty without a backward pass
};

}  // namespace longscope
