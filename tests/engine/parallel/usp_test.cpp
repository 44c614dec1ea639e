// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(const AttentionShape& shape, std::int64_t tokens, std::int64_t ranks) {
    return {self_attention(shape, tokens, {}, R"({"causal": {}})"), "contiguous", ranks};
}

// 64:8 heads of 128 elements in bfloat16, 8,192 tokens a rank, groups of 8: published MiB that a rank receives, where
// results come back in bfloat16 and without lse.
TEST(Usp, ReceivesThePublishedBytesAndFloat32Results) {
    constexpr std::int64_t mebibyte = 1 << 20;
    const AttentionShape shape{1, 64, 8, 128, 128, DType::bfloat16};
    for (const auto& [ranks, mebibytes] : {std::pair{8, 252}, {16, 284}, {32, 348}, {64, 476}, {96, 604}}) {
        const DispatchedCase c = make_case(shape, 8192 * ranks, ranks);
        StrategyInput input = c.input(0);
        input.options.ulysses = 8;
        const std::int64_t received = find_strategy("usp").forward_totals(input, TokenCounts(c.tokens)).bytes_received;
        // 56 heads of others return for each token: float32 instead of bfloat16, and an lse.
        const std::int64_t wider = 8192 * 56 * (128 * 2 + 4);
        EXPECT_EQ(received - wider, mebibytes * mebibyte) << ranks << " ranks";
    }
}

TEST(Usp, WithOneGroupMovesWhatUlyssesMovesAndWithGroupsOfOneWhatARingMoves) {
    const DispatchedCase c = make_case({1, 12, 4, 16, 24, DType::float32}, 203, 4);
    const TokenCounts counts(c.tokens);
    for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
        for (std::int64_t rank = 0; rank < 4; ++rank) {
            StrategyInput input = c.input(rank);
            input.options.ulysses = 4;
            EXPECT_EQ(find_strategy("usp").totals(pass, input, counts),
                      find_strategy("ulysses").totals(pass, c.input(rank), counts));
            input.options.ulysses = 1;
            const StrategyTotals usp = find_strategy("usp").totals(pass, input, counts);
            const StrategyTotals ring = find_strategy("ring").totals(pass, c.input(rank), counts);
            EXPECT_EQ(usp.bytes_received, ring.bytes_received);
            EXPECT_EQ(usp.bytes_sent, ring.bytes_sent);
        }
    }
}

// Whatever the degree, the formulas are those of the schedule.
TEST(Usp, FormulasHoldForEveryDegree) {
    for (const std::int64_t ranks : {1, 2, 4, 6, 8, 12}) {
        const DispatchedCase c = make_case({1, 12, 4, 16, 24, DType::float32}, 203, ranks);
        int degrees = 0;
        for (std::int64_t ulysses = 1; ulysses <= ranks; ++ulysses) {
            if (!find_strategy("usp").infeasible(c.problem.shape, ranks, Pass::forward, {ulysses}).empty()) {
                continue;
            }
            ++degrees;
            for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
                for (std::int64_t rank = 0; rank < ranks; ++rank) {
                    StrategyInput input = c.input(rank);
                    input.options.ulysses = ulysses;
                    const ScheduleTotals unrolled = totals(write_usp(input, pass));
                    EXPECT_EQ(
                        usp_totals(input, TokenCounts(c.tokens), pass),
                        (StrategyTotals{unrolled.bytes_sent, unrolled.bytes_received, unrolled.peak_buffer_bytes}))
                        << ulysses << " of " << ranks << ", rank " << rank;
                    EXPECT_DOUBLE_EQ(totals(write_usp(input, Pass::forward)).flops,
                                     flops_of_head_pairs(c.problem.shape, static_cast<double>(usp_head_pairs(input)),
                                                         Direction::forward));
                }
            }
        }
        EXPECT_GE(degrees, ranks == 1 ? 1 : 2);
    }
}

TEST(Usp, RefusesDegreesThatDoNotFitWithTheReason) {
    const StrategyEntry& usp = find_strategy("usp");
    EXPECT_EQ(usp.infeasible({1, 12, 4, 16, 16, DType::float32}, 6, Pass::forward, {4}),
              "USP needs ranks divisible by the 4 that exchange heads (layout.ulysses): 6 are given");
    EXPECT_EQ(usp.infeasible({1, 12, 4, 16, 16, DType::float32}, 8, Pass::forward, {8}),
              "USP needs query heads divisible by 8 ranks: 12 are given");
    EXPECT_EQ(usp.infeasible({1, 7, 7, 16, 16, DType::float32}, 8, Pass::forward, {}), "");
}

// From, to, step and tokens as the paper draws them: heads are exchanged in (0, 1) and (2, 3), blocks between 0 and 2,
// and between 1 and 3.
TEST(Usp, MovesBlocksBetweenTheSamePlacesOfTheGroups) {
    const DispatchedCase c = make_case({1, 4, 4, 16, 16, DType::float32}, 400, 4);
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        std::vector<std::int64_t> peers;
        std::int64_t sends = 0;
        for (const Operation& operation : write_usp(c.input(rank), Pass::forward).operations) {
            for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
                const bool in_group = static_cast<std::int64_t>(peer) / 2 == rank / 2;
                EXPECT_EQ(operation.sent_bytes[peer] > 0, in_group);
            }
            if (operation.kind == OperationKind::send) {
                ++sends;
                EXPECT_EQ(operation.peer, (rank + 2) % 4);
                EXPECT_EQ(operation.step, 1);
                EXPECT_EQ(operation.bytes, 200 * 2 * 32 * 4);  // two heads of the group's 200 tokens
            }
        }
        EXPECT_EQ(sends, 1);
    }
}

}  // namespace
}  // namespace longscope
