// SPDX-License-Identifier: GPL-3.0-or-later
// One child process in a process group of its own, with pipes from its standard output and error, and one to its
// standard input where that is asked for.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longscope {

// How a process ended.
struct ExitStatus {
    int code = 0;    // of exit
    int signal = 0;  // that killed it; 0: none
    [[nodiscard]] bool good() const { return code == 0 && signal == 0; }
};

enum class ChildInput { nothing, connected };

// The child gets SIGTERM when this process dies, and SIGKILL (with its group) when the object is destroyed before the
// child has ended.
class ChildProcess {
  public:
    // Looks the command up in PATH. Standard input is /dev/null unless it is connected. Throws Error(failed) when it
    // cannot be started.
    ChildProcess(const std::vector<std::string>& command,
                 const std::vector<std::pair<std::string, std::string>>& environment,
                 ChildInput input = ChildInput::nothing);
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ChildProcess(ChildProcess&&) = delete;
    ChildProcess& operator=(ChildProcess&&) = delete;
    ~ChildProcess();

    // Also the number of its group.
    [[nodiscard]] pid_t id() const { return pid_; }

    // For poll and read; they do not block.
    [[nodiscard]] int output() const { return output_; }
    [[nodiscard]] int error_output() const { return error_output_; }

    // To the standard input, which must be connected; waits while the child does not read. Throws Error(failed) when
    // the child has closed it, also by ending.
    void write_input(std::string_view text) const;

    // To the whole group, also to what is left of it when the child has ended.
    void send_signal(int signal) const;
    // Does not wait; empty while it runs.
    [[nodiscard]] std::optional<ExitStatus> status();

  private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    int error_output_ = -1;
    std::optional<ExitStatus> status_;
};

// The file that PATH leads to, or nothing.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

// Runs a command to its end and returns the first line that it prints; empty when it fails.
[[nodiscard]] std::string first_line_of(const std::vector<std::string>& command);

}  // namespace longscope
