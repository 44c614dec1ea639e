// SPDX-License-Identifier: GPL-3.0-or-later
// What has to travel in a ring when the mask is known: of the block of each rank, at each hop, the tokens that the rank
// that gets them or a later one on the round needs. A block takes the way round in which it moves fewer tokens.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/mask/range_sets.h"
#include "engine/parallel/strategy.h"

namespace longscope {

enum class RingWay : std::uint8_t { onward, back };  // to the next rank, or to the one before

inline constexpr std::array<RingWay, 2> ring_ways{RingWay::onward, RingWay::back};

// Of one block, at the rank that asks.
struct PrunedBlock {
    std::int64_t owner = 0;
    RangeSet arriving;  // positions; of the rank's own block, all of its tokens
    RangeSet leaving;   // among them
    std::int64_t arriving_tokens = 0;
    std::int64_t leaving_tokens = 0;

    // That nobody further on needs.
    [[nodiscard]] RangeSet ending() const { return rest_of_ranges(arriving, leaving); }
    [[nodiscard]] std::int64_t ending_tokens() const { return arriving_tokens - leaving_tokens; }
    // Does some of what arrived go on, and some not?
    [[nodiscard]] bool parts() const { return leaving_tokens > 0 && ending_tokens() > 0; }
};

// The keys that a query of each rank sees. Worked out once for all ranks: it takes time with all their tokens.
struct NeededKeys : StrategyPlan {
    explicit NeededKeys(const StrategyInput& input);

    std::vector<RangeSet> of_ranks;
};
[[nodiscard]] std::shared_ptr<const StrategyPlan> plan_pruned_ring(const StrategyInput& input);

class PrunedRounds {
  public:
    explicit PrunedRounds(const StrategyInput& input);

    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(steps_.size()); }
    // The block that is at the rank in a step, having come that way; null where none has. The own block, in step 0, has
    // the way that it leaves by.
    [[nodiscard]] const PrunedBlock* at(std::int64_t step, RingWay way) const;
    [[nodiscard]] RingWay own_way() const { return own_way_; }
    // Of the own block: what ends at the rank that it comes to in a step, from 1 on.
    [[nodiscard]] const RangeSet& own_ending(std::int64_t step) const {
        return own_ending_[static_cast<std::size_t>(step - 1)];
    }
    [[nodiscard]] std::int64_t own_ending_tokens(std::int64_t step) const {
        return own_ending_tokens_[static_cast<std::size_t>(step - 1)];
    }
    // Does a query of the rank see what arrived of a block?
    [[nodiscard]] bool sees(const StrategyInput& input, const PrunedBlock& block) const;

  private:
    RingWay own_way_ = RingWay::onward;
    RangeSet own_covered_;
    std::vector<RangeSet> own_ending_;
    std::vector<std::int64_t> own_ending_tokens_;
    std::vector<std::array<std::optional<PrunedBlock>, 2>> steps_;
};

}  // namespace longscope
