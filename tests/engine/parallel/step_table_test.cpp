// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_table.h"

#include <gtest/gtest.h>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

StepTable table_of(const char* strategy, const char* dispatch, std::int64_t ranks, Pass pass = Pass::forward) {
    AttentionCase problem;
    problem.shape = {1, 4, 4, 16, 16, DType::float32};
    problem.domain = {100 * ranks, 100 * ranks, {}};
    problem.mask_json = R"({"causal": {}})";
    const DispatchedCase c(std::move(problem), dispatch, ranks);
    std::vector<Schedule> schedules;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        schedules.push_back(find_strategy(strategy).write(pass, c.input(rank)));
    }
    return step_table(schedules);
}

std::string works(const StepTable& table, std::size_t rank) {
    std::string text;
    for (const RankStep& step : table.ranks[rank]) {
        text += (text.empty() ? "" : " ") + std::string(to_string(step.work));
    }
    return text;
}

// A causal ring of contiguous parts: each step leaves one more rank without work (the basic ring's known imbalance).
TEST(StepTable, ShowsTheIdleStepsOfACausalRing) {
    const StepTable table = table_of("ring", "contiguous", 4);
    EXPECT_EQ(works(table, 0), "own idle idle idle");
    EXPECT_EQ(works(table, 1), "own own idle idle");
    EXPECT_EQ(works(table, 3), "own own own own");
    const std::int64_t block = 100 * 4 * 32 * 4;
    ASSERT_EQ(table.transfers.size(), 12U);  // three hops of four ranks
    EXPECT_EQ(table.transfers[0], (StepTransfer{0, 0, 1, block}));
    EXPECT_EQ(table.transfers[11], (StepTransfer{2, 3, 0, block}));
}

TEST(StepTable, ShowsRanksThatHelpOthers) {
    const StepTable table = table_of("token_ring", "zigzag", 4);
    for (std::size_t rank = 0; rank < 4; ++rank) {
        EXPECT_EQ(works(table, rank), "own help help help");
    }
}

TEST(StepTable, SumsUpTheWorkOfTheSchedules) {
    for (const char* strategy : {"ring", "all_gather", "ulysses", "usp", "group_cast"}) {
        for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
            const StepTable table = table_of(strategy, "zigzag", 4, pass);
            double flops = 0;
            for (const std::vector<RankStep>& steps : table.ranks) {
                EXPECT_EQ(steps.size(), table.steps());
                for (const RankStep& step : steps) {
                    flops += step.flops;
                }
            }
            EXPECT_DOUBLE_EQ(flops,
                             flops_of_head_pairs({1, 4, 4, 16, 16, DType::float32}, 4.0 * (400.0 * 401 / 2), pass))
                << strategy;
        }
    }
}

}  // namespace
}  // namespace longscope
