// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/step_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

StepTable table_of(const char* strategy, const char* dispatch, std::int64_t ranks, Pass pass = Pass::forward) {
    AttentionCase problem;
    problem.shape = {1, 4, 4, 16, 16, DType::float32};
    problem.domain = {100 * ranks, 100 * ranks, {}};
    problem.mask_json = R"({"causal": {}})";
    const DispatchedCase c(std::move(problem), dispatch, ranks);
    std::vector<StepTableRow> rows;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        rows.push_back(step_table_row(find_strategy(strategy).write(pass, c.input(rank))));
    }
    return step_table(std::move(rows));
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

// All that is sent is told, with the pass that it belongs to.
TEST(StepTable, TellsTheTwoPassesApart) {
    const StepTable forward = table_of("ring", "zigzag", 4);
    EXPECT_FALSE(forward.backward_from);
    const StepTable both = table_of("ring", "zigzag", 4, Pass::forward_backward);
    ASSERT_TRUE(both.backward_from);
    EXPECT_EQ(*both.backward_from, 4);
    std::int64_t bytes = 0;
    for (const StepTransfer& transfer : both.transfers) {
        EXPECT_EQ(transfer.direction, transfer.step < 4 ? Direction::forward : Direction::backward);
        bytes += transfer.direction == Direction::forward ? transfer.bytes : 0;
    }
    EXPECT_EQ(bytes, forward.bytes_moved());
    for (std::size_t step = 0; step < both.steps(); ++step) {
        EXPECT_EQ(both.ranks[0][step].backward_flops > 0, step >= 4);
    }
    // Keys and values and the sums of their gradients go to the same rank in one step.
    EXPECT_EQ(both.transfers.back().messages, 1);
    EXPECT_EQ(std::count_if(both.transfers.begin(), both.transfers.end(),
                            [](const StepTransfer& transfer) { return transfer.messages == 2; }),
              3 * 4);
}

TEST(StepTable, SumsUpTheWorkOfTheSchedules) {
    const AttentionShape shape{1, 4, 4, 16, 16, DType::float32};
    for (const char* strategy : {"ring", "all_gather", "ulysses", "usp", "group_cast", "rsa", "tensor_parallel"}) {
        for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
            const StepTable table = table_of(strategy, "zigzag", 4, pass);
            double flops = 0;
            double backward = 0;
            for (const std::vector<RankStep>& steps : table.ranks) {
                EXPECT_EQ(steps.size(), table.steps());
                for (const RankStep& step : steps) {
                    flops += step.flops;
                    backward += step.backward_flops;
                    EXPECT_LE(step.flops, table.largest_flops());
                }
            }
            EXPECT_DOUBLE_EQ(flops - backward, flops_of_head_pairs(shape, 4.0 * (400.0 * 401 / 2), Pass::forward));
            EXPECT_DOUBLE_EQ(flops, flops_of_head_pairs(shape, 4.0 * (400.0 * 401 / 2), pass)) << strategy;
        }
    }
}

}  // namespace
}  // namespace longscope
