// SPDX-License-Identifier: GPL-3.0-or-later
// A child process that answers one JSON line with one JSON line.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/child_process.h"
#include "engine/base/json.h"

namespace longscope {

class LineChild {
  public:
    LineChild(std::vector<std::string> command, std::vector<std::pair<std::string, std::string>> environment);

    // Starts the child when there is none. An answer is an object with "ok": true; one with "ok": false says "why", and
    // whether that is because it is not supported. Throws Error(unsupported), or Error(failed) with the reason in one
    // line: refused, ended, silent for longer than that, no answer. Of the last three the child is gone afterwards.
    [[nodiscard]] Json ask(const Json& request, double seconds);

    [[nodiscard]] bool running() const { return child_ != nullptr; }

  private:
    [[nodiscard]] std::string read_line(double seconds);
    void read_errors();
    // What it said last on standard error, for messages; empty when it said nothing.
    [[nodiscard]] std::string last_words() const;

    std::vector<std::string> command_;
    std::vector<std::pair<std::string, std::string>> environment_;
    std::unique_ptr<ChildProcess> child_;
    std::string pending_;  // of its output, behind the last line
    std::string errors_;   // the end of its standard error
};

}  // namespace longscope
