// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <array>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(const char* mask, const char* dispatch, std::int64_t ranks) {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, 1200, {0, 100, 500, 1200}, mask), dispatch, ranks};
}

// Tokens that a rank gets from each other one: (from, to, tokens).
using Transfers = std::vector<std::array<std::int64_t, 3>>;

Transfers transfers_of(const DispatchedCase& c) {
    Transfers transfers;
    for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
        for (const Operation& operation : write_group_cast(c.input(rank), Pass::forward).operations) {
            for (std::size_t peer = 0; peer < operation.received_bytes.size(); ++peer) {
                if (operation.received_bytes[peer] > 0) {
                    transfers.push_back({static_cast<std::int64_t>(peer), rank,
                                         operation.received_bytes[peer] / c.problem.shape.key_value_bytes_per_token()});
                }
            }
        }
    }
    return transfers;
}

TEST(GroupCast, IsAHaloExchangeForWindows) {
    // 300 tokens a rank; a causal window of 40 reaches 40 tokens into the rank before.
    EXPECT_EQ(transfers_of(make_case(R"({"window": {"left": 40, "right": 0}})", "contiguous", 4)),
              (Transfers{{0, 1, 40}, {1, 2, 40}, {2, 3, 40}}));
    // A wide one reaches into two.
    EXPECT_EQ(
        transfers_of(make_case(R"({"window": {"left": 310, "right": 5}})", "contiguous", 4)),
        (Transfers{{1, 0, 5}, {0, 1, 300}, {2, 1, 5}, {0, 2, 10}, {1, 2, 300}, {3, 2, 5}, {1, 3, 10}, {2, 3, 300}}));
}

TEST(GroupCast, GathersGlobalTokensBesideTheHalo) {
    EXPECT_EQ(
        transfers_of(make_case(
            R"({"or": [{"window": {"left": 40, "right": 0}}, {"and": [{"causal": {}}, {"sink": {"tokens": 3}}]}]})",
            "contiguous", 4)),
        (Transfers{{0, 1, 43}, {0, 2, 3}, {1, 2, 40}, {0, 3, 3}, {2, 3, 40}}));
}

TEST(GroupCast, MovesNothingBetweenDocumentsOfDifferentRanks) {
    const char* documents = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    // Documents 0-100, 100-500, 500-1200 over ranks of 300: what the second and the third begin with.
    EXPECT_EQ(transfers_of(make_case(documents, "contiguous", 4)),
              (Transfers{{0, 1, 200}, {1, 2, 100}, {1, 3, 100}, {2, 3, 300}}));
}

// What a ring moves, where every rank needs every key.
TEST(GroupCast, IsAnAllGatherWithoutAMask) {
    for (const char* dispatch : {"contiguous", "zigzag", "striped", "balanced"}) {
        const DispatchedCase c = make_case(R"({"full": {}})", dispatch, 5);
        const TokenCounts counts(c.tokens);
        for (std::int64_t rank = 0; rank < 5; ++rank) {
            EXPECT_EQ(find_strategy("group_cast").forward_totals(c.input(rank), counts).bytes_received,
                      find_strategy("ring").forward_totals(c.input(rank), counts).bytes_received);
        }
    }
}

}  // namespace
}  // namespace longscope
