// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_owners.h"

#include <gtest/gtest.h>

#include "engine/parallel/dispatch.h"

namespace longscope {
namespace {

TEST(TokenOwners, KnowTheRankOfEveryTokenInEveryDispatch) {
    const PackedSequence sequence{203, {0, 1, 60, 61, 150, 203}};
    for (const DispatchEntry& dispatch : dispatches()) {
        for (const std::int64_t ranks : {1, 3, 8}) {
            const std::vector<TokenSet> tokens = dispatch_tokens(dispatch, sequence, ranks);
            const TokenOwners owners(tokens);
            EXPECT_EQ(owners.ranks(), ranks);
            for (std::int64_t token = 0; token < sequence.tokens; ++token) {
                const auto rank = owners.rank_of(token);
                ASSERT_TRUE(rank) << dispatch.name << ", token " << token;
                EXPECT_EQ(tokens[static_cast<std::size_t>(*rank)].count_in({token, token + 1}), 1);
            }
        }
    }
}

TEST(TokenOwners, TellWhetherOneRankHoldsAllOfARange) {
    const TokenOwners owners({TokenSet({{0, 4}, {12, 16}}), TokenSet({{4, 12}})});
    EXPECT_EQ(owners.rank_of_all({0, 4}), 0);
    EXPECT_EQ(owners.rank_of_all({5, 12}), 1);
    EXPECT_EQ(owners.rank_of_all({3, 5}), std::nullopt);
    EXPECT_EQ(owners.rank_of_all({12, 17}), std::nullopt);
    EXPECT_EQ(owners.rank_of(16), std::nullopt);
    EXPECT_EQ(owners.rank_of(-1), std::nullopt);
    EXPECT_EQ(TokenOwners().rank_of(0), std::nullopt);
    EXPECT_EQ(owners.first_run_after(3), 0U);
    EXPECT_EQ(owners.first_run_after(4), 1U);
    EXPECT_EQ(owners.first_run_after(16), 3U);
}

}  // namespace
}  // namespace longscope
