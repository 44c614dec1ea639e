// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <array>

#include "engine/kernel/partial.h"
#include "tests/support/uneven_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(std::int64_t ranks, const AttentionShape& shape) {
    return uneven_case(ranks, shape, R"({"causal": {}})");
}

constexpr AttentionShape of_24_heads{1, 24, 8, 16, 24, DType::bfloat16};

// To, step, tokens, bytes of a token: of all heads, whichever the receiver computes.
using Transfer = std::array<std::int64_t, 4>;

constexpr std::int64_t queries = 24 * 16 * 2;
constexpr std::int64_t key_values = 8 * (16 + 24) * 2;
constexpr std::int64_t results = 24 * (24 + 1) * 4;
constexpr std::int64_t output_gradients = 24 * 24 * 2;
constexpr std::int64_t query_gradients = 24 * 16 * 4;
constexpr std::int64_t key_value_gradients = 8 * (16 + 24) * 4;

std::vector<Transfer> sent_by(std::int64_t rank, std::int64_t ranks, Pass pass) {
    const DispatchedCase c = make_case(ranks, of_24_heads);
    std::vector<Transfer> sent;
    for (const Operation& operation : write_tensor_parallel(c.input(rank), pass).operations) {
        EXPECT_NE(operation.kind, OperationKind::send);
        const bool gathers = operation.kind == OperationKind::all_gather;
        for (std::size_t peer = 0; peer < operation.sent_bytes.size(); ++peer) {
            // An all-gather sends the own tokens to everyone, a reduce-scatter everyone's to their owner.
            const std::int64_t tokens = c.tokens[gathers ? static_cast<std::size_t>(rank) : peer].size();
            if (static_cast<std::int64_t>(peer) != rank) {
                sent.push_back(
                    {static_cast<std::int64_t>(peer), operation.step, tokens, operation.sent_bytes[peer] / tokens});
                EXPECT_EQ(operation.sent_bytes[peer] % tokens, 0);
            }
        }
    }
    return sent;
}

// Megatron-LM with divided activations: all-gather before, reduce-scatter after, each of full width (Korthikanti et al.
// 2022, figure 5: g and its conjugate).
TEST(TensorParallel, GathersActivationsAndReducesOutputsAtFourRanks) {
    EXPECT_EQ(sent_by(1, 4, Pass::forward), (std::vector<Transfer>{
                                                {0, 0, 101, queries},
                                                {2, 0, 101, queries},
                                                {3, 0, 101, queries},
                                                {0, 0, 101, key_values},
                                                {2, 0, 101, key_values},
                                                {3, 0, 101, key_values},
                                                {0, 2, 100, results},
                                                {2, 2, 102, results},
                                                {3, 2, 103, results},
                                            }));
}

TEST(TensorParallel, GathersActivationsAndReducesOutputsAtSixAndEightRanks) {
    EXPECT_EQ(sent_by(5, 6, Pass::forward), (std::vector<Transfer>{
                                                {0, 0, 105, queries},
                                                {1, 0, 105, queries},
                                                {2, 0, 105, queries},
                                                {3, 0, 105, queries},
                                                {4, 0, 105, queries},
                                                {0, 0, 105, key_values},
                                                {1, 0, 105, key_values},
                                                {2, 0, 105, key_values},
                                                {3, 0, 105, key_values},
                                                {4, 0, 105, key_values},
                                                {0, 2, 100, results},
                                                {1, 2, 101, results},
                                                {2, 2, 102, results},
                                                {3, 2, 103, results},
                                                {4, 2, 104, results},
                                            }));
    EXPECT_EQ(sent_by(0, 8, Pass::forward),
              (std::vector<Transfer>{
                  {1, 0, 100, queries},    {2, 0, 100, queries},    {3, 0, 100, queries},    {4, 0, 100, queries},
                  {5, 0, 100, queries},    {6, 0, 100, queries},    {7, 0, 100, queries},    {1, 0, 100, key_values},
                  {2, 0, 100, key_values}, {3, 0, 100, key_values}, {4, 0, 100, key_values}, {5, 0, 100, key_values},
                  {6, 0, 100, key_values}, {7, 0, 100, key_values}, {1, 2, 101, results},    {2, 2, 102, results},
                  {3, 2, 103, results},    {4, 2, 104, results},    {5, 2, 105, results},    {6, 2, 106, results},
                  {7, 2, 107, results},
              }));
}

TEST(TensorParallel, GathersGradientsOfOutputsAndReducesThoseOfActivations) {
    std::vector<Transfer> backward = sent_by(1, 4, Pass::forward_backward);
    backward.erase(backward.begin(), backward.begin() + 9);
    EXPECT_EQ(backward, (std::vector<Transfer>{
                            {0, 3, 101, output_gradients},
                            {2, 3, 101, output_gradients},
                            {3, 3, 101, output_gradients},
                            {0, 5, 100, query_gradients},
                            {2, 5, 102, query_gradients},
                            {3, 5, 103, query_gradients},
                            {0, 5, 100, key_value_gradients},
                            {2, 5, 102, key_value_gradients},
                            {3, 5, 103, key_value_gradients},
                        }));
}

// Against Ulysses, whose bytes shrink with the ranks: twice the ranks with half the tokens each.
TEST(TensorParallel, ReceivesAsMuchHoweverManyRanksThereAre) {
    const auto received = [](const char* strategy, std::int64_t ranks) {
        AttentionCase problem;
        problem.shape = of_24_heads;
        problem.domain = {2400, 2400, {}};
        const DispatchedCase c(std::move(problem), "contiguous", ranks);
        return static_cast<double>(
            find_strategy(strategy).forward_totals(c.input(0), TokenCounts(c.tokens)).bytes_received);
    };
    // (N - 1) / N of all.
    EXPECT_DOUBLE_EQ(received("tensor_parallel", 8) / received("tensor_parallel", 2), (7.0 / 8) / (1.0 / 2));
    EXPECT_LT(received("ulysses", 8) / received("ulysses", 2), 0.5);
}

// Two key/value heads over four ranks: two ranks have each, and both have a part of its gradients.
TEST(TensorParallel, ComputesItsHeadsOfAllTokens) {
    const DispatchedCase c = make_case(4, {1, 8, 2, 16, 24, DType::float32});
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        const Schedule schedule = write_tensor_parallel(c.input(rank), Pass::forward_backward);
        for (const Operation& operation : schedule.operations) {
            if (operation.kind == OperationKind::attend || operation.kind == OperationKind::attend_backward) {
                EXPECT_EQ(operation.queries, 4);
                EXPECT_EQ(operation.keys, 4);
            }
            if (operation.kind == OperationKind::alloc && operation.role == BufferRole::key_values) {
                EXPECT_EQ(operation.heads, (std::vector<Range>{{rank / 2, rank / 2 + 1}}));
            }
            if (operation.kind == OperationKind::alloc && operation.role == BufferRole::queries) {
                EXPECT_EQ(operation.heads, (std::vector<Range>{{2 * rank, 2 * rank + 2}}));
            }
        }
    }
}

TEST(TensorParallel, RefusesHeadsThatDoNotDivideWithTheReason) {
    const StrategyEntry& strategy = find_strategy("tensor_parallel");
    EXPECT_EQ(strategy.infeasible({1, 6, 2, 16, 16, DType::float32}, 4, Pass::forward, {}),
              "tensor parallelism needs query heads divisible by 4 ranks: 6 are given");
    EXPECT_EQ(strategy.infeasible({1, 12, 3, 16, 16, DType::float32}, 4, Pass::forward, {}),
              "tensor parallelism needs key/value heads divisible by 4 ranks, or ranks divisible by key/value heads: 3 "
              "are given");
    EXPECT_EQ(strategy.infeasible(of_24_heads, 8, Pass::forward_backward, {}), "");
}

}  // namespace
}  // namespace longscope
