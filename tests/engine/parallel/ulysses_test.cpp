// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

std::string reason(std::int64_t query_heads, std::int64_t key_value_heads, std::int64_t ranks) {
    return ulysses_infeasible({1, query_heads, key_value_heads, 64, 64, DType::float32}, ranks, {});
}

TEST(Ulysses, SaysWhyItIsInfeasible) {
    EXPECT_EQ(reason(64, 8, 96), "Ulysses needs query heads divisible by 96 ranks: 64 are given");
    EXPECT_EQ(reason(12, 6, 4),
              "Ulysses needs key/value heads divisible by 4 ranks, or ranks divisible by key/value heads: 6 are given");
    EXPECT_EQ(reason(64, 8, 4), "");
    EXPECT_EQ(reason(64, 8, 64), "") << "key/value heads are replicated";
    try {
        require_feasible(find_strategy("ulysses"), {1, 3, 1, 8, 8, DType::float32}, 2, Pass::forward, {});
        FAIL() << "not refused";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::infeasible);
    }
}

DispatchedCase make_case(std::int64_t query_heads, std::int64_t key_value_heads, std::int64_t ranks) {
    return {self_attention({1, query_heads, key_value_heads, 64, 64, DType::float32}, 4096, {}, R"({"causal": {}})"),
            "contiguous", ranks};
}

TEST(Ulysses, MovesThePublishedNumberOfBytes) {
    // (N - 1) / N s d b (2 hq + 2 max(hkv, N)) of s tokens a rank, and the lse of the result: DeepSpeed Ulysses, with
    // key/value heads replicated up to the number of ranks.
    for (const auto& [query_heads, key_value_heads, ranks] :
         {std::tuple{32, 8, 4}, {32, 8, 8}, {32, 8, 16}, {8, 1, 8}}) {
        const DispatchedCase c = make_case(query_heads, key_value_heads, ranks);
        const std::int64_t share = 4096 / ranks;
        const std::int64_t published =
            (ranks - 1) * share * 64 * 4 * (2 * query_heads + 2 * std::max(key_value_heads, ranks)) / ranks;
        const std::int64_t lse = share * (query_heads - query_heads / ranks) * 4;
        EXPECT_EQ(totals(write_ulysses(c.input(1), Pass::forward)).bytes_received, published + lse);
    }
}

TEST(Ulysses, EveryRankHasTheSameWorkWhateverTheDispatch) {
    const DispatchedCase c = make_case(8, 2, 4);
    for (std::int64_t rank = 0; rank < 4; ++rank) {
        EXPECT_DOUBLE_EQ(totals(write_ulysses(c.input(rank), Pass::forward)).flops,
                         forward_flops(c.problem.shape, c.masks.kind(0).pairs()) / 4);
    }
}

}  // namespace
}  // namespace longscope
