// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/thread_team.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace longscope {
namespace {

TEST(ThreadTeam, VisitsEveryIndexOnceForAnyNumberOfThreadsAndGrain) {
    for (const int threads : {1, 2, 5}) {
        for (const std::int64_t grain : {1, 3, 1000}) {
            std::vector<std::atomic<int>> visits(257);
            ThreadTeam(threads).for_each_range(257, grain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i) {
                    ++visits[static_cast<std::size_t>(i)];
                }
            });
            for (const auto& count : visits) {
                ASSERT_EQ(count, 1) << threads << " threads, grain " << grain;
            }
        }
    }
}

TEST(ThreadTeam, OfOneThreadStaysOnTheCaller) {
    const auto caller = std::this_thread::get_id();
    int calls = 0;
    ThreadTeam(1).for_each_range(1000, 10, [&](std::int64_t begin, std::int64_t end) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        EXPECT_EQ(begin, 0);
        EXPECT_EQ(end, 1000);
        ++calls;
    });
    EXPECT_EQ(calls, 1);
}

TEST(ThreadTeam, LendsItsThreadsToLoopsInside) {
    const auto caller = std::this_thread::get_id();
    ThreadTeam(1).run(
        [&] { ThreadTeam().for_each(100, [&](std::int64_t) { ASSERT_EQ(std::this_thread::get_id(), caller); }); });
}

TEST(ThreadTeam, DoesNothingForNoIndices) {
    ThreadTeam(2).for_each(0, [](std::int64_t) { FAIL(); });
}

TEST(ThreadTeam, ThrowsOnWhatALoopThrows) {
    for (const int threads : {1, 3}) {
        EXPECT_THROW(ThreadTeam(threads).for_each(100,
                                                  [](std::int64_t i) {
                                                      if (i == 57) {
                                                          throw std::runtime_error("57");
                                                      }
                                                  }),
                     std::runtime_error);
    }
}

}  // namespace
}  // namespace longscope
