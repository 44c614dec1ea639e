// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

#include "engine/mask/key_coverage.h"
#include "engine/parallel/strategy/dist_ca_plan.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr const char* causal = R"({"causal": {}})";

DispatchedCase make_case(const char* mask, const char* dispatch, std::int64_t ranks, std::int64_t tokens,
                         std::vector<std::int64_t> cu_seqlens = {}) {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, tokens, std::move(cu_seqlens), mask), dispatch, ranks};
}

double largest_over_mean(const std::vector<std::int64_t>& works) {
    const auto sum = static_cast<double>(std::accumulate(works.begin(), works.end(), std::int64_t{0}));
    return sum == 0 ? 1
                    : static_cast<double>(*std::max_element(works.begin(), works.end())) *
                          static_cast<double>(works.size()) / sum;
}

std::vector<std::int64_t> works_of(const DistCaPlan& plan) {
    std::vector<std::int64_t> works;
    for (std::size_t rank = 0; rank < plan.head_pairs_before.size(); ++rank) {
        works.push_back(plan.head_pairs(static_cast<std::int64_t>(rank)));
    }
    return works;
}

// From, to, tokens of queries.
using Moves = std::vector<std::array<std::int64_t, 3>>;

Moves moves_of(const DistCaPlan& plan, std::size_t batch) {
    Moves moves;
    for (std::size_t rank = 0; rank < plan.shares.at(batch).size(); ++rank) {
        for (const DistCaTask& task : plan.shares.at(batch)[rank].tasks) {
            if (task.owner != static_cast<std::int64_t>(rank)) {
                moves.push_back({task.owner, static_cast<std::int64_t>(rank), task.tokens});
            }
        }
    }
    return moves;
}

TEST(DistCa, EvensOutCausalWorkOverContiguousRanks) {
    // Rank N - 1 has nearly twice the mean: 2 - 1 / N.
    for (const std::int64_t ranks : {2, 4, 6, 8}) {
        const DispatchedCase c = make_case(causal, "contiguous", ranks, 1024 * ranks);
        const DistCaPlan plan = make_dist_ca_plan(c.input(0), 10);
        EXPECT_NEAR(largest_over_mean(plan.head_pairs_before), 2 - 1.0 / static_cast<double>(ranks), 0.01);
        EXPECT_LE(largest_over_mean(works_of(plan)), 1.10);
        EXPECT_GT(plan.moved_tokens(), 0);
        // Less is moved where less is asked for.
        const DistCaPlan rough = make_dist_ca_plan(c.input(0), 40);
        EXPECT_LE(rough.moved_tokens(), plan.moved_tokens());
        EXPECT_TRUE(ranks == 2 || rough.moved_tokens() < plan.moved_tokens()) << "of two ranks one gets all there is";
        EXPECT_LE(largest_over_mean(works_of(rough)), 1.40);
    }
}

// Of the work of N contiguous ranks, 1, 3, 5, ... of N^2: the last one's surplus goes to the first, that of the one
// before it to the second, and so on, in rows of which each two have as much work as any other two.
TEST(DistCa, FoldsTheCausalTriangle) {
    constexpr std::int64_t n = 1024;
    struct Fold {
        std::int64_t from;
        std::int64_t to;
        double share;  // of the tokens of `from`
    };
    for (const auto& [ranks, folds] : std::vector<std::pair<std::int64_t, std::vector<Fold>>>{
             {4, {{3, 0, 3.0 / 7}, {2, 1, 1.0 / 5}}},
             {6, {{5, 0, 5.0 / 11}, {4, 1, 3.0 / 9}, {3, 2, 1.0 / 7}}},
             {8, {{7, 0, 7.0 / 15}, {6, 1, 5.0 / 13}, {5, 2, 3.0 / 11}, {4, 3, 1.0 / 9}}}}) {
        const DispatchedCase c = make_case(causal, "contiguous", ranks, n * ranks);
        const DistCaPlan plan = make_dist_ca_plan(c.input(0), 10);
        std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> moved;
        for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
            for (const auto& [from, to, tokens] : moves_of(plan, batch)) {
                moved[{from, to}] += tokens;
            }
        }
        ASSERT_EQ(moved.size(), folds.size()) << ranks << " ranks";
        for (const Fold& fold : folds) {
            // Pieces are whole blocks, of which 256 make up a rank.
            EXPECT_NEAR(static_cast<double>(moved[{fold.from, fold.to}]), fold.share * n, 2 * n / 256)
                << fold.from << " to " << fold.to << " of " << ranks;
        }
    }
}

// What moves, by the schedule: queries out and results back, of 4 heads; keys and values that the receiver does not
// hold.
TEST(DistCa, MovesQueriesKeysAndResultsOfItsPlan) {
    for (const std::int64_t ranks : {4, 6, 8}) {
        const DispatchedCase c = make_case(causal, "contiguous", ranks, 256 * ranks);
        const DistCaPlan plan = make_dist_ca_plan(c.input(0), 10);
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            // By flow: the bytes that this rank receives from each.
            std::map<std::int64_t, std::vector<std::int64_t>> received;
            for (const Operation& operation : write_dist_ca(c.input(rank), Pass::forward).operations) {
                if (operation.kind == OperationKind::all_to_all) {
                    received[operation.flow] = operation.received_bytes;
                }
            }
            for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
                const auto flow = static_cast<std::int64_t>(batch) * 6;
                for (std::int64_t peer = 0; peer < ranks; ++peer) {
                    const auto at = static_cast<std::size_t>(peer);
                    const DistCaTask* computed = plan.share(batch, rank).task_of(peer);
                    const DistCaTask* returned = plan.share(batch, peer).task_of(rank);
                    EXPECT_EQ(received[flow][at], computed == nullptr ? 0 : computed->tokens * 4 * 16 * 2);
                    EXPECT_EQ(received[flow + 2][at], returned == nullptr ? 0 : returned->tokens * 4 * (24 + 1) * 4);
                    std::int64_t keys = 0;
                    for (const Range range : plan.share(batch, rank).keys) {
                        keys += peer == rank ? 0 : c.tokens[at].count_in(range);
                    }
                    EXPECT_EQ(received[flow + 1][at], keys * 2 * (16 + 24) * 2);
                }
            }
        }
    }
}

TEST(DistCa, MovesNothingWhereTheWorkIsEvenAlready) {
    for (const auto& [mask, dispatch] : {std::pair{causal, "zigzag"}, {R"({"full": {}})", "contiguous"}}) {
        const DispatchedCase c = make_case(mask, dispatch, 4, 4096);
        const DistCaPlan plan = make_dist_ca_plan(c.input(0), 10);
        EXPECT_EQ(plan.moved_tokens(), 0) << mask;
        EXPECT_EQ(works_of(plan), plan.head_pairs_before) << mask;
    }
}

// Every query is computed once, by a rank that gets all the keys that it sees; halves of a rank's work are even.
RC_GTEST_PROP(DistCa, EveryQueryIsComputedOnceWithAllItsKeys, ()) {
    const auto ranks = *rc::gen::inRange<std::int64_t>(1, 9);
    const auto tokens = *rc::gen::inRange<std::int64_t>(1, 300);
    const auto cut = *rc::gen::inRange<std::int64_t>(0, tokens);
    const auto mask = *rc::gen::element<std::string>(causal, R"({"full": {}})", R"({"not": {"full": {}}})",
                                                     R"({"and": [{"documents": {}}, {"causal": {}}]})");
    std::vector<std::int64_t> cu_seqlens{0, tokens};
    if (cut > 0) {
        cu_seqlens.insert(cu_seqlens.begin() + 1, cut);
    }
    const auto dispatch = *rc::gen::element<std::string>("contiguous", "zigzag", "striped", "balanced");
    const DispatchedCase c = make_case(mask.c_str(), dispatch.c_str(), ranks, tokens, cu_seqlens);
    const DistCaPlan plan = make_dist_ca_plan(c.input(0), *rc::gen::element<std::int64_t>(1, 10, 50));
    std::vector<int> computed(static_cast<std::size_t>(tokens), 0);
    std::int64_t sum = 0;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        RangeSet known;
        for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
            const DistCaShare& share = plan.share(batch, rank);
            RC_ASSERT(common_ranges(known, share.keys).empty());
            known = united_ranges(known, share.keys);
            for (const DistCaTask& task : share.tasks) {
                const TokenSet queries = select_tokens({{task.owner}, task.within}, c.tokens);
                RC_ASSERT(queries.size() == task.tokens);
                for (const Range range : queries.ranges()) {
                    for (std::int64_t token = range.begin; token < range.end; ++token) {
                        ++computed[static_cast<std::size_t>(token)];
                    }
                }
                RC_ASSERT(rest_of_ranges(covered_keys(c.masks, queries), known).empty());
            }
        }
        sum += plan.head_pairs(rank);
    }
    RC_ASSERT(std::count(computed.begin(), computed.end(), 1) == tokens);
    RC_ASSERT(sum == c.masks.head_pairs({0, 4}));
    RC_ASSERT(largest_over_mean(works_of(plan)) <= largest_over_mean(plan.head_pairs_before));
}

// Ranks of 400 tokens: one document, three, two and one.
TEST(DistCa, TakesFromTheLongDocuments) {
    const DispatchedCase c = make_case(R"({"and": [{"documents": {}}, {"causal": {}}]})", "contiguous", 4, 1600,
                                       {0, 400, 500, 600, 800, 1000, 1200, 1600});
    const DistCaPlan plan = make_dist_ca_plan(c.input(0), 10);
    EXPECT_GT(largest_over_mean(plan.head_pairs_before), 1.3);
    EXPECT_LE(largest_over_mean(works_of(plan)), 1.1);
    for (std::size_t batch = 0; batch < DistCaPlan::batches; ++batch) {
        for (const auto& [from, to, tokens] : moves_of(plan, batch)) {
            EXPECT_TRUE(from == 0 || from == 3) << from;
            EXPECT_TRUE(to == 1 || to == 2) << to;
            EXPECT_GT(tokens, 0);
        }
    }
}

}  // namespace
}  // namespace longscope
