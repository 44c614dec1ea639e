// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/kernel/partial.h"
#include "tests/support/uneven_case.h"

namespace longscope {
namespace {

constexpr AttentionShape shape{1, 8, 4, 16, 24, DType::bfloat16};

DispatchedCase make_case(std::int64_t ranks, const char* mask = R"({"full": {}})") {
    return uneven_case(ranks, shape, mask);
}

// From, to, step, tokens, heads x dimension.
using Transfer = std::array<std::int64_t, 5>;

constexpr std::int64_t of_keys = 4 * 16;
constexpr std::int64_t of_values = 4 * 24;

std::vector<Transfer> hops_of(std::int64_t ranks, Pass pass) {
    const DispatchedCase c = make_case(ranks);
    std::vector<Transfer> hops;
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        for (const Operation& operation : write_rsa(c.input(rank), pass).operations) {
            if (operation.kind == OperationKind::send) {
                const std::int64_t tokens = c.tokens[static_cast<std::size_t>(operation.keys)].size();
                hops.push_back({rank, operation.peer, operation.step, tokens, operation.bytes / 2 / tokens});
                EXPECT_EQ(operation.bytes, tokens * hops.back()[4] * 2);
                EXPECT_EQ(operation.role, hops.back()[4] == of_keys ? BufferRole::keys : BufferRole::values);
            }
        }
    }
    return hops;
}

// The tokens whose half each rank sends to the next, step by step: of keys from one step on, of values from another.
using Rounds = std::vector<std::vector<std::int64_t>>;
struct Ring {
    std::int64_t first_step = 0;
    std::int64_t width = 0;
};

std::vector<Transfer> sent_in(const Rounds& rounds, const std::vector<Ring>& rings) {
    std::vector<Transfer> hops;
    const auto ranks = static_cast<std::int64_t>(rounds.size());
    for (std::int64_t rank = 0; rank < ranks; ++rank) {
        for (const Ring& ring : rings) {
            std::int64_t step = ring.first_step;
            for (const std::int64_t tokens : rounds[static_cast<std::size_t>(rank)]) {
                hops.push_back({rank, (rank + 1) % ranks, step++, tokens, ring.width});
            }
        }
    }
    return hops;
}

TEST(Rsa, SendsKeysRoundAndThenValuesAsInThePaperAtFourRanks) {
    EXPECT_EQ(hops_of(4, Pass::forward),
              (std::vector<Transfer>{{0, 1, 0, 100, 64}, {0, 1, 1, 103, 64}, {0, 1, 2, 102, 64},  // keys
                                     {0, 1, 4, 100, 96}, {0, 1, 5, 103, 96}, {0, 1, 6, 102, 96},  // values
                                     {1, 2, 0, 101, 64}, {1, 2, 1, 100, 64}, {1, 2, 2, 103, 64},  //
                                     {1, 2, 4, 101, 96}, {1, 2, 5, 100, 96}, {1, 2, 6, 103, 96},  //
                                     {2, 3, 0, 102, 64}, {2, 3, 1, 101, 64}, {2, 3, 2, 100, 64},  //
                                     {2, 3, 4, 102, 96}, {2, 3, 5, 101, 96}, {2, 3, 6, 100, 96},  //
                                     {3, 0, 0, 103, 64}, {3, 0, 1, 102, 64}, {3, 0, 2, 101, 64},  //
                                     {3, 0, 4, 103, 96}, {3, 0, 5, 102, 96}, {3, 0, 6, 101, 96}}));
}

const Rounds& rounds_of_six() {
    static const Rounds rounds{{100, 105, 104, 103, 102}, {101, 100, 105, 104, 103}, {102, 101, 100, 105, 104},
                               {103, 102, 101, 100, 105}, {104, 103, 102, 101, 100}, {105, 104, 103, 102, 101}};
    return rounds;
}

TEST(Rsa, SendsKeysRoundAndThenValuesAsInThePaperAtSixAndEightRanks) {
    EXPECT_EQ(hops_of(6, Pass::forward), sent_in(rounds_of_six(), {{0, of_keys}, {6, of_values}}));
    const Rounds of_eight{{100, 107, 106, 105, 104, 103, 102}, {101, 100, 107, 106, 105, 104, 103},
                          {102, 101, 100, 107, 106, 105, 104}, {103, 102, 101, 100, 107, 106, 105},
                          {104, 103, 102, 101, 100, 107, 106}, {105, 104, 103, 102, 101, 100, 107},
                          {106, 105, 104, 103, 102, 101, 100}, {107, 106, 105, 104, 103, 102, 101}};
    EXPECT_EQ(hops_of(8, Pass::forward), sent_in(of_eight, {{0, of_keys}, {8, of_values}}));
}

// RingAV.backward, then RingQK.backward.
TEST(Rsa, SendsValuesRoundAgainAndThenKeys) {
    EXPECT_EQ(hops_of(6, Pass::forward_backward),
              sent_in(rounds_of_six(), {{0, of_keys}, {6, of_values}, {12, of_values}, {18, of_keys}}));
}

// What rank 2 of 4 has of the gradients of all: of values when their ring has ended, of keys at the end.
TEST(Rsa, SendsGradientsToTheOwnersOfTheirTokensAfterEachRing) {
    const DispatchedCase c = make_case(4);
    std::vector<Transfer> sent;
    for (const Operation& operation : write_rsa(c.input(2), Pass::forward_backward).operations) {
        for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
            const std::int64_t tokens = c.tokens[peer].size();
            sent.push_back(
                {2, static_cast<std::int64_t>(peer), operation.step, tokens, operation.sent_bytes[peer] / 4 / tokens});
            EXPECT_EQ(operation.received_bytes[peer], 102 * sent.back()[4] * 4);
        }
    }
    EXPECT_EQ(sent, (std::vector<Transfer>{{2, 0, 11, 100, 96},
                                           {2, 1, 11, 101, 96},
                                           {2, 2, 11, 102, 96},  // stays
                                           {2, 3, 11, 103, 96},
                                           {2, 0, 15, 100, 64},
                                           {2, 1, 15, 101, 64},
                                           {2, 2, 15, 102, 64},
                                           {2, 3, 15, 103, 64}}));
}

// No online softmax: it is taken once, of whole rows.
TEST(Rsa, TakesTheSoftmaxWhenAllScoresAreThereAndMergesNothing) {
    for (std::int64_t ranks = 1; ranks <= 8; ++ranks) {
        const DispatchedCase c = make_case(ranks);
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
            std::vector<OperationKind> kinds;
            for (const Operation& operation : write_rsa(c.input(rank), Pass::forward).operations) {
                EXPECT_NE(operation.kind, OperationKind::merge);
                EXPECT_NE(operation.kind, OperationKind::attend);
                if (operation.kind == OperationKind::scores || operation.kind == OperationKind::softmax ||
                    operation.kind == OperationKind::weigh_values) {
                    kinds.push_back(operation.kind);
                }
            }
            std::vector<OperationKind> expected(static_cast<std::size_t>(ranks), OperationKind::scores);
            expected.push_back(OperationKind::softmax);
            expected.insert(expected.end(), static_cast<std::size_t>(ranks), OperationKind::weigh_values);
            EXPECT_EQ(kinds, expected) << "rank " << rank << " of " << ranks;
        }
    }
}

TEST(Rsa, ComputesNothingWhereNoPairIsSeen) {
    const DispatchedCase c = make_case(4, R"({"causal": {}})");
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        const Schedule schedule = write_rsa(c.input(rank), Pass::forward);
        EXPECT_EQ(std::count_if(schedule.operations.begin(), schedule.operations.end(),
                                [](const Operation& one) { return one.kind == OperationKind::scores; }),
                  rank + 1);
    }
}

// Per head, query and key of the whole sequence four bytes, beside the result and two blocks of values.
TEST(Rsa, HoldsScoreRowsOfAllKeys) {
    const DispatchedCase c = make_case(8);
    constexpr std::int64_t all = 800 + 28;
    constexpr std::int64_t rows = std::int64_t{4} * 8 * 105 * all;
    const Schedule schedule = write_rsa(c.input(5), Pass::forward);
    EXPECT_EQ(schedule.operations.front().role, BufferRole::scores);
    EXPECT_EQ(schedule.operations.front().bytes, rows);
    EXPECT_EQ(totals(schedule).peak_buffer_bytes, rows + Partial::size_bytes(8, 105, 24) + 2 * 107 * 4 * 24 * 2);
    // Twice the tokens on as many ranks: four times the rows.
    const auto peak = [](std::int64_t tokens) {
        AttentionCase problem;
        problem.shape = shape;
        problem.domain = {tokens, tokens, {}};
        const DispatchedCase one(std::move(problem), "contiguous", 4);
        return write_rsa(one.input(0), Pass::forward).operations.front().bytes;
    };
    EXPECT_EQ(peak(8000), 4 * peak(4000));
}

TEST(Rsa, RefusesScoreRowsThatNobodyCanHoldWithTheirSize) {
    AttentionCase problem;
    problem.shape = {1, 64, 8, 128, 128, DType::bfloat16};
    problem.domain = {100'000'000, 100'000'000, {}};
    problem.mask_json = R"({"causal": {}})";
    const DispatchedCase one(problem, "contiguous", 1);
    const std::string reason = find_strategy("rsa").infeasible(one.input(0), Pass::forward);
    EXPECT_EQ(reason.find("RSA keeps the scores of all keys: "), 0U) << reason;
    EXPECT_NE(reason.find("on rank 0"), std::string::npos) << reason;
    EXPECT_EQ(find_strategy("rsa").infeasible(make_case(4).input(0), Pass::forward_backward), "");
}

}  // namespace
}  // namespace longscope
