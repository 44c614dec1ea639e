// SPDX-License-Identifier: GPL-3.0-or-later
// Group-cast (group_cast.cpp): which keys each rank needs of the others, and in which stages they come.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/clock.h"
#include "engine/mask/range_sets.h"
#include "engine/parallel/strategy.h"

namespace longscope {

// What one rank fetches and computes of each class of tokens.
struct GroupCastClasses {
    std::vector<std::int64_t> tokens;
    std::vector<std::int64_t> head_pairs;  // about
    std::int64_t own_tokens = 0;
    std::int64_t own_head_pairs = 0;  // about
    // Of the rank and those that it fetches from, what the busiest moves in a direction over what it fetches itself: an
    // exchange lasts as long as that one.
    double wait_factor = 1;
};

// What a rank holds is cut into classes of as many tokens, by their local order, so that a stage takes a share of every
// peer: no sender is asked for all it has at once. A stage is a run of classes, of each rank as suits its own work.
class GroupCastPlan : public StrategyPlan {
  public:
    explicit GroupCastPlan(const StrategyInput& input);

    // Of all ranks: those that have less to fetch leave some empty.
    [[nodiscard]] std::int64_t stages(Pass pass) const { return of(pass).count; }
    // Positions that `needing` sees, of which the tokens of `owner` come in a stage; empty where there are none.
    [[nodiscard]] RangeSet from_one(std::int64_t owner, std::int64_t needing, std::int64_t stage, Pass pass) const;
    // The same of all owners together; positions of `needing` itself may be among them.
    [[nodiscard]] RangeSet from_all(std::int64_t needing, std::int64_t stage, Pass pass) const;
    // How many tokens from_one() says.
    [[nodiscard]] std::int64_t tokens_from_one(std::int64_t owner, std::int64_t needing, std::int64_t stage,
                                               Pass pass) const;

    // By the cost model, of the rank that takes longest; 0 where nothing was worked out, since nothing is to choose.
    [[nodiscard]] Nanoseconds expected_ns(Pass pass) const { return of(pass).expected_ns; }
    [[nodiscard]] Nanoseconds expected_of_one_stage_ns(Pass pass) const { return of(pass).of_one_stage_ns; }

  private:
    struct Stages {
        std::int64_t count = 1;
        std::vector<std::vector<std::int64_t>> starts;  // by rank: the first class of each stage, and the end
        Nanoseconds expected_ns = 0;
        Nanoseconds of_one_stage_ns = 0;
    };

    [[nodiscard]] const Stages& of(Pass pass) const { return by_pass_.at(static_cast<std::size_t>(pass)); }
    [[nodiscard]] std::int64_t ranks() const { return static_cast<std::int64_t>(needs_.size()); }
    // Of the tokens of a rank that are in classes [classes.begin, classes.end).
    [[nodiscard]] Range positions_of(std::int64_t owner, Range classes) const;
    [[nodiscard]] RangeSet positions_of_all(Range classes) const;
    [[nodiscard]] Range classes_of(std::int64_t needing, std::int64_t stage, Pass pass) const;
    [[nodiscard]] std::int64_t tokens_in(std::int64_t owner, std::int64_t needing, Range classes) const;
    [[nodiscard]] GroupCastClasses work_of(std::int64_t rank, const StrategyInput& input,
                                           const std::vector<TokenSet>& of_classes) const;
    void plan_stages(const StrategyInput& input);
    void choose_stages(const std::vector<GroupCastClasses>& of_ranks, const StrategyInput& input, Pass pass);

    std::vector<TokenSet> tokens_;  // of every rank
    std::int64_t classes_ = 1;
    std::vector<RangeSet> needs_;  // positions that a query of each rank sees
    std::array<Stages, 2> by_pass_;
};

// That of the input, or a new one.
[[nodiscard]] std::shared_ptr<const GroupCastPlan> group_cast_plan_of(const StrategyInput& input);

}  // namespace longscope
