// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>

#include "engine/parallel/step_table.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr std::int64_t tokens_of_rank = 100;

DispatchedCase make_case(std::int64_t ranks, const char* mask = R"({"causal": {}})",
                         const char* dispatch = "contiguous") {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, tokens_of_rank * ranks, {}, mask), dispatch, ranks};
}

std::string refusal(const DispatchedCase& c, Pass pass = Pass::forward) {
    return find_strategy("light_seq").infeasible(c.input(0), pass);
}

// Step, from, to, bytes of a token.
using Transfer = std::array<std::int64_t, 4>;

std::vector<Transfer> transfers_of(std::int64_t ranks, Pass pass) {
    const DispatchedCase c = make_case(ranks);
    std::vector<Transfer> transfers;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        for (const Operation& operation : write_light_seq(c.input(rank), pass).operations) {
            if (operation.kind == OperationKind::send) {
                transfers.push_back({operation.step, rank, operation.peer, operation.bytes / tokens_of_rank});
            }
        }
    }
    std::sort(transfers.begin(), transfers.end());
    return transfers;
}

// Of a token: keys and values of 2 heads, queries of 4 heads, their results with lse.
constexpr std::int64_t kv = 2 * (16 + 24) * 2;
constexpr std::int64_t q = 4 * 16 * 2;
constexpr std::int64_t result = 4 * (24 + 1) * 4;

// The paper's figure: keys and values to the next rank, then to the one after it, as long as there is one; the last
// rank has its queries computed by rank 0. What is used in step t travels in step t - 1.
TEST(LightSeq, MovesWhatThePaperDrawsAtFourRanks) {
    EXPECT_EQ(transfers_of(4, Pass::forward), (std::vector<Transfer>{
                                                  {0, 0, 1, kv},
                                                  {0, 1, 2, kv},
                                                  {0, 2, 3, kv},
                                                  {0, 3, 0, q},  //
                                                  {1, 0, 2, kv},
                                                  {1, 0, 3, result},
                                                  {1, 1, 3, kv},
                                              }));
}

TEST(LightSeq, MovesWhatThePaperDrawsAtSixRanks) {
    EXPECT_EQ(transfers_of(6, Pass::forward), (std::vector<Transfer>{
                                                  {0, 0, 1, kv},
                                                  {0, 1, 2, kv},
                                                  {0, 2, 3, kv},
                                                  {0, 3, 4, kv},
                                                  {0, 4, 5, kv},
                                                  {0, 5, 0, q},  //
                                                  {1, 0, 2, kv},
                                                  {1, 0, 5, result},
                                                  {1, 1, 3, kv},
                                                  {1, 2, 4, kv},
                                                  {1, 3, 5, kv},
                                                  {1, 4, 0, q},
                                                  {1, 5, 1, q},  //
                                                  {2, 0, 3, kv},
                                                  {2, 0, 4, result},
                                                  {2, 1, 4, kv},
                                                  {2, 1, 5, result},
                                                  {2, 2, 5, kv},
                                              }));
}

TEST(LightSeq, MovesWhatThePaperDrawsAtEightRanks) {
    EXPECT_EQ(transfers_of(8, Pass::forward),
              (std::vector<Transfer>{
                  {0, 0, 1, kv},     {0, 1, 2, kv},     {0, 2, 3, kv}, {0, 3, 4, kv},     {0, 4, 5, kv},
                  {0, 5, 6, kv},     {0, 6, 7, kv},     {0, 7, 0, q},  //
                  {1, 0, 2, kv},     {1, 0, 7, result}, {1, 1, 3, kv}, {1, 2, 4, kv},     {1, 3, 5, kv},
                  {1, 4, 6, kv},     {1, 5, 7, kv},     {1, 6, 0, q},  {1, 7, 1, q},  //
                  {2, 0, 3, kv},     {2, 0, 6, result}, {2, 1, 4, kv}, {2, 1, 7, result}, {2, 2, 5, kv},
                  {2, 3, 6, kv},     {2, 4, 7, kv},     {2, 5, 0, q},  {2, 6, 1, q},      {2, 7, 2, q},  //
                  {3, 0, 4, kv},     {3, 0, 5, result}, {3, 1, 5, kv}, {3, 1, 6, result}, {3, 2, 6, kv},
                  {3, 2, 7, result}, {3, 3, 7, kv},
              }));
}

// Backward, steps 3 to 5: the same, and dK and dV back to whose they are; a helper gets q, dO, lse and delta, and sends
// dQ back.
TEST(LightSeq, SendsGradientsBackWhereTheirInputsCameFrom) {
    std::vector<Transfer> backward = transfers_of(4, Pass::forward_backward);
    backward.erase(backward.begin(), backward.begin() + 7);
    constexpr std::int64_t dkv = 2 * (16 + 24) * 4;
    constexpr std::int64_t dq = 4 * 16 * 4;
    constexpr std::int64_t output_gradient = 4 * 24 * 2;
    constexpr std::int64_t statistic = 4 * 4;
    std::vector<Transfer> expected{
        {3, 0, 1, kv},        {3, 1, 2, kv},        {3, 2, 3, kv},  {3, 3, 0, q},   {3, 3, 0, output_gradient},
        {3, 3, 0, statistic}, {3, 3, 0, statistic},  //
        {4, 0, 2, kv},        {4, 1, 3, kv},        {4, 1, 0, dkv}, {4, 2, 1, dkv}, {4, 3, 2, dkv},
        {4, 0, 3, dq},  //
        {5, 2, 0, dkv},       {5, 3, 1, dkv},
    };
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(backward, expected);
}

// Steps by ranks, as the paper draws them: own work from the diagonal on, then help, and in the last step half are
// idle.
TEST(LightSeq, TakesHalfTheStepsOfARingAndOne) {
    for (const std::int64_t ranks : {2, 4, 6, 8, 12}) {
        const DispatchedCase c = make_case(ranks);
        std::vector<StepTableRow> rows;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            rows.push_back(step_table_row(write_light_seq(c.input(rank), Pass::forward)));
        }
        const StepTable table = step_table(std::move(rows));
        ASSERT_EQ(table.steps(), static_cast<std::size_t>(ranks / 2 + 1));
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            for (std::int64_t t = 0; t <= ranks / 2; ++t) {
                const StepWork expected = t <= rank ? StepWork::own : t < ranks / 2 ? StepWork::help : StepWork::idle;
                EXPECT_EQ(table.ranks[static_cast<std::size_t>(rank)][static_cast<std::size_t>(t)].work, expected)
                    << "rank " << rank << " of " << ranks << ", step " << t;
            }
        }
    }
}

TEST(LightSeq, ComputesEachPairOfRanksOnce) {
    for (const std::int64_t ranks : {1, 2, 4, 6, 8}) {
        const DispatchedCase c = make_case(ranks);
        std::map<std::pair<std::int64_t, std::int64_t>, int> attends;  // queries, keys
        std::map<std::pair<std::int64_t, std::int64_t>, int> backward;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            for (const Operation& operation : write_light_seq(c.input(rank), Pass::forward_backward).operations) {
                if (operation.kind == OperationKind::attend) {
                    ++attends[{operation.queries, operation.keys}];
                } else if (operation.kind == OperationKind::attend_backward) {
                    ++backward[{operation.queries, operation.keys}];
                }
            }
        }
        for (std::int64_t queries = 0; queries < ranks; ++queries) {
            for (std::int64_t keys = 0; keys < ranks; ++keys) {
                EXPECT_EQ((attends[{queries, keys}]), keys <= queries ? 1 : 0) << queries << " " << keys;
                EXPECT_EQ((backward[{queries, keys}]), keys <= queries ? 1 : 0) << queries << " " << keys;
            }
        }
    }
}

TEST(LightSeq, RefusesWhatItCannotServeWithTheReason) {
    EXPECT_EQ(refusal(make_case(4)), "");
    EXPECT_EQ(refusal(make_case(4), Pass::forward_backward), "");
    EXPECT_EQ(refusal(make_case(5)), "LightSeq needs an even number of ranks: 5 are given");
    EXPECT_EQ(
        refusal(make_case(4, R"({"causal": {}})", "zigzag")),
        "LightSeq needs the tokens in order, one part for each rank (layout.dispatch contiguous): those of rank 0 "
        "are several parts");
    EXPECT_EQ(refusal(make_case(4, R"({"full": {}})")),
              "LightSeq needs a mask in which no query sees a key of a later rank: tokens 0 to 99 of rank 0 do");
    // Of the kinds of heads, one looks ahead; a window of 5 keys to the right does where ranks meet.
    EXPECT_EQ(refusal(make_case(4, R"({"window": {"left": 9, "right": 5}})")),
              "LightSeq needs a mask in which no query sees a key of a later rank: tokens 0 to 99 of rank 0 do");
    EXPECT_NE(refusal(make_case(2, R"({"per_heads": {"assignments": [{"heads": [3, 4], "mask": {"full": {}}}],
                                       "otherwise": {"causal": {}}}})")),
              "");
    // Looking ahead inside a rank is in nobody's way.
    EXPECT_EQ(refusal(make_case(4, R"({"or": [{"causal": {}}, {"prefix": {"tokens": 80}}]})")), "");
    EXPECT_NE(refusal(make_case(4, R"({"or": [{"causal": {}}, {"prefix": {"tokens": 150}}]})")), "");
    EXPECT_EQ(refusal(make_case(1, R"({"full": {}})", "zigzag")), "");
}

}  // namespace
}  // namespace longscope
