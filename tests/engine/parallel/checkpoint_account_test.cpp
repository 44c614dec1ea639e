// SPDX-License-Identifier: GPL-3.0-or-later
// What the forward pass leaves to the backward pass, and what doing it again would cost.
#include "engine/parallel/checkpoint_account.h"

#include <gtest/gtest.h>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(std::int64_t ranks) {
    AttentionCase problem;
    problem.shape = {1, 8, 4, 16, 24, DType::bfloat16};
    problem.domain = {256, 256, {0, 60, 256}};
    problem.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    return {std::move(problem), "contiguous", ranks};
}

TEST(CheckpointAccount, HasTheForwardPassOfEveryStrategyApart) {
    int strategies_seen = 0;
    for (const StrategyEntry& strategy : strategies()) {
        if (!strategy.has_backward) {
            continue;
        }
        DispatchedCase c = make_case(4);
        c.options = feasible_options(strategy, c, Pass::forward_backward).back();
        for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
            SCOPED_TRACE(std::string(strategy.name) + ", rank " + std::to_string(rank));
            const Schedule both = strategy.write(Pass::forward_backward, c.input(rank));
            const ScheduleTotals forward = totals(strategy.write(Pass::forward, c.input(rank)));
            const CheckpointAccount account = checkpoint_account(both);
            EXPECT_EQ(account.forward_flops, forward.flops);
            EXPECT_EQ(account.forward_bytes_received, forward.bytes_received);
            EXPECT_EQ(account.flops, totals(both).flops);
            EXPECT_EQ(account.bytes_received, totals(both).bytes_received);
            EXPECT_GE(account.kept_bytes, Partial::size_bytes(8, 64, 24));
        }
        ++strategies_seen;
    }
    EXPECT_GE(strategies_seen, 10);
}

// The blocks' room stays, for those of the backward pass.
TEST(CheckpointAccount, OfARingKeepsOutputAndSumsAndRoomForTwoBlocks) {
    const DispatchedCase c = make_case(4);
    const CheckpointAccount account = checkpoint_account(find_strategy("ring").forward_backward(c.input(1)));
    constexpr std::int64_t block_bytes = 64 * 4 * (16 + 24) * 2;
    EXPECT_EQ(account.kept_bytes, Partial::size_bytes(8, 64, 24) + 2 * block_bytes);
}

TEST(CheckpointAccount, OfTheForwardPassAloneKeepsNothing) {
    const DispatchedCase c = make_case(4);
    const CheckpointAccount account = checkpoint_account(find_strategy("ring").forward(c.input(1)));
    EXPECT_EQ(account.kept_bytes, 0);
    EXPECT_EQ(account.forward_flops, 0);
}

TEST(CheckpointAccount, OfAllRanksKeepsTheMostAndAddsUpTheRest) {
    CheckpointAccount all;
    all.add({.kept_bytes = 5, .forward_flops = 2, .forward_bytes_received = 3, .flops = 7, .bytes_received = 11});
    all.add({.kept_bytes = 4, .forward_flops = 1, .forward_bytes_received = 1, .flops = 2, .bytes_received = 2});
    EXPECT_EQ(all.kept_bytes, 5);
    EXPECT_EQ(all.forward_flops, 3);
    EXPECT_EQ(all.forward_bytes_received, 4);
    EXPECT_EQ(all.flops, 9);
    EXPECT_EQ(all.bytes_received, 13);
}

}  // namespace
}  // namespace longscope
