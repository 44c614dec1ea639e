// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/communication_matrix.h"

#include <gtest/gtest.h>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t ranks = 4;

DispatchedCase make_case() {
    // Ranks of different lengths.
    return {self_attention({1, 8, 4, 16, 16, DType::bfloat16}, 403, {},
                           R"({"and": [{"causal": {}}, {"window": {"left": 150, "right": 0}}]})"),
            "zigzag", ranks};
}

StepTable table_of(const StrategyEntry& strategy, const DispatchedCase& c, Pass pass) {
    std::vector<StepTableRow> rows;
    for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
        rows.push_back(step_table_row(strategy.write(pass, c.input(rank))));
    }
    return step_table(std::move(rows));
}

TEST(CommunicationMatrix, OfARingEachRankSendsToTheNextAlone) {
    const DispatchedCase c = make_case();
    const CommunicationMatrix matrix =
        communication_matrix(table_of(find_strategy("ring"), c, Pass::forward), std::nullopt);
    for (std::int64_t from = 0; from < ranks; ++from) {
        for (std::int64_t to = 0; to < ranks; ++to) {
            EXPECT_EQ(matrix.at(from, to).messages, to == (from + 1) % ranks ? ranks - 1 : 0) << from << " to " << to;
            EXPECT_EQ(matrix.at(from, to).bytes > 0, to == (from + 1) % ranks);
        }
    }
    EXPECT_EQ(matrix.all.messages, ranks * (ranks - 1));
}

// Rows and columns are what each rank sends and receives by the strategy's closed formula.
TEST(CommunicationMatrix, SumsAreThoseOfTheFormulas) {
    const DispatchedCase c = make_case();
    const TokenCounts counts(c.tokens);
    for (const StrategyEntry& strategy : strategies()) {
        for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
            if (!strategy.infeasible(c.problem.shape, ranks, pass, {}).empty()) {
                continue;
            }
            const CommunicationMatrix matrix = communication_matrix(table_of(strategy, c, pass), std::nullopt);
            for (std::int64_t rank = 0; rank < ranks; ++rank) {
                const StrategyTotals totals = strategy.totals(pass, c.input(rank), counts);
                const auto at = static_cast<std::size_t>(rank);
                EXPECT_EQ(matrix.sent[at].bytes, totals.bytes_sent) << strategy.name << " rank " << rank;
                EXPECT_EQ(matrix.received[at].bytes, totals.bytes_received) << strategy.name << " rank " << rank;
                EXPECT_EQ(matrix.at(rank, rank), Traffic()) << "nobody sends to itself";
            }
        }
    }
}

TEST(CommunicationMatrix, TheTwoPassesAddUp) {
    const DispatchedCase c = make_case();
    for (const char* name : {"ring", "all_gather", "ulysses", "usp", "group_cast"}) {
        const StepTable table = table_of(find_strategy(name), c, Pass::forward_backward);
        const CommunicationMatrix both = communication_matrix(table, std::nullopt);
        const CommunicationMatrix forward = communication_matrix(table, Direction::forward);
        const CommunicationMatrix backward = communication_matrix(table, Direction::backward);
        EXPECT_GT(backward.all.bytes, 0) << name;
        EXPECT_EQ(both.all.bytes, table.bytes_moved()) << name;
        for (std::size_t i = 0; i < both.pairs.size(); ++i) {
            EXPECT_EQ(both.pairs[i].bytes, forward.pairs[i].bytes + backward.pairs[i].bytes) << name;
            EXPECT_EQ(both.pairs[i].messages, forward.pairs[i].messages + backward.pairs[i].messages) << name;
            EXPECT_LE(both.pairs[i].bytes, both.largest_bytes());
        }
    }
}

}  // namespace
}  // namespace longscope
