// SPDX-License-Identifier: GPL-3.0-or-later
// Turns fix the order in which threads add to a thing, whoever is faster.
#include "engine/kernel/cpu/turns.h"

#include <gtest/gtest.h>

#include <thread>

namespace longscope::cpu {
namespace {

TEST(Turns, AreTakenInOrderByThreadsInAnyOrder) {
    constexpr std::int64_t turns = 200;
    constexpr std::int64_t things = 3;
    Turns order(things);
    std::vector<std::vector<std::int64_t>> taken(things);
    std::vector<std::thread> threads;
    for (const std::int64_t first : {1, 0, 2}) {
        threads.emplace_back([&, first] {
            for (std::int64_t turn = first; turn < turns; turn += 3) {
                for (std::int64_t thing = 0; thing < things; ++thing) {
                    order.take(thing, turn, [&] { taken[static_cast<std::size_t>(thing)].push_back(turn); });
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::vector<std::int64_t>& of_thing : taken) {
        ASSERT_EQ(of_thing.size(), static_cast<std::size_t>(turns));
        for (std::int64_t turn = 0; turn < turns; ++turn) {
            EXPECT_EQ(of_thing[static_cast<std::size_t>(turn)], turn);
        }
    }
}

TEST(Turns, AreTriedWithoutWaiting) {
    Turns turns(1);
    int done = 0;
    EXPECT_FALSE(turns.try_take(0, 1, [&] { ++done; }));
    EXPECT_EQ(done, 0);
    EXPECT_TRUE(turns.try_take(0, 0, [&] { ++done; }));
    EXPECT_TRUE(turns.try_take(0, 1, [&] { ++done; }));
    EXPECT_EQ(done, 2);
}

TEST(Steps, AreWaitedForInAnyOrder) {
    constexpr std::int64_t threads = 3;
    constexpr std::int64_t rounds = 1000;
    Steps steps(2);
    std::atomic<std::int64_t> added{0};
    std::vector<std::thread> workers;
    for (std::int64_t thread = 0; thread < threads; ++thread) {
        workers.emplace_back([&] {
            for (std::int64_t i = 0; i < rounds; ++i) {
                ++added;
                steps.add(1, 1);
            }
        });
    }
    steps.wait(1, threads * rounds);
    EXPECT_EQ(added, threads * rounds);
    steps.wait(0, 0);
    for (std::thread& worker : workers) {
        worker.join();
    }
}

}  // namespace
}  // namespace longscope::cpu
