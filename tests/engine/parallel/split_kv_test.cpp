// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <array>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens_of_rank = 100;

DispatchedCase make_case(std::int64_t ranks) {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, tokens_of_rank * ranks, {}, R"({"causal": {}})"),
            "zigzag", ranks};
}

// Queries go to every rank, results of as many tokens and heads come back from each; keys and values go nowhere.
TEST(SplitKv, GathersQueriesAndReturnsPartialResults) {
    constexpr std::int64_t q = 4 * 16 * 2;
    constexpr std::int64_t result = 4 * (24 + 1) * 4;
    for (const std::int64_t ranks : {4, 6, 8}) {
        const DispatchedCase c = make_case(ranks);
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            std::vector<std::array<std::int64_t, 3>> exchanges;  // step, peer, bytes of a token
            for (const Operation& operation : write_split_kv(c.input(rank), Pass::forward).operations) {
                EXPECT_NE(operation.kind, OperationKind::send);
                for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
                    exchanges.push_back(
                        {operation.step, static_cast<std::int64_t>(peer), operation.sent_bytes[peer] / tokens_of_rank});
                }
            }
            std::vector<std::array<std::int64_t, 3>> expected;
            for (std::int64_t peer = 0; peer < ranks; ++peer) {
                expected.push_back({0, peer, q});
            }
            for (std::int64_t peer = 0; peer < ranks; ++peer) {
                expected.push_back({2, peer, result});
            }
            EXPECT_EQ(exchanges, expected) << "rank " << rank << " of " << ranks;
        }
    }
}

TEST(SplitKv, MergesInTheOrderOfTheRanks) {
    const DispatchedCase c = make_case(4);
    std::vector<std::int64_t> offsets;
    std::int64_t merges = 0;
    for (const Operation& operation : write_split_kv(c.input(2), Pass::forward).operations) {
        if (operation.kind == OperationKind::scatter && operation.role == BufferRole::partial) {
            offsets.push_back(operation.offset_bytes / (tokens_of_rank * 4 * (24 + 1) * 4));
        }
        merges += operation.kind == OperationKind::merge ? 1 : 0;
    }
    EXPECT_EQ(offsets, (std::vector<std::int64_t>{0, 1, 2, 3}));
    EXPECT_EQ(merges, 3);
}

TEST(SplitKv, HasNoBackwardPassAndSaysSo) {
    EXPECT_EQ(find_strategy("split_kv").infeasible(make_case(4).input(0), Pass::forward_backward),
              "split_kv has no backward pass");
}

}  // namespace
}  // namespace longscope
