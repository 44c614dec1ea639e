// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/processes.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "app/headless/worker/worker.h"
#include "engine/base/child_process.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

TEST(Processes, OfThisOneMuchIsTold) {
    const std::vector<pid_t> all = all_processes();
    EXPECT_EQ(std::count(all.begin(), all.end(), getpid()), 1);
    EXPECT_NE(process_text(getpid(), "cmdline").find("test_run"), std::string::npos);
}

TEST(Processes, OfOneThatIsGoneNothingIsTold) {
    const pid_t gone = fork();
    if (gone == 0) {
        _exit(0);
    }
    waitpid(gone, nullptr, 0);
    EXPECT_EQ(process_text(gone, "cmdline"), "");
    EXPECT_EQ(process_text(gone, "stat"), "");
}

TEST(Processes, AFileThatOpensButCannotBeReadIsEmpty) {
    // As those of a process that goes in between.
    EXPECT_EQ(text_or_nothing("/proc/self/task"), "");
    EXPECT_EQ(text_or_nothing("/proc/self/mem"), "");
}

TEST(Processes, ChildrenAreCounted) {
    const TemporaryFolder folder;
    // Longer than the kernel keeps, with a blank and brackets.
    const std::string name = "worker of (some) long name";
    std::filesystem::copy_file(std::filesystem::canonical(*find_program("sleep")), folder.path() / name);
    const std::string program = "'" + (folder.path() / name).string() + "'";
    ChildProcess child({"bash", "-c", program + " 1000 & " + program + " 1000 & kill -STOP $$; sleep 1000 & wait"}, {});
    const auto living = [](pid_t parent, const std::string& worker) { return count_children(parent, worker)->living; };
    while (living(child.id(), name) != 2) {
        poll(nullptr, 0, 1);
    }
    EXPECT_EQ(count_children(child.id(), name)->ended, 0);
    EXPECT_EQ(living(child.id(), "sleep"), 0);
    EXPECT_EQ(living(getpid(), name), 0) << "grandchildren do not count";
    EXPECT_EQ(living(getpid(), "bash"), 1);
    // The stopped shell does not wait for those that end.
    for (const pid_t process : all_processes()) {
        if (process_text(process, "cmdline").rfind((folder.path() / name).string(), 0) == 0) {
            kill(process, SIGKILL);
        }
    }
    while (living(child.id(), name) != 0) {
        poll(nullptr, 0, 1);
    }
    EXPECT_EQ(count_children(child.id(), name)->ended, 2);
    EXPECT_FALSE(child.status());
}

TEST(EndWithParent, EndsAtOnceWhenNobodyReadsAnyMore) {
    const auto run = [](bool read) {
        int ends[2] = {};
        EXPECT_EQ(pipe(ends), 0);
        const pid_t child = fork();
        if (child == 0) {
            dup2(ends[1], STDOUT_FILENO);
            close(ends[1]);
            if (!read) {
                close(ends[0]);
            }
            end_with_parent();
            _exit(0);
        }
        close(ends[1]);
        if (!read) {
            close(ends[0]);
        }
        int status = 0;
        waitpid(child, &status, 0);
        if (read) {
            close(ends[0]);
        }
        return WEXITSTATUS(status);
    };
    EXPECT_EQ(run(true), 0);
    EXPECT_NE(run(false), 0);
}

}  // namespace
}  // namespace longscope
