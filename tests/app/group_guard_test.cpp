// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/group_guard.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>

#include "engine/base/child_process.h"

namespace longscope {
namespace {

constexpr Nanoseconds grace_ns = 100'000'000;

void wait_until_ready(const ChildProcess& child) {
    char byte = 0;
    while (read(child.output(), &byte, 1) != 1) {
        poll(nullptr, 0, 1);
    }
}

// A process starts this script with a guard, and is killed. Returns when all of its processes are gone.
void kill_who_guards(const std::string& script) {
    std::array<int, 2> life{};
    std::array<int, 2> ready{};
    ASSERT_EQ(pipe(life.data()), 0);
    ASSERT_EQ(pipe(ready.data()), 0);
    const pid_t owner = fork();
    if (owner == 0) {
        const ChildProcess child({"bash", "-c", script}, {});
        const GroupGuard guard(child.id(), grace_ns);
        wait_until_ready(child);
        const ssize_t ignored = write(ready[1], "r", 1);
        (void)ignored;
        for (;;) {
            pause();
        }
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    kill(owner, SIGKILL);
    waitpid(owner, nullptr, 0);
    for (const int end : {life[1], ready[0], ready[1]}) {
        close(end);
    }
    // Everything that the process has started has inherited the other end.
    EXPECT_EQ(read(life[0], &byte, 1), 0);
    close(life[0]);
}

TEST(GroupGuard, KillsAGroupThatTakesNoNoticeOfTheEndOfItsOwner) {
    kill_who_guards("trap '' TERM; sleep 1000 & echo ready; while :; do wait; done");
}

TEST(GroupGuard, EndsAStoppedGroup) {
    kill_who_guards("sleep 1000 & echo ready; kill -STOP $$");
}

TEST(GroupGuard, LeavesTheGroupAloneWhenItIsNotNeeded) {
    ChildProcess child({"bash", "-c", "echo ready; exec sleep 1000"}, {});
    std::optional<GroupGuard> guard(std::in_place, child.id(), grace_ns);
    wait_until_ready(child);
    guard.reset();
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), 0) << "the child lives, and the guard is gone";
    EXPECT_FALSE(child.status());
}

}  // namespace
}  // namespace longscope
