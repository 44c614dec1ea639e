// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/parallel/buffer_layout.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/support/dispatched_case.h"

namespace longscope {
namespace {

Operation alloc(std::int64_t buffer, std::int64_t bytes) {
    Operation operation;
    operation.kind = OperationKind::alloc;
    operation.buffer = buffer;
    operation.bytes = bytes;
    return operation;
}

Operation free_of(std::int64_t buffer) {
    Operation operation;
    operation.kind = OperationKind::free;
    operation.buffer = buffer;
    return operation;
}

TEST(BufferLives, BeginWithTheirAllocAndEndWithWhatFreesThem) {
    Schedule schedule;
    schedule.operations = {alloc(1, 100), alloc(2, 10), free_of(1), alloc(1, 30), alloc(2, 20), free_of(7)};
    const std::vector<BufferLife> lives = buffer_lives(schedule);
    ASSERT_EQ(lives.size(), 4U);
    const auto is = [&](std::size_t i, std::int64_t begin, std::int64_t end, std::int64_t bytes) {
        return lives[i].begin == begin && lives[i].end == end && lives[i].bytes == bytes;
    };
    EXPECT_TRUE(is(0, 0, 2, 100));
    EXPECT_TRUE(is(1, 1, 5, 10)) << "in use together with the one that takes its number";
    EXPECT_TRUE(is(2, 3, 6, 30)) << "not freed";
    EXPECT_TRUE(is(3, 4, 6, 20));
    EXPECT_EQ(least_layout_bytes(lives), 192) << "three of 64 each from operation 4 on; 128 and 64 before";
}

void expect_layout(const std::vector<BufferLife>& lives, const BufferLayout& layout) {
    ASSERT_EQ(layout.offsets_bytes.size(), lives.size());
    for (std::size_t i = 0; i < lives.size(); ++i) {
        const std::int64_t offset = layout.offsets_bytes[i];
        EXPECT_EQ(offset % buffer_alignment_bytes, 0);
        EXPECT_GE(offset, 0);
        EXPECT_LE(offset + lives[i].bytes, layout.bytes);
        for (std::size_t j = 0; j < i; ++j) {
            const bool together = lives[i].begin < lives[j].end && lives[j].begin < lives[i].end;
            const std::int64_t other = layout.offsets_bytes[j];
            EXPECT_TRUE(!together || offset + lives[i].bytes <= other || other + lives[j].bytes <= offset)
                << "buffers " << i << " and " << j;
        }
    }
    EXPECT_GE(layout.bytes, least_layout_bytes(lives));
}

TEST(BufferLayout, OfNothingTakesNothing) {
    EXPECT_EQ(lay_out({}).bytes, 0);
    EXPECT_EQ(lay_out({{0, 5, 0}}).bytes, 0);
}

TEST(BufferLayout, LeavesRoomBelowForWhatComesLater) {
    // At the lowest place in the order in which they come: the third would not fit below the second, and take 256
    // bytes.
    const std::vector<BufferLife> lives{{0, 2, 64}, {1, 4, 64}, {3, 5, 128}};
    const BufferLayout layout = lay_out(lives);
    expect_layout(lives, layout);
    EXPECT_EQ(layout.bytes, 192);
}

RC_GTEST_PROP(BufferLayout, KeepsApartWhatIsInUseTogether, ()) {
    const auto count = *rc::gen::inRange(1, 30);
    std::vector<BufferLife> lives;
    for (int i = 0; i < count; ++i) {
        const auto begin = *rc::gen::inRange<std::int64_t>(0, 40);
        lives.push_back(
            {begin, begin + *rc::gen::inRange<std::int64_t>(1, 20), *rc::gen::inRange<std::int64_t>(0, 2000)});
    }
    const BufferLayout layout = lay_out(lives);
    expect_layout(lives, layout);
    RC_ASSERT(!testing::Test::HasFailure());
    RC_ASSERT(lay_out(lives).offsets_bytes == layout.offsets_bytes);
}

// What a schedule's buffers take in one piece is what the memory ledger says.
TEST(BufferLayout, OfSchedulesTakesTheLeast) {
    AttentionCase problem;
    problem.shape = {1, 8, 4, 128, 128, DType::bfloat16};
    problem.domain = {4096, 4096, {0, 1000, 1700, 4096}};
    problem.mask_json = R"({"and": [{"documents": {}}, {"causal": {}}]})";
    int schedules = 0;
    int larger = 0;
    for (const StrategyEntry& strategy : strategies()) {
        for (const char* dispatch : {"contiguous", "zigzag", "balanced"}) {
            for (const std::int64_t ranks : {1, 3, 4, 8}) {
                DispatchedCase c(problem, dispatch, ranks);
                const Pass pass = strategy.has_backward ? Pass::forward_backward : Pass::forward;
                for (const StrategyOptions& options : feasible_options(strategy, c, pass)) {
                    c.options = options;
                    const Schedule schedule = strategy.write(pass, c.input(ranks - 1));
                    const std::vector<BufferLife> lives = buffer_lives(schedule);
                    const std::int64_t least = least_layout_bytes(lives);
                    // Sizes of a few dozen bytes more, for alignment.
                    EXPECT_NEAR(static_cast<double>(least), static_cast<double>(totals(schedule).peak_buffer_bytes),
                                static_cast<double>(64 * lives.size()));
                    const BufferLayout layout = lay_out(lives);
                    EXPECT_LE(static_cast<double>(layout.bytes), 1.02 * static_cast<double>(least))
                        << strategy.name << " " << dispatch << " " << ranks << " " << to_string(options);
                    ++schedules;
                    larger += layout.bytes > least ? 1 : 0;
                }
            }
        }
    }
    EXPECT_GT(schedules, 200);
    EXPECT_LE(larger, schedules / 50) << "of " << schedules;
}

}  // namespace
}  // namespace longscope
