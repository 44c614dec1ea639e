// SPDX-License-Identifier: GPL-3.0-or-later
#include "profiler/peers/line_child.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/base/clock.h"
#include "engine/base/error.h"

namespace longscope {

namespace {

constexpr std::size_t most_line_bytes = 1 << 20;
constexpr std::size_t kept_error_bytes = 1 << 14;
constexpr std::size_t most_message_bytes = 300;

// What can be read now; false at the end.
bool read_some(int descriptor, std::string& into) {
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got = read(descriptor, piece.data(), piece.size());
        if (got < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        if (got == 0) {
            return false;
        }
        into.append(piece.data(), static_cast<std::size_t>(got));
        if (into.size() > most_line_bytes) {
            return true;  // the caller looks at it first
        }
    }
}

std::string end_text(const ExitStatus& status) {
    return status.signal != 0 ? fmt::format("was ended by signal {}", status.signal)
                              : fmt::format("ended with exit code {}", status.code);
}

}  // namespace

LineChild::LineChild(std::vector<std::string> command, std::vector<std::pair<std::string, std::string>> environment)
    : command_(std::move(command)), environment_(std::move(environment)) {}

Json LineChild::ask(const Json& request, double seconds) {
    if (child_ == nullptr) {
        pending_.clear();
        errors_.clear();
        child_ = std::make_unique<ChildProcess>(command_, environment_, ChildInput::connected);
    }
    Json answer;
    try {
        try {
            child_->write_input(request.dump() + "\n");
        } catch (const Error&) {
            // It is gone; reading tells how.
        }
        const std::string line = read_line(seconds);
        try {
            answer = parse_json(line, "answer");
        } catch (const Error&) {
            throw failed("answered what is no JSON: " + one_line(line, most_message_bytes));
        }
        if (!answer.is_object() || !answer.contains("ok") || !answer["ok"].is_boolean()) {
            throw failed("answered what says neither yes nor no: " + one_line(line, most_message_bytes));
        }
    } catch (...) {
        child_.reset();
        throw;
    }
    if (!answer["ok"].get<bool>()) {
        JsonObject refusal(answer, "answer");
        const bool unsupported = refusal.has("unsupported") && refusal.boolean("unsupported");
        throw Error(unsupported ? ErrorKind::unsupported : ErrorKind::failed,
                    one_line(refusal.text("why", "a reason"), most_message_bytes));
    }
    return answer;
}

std::string LineChild::read_line(double seconds) {
    const Nanoseconds deadline_ns = now_ns() + static_cast<Nanoseconds>(seconds * 1e9);
    for (;;) {
        if (const std::size_t end = pending_.find('\n'); end != std::string::npos) {
            std::string line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            return line;
        }
        if (pending_.size() > most_line_bytes) {
            throw failed("answered with a line without an end");
        }
        const Nanoseconds left_ns = deadline_ns - now_ns();
        if (left_ns <= 0) {
            throw failed(fmt::format("gave no answer within {:g} s{}", seconds, last_words()));
        }
        std::array<struct pollfd, 2> wait{{{child_->output(), POLLIN, 0}, {child_->error_output(), POLLIN, 0}}};
        constexpr Nanoseconds longest_wait_ns = 100'000'000;
        poll(wait.data(), wait.size(), static_cast<int>(std::min(left_ns, longest_wait_ns) / 1'000'000) + 1);
        read_errors();
        if (!read_some(child_->output(), pending_) && pending_.find('\n') == std::string::npos) {
            std::optional<ExitStatus> status = child_->status();
            while (!status && now_ns() < deadline_ns) {
                poll(nullptr, 0, 1);
                status = child_->status();
            }
            read_errors();
            throw failed((status ? end_text(*status) : std::string("closed its output")) + last_words());
        }
    }
}

void LineChild::read_errors() {
    static_cast<void>(read_some(child_->error_output(), errors_));
    if (errors_.size() > kept_error_bytes) {
        errors_.erase(0, errors_.size() - kept_error_bytes);
    }
}

std::string LineChild::last_words() const {
    std::string_view text = errors_;
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.remove_suffix(1);
    }
    if (const std::size_t begin = text.rfind('\n'); begin != std::string_view::npos) {
        text.remove_prefix(begin + 1);
    }
    return text.empty() ? "" : "; its last words: " + one_line(text, most_message_bytes);
}

}  // namespace longscope
