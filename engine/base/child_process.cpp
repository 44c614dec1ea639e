// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/base/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "engine/base/error.h"

namespace longscope {

namespace {

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw failed("cannot make a pipe: " + system_error_text(errno));
    }
    return ends;
}

std::array<int, 2> make_sockets() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        throw failed("cannot make a pair of sockets: " + system_error_text(errno));
    }
    return ends;
}

void close_if_open(int descriptor) {
    if (descriptor >= 0) {
        close(descriptor);
    }
}

// In the child, between fork and exec: only calls that are safe there. Does not return.
[[noreturn]] void become(char* const* arguments, char* const* environment, const std::string& program, pid_t parent,
                         int input, int output, int error_output, int failure) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(127);  // the parent died before the signal was asked for
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    dup2(input >= 0 ? input : open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(error_output, STDERR_FILENO);
    execve(program.c_str(), arguments, environment);
    const int reason = errno;
    const ssize_t ignored = write(failure, &reason, sizeof(reason));
    (void)ignored;
    _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> list;
    for (std::string& string : strings) {
        list.push_back(string.data());
    }
    list.push_back(nullptr);
    return list;
}

std::vector<std::string> merged_environment(const std::vector<std::pair<std::string, std::string>>& extra) {
    std::vector<std::string> merged;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        bool replaced = false;
        for (const auto& [name, value] : extra) {
            replaced = replaced || text.rfind(name + "=", 0) == 0;
        }
        if (!replaced) {
            merged.push_back(text);
        }
    }
    for (const auto& [name, value] : extra) {
        merged.push_back(name);
        merged.back().append("=").append(value);
    }
    return merged;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::vector<std::pair<std::string, std::string>>& environment, ChildInput input) {
    const std::optional<std::string> program = find_program(command.front());
    if (!program) {
        throw failed(command.front() + ": not found in PATH");
    }
    // Everything that allocates comes before fork.
    std::vector<std::string> argument_strings = command;
    std::vector<std::string> environment_strings = merged_environment(environment);
    const std::vector<char*> arguments = pointers(argument_strings);
    const std::vector<char*> variables = pointers(environment_strings);
    // Of which the child gets the second.
    const std::array<int, 2> input_ends = input == ChildInput::connected ? make_sockets() : std::array<int, 2>{-1, -1};
    const std::array<int, 2> output = make_pipe();
    const std::array<int, 2> error_output = make_pipe();
    const std::array<int, 2> failure = make_pipe();
    const pid_t self = getpid();
    pid_ = fork();
    if (pid_ == 0) {
        become(arguments.data(), variables.data(), *program, self, input_ends[1], output[1], error_output[1],
               failure[1]);
    }
    const int fork_error = errno;
    close_if_open(input_ends[1]);
    close(output[1]);
    close(error_output[1]);
    close(failure[1]);
    input_ = input_ends[0];
    output_ = output[0];
    error_output_ = error_output[0];
    int reason = pid_ < 0 ? fork_error : 0;
    if (pid_ > 0 && read(failure[0], &reason, sizeof(reason)) > 0) {
        waitpid(pid_, nullptr, 0);
    }
    close(failure[0]);
    if (reason != 0) {
        close_if_open(input_);
        close(output_);
        close(error_output_);
        throw failed(fmt::format("{}: cannot be started: {}", *program, system_error_text(reason)));
    }
    fcntl(output_, F_SETFL, O_NONBLOCK);
    fcntl(error_output_, F_SETFL, O_NONBLOCK);
}

ChildProcess::~ChildProcess() {
    if (!status()) {
        send_signal(SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    close_if_open(input_);
    close(output_);
    close(error_output_);
}

void ChildProcess::write_input(std::string_view text) const {
    while (!text.empty()) {
        // Whose reader is gone is an error here and no signal.
        const ssize_t written = send(input_, text.data(), text.size(), MSG_NOSIGNAL);
        if (written < 0 && errno != EINTR) {
            throw failed("the child takes no input: " + system_error_text(errno));
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

void ChildProcess::send_signal(int signal) const {
    // The group may not exist yet for a moment after fork: then the process alone. Once the process has been waited
    // for its number may be another's, while that of its group is not given anew as long as the group has members.
    if (kill(-pid_, signal) != 0 && !status_) {
        kill(pid_, signal);
    }
}

std::optional<ExitStatus> ChildProcess::status() {
    if (!status_) {
        int raw = 0;
        if (waitpid(pid_, &raw, WNOHANG) == pid_) {
            status_ = WIFSIGNALED(raw) ? ExitStatus{0, WTERMSIG(raw)} : ExitStatus{WEXITSTATUS(raw), 0};
        }
    }
    return status_;
}

std::optional<std::string> find_program(const std::string& name) {
    const auto usable = [](const std::string& path) {
        std::error_code ignored;
        return access(path.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(path, ignored);
    };
    if (name.find('/') != std::string::npos) {
        return usable(name) ? std::optional(name) : std::nullopt;
    }
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
        if (usable(candidate)) {
            return candidate;
        }
    }
    return std::nullopt;
}

std::string first_line_of(const std::vector<std::string>& command) {
    try {
        ChildProcess child(command, {});
        std::string text;
        std::array<char, 4096> buffer{};
        for (;;) {
            struct pollfd wait {
                child.output(), POLLIN, 0
            };
            if (poll(&wait, 1, 5000) <= 0) {
                return "";
            }
            const ssize_t got = read(child.output(), buffer.data(), buffer.size());
            if (got <= 0) {
                break;
            }
            text.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return text.substr(0, text.find('\n'));
    } catch (const Error&) {
        return "";
    }
}

}  // namespace longscope
