// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/headless/run/group_guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "engine/base/error.h"

namespace longscope {

namespace {

// Whether the group has ended within the time.
bool ended_within(pid_t group, int milliseconds) {
    constexpr int step = 20;
    for (int waited = 0; waited < milliseconds; waited += step) {
        if (kill(-group, 0) != 0 && errno == ESRCH) {
            return true;
        }
        poll(nullptr, 0, step);
    }
    return false;
}

// In the guard, a copy of a process that may have threads: only calls that are safe after fork. Does not return.
[[noreturn]] void watch(pid_t group, int life, int grace_ms) {
    setsid();  // what a terminal sends to its foreground processes is not meant for the guard
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        signal(number, SIG_IGN);
    }
    // The files of the process that is watched stay open no longer than it lives: pipes, the lock of the run's folder.
    dup2(life, STDIN_FILENO);
    close_range(STDOUT_FILENO, ~0U, 0);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) < 0 && errno == EINTR) {
    }
    kill(-group, SIGCONT);  // a stopped process would not end
    if (!ended_within(group, grace_ms)) {
        kill(-group, SIGTERM);
        kill(-group, SIGCONT);
        if (!ended_within(group, grace_ms)) {
            kill(-group, SIGKILL);
        }
    }
    _exit(0);
}

}  // namespace

GroupGuard::GroupGuard(pid_t group, Nanoseconds grace_ns) {
    std::array<int, 2> life{};
    if (pipe2(life.data(), O_CLOEXEC) != 0) {
        throw failed("cannot make a pipe: " + system_error_text(errno));
    }
    guard_ = fork();
    if (guard_ == 0) {
        watch(group, life[0], static_cast<int>(grace_ns / 1'000'000));
    }
    const int fork_error = errno;
    close(life[0]);
    life_ = life[1];
    if (guard_ < 0) {
        close(life_);
        throw failed("cannot start a process: " + system_error_text(fork_error));
    }
}

GroupGuard::~GroupGuard() {
    kill(guard_, SIGKILL);
    waitpid(guard_, nullptr, 0);
    close(life_);
}

}  // namespace longscope
