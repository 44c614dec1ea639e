// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/child_process.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>

#include "app/headless/run/worker_stream.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace longscope {
namespace {

// The whole of a pipe up to its end, which comes when the last process that has it open is gone.
std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        struct pollfd wait {
            descriptor, POLLIN, 0
        };
        poll(&wait, 1, -1);
        const ssize_t got = read(descriptor, piece.data(), piece.size());
        if (got <= 0) {
            return text;
        }
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

ExitStatus ended(ChildProcess& child) {
    while (!child.status()) {
        poll(nullptr, 0, 1);
    }
    return *child.status();
}

std::vector<std::string> shell(const std::string& script) {
    return {"sh", "-c", script};
}

TEST(ChildProcess, OutputAndErrorsArriveApart) {
    ChildProcess child(shell("echo out; echo err >&2; echo out"), {});
    EXPECT_EQ(read_all(child.output()), "out\nout\n");
    EXPECT_EQ(read_all(child.error_output()), "err\n");
    EXPECT_TRUE(ended(child).good());
}

TEST(ChildProcess, ReadingDoesNotBlock) {
    const ChildProcess child({"sleep", "1000"}, {});
    char byte = 0;
    EXPECT_EQ(read(child.output(), &byte, 1), -1);
    EXPECT_EQ(errno, EAGAIN);
}

TEST(ChildProcess, TheExitCodeIsTold) {
    ChildProcess child(shell("exit 7"), {});
    const ExitStatus status = ended(child);
    EXPECT_EQ(status.code, 7);
    EXPECT_EQ(status.signal, 0);
    EXPECT_FALSE(status.good());
}

TEST(ChildProcess, TheSignalThatKilledItIsTold) {
    ChildProcess child(shell("kill -SEGV $$"), {});
    EXPECT_EQ(ended(child).signal, SIGSEGV);
    EXPECT_FALSE(ended(child).good());
}

TEST(ChildProcess, ASignalReachesTheWholeGroup) {
    // The pipe ends only when the inner process is gone too.
    ChildProcess child(shell("sh -c 'echo ready; exec sleep 1000' & wait"), {});
    char byte = 0;
    while (read(child.output(), &byte, 1) != 1) {
        poll(nullptr, 0, 1);
    }
    child.send_signal(SIGTERM);
    EXPECT_EQ(read_all(child.output()), "eady\n");
    EXPECT_EQ(ended(child).signal, SIGTERM);
}

TEST(ChildProcess, TheWholeGroupIsKilledWithTheObject) {
    std::array<int, 2> life{};
    ASSERT_EQ(pipe(life.data()), 0);
    // Both processes hold the writing end; they take no notice of SIGTERM.
    auto child = std::make_unique<ChildProcess>(
        shell("trap '' TERM; sh -c 'echo ready; exec sleep 1000' & while :; do wait; done"),
        std::vector<std::pair<std::string, std::string>>{});
    close(life[1]);
    struct pollfd wait {
        child->output(), POLLIN, 0
    };
    poll(&wait, 1, -1);
    child.reset();
    EXPECT_EQ(read_all(life[0]), "");  // comes back only when both are gone
    close(life[0]);
}

TEST(ChildProcess, StandardInputIsEmpty) {
    ChildProcess child({"cat"}, {});
    EXPECT_EQ(read_all(child.output()), "");
    EXPECT_TRUE(ended(child).good());
}

TEST(ChildProcess, VariablesAreAddedAndReplaced) {
    ChildProcess child(shell("echo $LONGSCOPE_TEST_NEW:$HOME:${PATH:+path}"),
                       {{"LONGSCOPE_TEST_NEW", "a b"}, {"HOME", "/replaced"}});
    EXPECT_EQ(read_all(child.output()), "a b:/replaced:path\n");
}

TEST(ChildProcess, SignalsHaveTheirUsualMeaningInTheChild) {
    // What this process ignores or blocks must not reach the program: it would not die of a closed pipe.
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    sigset_t blocked;
    sigset_t previous;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &previous);
    // SIGPIPE is bit 12.
    ChildProcess child({"sed", "-nE", "s/^SigBlk:.//p; s/^SigIgn:.*(.)...$/\\1/p", "/proc/self/status"}, {});
    std::signal(SIGPIPE, before);
    sigprocmask(SIG_SETMASK, &previous, nullptr);
    EXPECT_EQ(read_all(child.output()), "0000000000000000\n0\n");
}

TEST(ChildProcess, WhatIsNotFoundIsNamed) {
    expect_error(ErrorKind::failed, {"no-such-program: not found in PATH"},
                 [] { const ChildProcess child({"no-such-program"}, {}); });
    expect_error(ErrorKind::failed, {"/no/such/program: not found"},
                 [] { const ChildProcess child({"/no/such/program"}, {}); });
}

TEST(ChildProcess, WhatCannotBeStartedIsNamedWithTheReason) {
    const TemporaryFolder folder;
    const std::filesystem::path program = folder.path() / "program";
    std::ofstream(program) << "\x7f"
                              "ELF, but no more";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    expect_error(ErrorKind::failed, {program.string(), "cannot be started", "Exec format error"},
                 [&] { const ChildProcess child({program.string()}, {}); });
}

TEST(FindProgram, GoesThroughPathAndTakesPathsAsTheyAre) {
    EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
    ASSERT_TRUE(find_program("sh"));
    EXPECT_EQ(find_program("sh")->back(), 'h');
    EXPECT_EQ(find_program("no-such-program"), std::nullopt);
    EXPECT_EQ(find_program("/etc/passwd"), std::nullopt) << "not executable";
    EXPECT_EQ(find_program("/usr/bin"), std::nullopt) << "a folder";
}

TEST(FirstLineOf, IsWhatTheCommandPrintsFirst) {
    EXPECT_EQ(first_line_of(shell("echo one; echo two")), "one");
    EXPECT_EQ(first_line_of(shell("printf one")), "one");
    EXPECT_EQ(first_line_of(shell("echo only errors >&2")), "");
    EXPECT_EQ(first_line_of({"no-such-program"}), "");
}

}  // namespace
}  // namespace longscope
