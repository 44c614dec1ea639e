// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

constexpr AttentionShape shape{1, 16, 8, 16, 24, DType::bfloat16};

DispatchedCase make_case(std::int64_t ranks, std::int64_t stride) {
    DispatchedCase c(self_attention(shape, 100 * ranks, {}, R"({"causal": {}})"), "zigzag", ranks);
    c.options.head_stride = stride;
    return c;
}

// From, to, step, tokens, heads.
using Transfers = std::vector<std::array<std::int64_t, 5>>;

Transfers sent_by(std::int64_t rank, const DispatchedCase& c, std::int64_t stride) {
    Transfers transfers;
    for (const Operation& operation : write_llama3_all_gather(c.input(rank), Pass::forward).operations) {
        for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
            const std::int64_t row = stride * (16 + 24) * 2;
            if (static_cast<std::int64_t>(peer) != rank) {
                EXPECT_EQ(operation.sent_bytes[peer] % row, 0);
                transfers.push_back(
                    {rank, static_cast<std::int64_t>(peer), operation.step, operation.sent_bytes[peer] / row, stride});
            }
        }
    }
    return transfers;
}

// The first piece at once, each other one in the step that computes the one before.
TEST(Llama3AllGather, SendsAFewHeadsAtATimeToEveryRank) {
    EXPECT_EQ(sent_by(1, make_case(4, 4), 4), (Transfers{{1, 0, 0, 100, 4},
                                                         {1, 2, 0, 100, 4},
                                                         {1, 3, 0, 100, 4},
                                                         {1, 0, 0, 100, 4},
                                                         {1, 2, 0, 100, 4},
                                                         {1, 3, 0, 100, 4}}));
    for (const std::int64_t ranks : {6, 8}) {
        const Transfers transfers = sent_by(2, make_case(ranks, 2), 2);
        Transfers expected;
        for (const std::int64_t step : {0, 0, 1, 2}) {
            for (std::int64_t peer = 0; peer < ranks; ++peer) {
                if (peer != 2) {
                    expected.push_back({2, peer, step, 100, 2});
                }
            }
        }
        EXPECT_EQ(transfers, expected);
    }
    // One head, where nothing is asked for.
    EXPECT_EQ(sent_by(1, make_case(4, 0), 1), sent_by(1, make_case(4, 1), 1));
}

// Two pieces of 4 heads: each gathered again, the second while the first is computed; of each, when it is, the
// gradients of the tokens of others go to these.
TEST(Llama3AllGather, GathersAgainAndSendsGradientsOfAFewHeadsHome) {
    for (const std::int64_t ranks : {4, 6, 8}) {
        const std::vector<Operation> operations =
            write_llama3_all_gather(make_case(ranks, 4).input(1), Pass::forward_backward).operations;
        const auto barrier = std::find_if(operations.begin(), operations.end(),
                                          [](const Operation& one) { return one.kind == OperationKind::barrier; });
        // From, to, step, tokens, bytes of a token.
        Transfers sent;
        for (auto operation = barrier; operation != operations.end(); ++operation) {
            for (std::size_t peer = 0; peer < operation->sent_bytes.size(); ++peer) {
                if (peer != 1) {
                    sent.push_back(
                        {1, static_cast<std::int64_t>(peer), operation->step, 100, operation->sent_bytes[peer] / 100});
                }
            }
        }
        constexpr std::int64_t key_values = 4 * (16 + 24) * 2;
        constexpr std::int64_t gradients = 4 * (16 + 24) * 4;
        const Transfers of_four{{1, 0, 2, 100, key_values}, {1, 2, 2, 100, key_values}, {1, 3, 2, 100, key_values},  //
                                {1, 0, 2, 100, key_values}, {1, 2, 2, 100, key_values}, {1, 3, 2, 100, key_values},  //
                                {1, 0, 2, 100, gradients},  {1, 2, 2, 100, gradients},  {1, 3, 2, 100, gradients},   //
                                {1, 0, 3, 100, gradients},  {1, 2, 3, 100, gradients},  {1, 3, 3, 100, gradients}};
        Transfers expected;
        for (std::size_t i = 0; i < of_four.size(); ++i) {
            expected.push_back(of_four[i]);
            // The same to those that there are more.
            for (std::int64_t peer = 4; i % 3 == 2 && peer < ranks; ++peer) {
                expected.push_back(of_four[i]);
                expected.back()[1] = peer;
            }
        }
        EXPECT_EQ(sent, expected) << "of " << ranks;
    }
}

TEST(Llama3AllGather, GathersThePieceAfterWhileItComputes) {
    for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
        const Schedule schedule = write_llama3_all_gather(make_case(4, 2).input(3), pass);
        std::vector<std::int64_t> gathers;
        std::vector<std::int64_t> attends;
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == OperationKind::all_gather) {
                gathers.push_back(operation.id);
            } else if (operation.kind == OperationKind::attend || operation.kind == OperationKind::attend_backward) {
                attends.push_back(operation.id);
            }
        }
        const std::size_t pieces = pass == Pass::forward ? 4 : 8;
        ASSERT_EQ(gathers.size(), pieces);
        ASSERT_EQ(attends.size(), pieces);
        for (std::size_t i = 0; i < pieces; ++i) {
            EXPECT_LT(gathers[i], attends[i]);
            if (i % 4 > 0) {
                // What it waits for has happened when the piece before is computed.
                for (const std::int64_t id : schedule.operations[static_cast<std::size_t>(gathers[i])].after) {
                    EXPECT_LT(id, attends[i - 1]);
                }
            }
        }
    }
}

TEST(Llama3AllGather, MovesWhatAnAllGatherMoves) {
    for (const std::int64_t stride : {1, 2, 4, 8}) {
        const DispatchedCase c = make_case(5, stride);
        const TokenCounts counts(c.tokens);
        for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
            for (std::int64_t rank = 0; rank < 5; ++rank) {
                const StrategyTotals pieces = find_strategy("llama3_all_gather").totals(pass, c.input(rank), counts);
                const StrategyTotals whole = find_strategy("all_gather").totals(pass, c.input(rank), counts);
                EXPECT_EQ(pieces.bytes_received, whole.bytes_received);
                EXPECT_EQ(pieces.bytes_sent, whole.bytes_sent);
            }
        }
    }
}

// Beside the result: a piece in its order, as it came, and the next as it comes, each of the latter with what is sent.
TEST(Llama3AllGather, HoldsKeysAndValuesOfAFewHeads) {
    for (const std::int64_t stride : {1, 2}) {
        const DispatchedCase c = make_case(16, stride);
        const std::int64_t all = 1600 * stride * 40 * 2;
        const std::int64_t own = 100 * stride * 40 * 2;
        EXPECT_EQ(totals(write_llama3_all_gather(c.input(7), Pass::forward)).peak_buffer_bytes,
                  Partial::size_bytes(16, 100, 24) + 3 * all + 2 * own);
    }
}

TEST(Llama3AllGather, RefusesStridesThatDoNotFitWithTheReason) {
    StrategyOptions options;
    options.head_stride = 3;
    EXPECT_EQ(find_strategy("llama3_all_gather").infeasible(shape, 4, Pass::forward, options),
              "Llama 3 all-gather needs key/value heads divisible by the 3 that are gathered at once "
              "(layout.head_stride): 8 are given");
    options.head_stride = 8;
    EXPECT_EQ(find_strategy("llama3_all_gather").infeasible(shape, 4, Pass::forward, options), "");
}

}  // namespace
}  // namespace longscope
