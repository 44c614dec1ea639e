// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <array>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens_of_rank = 10;

DispatchedCase make_case(std::int64_t query_heads, std::int64_t key_value_heads, std::int64_t ranks) {
    return {self_attention({1, query_heads, key_value_heads, 16, 24, DType::float32}, tokens_of_rank * ranks, {},
                           R"({"causal": {}})"),
            "contiguous", ranks};
}

// Heads of a token that a rank sends to each: queries, then keys and values, then results.
struct Heads {
    std::vector<std::int64_t> queries;
    std::vector<std::int64_t> key_values;
    std::vector<std::int64_t> results;
};

Heads heads_sent(const DispatchedCase& c, std::int64_t rank) {
    std::vector<std::vector<std::int64_t>> exchanges;
    constexpr std::array<std::int64_t, 3> bytes{16 * 4, (16 + 24) * 4, (24 + 1) * 4};
    for (const Operation& operation : write_ulysses_uneven(c.input(rank), Pass::forward).operations) {
        if (operation.kind == OperationKind::all_to_all) {
            std::vector<std::int64_t>& heads = exchanges.emplace_back();
            for (const std::int64_t sent : operation.sent_bytes) {
                heads.push_back(sent / tokens_of_rank / bytes.at(exchanges.size() - 1));
            }
        }
    }
    return {exchanges.at(0), exchanges.at(1), exchanges.at(2)};
}

// The pull request's tests: 7 heads on 4 ranks, 20 on 8. Every rank sends the same: its tokens of each one's heads.
TEST(UlyssesUneven, GivesTheFirstRanksOneHeadMore) {
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        const Heads heads = heads_sent(make_case(7, 7, 4), rank);
        EXPECT_EQ(heads.queries, (std::vector<std::int64_t>{2, 2, 2, 1}));
        EXPECT_EQ(heads.key_values, (std::vector<std::int64_t>{2, 2, 2, 1}));
        EXPECT_EQ(heads.results, (std::vector<std::int64_t>(4, rank == 3 ? 1 : 2)));
    }
    for (std::int64_t rank = 0; rank < 8; ++rank) {
        const Heads heads = heads_sent(make_case(20, 20, 8), rank);
        EXPECT_EQ(heads.queries, (std::vector<std::int64_t>{3, 3, 3, 3, 2, 2, 2, 2}));
        EXPECT_EQ(heads.results, (std::vector<std::int64_t>(8, rank < 4 ? 3 : 2)));
    }
}

// 20 query heads in 5 groups of 4 over 6 ranks: 4 4 3 3 3 3 heads, from 0, 4, 8, 11, 14 and 17.
TEST(UlyssesUneven, GivesEachRankTheKeysOfItsHeads) {
    EXPECT_EQ(heads_sent(make_case(20, 5, 6), 1).queries, (std::vector<std::int64_t>{4, 4, 3, 3, 3, 3}));
    EXPECT_EQ(heads_sent(make_case(20, 5, 6), 1).key_values, (std::vector<std::int64_t>{1, 1, 1, 2, 2, 1}));
    // Those of head 11 are a part for itself, as are those of 12 and 13; whole groups are one.
    std::vector<std::pair<std::int64_t, std::int64_t>> parts;
    for (const Operation& operation : write_ulysses_uneven(make_case(20, 5, 6).input(3), Pass::forward).operations) {
        if (operation.kind == OperationKind::alloc && operation.role == BufferRole::partial && operation.step == 0 &&
            !operation.heads.empty() && operation.heads.front().size() < 3) {
            parts.emplace_back(operation.heads.front().begin, operation.heads.front().end);
        }
    }
    EXPECT_EQ(parts, (std::vector<std::pair<std::int64_t, std::int64_t>>{{11, 12}, {12, 14}}));
}

TEST(UlyssesUneven, MovesWhatUlyssesMovesWhereTheRanksDivideTheHeads) {
    const DispatchedCase c = make_case(12, 4, 4);
    const TokenCounts counts(c.tokens);
    for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
        for (std::int64_t rank = 0; rank < 4; ++rank) {
            EXPECT_EQ(find_strategy("ulysses_uneven").totals(pass, c.input(rank), counts),
                      find_strategy("ulysses").totals(pass, c.input(rank), counts));
        }
    }
}

TEST(UlyssesUneven, FormulasHoldForEveryRatioOfHeads) {
    for (const auto& [query_heads, key_value_heads] :
         {std::pair{7, 7}, {7, 1}, {20, 5}, {20, 20}, {20, 2}, {24, 4}, {9, 3}, {8, 2}}) {
        for (const std::int64_t ranks : {1, 2, 3, 4, 5, 6, 7, 8}) {
            const DispatchedCase c = make_case(query_heads, key_value_heads, ranks);
            if (!find_strategy("ulysses_uneven").infeasible(c.input(0), Pass::forward).empty()) {
                EXPECT_GT(ranks, query_heads);
                continue;
            }
            for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
                for (std::int64_t rank = 0; rank < ranks; ++rank) {
                    const ScheduleTotals unrolled = totals(write_ulysses_uneven(c.input(rank), pass));
                    EXPECT_EQ(
                        ulysses_uneven_totals(c.input(rank), TokenCounts(c.tokens), pass),
                        (StrategyTotals{unrolled.bytes_sent, unrolled.bytes_received, unrolled.peak_buffer_bytes}))
                        << query_heads << ":" << key_value_heads << ", rank " << rank << " of " << ranks;
                }
            }
        }
    }
}

TEST(UlyssesUneven, NeedsAHeadForEachRank) {
    EXPECT_EQ(find_strategy("ulysses_uneven").infeasible(make_case(4, 2, 5).input(0), Pass::forward),
              "Ulysses needs as many query heads as 5 ranks, or more: 4 are given");
}

}  // namespace
}  // namespace longscope
