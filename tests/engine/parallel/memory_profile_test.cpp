// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/memory_profile.h"

#include <gtest/gtest.h>

#include "engine/kernel/partial.h"
#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

DispatchedCase make_case() {
    return {self_attention({1, 8, 4, 64, 64, DType::float32}, 256, {}, R"({"causal": {}})"), "zigzag", 4};
}

std::int64_t bytes_of(const MemoryChange& change, BufferRole role) {
    return change.bytes.at(static_cast<std::size_t>(role));
}

TEST(MemoryProfile, OfARingHasTwoPartialsAndTwoBlocks) {
    const DispatchedCase c = make_case();
    const MemoryProfile profile =
        memory_profile(find_strategy("ring").forward(c.input(1)), c.problem.shape, c.tokens[1].size());
    const std::int64_t partial = Partial::size_bytes(8, 64, 64);
    const std::int64_t block = 64 * 4 * 128 * 4;
    EXPECT_EQ(profile.input_bytes, 64 * 8 * 64 * 4 + block);
    ASSERT_FALSE(profile.changes.empty());
    const MemoryChange& peak = profile.changes[profile.peak];
    EXPECT_EQ(bytes_of(peak, BufferRole::partial), 2 * partial);
    EXPECT_EQ(bytes_of(peak, BufferRole::key_values), 2 * block);
    EXPECT_EQ(sum_of(peak.bytes), profile.peak_buffer_bytes);
    EXPECT_EQ(peak.step, 0) << "all is allocated before the first step";
    // Only the result is left.
    EXPECT_EQ(sum_of(profile.changes.back().bytes), partial);
    EXPECT_EQ(profile.changes.back().step, 3);
}

// Whatever the strategy: the same peak as the ledger that runs are refused by, and what is left are the results.
TEST(MemoryProfile, PeaksWhereTheLedgerDoes) {
    const DispatchedCase c = make_case();
    for (const StrategyEntry& strategy : strategies()) {
        for (const Pass pass : {Pass::forward, Pass::forward_backward}) {
            if (!strategy.infeasible(c.problem.shape, c.ranks(), pass, {}).empty()) {
                continue;
            }
            for (std::int64_t rank = 0; rank < c.ranks(); ++rank) {
                const Schedule schedule = strategy.write(pass, c.input(rank));
                const std::int64_t tokens = c.tokens[static_cast<std::size_t>(rank)].size();
                const MemoryLedger ledger = memory_ledger(schedule, c.problem.shape, tokens);
                const MemoryProfile profile = memory_profile(schedule, c.problem.shape, tokens);
                EXPECT_EQ(profile.peak_bytes(), ledger.total_bytes()) << strategy.name;
                EXPECT_EQ(profile.input_bytes, ledger.input_bytes) << strategy.name;
                double time = 0;
                for (const MemoryChange& change : profile.changes) {
                    EXPECT_GE(change.time, time) << strategy.name;
                    EXPECT_EQ(static_cast<std::int32_t>(change.time), change.step);
                    EXPECT_LE(sum_of(change.bytes), profile.peak_buffer_bytes);
                    time = change.time;
                    for (const std::int64_t bytes : change.bytes) {
                        EXPECT_GE(bytes, 0) << strategy.name;
                    }
                }
                EXPECT_EQ(bytes_of(profile.changes.back(), BufferRole::partial), Partial::size_bytes(8, tokens, 64))
                    << strategy.name;
            }
        }
    }
}

TEST(MemoryProfile, WhatAllocatesNothingHoldsItsInputsAlone) {
    const DispatchedCase c = make_case();
    Schedule nothing;
    nothing.ranks = 4;
    const MemoryProfile profile = memory_profile(nothing, c.problem.shape, 10);
    EXPECT_TRUE(profile.changes.empty());
    EXPECT_EQ(profile.peak_bytes(), 10 * (8 * 64 * 4 + 4 * 128 * 4));
}

}  // namespace
}  // namespace longscope
