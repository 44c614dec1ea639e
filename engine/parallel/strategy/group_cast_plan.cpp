// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/strategy/group_cast_plan.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/thread_team.h"
#include "engine/mask/key_coverage.h"
#include "engine/parallel/overlap_stages.h"

namespace longscope {

namespace {

constexpr std::int64_t most_chosen_stages = 8;  // as MagiAttention's dynamic degree

// Fewer for many ranks, so that planning takes no longer.
std::int64_t class_count(std::int64_t ranks) {
    return std::clamp<std::int64_t>(1024 / ranks, 16, 32);
}

template <typename Visit>
void for_each_within(const RangeSet& ranges, Range bounds, Visit visit) {
    auto range = std::partition_point(ranges.begin(), ranges.end(), [&](Range r) { return r.end <= bounds.begin; });
    for (; range != ranges.end() && range->begin < bounds.end; ++range) {
        visit(intersect(*range, bounds));
    }
}

PassCosts costs_of(const GroupCastClasses& classes, const StrategyInput& input, Direction direction) {
    const AttentionShape& shape = input.shape;
    const CostModel& model = input.options.cost_model;
    const std::int64_t token_bytes = direction == Direction::forward
                                         ? shape.key_value_bytes_per_token()
                                         : input.wire().gradients(shape.key_value_gradient_bytes_per_token());
    const auto computing = [&](std::int64_t head_pairs, std::int64_t keys) {
        return model.computing_ns(flops_of_head_pairs(shape, static_cast<double>(head_pairs), direction), keys);
    };
    const auto count = static_cast<std::int64_t>(classes.tokens.size());
    PassCosts costs;
    costs.computing_own = computing(classes.own_head_pairs, classes.own_tokens);
    costs.moving.resize(static_cast<std::size_t>((count + 1) * (count + 1)));
    costs.computing.resize(costs.moving.size());
    for (std::int64_t first = 0; first <= count; ++first) {
        std::int64_t tokens = 0;
        std::int64_t head_pairs = 0;
        for (std::int64_t last = first; last <= count; ++last) {
            const auto at = static_cast<std::size_t>(first * (count + 1) + last);
            costs.moving[at] = model.moving_ns(static_cast<double>(tokens * token_bytes) * classes.wait_factor);
            costs.computing[at] = computing(head_pairs, tokens);
            if (last < count) {
                tokens += classes.tokens[static_cast<std::size_t>(last)];
                head_pairs += classes.head_pairs[static_cast<std::size_t>(last)];
            }
        }
    }
    return costs;
}

}  // namespace

GroupCastPlan::GroupCastPlan(const StrategyInput& input)
    : tokens_(input.tokens), classes_(class_count(input.ranks())), needs_(input.tokens.size()) {
    ThreadTeam().for_each(ranks(), [&](std::int64_t rank) {
        const auto at = static_cast<std::size_t>(rank);
        needs_[at] = covered_keys(input.masks, tokens_[at]);
    });
    for (Stages& stages : by_pass_) {
        stages.starts.assign(needs_.size(), {0, classes_});
    }
    if (ranks() > 1 && input.options.stages != 1) {
        plan_stages(input);
    }
}

Range GroupCastPlan::positions_of(std::int64_t owner, Range classes) const {
    const TokenSet& tokens = tokens_[static_cast<std::size_t>(owner)];
    const Range locals{classes.begin * tokens.size() / classes_, classes.end * tokens.size() / classes_};
    return locals.empty() ? Range{} : Range{tokens.position(locals.begin), tokens.position(locals.end - 1) + 1};
}

// Most often the parts of all ranks have much in common, of which every token is wanted; or each rank's is one range.
RangeSet GroupCastPlan::positions_of_all(Range classes) const {
    std::vector<Range> parts;
    Range common{0, max_tokens};
    for (std::int64_t rank = 0; rank < ranks(); ++rank) {
        parts.push_back(positions_of(rank, classes));
        if (tokens_[static_cast<std::size_t>(rank)].size() > 0) {
            common = intersect(common, parts.back());
        }
    }
    if (common.empty() || common == Range{0, max_tokens}) {
        common = {};
    }
    RangeSet all{common};
    for (std::size_t rank = 0; rank < parts.size(); ++rank) {
        const Range part = parts[rank];
        const Range before = common.empty() ? part : Range{part.begin, common.begin};
        const Range behind = common.empty() ? Range{} : Range{common.end, part.end};
        for (const Range rest : {before, behind}) {
            if (part.empty() || rest.empty()) {
                continue;
            }
            const auto [first, last] = tokens_[rank].ranges_meeting(rest);
            for (std::size_t i = first; i < last; ++i) {
                all.push_back(intersect(tokens_[rank].ranges()[i], rest));
            }
        }
    }
    std::sort(all.begin(), all.end(), [](Range a, Range b) { return a.begin < b.begin; });
    return joined_ranges(std::move(all));
}

Range GroupCastPlan::classes_of(std::int64_t needing, std::int64_t stage, Pass pass) const {
    const std::vector<std::int64_t>& starts = of(pass).starts[static_cast<std::size_t>(needing)];
    return {starts[static_cast<std::size_t>(stage)], starts[static_cast<std::size_t>(stage) + 1]};
}

RangeSet GroupCastPlan::from_one(std::int64_t owner, std::int64_t needing, std::int64_t stage, Pass pass) const {
    RangeSet positions;
    for_each_within(needs_[static_cast<std::size_t>(needing)], positions_of(owner, classes_of(needing, stage, pass)),
                    [&](Range range) { positions.push_back(range); });
    return positions;
}

RangeSet GroupCastPlan::from_all(std::int64_t needing, std::int64_t stage, Pass pass) const {
    const RangeSet& needs = needs_[static_cast<std::size_t>(needing)];
    const Range classes = classes_of(needing, stage, pass);
    return classes == Range{0, classes_} ? needs : common_ranges(needs, positions_of_all(classes));
}

std::int64_t GroupCastPlan::tokens_in(std::int64_t owner, std::int64_t needing, Range classes) const {
    std::int64_t count = 0;
    for_each_within(needs_[static_cast<std::size_t>(needing)], positions_of(owner, classes),
                    [&](Range range) { count += tokens_[static_cast<std::size_t>(owner)].count_in(range); });
    return count;
}

std::int64_t GroupCastPlan::tokens_from_one(std::int64_t owner, std::int64_t needing, std::int64_t stage,
                                            Pass pass) const {
    return tokens_in(owner, needing, classes_of(needing, stage, pass));
}

// Pairs of all rows are estimated from some: counting pairs of sets in many pieces takes long.
GroupCastClasses GroupCastPlan::work_of(std::int64_t rank, const StrategyInput& input,
                                        const std::vector<TokenSet>& of_classes) const {
    constexpr std::int64_t most_sampled = 64;
    const TokenSet& own = tokens_[static_cast<std::size_t>(rank)];
    const std::int64_t sampled = std::min(own.size(), most_sampled);
    const std::vector<std::int64_t> heads = input.masks.heads_of_kinds({0, input.shape.query_heads});
    GroupCastClasses work;
    work.own_tokens = own.size();
    work.head_pairs.assign(of_classes.size(), 0);
    std::vector<Range> runs;
    for (std::int64_t i = 0; i < sampled; ++i) {
        const std::int64_t row = own.position((2 * i + 1) * own.size() / (2 * sampled));
        for (std::size_t kind = 0; kind < heads.size(); ++kind) {
            if (heads[kind] == 0) {
                continue;
            }
            input.masks.kind(static_cast<std::int64_t>(kind)).row_runs(row, runs);
            for (const Range run : runs) {
                work.own_head_pairs += heads[kind] * own.count_in(run);
                for (std::size_t one = 0; one < of_classes.size(); ++one) {
                    const auto number = static_cast<std::int64_t>(one);
                    const Range own_part = intersect(run, positions_of(rank, {number, number + 1}));
                    work.head_pairs[one] +=
                        heads[kind] * (of_classes[one].count_in(run) - (own_part.empty() ? 0 : own.count_in(own_part)));
                }
            }
        }
    }
    const auto of_all_rows = [&](std::int64_t& pairs) {
        pairs = sampled == 0 ? 0
                             : std::llround(static_cast<double>(pairs) * static_cast<double>(own.size()) /
                                            static_cast<double>(sampled));
    };
    of_all_rows(work.own_head_pairs);
    std::for_each(work.head_pairs.begin(), work.head_pairs.end(), of_all_rows);
    return work;
}

void GroupCastPlan::plan_stages(const StrategyInput& input) {
    std::vector<TokenSet> of_classes;
    for (std::int64_t one = 0; one < classes_; ++one) {
        of_classes.emplace_back(positions_of_all({one, one + 1}));
    }
    std::vector<std::vector<std::int64_t>> fetched(needs_.size(), std::vector<std::int64_t>(needs_.size(), 0));
    std::vector<GroupCastClasses> of_ranks(needs_.size());
    ThreadTeam().for_each(ranks(), [&](std::int64_t rank) {
        GroupCastClasses& classes = of_ranks[static_cast<std::size_t>(rank)];
        classes = work_of(rank, input, of_classes);
        for (std::int64_t one = 0; one < classes_; ++one) {
            std::int64_t tokens = 0;
            for (std::int64_t owner = 0; owner < ranks(); ++owner) {
                const std::int64_t of_owner = owner == rank ? 0 : tokens_in(owner, rank, {one, one + 1});
                fetched[static_cast<std::size_t>(rank)][static_cast<std::size_t>(owner)] += of_owner;
                tokens += of_owner;
            }
            classes.tokens.push_back(tokens);
        }
    });

    std::vector<std::int64_t> most_moved(needs_.size(), 0);  // of what comes and what goes
    for (std::size_t rank = 0; rank < needs_.size(); ++rank) {
        std::int64_t comes = 0;
        std::int64_t goes = 0;
        for (std::size_t peer = 0; peer < needs_.size(); ++peer) {
            comes += fetched[rank][peer];
            goes += fetched[peer][rank];
        }
        most_moved[rank] = std::max(comes, goes);
    }
    for (std::size_t rank = 0; rank < needs_.size(); ++rank) {
        std::int64_t comes = 0;
        std::int64_t busiest = most_moved[rank];
        for (std::size_t peer = 0; peer < needs_.size(); ++peer) {
            comes += fetched[rank][peer];
            busiest = fetched[rank][peer] > 0 ? std::max(busiest, most_moved[peer]) : busiest;
        }
        of_ranks[rank].wait_factor = comes == 0 ? 1 : static_cast<double>(busiest) / static_cast<double>(comes);
    }
    choose_stages(of_ranks, input, Pass::forward);
    choose_stages(of_ranks, input, Pass::forward_backward);
}

void GroupCastPlan::choose_stages(const std::vector<GroupCastClasses>& of_ranks, const StrategyInput& input,
                                  Pass pass) {
    std::vector<StageSearch> searches;
    for (const GroupCastClasses& classes : of_ranks) {
        std::vector<PassCosts> costs{costs_of(classes, input, Direction::forward)};
        if (pass == Pass::forward_backward) {
            costs.push_back(costs_of(classes, input, Direction::backward));
        }
        searches.emplace_back(std::move(costs), classes.tokens);
    }
    Stages& best = by_pass_.at(static_cast<std::size_t>(pass));
    const std::int64_t asked = input.options.stages;
    for (std::int64_t count = 1; count <= (asked > 0 ? asked : most_chosen_stages); ++count) {
        std::vector<StageCut> cuts(searches.size());
        ThreadTeam().for_each(ranks(), [&](std::int64_t rank) {
            cuts[static_cast<std::size_t>(rank)] = searches[static_cast<std::size_t>(rank)].next();
        });
        const Nanoseconds longest =
            std::max_element(cuts.begin(), cuts.end(), [](const StageCut& a, const StageCut& b) {
                return a.time_ns < b.time_ns;
            })->time_ns;
        if (count == 1) {
            best.of_one_stage_ns = longest;
        } else if (asked == 0 && longest > best.expected_ns - best.expected_ns / 100) {
            break;  // a hundredth is not worth another stage
        }
        best.count = count;
        best.expected_ns = longest;
        for (std::size_t rank = 0; rank < cuts.size(); ++rank) {
            best.starts[rank] = std::move(cuts[rank].starts);
        }
    }
}

std::shared_ptr<const StrategyPlan> plan_group_cast(const StrategyInput& input) {
    return std::make_shared<const GroupCastPlan>(input);
}

std::shared_ptr<const GroupCastPlan> group_cast_plan_of(const StrategyInput& input) {
    auto known = std::dynamic_pointer_cast<const GroupCastPlan>(input.plan);
    return known != nullptr ? known : std::make_shared<const GroupCastPlan>(input);
}

}  // namespace longscope
