// SPDX-License-Identifier: GPL-3.0-or-later
// longscope-engine as a process of its own, as a user starts it. Waiting is for what it says, never for time; a test
// that waits in vain is ended by its time limit.
#pragma once

#include <poll.h>

#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/headless/run/worker_stream.h"
#include "engine/base/child_process.h"
#include "engine/base/json.h"
#include "tests/support/paths.h"

namespace longscope {

struct EngineEnd {
    ExitStatus status;
    std::vector<std::string> out;    // lines
    std::vector<std::string> error;  // lines
    [[nodiscard]] std::string text() const {
        std::string all = "exit code " + std::to_string(status.code) + ", signal " + std::to_string(status.signal);
        for (const std::string& line : error) {
            all += "\n" + line;
        }
        return all;
    }
};

inline std::string engine_program() {
    return LONGSCOPE_BINARY_DIR "/bin/longscope-engine";
}

class EngineProcess {
  public:
    using Environment = std::vector<std::pair<std::string, std::string>>;

    explicit EngineProcess(std::vector<std::string> arguments, const Environment& environment = {})
        : child_(with_program(std::move(arguments)), environment) {}
    // Another program that starts it, such as a shell.
    static EngineProcess by(const std::vector<std::string>& command) { return EngineProcess(command, Whole{}); }

    void send_signal(int signal) const { child_.send_signal(signal); }

    // Reads on until a line of standard output is a JSON object that `wanted` accepts; false when there is none.
    bool wait_for(const std::function<bool(const Json&)>& wanted) {
        while (seen_ < end_.out.size() || read_more()) {
            for (; seen_ < end_.out.size(); ++seen_) {
                if (wanted(parse_json(end_.out[seen_], "a line of standard output"))) {
                    ++seen_;
                    return true;
                }
            }
        }
        return false;
    }
    // A measured repetition is in the database when it is told.
    bool wait_for_repetition() {
        return wait_for([](const Json& json) { return json.value("measured", false); });
    }

    const EngineEnd& finish() {
        while (read_more()) {
        }
        while (!child_.status()) {
            poll(nullptr, 0, 1);
        }
        end_.status = *child_.status();
        return end_;
    }

  private:
    struct Whole {};
    EngineProcess(const std::vector<std::string>& command, Whole /*whole*/) : child_(command, {}) {}
    static std::vector<std::string> with_program(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), engine_program());
        return arguments;
    }
    bool read_more() {
        std::array<struct pollfd, 2> waits{
            {{out_open_ ? child_.output() : -1, POLLIN, 0}, {error_open_ ? child_.error_output() : -1, POLLIN, 0}}};
        if (!out_open_ && !error_open_) {
            return false;
        }
        poll(waits.data(), waits.size(), -1);
        if (waits[0].revents != 0) {
            out_open_ = out_.read_from(child_.output(), [this](std::string_view line) { end_.out.emplace_back(line); });
        }
        if (waits[1].revents != 0) {
            error_open_ = error_.read_from(child_.error_output(),
                                           [this](std::string_view line) { end_.error.emplace_back(line); });
        }
        return true;
    }

    ChildProcess child_;
    LineReader out_;
    LineReader error_;
    bool out_open_ = true;
    bool error_open_ = true;
    std::size_t seen_ = 0;
    EngineEnd end_;
};

// Runs it to its end.
inline EngineEnd run_engine_process(std::vector<std::string> arguments,
                                    const EngineProcess::Environment& environment = {}) {
    return EngineProcess(std::move(arguments), environment).finish();
}

}  // namespace longscope
