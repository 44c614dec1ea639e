// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/token_owners.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/mask/expression.h"

#include "engine/parallel/dispatch.h"

namespace longscope {
namespace {

TEST(TokenOwners, KnowTheRankOfEveryTokenInEveryDispatch) {
    const PackedSequence sequence{203, {0, 1, 60, 61, 150, 203}};
    const HeadMasks masks(compile_mask(parse_mask(parse_json(R"({"causal": {}})", "test"), "mask"), {203, 203, {}}));
    for (const DispatchEntry& dispatch : dispatches()) {
        for (const std::int64_t ranks : {1, 3, 8}) {
            const std::vector<TokenSet> tokens = dispatch_tokens(dispatch, {sequence, &masks, 1}, ranks);
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

TEST(TokenOwners, KnowTheRankOfEveryTokenOfALongSequence) {
    const PackedSequence sequence{100'003, {0, 5, 40'000, 99'000, 100'003}};
    const HeadMasks masks(
        compile_mask(parse_mask(parse_json(R"({"causal": {}})", "test"), "mask"), {100'003, 100'003, {}}));
    for (const DispatchEntry& dispatch : dispatches()) {
        const std::vector<TokenSet> tokens = dispatch_tokens(dispatch, {sequence, &masks, 1}, 5);
        const TokenOwners owners(tokens);
        for (std::int64_t token = 0; token < sequence.tokens; ++token) {
            const auto rank = owners.rank_of(token);
            ASSERT_TRUE(rank) << dispatch.name << ", token " << token;
            ASSERT_EQ(tokens[static_cast<std::size_t>(*rank)].count_in({token, token + 1}), 1);
        }
        EXPECT_EQ(owners.rank_of(sequence.tokens), std::nullopt);
    }
}

TEST(TokenOwners, KnowGaps) {
    const TokenOwners owners({TokenSet({{3, 5}, {50'000, 80'000}}), TokenSet({{7, 9}, {90'000, 90'001}})});
    for (const auto& [token, rank] : std::vector<std::pair<std::int64_t, std::int64_t>>{{2, -1},
                                                                                        {3, 0},
                                                                                        {4, 0},
                                                                                        {5, -1},
                                                                                        {7, 1},
                                                                                        {9, -1},
                                                                                        {49'999, -1},
                                                                                        {50'000, 0},
                                                                                        {79'999, 0},
                                                                                        {80'000, -1},
                                                                                        {90'000, 1},
                                                                                        {90'001, -1}}) {
        EXPECT_EQ(owners.rank_of(token).value_or(-1), rank) << token;
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
    EXPECT_EQ(owners.first_run_after(3), 1U);
    EXPECT_EQ(owners.first_run_after(4), 2U);
    EXPECT_EQ(owners.first_run_after(16), 4U);
}

}  // namespace
}  // namespace longscope
