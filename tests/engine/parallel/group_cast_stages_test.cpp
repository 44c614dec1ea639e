// SPDX-License-Identifier: GPL-3.0-or-later
// Group-cast in stages: what comes in each, and what the cost model chooses.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>

#include "engine/parallel/strategy/group_cast_plan.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr const char* causal = R"({"causal": {}})";
const AttentionShape shape{1, 4, 2, 16, 24, DType::bfloat16};

// Moving takes all the time: then any cut takes as long, and even ones are made.
constexpr CostModel slow_link{1'000'000'000'000'000'000, 0, 1000, 0};

DispatchedCase staged_case(AttentionCase problem, const std::string& dispatch, std::int64_t ranks, std::int64_t stages,
                           const CostModel& model) {
    DispatchedCase c(std::move(problem), dispatch, ranks);
    c.options.stages = stages;
    c.options.cost_model = model;
    return c;
}

std::string text_of(std::vector<std::int64_t> bytes, std::int64_t of_token) {
    std::string text;
    for (const std::int64_t one : bytes) {
        EXPECT_EQ(one % of_token, 0);
        text += fmt::format(" {}", one / of_token);
    }
    return text;
}

// An operation in a line: of transfers the tokens to and from each rank.
std::string line_of(const Operation& o, std::int64_t token_bytes) {
    switch (o.kind) {
        case OperationKind::alloc:
        case OperationKind::free:
            return fmt::format("{} {}", to_string(o.kind), o.buffer);
        case OperationKind::all_to_all:
            return fmt::format("{} all_to_all {}>{}:{} /{}", o.step, o.buffer, o.into,
                               text_of(o.sent_bytes, token_bytes), text_of(o.received_bytes, token_bytes));
        case OperationKind::attend:
            return fmt::format("{} attend keys {} in {} to {}: {}", o.step, o.keys, o.buffer, o.partial, o.pairs);
        case OperationKind::attend_backward:
            return fmt::format("{} attend_backward keys {} in {} to {}: {}", o.step, o.keys, o.buffer, o.into, o.pairs);
        case OperationKind::merge:
            return fmt::format("{} merge {}>{}", o.step, o.partial, o.into);
        case OperationKind::finalize:
            return fmt::format("{} finalize {}", o.step, o.partial);
        case OperationKind::barrier:
            return fmt::format("{} barrier", o.step);
        case OperationKind::delta:
            return fmt::format("{} delta {}>{}", o.step, o.partial, o.into);
        default:
            return fmt::format("{} {} {}>{}", o.step, to_string(o.kind), o.buffer, o.into);
    }
}

using Lines = std::vector<std::string>;

// Four ranks of 16 tokens: rank 2 sees its own and those of ranks 0 and 1, of which 8 each come in a stage; rank 3
// needs its tokens.
TEST(GroupCastStages, OfFourRanksAreWrittenAsByHand) {
    const DispatchedCase c = staged_case(self_attention(shape, 64, {}, causal), "contiguous", 4, 2, slow_link);
    const Schedule schedule = write_group_cast(c.input(2), Pass::forward_backward);
    Lines forward;
    Lines backward;
    for (const Operation& operation : schedule.operations) {
        const bool after_barrier = !backward.empty() || operation.kind == OperationKind::barrier;
        (after_barrier ? backward : forward)
            .push_back(line_of(operation, after_barrier ? shape.key_value_gradient_bytes_per_token()
                                                        : shape.key_value_bytes_per_token()));
    }
    EXPECT_EQ(forward, (Lines{"alloc 1",
                              // Both stages are under way before the rank computes on its own keys.
                              "alloc 8", "0 gather 0>8", "alloc 10", "0 all_to_all 8>10: 0 0 0 8 / 8 8 0 0",  //
                              "alloc 9", "1 gather 0>9", "alloc 11", "1 all_to_all 9>11: 0 0 0 8 / 8 8 0 0",
                              "0 attend keys 2 in 0 to 1: 136",
                              // The first.
                              "alloc 16", "1 scatter 10>16", "free 8", "free 10", "alloc 2",
                              "1 attend keys 11 in 16 to 2: 256", "1 merge 2>1", "free 2",
                              // The second.
                              "alloc 17", "2 scatter 11>17", "free 9", "free 11", "alloc 2",
                              "2 attend keys 18 in 17 to 2: 256", "2 merge 2>1", "free 2", "2 finalize 1"}));
    EXPECT_EQ(
        backward,
        (Lines{"3 barrier", "alloc 3", "3 delta 1>3", "alloc 4",
               // The second stage, whose gradients go home while those of the first are computed.
               "alloc 5", "3 attend_backward keys 18 in 17 to 5: 256", "free 17", "alloc 13", "3 gather 5>13", "free 5",
               "alloc 15", "3 all_to_all 13>15: 8 8 0 0 / 0 0 0 8", "alloc 6",
               // The first.
               "alloc 5", "4 attend_backward keys 11 in 16 to 5: 256", "free 16", "alloc 12", "4 gather 5>12", "free 5",
               "alloc 14", "4 all_to_all 12>14: 8 8 0 0 / 0 0 0 8", "4 scatter_add 15>6", "free 13", "free 15",
               // The own keys, beside what rank 3 has sent for them.
               "alloc 7", "5 attend_backward keys 2 in 0 to 7: 136", "free 3", "5 reduce 7>6", "free 7",
               "5 scatter_add 14>6", "free 12", "free 14"}));
    EXPECT_EQ(select_tokens(schedule.token_sets[11 - 5], c.tokens).ranges()[0], (Range{0, 8}));
    EXPECT_EQ(select_tokens(schedule.token_sets[11 - 5], c.tokens).ranges()[1], (Range{16, 24}));
    EXPECT_EQ(select_tokens(schedule.token_sets[18 - 5], c.tokens).ranges()[1], (Range{24, 32}));
}

// Without those of the last stage, forward alone lets go of keys as it goes.
TEST(GroupCastStages, ForwardFreesTheKeysOfAStageBeforeTheNext) {
    const DispatchedCase c = staged_case(self_attention(shape, 64, {}, causal), "contiguous", 4, 3, slow_link);
    Lines lines;
    for (const Operation& operation : write_group_cast(c.input(3), Pass::forward).operations) {
        if (operation.kind == OperationKind::alloc || operation.kind == OperationKind::free) {
            lines.push_back(line_of(operation, 1));
        }
    }
    EXPECT_EQ(lines, (Lines{"alloc 1",  "alloc 8",  "alloc 10", "alloc 9", "alloc 11",  //
                            "alloc 16", "free 8",   "free 10",  "alloc 8", "alloc 10", "alloc 2", "free 2",
                            "free 16",  "alloc 17", "free 9",   "free 11", "alloc 2",  "free 2",  "free 17",  //
                            "alloc 18", "free 8",   "free 10",  "alloc 2", "free 2",   "free 18"}));
}

AttentionCase any_case() {
    std::vector<std::int64_t> cu_seqlens{0, 12};
    for (const int length : *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 60))) {
        cu_seqlens.push_back(cu_seqlens.back() + length);
    }
    const auto mask = *rc::gen::element<std::string>(
        causal, R"({"full": {}})", R"({"not": {"full": {}}})", R"({"and": [{"documents": {}}, {"causal": {}}]})",
        R"({"window": {"left": 11, "right": 4}})",
        R"({"or": [{"sink": {"tokens": 2}}, {"window": {"left": 5, "right": 0}}]})");
    const std::int64_t tokens = cu_seqlens.back();
    return self_attention(shape, tokens, std::move(cu_seqlens), mask);
}

// Whatever the stages: each key that a query of a rank sees, and that another holds, comes once.
RC_GTEST_PROP(GroupCastStages, BringEveryNeededKeyOnce, ()) {
    const auto ranks = *rc::gen::inRange<std::int64_t>(2, 9);
    const auto dispatch =
        *rc::gen::element<std::string>("contiguous", "zigzag", "per_document_zigzag", "striped", "balanced_free");
    const CostModel model = *rc::gen::element(slow_link, cost_models[0].model, cost_models[1].model);
    const AttentionCase problem = any_case();
    const Pass pass = *rc::gen::element(Pass::forward, Pass::forward_backward);
    const auto stages = *rc::gen::inRange<std::int64_t>(0, 6);
    const DispatchedCase c = staged_case(problem, dispatch, ranks, stages, model);
    DispatchedCase in_one = c;
    in_one.options.stages = 1;
    const GroupCastPlan plan(c.input(0));
    const GroupCastPlan whole(in_one.input(0));
    RC_ASSERT(stages == 0 || plan.stages(pass) == stages);
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        std::int64_t tokens = 0;
        for (std::int64_t peer = 0; peer < ranks; ++peer) {
            std::int64_t of_peer = 0;
            for (std::int64_t stage = 0; stage < plan.stages(pass); ++stage) {
                const RangeSet part = plan.from_one(peer, rank, stage, pass);
                const std::int64_t count = plan.tokens_from_one(peer, rank, stage, pass);
                RC_ASSERT(count == (part.empty() ? 0 : select_tokens({{peer}, part}, c.tokens).size()));
                // The same of the set of all peers.
                const RangeSet all = plan.from_all(rank, stage, pass);
                RC_ASSERT(count == (all.empty() ? 0 : select_tokens({{peer}, all}, c.tokens).size()));
                of_peer += count;
            }
            RC_ASSERT(of_peer == whole.tokens_from_one(peer, rank, 0, pass));
            tokens += peer == rank ? 0 : of_peer;
        }
        const StrategyTotals sums = group_cast_totals(c.input(rank), TokenCounts(c.tokens), pass);
        const StrategyTotals of_one = group_cast_totals(in_one.input(rank), TokenCounts(c.tokens), pass);
        RC_ASSERT(sums.bytes_received == of_one.bytes_received);
        RC_ASSERT(sums.bytes_sent == of_one.bytes_sent);
        RC_ASSERT(pass != Pass::forward || sums.bytes_received == tokens * shape.key_value_bytes_per_token());
    }
}

AttentionCase long_case() {
    return self_attention({1, 32, 8, 128, 128, DType::bfloat16}, 8 * 4096, {}, causal);
}

TEST(GroupCastStages, AreChosenByTheModelThatTheLayoutNames) {
    const auto chosen = [](const CostModel& model) {
        return GroupCastPlan(staged_case(long_case(), "contiguous", 8, 0, model).input(0)).stages(Pass::forward);
    };
    EXPECT_GT(chosen(cost_models[0].model), 1) << "the link is not fast enough to hide all behind the own work";
    CostModel quick = cost_models[0].model;
    quick.link_bytes_per_s = 1'000'000'000'000'000;
    EXPECT_EQ(chosen(quick), 1) << "what takes no time needs no stages";
    CostModel late = quick;
    late.latency_ns = 1'000'000'000;
    EXPECT_EQ(chosen(late), 1) << "each stage would wait for a second";
    CostModel coarse = cost_models[0].model;
    coarse.half_rate_keys = 1'000'000;
    EXPECT_EQ(chosen(coarse), 1) << "small pieces are computed too slowly";
    EXPECT_LE(chosen(slow_link), 8);
}

TEST(GroupCastStages, TakeLessTimeByTheModelThanOne) {
    for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
        const GroupCastPlan plan(staged_case(long_case(), "contiguous", 8, 0, default_cost_model).input(0));
        EXPECT_GT(plan.stages(pass), 1);
        EXPECT_LT(plan.expected_ns(pass), plan.expected_of_one_stage_ns(pass));
    }
}

// Every rank plans alone: all must come to the same plan.
TEST(GroupCastStages, AreTheSameWhicheverRankPlans) {
    const DispatchedCase c = staged_case(long_case(), "zigzag", 8, 0, default_cost_model);
    const GroupCastPlan first(c.input(0));
    const GroupCastPlan last(c.input(7));
    ASSERT_EQ(first.stages(Pass::forward), last.stages(Pass::forward));
    for (std::int64_t stage = 0; stage < first.stages(Pass::forward); ++stage) {
        EXPECT_EQ(first.from_all(3, stage, Pass::forward), last.from_all(3, stage, Pass::forward));
    }
}

TEST(GroupCastStages, HoldLessThanOneStage) {
    const auto peak = [](std::int64_t stages) {
        const DispatchedCase c = staged_case(long_case(), "contiguous", 8, stages, slow_link);
        return group_cast_totals(c.input(7), TokenCounts(c.tokens), Pass::forward).peak_buffer_bytes;
    };
    EXPECT_LT(peak(4), peak(1));
    EXPECT_LT(peak(8), peak(4));
}

TEST(GroupCastStages, AreRefusedWhereAStrategyHasNone) {
    StrategyOptions options;
    options.stages = 2;
    for (const StrategyEntry& strategy : strategies()) {
        const std::string reason = strategy.infeasible(shape, 2, Pass::forward, options);
        if (strategy.has_stages) {
            EXPECT_EQ(reason, "");
        } else {
            EXPECT_EQ(reason, std::string(strategy.name) +
                                  " has no stages (layout.stages): its transfers are as its ranks lie");
        }
    }
}

TEST(GroupCastStages, SayWhatWasPlanned) {
    const DispatchedCase chosen = staged_case(long_case(), "contiguous", 8, 0, default_cost_model);
    const std::string text = find_strategy("group_cast").planned(chosen.input(0), Pass::forward);
    EXPECT_NE(text.find("stages of keys and values from other ranks, chosen by cost model h100_400g: "),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(" in one stage"), std::string::npos) << text;
    const DispatchedCase one = staged_case(long_case(), "contiguous", 8, 1, default_cost_model);
    EXPECT_EQ(find_strategy("group_cast").planned(one.input(0), Pass::forward),
              "1 stage of keys and values from other ranks");
}

}  // namespace
}  // namespace longscope
