// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/pruned_rounds.h"

#include <algorithm>
#include <utility>

#include "engine/base/thread_team.h"
#include "engine/mask/key_coverage.h"

namespace longscope {

namespace {

std::int64_t tokens_at(const TokenSet& set, const RangeSet& positions) {
    std::int64_t tokens = 0;
    for (const Range range : positions) {
        tokens += set.count_in(range);
    }
    return tokens;
}

// What a block moves one way round.
struct Round {
    std::vector<RangeSet> hops;  // positions, of each hop; the last is of the rank farthest from the owner
    std::int64_t tokens = 0;     // of all hops
};

Round round_of(const StrategyInput& input, const std::vector<RangeSet>& covered, std::int64_t owner, RingWay way) {
    const std::int64_t ranks = input.ranks();
    const TokenSet& block = input.tokens[static_cast<std::size_t>(owner)];
    Round round;
    round.hops.resize(static_cast<std::size_t>(ranks - 1));
    if (block.size() == 0) {
        return round;
    }
    const RangeSet span{{block.position(0), block.position(block.size() - 1) + 1}};
    RangeSet needed;
    std::int64_t tokens = 0;
    for (std::int64_t hop = ranks - 1; hop-- > 0;) {
        const std::int64_t distance = way == RingWay::onward ? hop + 1 : ranks - hop - 1;
        const RangeSet more = common_ranges(covered[static_cast<std::size_t>((owner + distance) % ranks)], span);
        if (RangeSet united = united_ranges(needed, more); united != needed) {
            needed = std::move(united);
            tokens = tokens_at(block, needed);
        }
        round.hops[static_cast<std::size_t>(hop)] = needed;
        round.tokens += tokens;
    }
    return round;
}

}  // namespace

NeededKeys::NeededKeys(const StrategyInput& input) : of_ranks(input.tokens.size()) {
    ThreadTeam().for_each(input.ranks(), [&](std::int64_t rank) {
        const auto at = static_cast<std::size_t>(rank);
        of_ranks[at] = covered_keys(input.masks, input.tokens[at]);
    });
}

std::shared_ptr<const StrategyPlan> plan_pruned_ring(const StrategyInput& input) {
    return std::make_shared<const NeededKeys>(input);
}

PrunedRounds::PrunedRounds(const StrategyInput& input) : steps_(input.tokens.size()) {
    auto needed = std::dynamic_pointer_cast<const NeededKeys>(input.plan);
    if (needed == nullptr) {
        needed = std::make_shared<const NeededKeys>(input);
    }
    const std::vector<RangeSet>& covered = needed->of_ranks;
    own_covered_ = covered[static_cast<std::size_t>(input.rank)];
    const std::int64_t ranks = input.ranks();
    for (std::int64_t owner = 0; owner < ranks; ++owner) {
        Round onward = round_of(input, covered, owner, RingWay::onward);
        Round back = round_of(input, covered, owner, RingWay::back);
        const RingWay way = back.tokens < onward.tokens ? RingWay::back : RingWay::onward;
        Round& round = way == RingWay::onward ? onward : back;
        const std::int64_t ahead = way == RingWay::onward ? input.rank - owner : owner - input.rank;
        const auto step = static_cast<std::size_t>((ahead + ranks) % ranks);
        const TokenSet& tokens = input.tokens[static_cast<std::size_t>(owner)];
        if (step == 0) {
            own_way_ = way;
            for (std::size_t hop = 0; hop < round.hops.size(); ++hop) {
                own_ending_.push_back(hop + 1 == round.hops.size()
                                          ? round.hops[hop]
                                          : rest_of_ranges(round.hops[hop], round.hops[hop + 1]));
                own_ending_tokens_.push_back(tokens_at(tokens, own_ending_.back()));
            }
        }
        PrunedBlock block;
        block.owner = owner;
        block.arriving_tokens = tokens.size();
        if (step > 0) {
            block.arriving = std::move(round.hops[step - 1]);
            block.arriving_tokens = tokens_at(tokens, block.arriving);
        }
        if (step + 1 < input.tokens.size()) {
            block.leaving = std::move(round.hops[step]);
            block.leaving_tokens = tokens_at(tokens, block.leaving);
        }
        if (step == 0 || block.arriving_tokens > 0) {
            steps_[step][static_cast<std::size_t>(way)] = std::move(block);
        }
    }
}

bool PrunedRounds::sees(const StrategyInput& input, const PrunedBlock& block) const {
    return tokens_at(input.tokens[static_cast<std::size_t>(block.owner)], common_ranges(block.arriving, own_covered_)) >
           0;
}

const PrunedBlock* PrunedRounds::at(std::int64_t step, RingWay way) const {
    const std::optional<PrunedBlock>& block = steps_[static_cast<std::size_t>(step)][static_cast<std::size_t>(way)];
    return block ? &*block : nullptr;
}

}  // namespace longscope
