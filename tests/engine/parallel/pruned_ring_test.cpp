// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case(const char* mask, const char* dispatch, std::int64_t tokens, std::int64_t ranks) {
    return {self_attention({1, 4, 2, 16, 24, DType::bfloat16}, tokens, {}, mask), dispatch, ranks};
}

// Chunks of ten tokens, of which rank owners[i] holds the ith.
DispatchedCase chunks_of(const char* mask, const std::vector<std::int64_t>& owners) {
    const auto chunks = static_cast<std::int64_t>(owners.size());
    DispatchedCase c = make_case(mask, "contiguous", 10 * chunks, *std::max_element(owners.begin(), owners.end()) + 1);
    for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
        std::vector<Range> ranges;
        for (std::int64_t i = 0; i < chunks; ++i) {
            if (owners[static_cast<std::size_t>(i)] == rank) {
                ranges.push_back({10 * i, 10 * (i + 1)});
            }
        }
        c.tokens[static_cast<std::size_t>(rank)] = TokenSet(std::move(ranges));
    }
    return c;
}

// From, to, step, tokens, of keys and values; or of gradients, which are the transfers of the backward pass beside
// them.
using Hops = std::vector<std::array<std::int64_t, 4>>;

Hops hops_of(const DispatchedCase& c, bool of_gradients) {
    Hops hops;
    for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
        const Schedule schedule =
            write_pruned_ring(c.input(rank), of_gradients ? Pass::forward_backward : Pass::forward);
        const std::int64_t flows_of_keys = 2 * 2 * c.ranks() * c.ranks();
        for (const Operation& operation : schedule.operations) {
            if (operation.kind != OperationKind::send || (operation.flow >= flows_of_keys) != of_gradients) {
                continue;
            }
            const std::int64_t row = of_gradients ? c.problem.shape.key_value_gradient_bytes_per_token()
                                                  : c.problem.shape.key_value_bytes_per_token();
            EXPECT_EQ(operation.bytes % row, 0);
            hops.push_back({rank, operation.peer, operation.step, operation.bytes / row});
        }
    }
    std::sort(hops.begin(), hops.end());
    return hops;
}

std::int64_t tokens_moved(const DispatchedCase& c) {
    std::int64_t sum = 0;
    for (const auto& hop : hops_of(c, false)) {
        sum += hop[3];
    }
    return sum;
}

// Chunk transfers that are needed, of those that a ring makes, as MagiAttention counts them.
TEST(PrunedRing, MakesTheTransfersThatAreNeeded) {
    const std::vector<std::int64_t> zigzag{0, 1, 2, 3, 3, 2, 1, 0};
    EXPECT_EQ(tokens_moved(chunks_of(R"({"full": {}})", zigzag)), 10 * 24);
    EXPECT_EQ(tokens_moved(chunks_of(R"({"causal": {}})", zigzag)), 10 * 18);
    EXPECT_EQ(tokens_moved(chunks_of(R"({"full": {}})", {0, 1, 2, 3})), 10 * 12);
    EXPECT_EQ(tokens_moved(chunks_of(R"({"causal": {}})", {0, 1, 2, 3})), 10 * 6);
    // Two documents of four chunks: the last sees all.
    const std::vector<std::int64_t> of_two{0, 1, 0, 1, 2, 3, 2, 3};
    EXPECT_EQ(tokens_moved(chunks_of(R"({"full": {}})", of_two)), 10 * 24);
    EXPECT_EQ(tokens_moved(chunks_of(R"({"block_causal": {"block": 40}})", of_two)), 10 * 16);
}

TEST(PrunedRing, CarriesOnlyWhatLaterRanksSee) {
    // Contiguous causal over 4 ranks: nobody before a block sees it.
    EXPECT_EQ(hops_of(make_case(R"({"causal": {}})", "contiguous", 400, 4), false),
              (Hops{{0, 1, 0, 100}, {1, 2, 0, 100}, {1, 2, 1, 100}, {2, 3, 0, 100}, {2, 3, 1, 100}, {2, 3, 2, 100}}));
    // 6 ranks, a window of 40: a halo of one hop.
    EXPECT_EQ(hops_of(make_case(R"({"window": {"left": 40, "right": 0}})", "contiguous", 600, 6), false),
              (Hops{{0, 1, 0, 40}, {1, 2, 0, 40}, {2, 3, 0, 40}, {3, 4, 0, 40}, {4, 5, 0, 40}}));
    // To the right: blocks go back.
    EXPECT_EQ(hops_of(make_case(R"({"window": {"left": 0, "right": 40}})", "contiguous", 600, 6), false),
              (Hops{{1, 0, 0, 40}, {2, 1, 0, 40}, {3, 2, 0, 40}, {4, 3, 0, 40}, {5, 4, 0, 40}}));
    // 8 ranks, a window of 130 with the first 5 tokens: those make the whole way.
    EXPECT_EQ(hops_of(make_case(R"({"and": [{"causal": {}},
                          {"or": [{"sink": {"tokens": 5}}, {"window": {"left": 130, "right": 0}}]}]})",
                                "contiguous", 800, 8),
                      false),
              (Hops{{0, 1, 0, 100},
                    {1, 2, 0, 100},
                    {1, 2, 1, 35},
                    {2, 3, 0, 100},
                    {2, 3, 1, 30},
                    {2, 3, 2, 5},
                    {3, 4, 0, 100},
                    {3, 4, 1, 30},
                    {3, 4, 3, 5},
                    {4, 5, 0, 100},
                    {4, 5, 1, 30},
                    {4, 5, 4, 5},
                    {5, 6, 0, 100},
                    {5, 6, 1, 30},
                    {5, 6, 5, 5},
                    {6, 7, 0, 100},
                    {6, 7, 1, 30},
                    {6, 7, 6, 5}}));
}

// The sum of block 0 goes from rank 1 over 2 to 3, where nobody further on sees it, and from there home.
TEST(PrunedRing, SendsTheGradientsOfWhatWasSentOnAndStraightHome) {
    EXPECT_EQ(hops_of(make_case(R"({"causal": {}})", "contiguous", 400, 4), true),
              (Hops{{1, 2, 5, 100}, {2, 3, 5, 100}, {2, 3, 6, 100}, {3, 0, 7, 100}, {3, 1, 6, 100}, {3, 2, 5, 100}}));
    // Of a halo: straight back.
    EXPECT_EQ(hops_of(make_case(R"({"window": {"left": 40, "right": 0}})", "contiguous", 600, 6), true),
              (Hops{{1, 0, 7, 40}, {2, 1, 7, 40}, {3, 2, 7, 40}, {4, 3, 7, 40}, {5, 4, 7, 40}}));
    // As many tokens as were sent, once for each hop.
    for (const char* dispatch : {"zigzag", "striped", "balanced"}) {
        const DispatchedCase c = make_case(R"({"window": {"left": 70, "right": 9}})", dispatch, 800, 5);
        std::int64_t gradients = 0;
        for (const auto& hop : hops_of(c, true)) {
            gradients += hop[3];
        }
        EXPECT_EQ(gradients, tokens_moved(c)) << dispatch;
    }
}

TEST(PrunedRing, IsARingWithoutAMask) {
    for (const char* dispatch : {"contiguous", "zigzag", "striped", "balanced"}) {
        const DispatchedCase c = make_case(R"({"full": {}})", dispatch, 509, 5);
        const TokenCounts counts(c.tokens);
        for (std::int64_t rank = 0; rank < 5; ++rank) {
            const StrategyTotals pruned = find_strategy("pruned_ring").forward_totals(c.input(rank), counts);
            const StrategyTotals ring = find_strategy("ring").forward_totals(c.input(rank), counts);
            EXPECT_EQ(pruned.bytes_received, ring.bytes_received);
            EXPECT_EQ(pruned.bytes_sent, ring.bytes_sent);
            EXPECT_LE(pruned.peak_buffer_bytes, ring.peak_buffer_bytes);
        }
    }
}

TEST(PrunedRing, MovesNothingBetweenRanksThatSeeNothingOfEachOther) {
    AttentionCase problem;
    problem.shape = {1, 4, 2, 16, 24, DType::bfloat16};
    problem.domain = {400, 400, {0, 100, 200, 300, 400}};
    problem.mask_json = R"({"documents": {}})";
    const DispatchedCase c(std::move(problem), "contiguous", 4);
    EXPECT_EQ(hops_of(c, false), Hops{});
    EXPECT_EQ(hops_of(c, true), Hops{});
}

}  // namespace
}  // namespace longscope
