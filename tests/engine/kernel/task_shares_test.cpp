// SPDX-License-Identifier: GPL-3.0-or-later
// Shares give every task out once, to a thread those of its own share first.
#include "engine/kernel/cpu/task_shares.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <thread>

namespace longscope::cpu {
namespace {

using Tasks = std::vector<std::int64_t>;

Tasks all_of(TaskShares& shares, std::int64_t share) {
    Tasks taken;
    while (const std::optional<std::int64_t> task = shares.take(share)) {
        taken.push_back(*task);
    }
    return taken;
}

TEST(TaskShares, GiveAThreadItsOwnTasksBeforeThoseOfTheNext) {
    TaskShares shares(7, 3);
    EXPECT_EQ(shares.take(0), 0);
    EXPECT_EQ(shares.take(2), 4);
    EXPECT_EQ(all_of(shares, 1), (Tasks{2, 3, 5, 6, 1}));
    EXPECT_EQ(shares.take(0), std::nullopt);
}

RC_GTEST_PROP(TaskShares, GiveEveryTaskOutOnce, ()) {
    const auto tasks = *rc::gen::inRange<std::int64_t>(0, 50);
    const auto threads = *rc::gen::inRange<std::int64_t>(1, 9);
    TaskShares shares(tasks, threads);
    Tasks taken;
    const auto order = *rc::gen::container<Tasks>(rc::gen::inRange<std::int64_t>(0, threads));
    for (const std::int64_t share : order) {
        if (const std::optional<std::int64_t> task = shares.take(share)) {
            taken.push_back(*task);
        }
    }
    const Tasks rest = all_of(shares, *rc::gen::inRange<std::int64_t>(0, threads));
    taken.insert(taken.end(), rest.begin(), rest.end());
    std::sort(taken.begin(), taken.end());
    RC_ASSERT(static_cast<std::int64_t>(taken.size()) == tasks);
    for (std::int64_t i = 0; i < tasks; ++i) {
        RC_ASSERT(taken[static_cast<std::size_t>(i)] == i);
    }
}

TEST(TaskShares, GiveEveryTaskOutOnceToThreadsAtOnce) {
    constexpr std::int64_t threads = 4;
    constexpr std::int64_t tasks = 100'000;
    TaskShares shares(tasks, threads);
    std::vector<Tasks> taken(threads);
    std::vector<std::thread> running;
    for (std::int64_t i = 0; i < threads; ++i) {
        running.emplace_back([&, i] { taken[static_cast<std::size_t>(i)] = all_of(shares, i); });
    }
    for (std::thread& thread : running) {
        thread.join();
    }
    std::vector<int> times(tasks, 0);
    for (const Tasks& some : taken) {
        for (const std::int64_t task : some) {
            ++times[static_cast<std::size_t>(task)];
        }
    }
    EXPECT_EQ(times, std::vector<int>(tasks, 1));
}

}  // namespace
}  // namespace longscope::cpu
