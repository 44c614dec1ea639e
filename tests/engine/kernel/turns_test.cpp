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

}  // namespace
}  // namespace longscope::cpu
