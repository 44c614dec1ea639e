// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(std::int64_t ranks) {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, 100 * ranks, {}, R"({"causal": {}})"), "zigzag", ranks};
}

// Step, peer, bytes.
using Sends = std::vector<std::tuple<int, std::int64_t, std::int64_t>>;

Sends sends_of(std::int64_t rank, std::int64_t ranks) {
    const DispatchedCase c = make_case(ranks);
    Sends sends;
    for (const Operation& operation : write_token_ring(c.input(rank), Pass::forward).operations) {
        if (operation.kind == OperationKind::send) {
            sends.emplace_back(operation.step, operation.peer, operation.bytes);
        }
    }
    return sends;
}

// Queries go one way, block outputs with their lse back to where the queries came from (the paper's figure, 4 ranks).
TEST(TokenRing, SendsQueriesOnAndResultsHome) {
    const std::int64_t q = 100 * 4 * 16 * 2;
    const std::int64_t result = 100 * 4 * (24 + 1) * 4;
    EXPECT_EQ(sends_of(0, 4), (Sends{{0, 1, q}, {1, 1, q}, {1, 3, result}, {2, 1, q}, {2, 2, result}, {3, 1, result}}));
    EXPECT_EQ(sends_of(2, 4), (Sends{{0, 3, q}, {1, 3, q}, {1, 1, result}, {2, 3, q}, {2, 0, result}, {3, 3, result}}));
    EXPECT_EQ(sends_of(1, 2), (Sends{{0, 0, q}, {1, 0, result}}));
}

TEST(TokenRing, HasNoBackwardPassAndSaysSo) {
    EXPECT_EQ(find_strategy("token_ring").infeasible(make_case(4).problem.shape, 4, Pass::forward_backward, {}),
              "token_ring has no backward pass");
    EXPECT_EQ(find_strategy("token_ring").infeasible(make_case(4).problem.shape, 4, Pass::forward, {}), "");
}

}  // namespace
}  // namespace longscope
